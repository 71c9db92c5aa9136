/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths of the admin port's calls against what a request asks for. Pure. */
#ifndef CG_ADMIN_ADMIN_PATH_H
#define CG_ADMIN_ADMIN_PATH_H

#include <stdbool.h>

#include "base/defs.h"
#include "base/str.h"

/* Whether PATH (no query) is PATTERN, byte for byte; a segment NAME in it stands for any segment
 * that is not empty, lent in *NAME. Names need no percent-encoding (SPEC section 3), so nothing is
 * decoded. */
CG_MUST_USE bool cg_admin_path_is(const char *pattern, struct cg_str path, struct cg_str *name);

#endif
