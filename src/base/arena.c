/* SPDX-License-Identifier: BSD-2-Clause */
/* The arena: a chain of blocks, filled one after the other. */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct cg_arena_block {
	struct cg_arena_block *next;
	size_t size; /* of data */
	_Alignas(max_align_t) char data[];
};

static size_t arena_align(size_t n)
{
	size_t mask = _Alignof(max_align_t) - 1;

	cg_assert(n <= SIZE_MAX / 2);
	return (n + mask) & ~mask;
}

static void arena_free_blocks(struct cg_arena_block *block)
{
	while (block != NULL) {
		struct cg_arena_block *next = block->next;

		free(block);
		block = next;
	}
}

static void arena_add_block(struct cg_arena *arena, size_t n)
{
	size_t size = CG_MAX(arena->block_size, n);
	/* Not cg_mem_alloc: nobody asked for zeroes. */
	struct cg_arena_block *block = cg_mem_realloc(NULL, sizeof(*block) + size);

	block->next = NULL;
	block->size = size;
	if (arena->first == NULL)
		arena->first = block;
	else if (arena->current != NULL)
		arena->current->next = block;
	arena->current = block;
	arena->used = 0;
}

void cg_arena_init(struct cg_arena *arena, size_t block_size)
{
	*arena = (struct cg_arena){.block_size = arena_align(block_size)};
}

void cg_arena_fini(struct cg_arena *arena)
{
	arena_free_blocks(arena->first);
	arena->first = arena->current = NULL;
	arena->used = 0;
}

void cg_arena_reset(struct cg_arena *arena)
{
	arena->used = 0;
	arena->current = arena->first;
	if (arena->first == NULL)
		return;
	arena_free_blocks(arena->first->next);
	arena->first->next = NULL;
}

void *cg_arena_alloc(struct cg_arena *arena, size_t n)
{
	/* Nothing asked for is still an address of its own. */
	size_t size = arena_align(n == 0 ? 1 : n);

	if (arena->current == NULL || arena->current->size - arena->used < size)
		arena_add_block(arena, size);
	void *ptr = arena->current->data + arena->used;
	arena->used += size;
	return ptr;
}

char *cg_arena_dup(struct cg_arena *arena, struct cg_str str)
{
	char *copy = cg_arena_alloc(arena, str.len + 1);

	if (str.len > 0)
		memcpy(copy, str.ptr, str.len);
	copy[str.len] = '\0';
	return copy;
}
