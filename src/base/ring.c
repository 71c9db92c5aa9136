/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring: two counters that only grow; their low bits are the places. Each side keeps a copy of
 * the other's counter and looks again only when the copy says full, so that the cache lines are
 * seldom passed around. */
#include "base/ring.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct cg_ring {
	/* set at start, then read-only */
	char *data;
	size_t size;

	/* producer: written by it alone */
	_Alignas(CG_CACHE_LINE) _Atomic size_t head; /* bytes ever put */
	size_t known_tail;

	/* consumer: written by it alone */
	_Alignas(CG_CACHE_LINE) _Atomic size_t tail; /* bytes ever consumed */
};

struct cg_ring *cg_ring_new(size_t size)
{
	cg_assert(size > 0 && (size & (size - 1)) == 0);
	struct cg_ring *ring = aligned_alloc(CG_CACHE_LINE, sizeof(*ring));

	cg_assert(ring != NULL);
	memset(ring, 0, sizeof(*ring));
	atomic_init(&ring->head, 0);
	atomic_init(&ring->tail, 0);
	ring->size = size;
	ring->data = cg_mem_alloc(size);
	return ring;
}

void cg_ring_free(struct cg_ring *ring)
{
	if (ring == NULL)
		return;
	free(ring->data);
	free(ring);
}

bool cg_ring_put(struct cg_ring *ring, const void *ptr, size_t n)
{
	size_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

	if (n > ring->size - (head - ring->known_tail)) {
		ring->known_tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
		if (n > ring->size - (head - ring->known_tail))
			return false;
	}
	if (n == 0)
		return true;
	size_t at = head & (ring->size - 1);
	size_t first = CG_MIN(n, ring->size - at);
	memcpy(ring->data + at, ptr, first);
	memcpy(ring->data, (const char *)ptr + first, n - first);
	/* Sequentially consistent, not only a release: a producer that reads a "consumer sleeps"
	 * flag after this and a consumer that sets it before it peeks must not miss each other. */
	atomic_store_explicit(&ring->head, head + n, memory_order_seq_cst);
	return true;
}

size_t cg_ring_peek(const struct cg_ring *ring, struct cg_str parts[2])
{
	size_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	size_t n = atomic_load_explicit(&ring->head, memory_order_seq_cst) - tail;
	size_t at = tail & (ring->size - 1);
	size_t first = CG_MIN(n, ring->size - at);

	parts[0] = (struct cg_str){.ptr = ring->data + at, .len = first};
	parts[1] = (struct cg_str){.ptr = ring->data, .len = n - first};
	return n;
}

void cg_ring_consume(struct cg_ring *ring, size_t n)
{
	size_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

	cg_assert(n <= atomic_load_explicit(&ring->head, memory_order_acquire) - tail);
	atomic_store_explicit(&ring->tail, tail + n, memory_order_release);
}
