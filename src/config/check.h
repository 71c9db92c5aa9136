/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules that need more than one value: pairs, references between sections, what contradicts itself.
 */
#ifndef CG_CONFIG_CHECK_H
#define CG_CONFIG_CHECK_H

#include "config/parse.h"

/* After cg_derive. Reports errors and warnings; values that were refused before are passed over. */
void cg_check(const struct cg_parse *parse);

#endif
