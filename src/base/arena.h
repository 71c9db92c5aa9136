/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that is given back all at once: what one exchange needs. Emptied and reused, so that a
 * kept-alive connection allocates nothing from request to request. One owner, one thread. */
#ifndef CG_BASE_ARENA_H
#define CG_BASE_ARENA_H

#include <stddef.h>

#include "base/defs.h"
#include "base/str.h"

struct cg_arena_block;

struct cg_arena {
	struct cg_arena_block *first; /* kept by reset */
	struct cg_arena_block *current;
	size_t used; /* bytes of the current block */
	size_t block_size;
};

/* BLOCK_SIZE: bytes of the first block, allocated at the first use; later ones are as large or as
 * needed. */
void cg_arena_init(struct cg_arena *arena, size_t block_size);
void cg_arena_fini(struct cg_arena *arena);
/* Forget everything; keep the first block. */
void cg_arena_reset(struct cg_arena *arena);
/* N bytes, not zeroed, aligned for any type; valid until reset. */
CG_MUST_USE void *cg_arena_alloc(struct cg_arena *arena, size_t n);
/* A NUL-terminated copy. */
CG_MUST_USE char *cg_arena_dup(struct cg_arena *arena, struct cg_str str);

#endif
