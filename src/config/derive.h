/* SPDX-License-Identifier: BSD-2-Clause */
/* The fields of a config that no option sets, because they follow from others: the parts of a URL,
 * indices for names, defaults that are the value of another key. */
#ifndef CG_CONFIG_DERIVE_H
#define CG_CONFIG_DERIVE_H

#include "config/parse.h"

/* After cg_parse_init. References to names that do not exist are reported. */
void cg_derive(const struct cg_parse *parse);

/* Free what cg_derive has made. */
void cg_derive_free(struct cg_config *config);

#endif
