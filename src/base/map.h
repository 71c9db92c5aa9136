/* SPDX-License-Identifier: BSD-2-Clause */
/* Text to pointer; keys are copied, values are the caller's. Exact bytes: fold case first if
 * wanted. Reading is safe from several threads while nobody writes. */
#ifndef CG_BASE_MAP_H
#define CG_BASE_MAP_H

#include <stddef.h>

#include "base/defs.h"
#include "base/str.h"

struct cg_map;

CG_MUST_USE struct cg_map *cg_map_new(void);
void cg_map_free(struct cg_map *map);
/* Set KEY to VALUE (not NULL); returns the value it had, or NULL. */
void *cg_map_put(struct cg_map *map, struct cg_str key, void *value);
/* NULL if absent. */
void *cg_map_get(const struct cg_map *map, struct cg_str key);
void *cg_map_remove(struct cg_map *map, struct cg_str key);
size_t cg_map_count(const struct cg_map *map);

#endif
