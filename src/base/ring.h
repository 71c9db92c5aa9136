/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes from one thread to one other without a lock: a worker's log lines on their way to the
 * writer. A line is in the ring whole or not at all. */
#ifndef CG_BASE_RING_H
#define CG_BASE_RING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/defs.h"
#include "base/str.h"

struct cg_ring;

/* SIZE bytes, a power of two. */
CG_MUST_USE struct cg_ring *cg_ring_new(size_t size);
void cg_ring_free(struct cg_ring *ring);
/* Producer: put N bytes, all or none; false if there is no room. */
CG_MUST_USE bool cg_ring_put(struct cg_ring *ring, const void *ptr, size_t n);
/* Consumer: the readable bytes in at most two pieces (parts[1].len may be 0); returns their sum. */
size_t cg_ring_peek(const struct cg_ring *ring, struct cg_str parts[2]);
/* Consumer: done with the first N bytes. */
void cg_ring_consume(struct cg_ring *ring, size_t n);

#endif
