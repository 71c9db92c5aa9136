/* SPDX-License-Identifier: BSD-2-Clause */
/* The slab: free objects are chained through their first bytes. */
#include "base/slab.h"

#include <stdlib.h>

#include "base/mem.h"

struct slab_free {
	struct slab_free *next;
};

static void *slab_pop(struct cg_slab *slab)
{
	struct slab_free *object = slab->free_list;

	slab->free_list = object->next;
	slab->free_n--;
	return object;
}

void cg_slab_init(struct cg_slab *slab, size_t size, size_t keep_n)
{
	*slab = (struct cg_slab){
	        .size = CG_MAX(size, sizeof(struct slab_free)),
	        .keep_n = keep_n,
	};
}

void cg_slab_fini(struct cg_slab *slab)
{
	cg_assert(slab->used_n == 0);
	cg_slab_trim(slab, 0);
}

void *cg_slab_take(struct cg_slab *slab)
{
	slab->used_n++;
	if (slab->free_list != NULL)
		return slab_pop(slab);
	return cg_mem_realloc(NULL, slab->size);
}

void cg_slab_put(struct cg_slab *slab, void *object)
{
	if (object == NULL)
		return;
	cg_assert(slab->used_n > 0);
	slab->used_n--;
	if (slab->free_n >= slab->keep_n) {
		free(object);
		return;
	}
	struct slab_free *head = object;
	head->next = slab->free_list;
	slab->free_list = head;
	slab->free_n++;
}

void cg_slab_trim(struct cg_slab *slab, size_t keep)
{
	while (slab->free_n > keep)
		free(slab_pop(slab));
}
