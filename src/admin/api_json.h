/* SPDX-License-Identifier: BSD-2-Clause */
/* Values of ours as JSON values. Each result is a new reference. */
#ifndef CG_ADMIN_API_JSON_H
#define CG_ADMIN_API_JSON_H

#include <stdint.h>

#include <jansson.h>

#include "base/defs.h"
#include "config/config.h"

/* NULL gives null; bytes of a text that is not valid UTF-8 become '?'. */
CG_MUST_USE json_t *cg_api_json_text(const char *text);
/* RFC 3339; 0 gives null. */
CG_MUST_USE json_t *cg_api_json_time(int64_t wall_ms);
CG_MUST_USE json_t *cg_api_json_addrs(const struct cg_addr *addrs, size_t n);
CG_MUST_USE json_t *cg_api_json_texts(char *const *texts, size_t n);

/* The configuration's word. */
const char *cg_api_json_all_down(enum cg_all_down all_down);

#endif
