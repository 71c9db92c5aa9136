/* SPDX-License-Identifier: BSD-2-Clause */
/* Equal-sized objects that are taken and put back often: a list of free ones in front of malloc.
 * One thread. */
#ifndef CG_BASE_SLAB_H
#define CG_BASE_SLAB_H

#include <stddef.h>

#include "base/defs.h"

struct cg_slab {
	void *free_list;
	size_t size;
	size_t free_n;
	size_t keep_n; /* free ones kept; more go back to the system */
	size_t used_n; /* taken and not yet put back */
};

void cg_slab_init(struct cg_slab *slab, size_t size, size_t keep_n);
/* Give the free ones back; cg_assert that none is out. */
void cg_slab_fini(struct cg_slab *slab);
/* An object of SIZE bytes, not zeroed. */
CG_MUST_USE void *cg_slab_take(struct cg_slab *slab);
void cg_slab_put(struct cg_slab *slab, void *object);
/* Give all but KEEP free ones back to the system (after a burst). */
void cg_slab_trim(struct cg_slab *slab, size_t keep);

#endif
