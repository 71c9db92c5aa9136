/* SPDX-License-Identifier: BSD-2-Clause */
/* For value.c and value_text.c: how a value is quoted in an error, shortened if it is long. */
#ifndef CG_CONFIG_VALUE_IMPL_H
#define CG_CONFIG_VALUE_IMPL_H

#include "base/str.h"

#define VALUE_QUOTED "\"%.*s%s\""
#define VALUE_QUOTE(text)                                                                          \
	(int)CG_MIN((text).len, (size_t)80), (text).ptr, (text).len > 80 ? "..." : ""

#endif
