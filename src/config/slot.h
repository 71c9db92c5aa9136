/* SPDX-License-Identifier: BSD-2-Clause */
/* The fields of the config's structs as the options table sees them: put a value in, take it away.
 */
#ifndef CG_CONFIG_SLOT_H
#define CG_CONFIG_SLOT_H

#include "base/err.h"
#include "base/str.h"
#include "config/config.h"
#include "config/options.h"

/* Read TEXT (trimmed) as one value of OPTION and put it into FIELD: a list gets one item more, with
 * PLACE; another field has not been set before. Files are relative to PLACE.FILE. On an error the
 * field is as before. */
CG_MUST_USE int cg_slot_put(const struct cg_option *option, void *field, struct cg_str text,
                            struct cg_place place, struct cg_error *err);

/* Give back what the field holds and zero it; secrets are wiped. */
void cg_slot_clear(const struct cg_option *option, void *field);

#endif
