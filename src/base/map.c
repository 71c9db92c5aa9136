/* SPDX-License-Identifier: BSD-2-Clause */
/* The map: open addressing with linear probing, at most three quarters full. Removing shifts the
 * followers back, so that no tombstones are left. */
#include "base/map.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rand.h"

enum { MAP_SLOTS_MIN = 16 };

struct map_slot {
	uint64_t hash;
	struct cg_str key; /* owned */
	void *value;       /* NULL: free */
};

struct cg_map {
	struct map_slot *slots;
	size_t slots_n; /* a power of two */
	size_t n;
	uint64_t seed; /* of this map, so that nobody can choose keys that collide */
};

static uint64_t map_mix(uint64_t hash)
{
	hash ^= hash >> 32;
	hash *= UINT64_C(0xd6e8feb86659fd93);
	hash ^= hash >> 32;
	return hash;
}

static uint64_t map_hash(const struct cg_map *map, struct cg_str key)
{
	uint64_t hash = map->seed;

	for (size_t i = 0; i < key.len; i++)
		hash = (hash ^ (unsigned char)key.ptr[i]) * UINT64_C(0x100000001b3);
	return map_mix(hash ^ map->seed);
}

/* The slot that holds KEY, or the free one where it belongs. */
static size_t map_find(const struct cg_map *map, struct cg_str key, uint64_t hash)
{
	size_t mask = map->slots_n - 1;
	size_t at = (size_t)hash & mask;

	while (map->slots[at].value != NULL &&
	       !(map->slots[at].hash == hash && cg_str_eq(map->slots[at].key, key)))
		at = (at + 1) & mask;
	return at;
}

static void map_grow(struct cg_map *map)
{
	struct map_slot *old = map->slots;
	size_t old_n = map->slots_n;

	map->slots_n *= 2;
	map->slots = cg_mem_alloc_array(map->slots_n, sizeof(*map->slots));
	for (size_t i = 0; i < old_n; i++)
		if (old[i].value != NULL)
			map->slots[map_find(map, old[i].key, old[i].hash)] = old[i];
	free(old);
}

/* Close the gap at HOLE: a follower moves up unless it would land before its own first choice. */
static void map_close_gap(struct cg_map *map, size_t hole)
{
	size_t mask = map->slots_n - 1;

	for (size_t at = (hole + 1) & mask; map->slots[at].value != NULL; at = (at + 1) & mask) {
		size_t home = (size_t)map->slots[at].hash & mask;

		if (((at - home) & mask) < ((at - hole) & mask))
			continue;
		map->slots[hole] = map->slots[at];
		hole = at;
	}
	map->slots[hole] = (struct map_slot){0};
}

struct cg_map *cg_map_new(void)
{
	struct cg_map *map = cg_mem_alloc(sizeof(*map));
	struct cg_rand rand;

	cg_rand_init(&rand, 0);
	map->seed = cg_rand_next(&rand);
	map->slots_n = MAP_SLOTS_MIN;
	map->slots = cg_mem_alloc_array(map->slots_n, sizeof(*map->slots));
	return map;
}

void cg_map_free(struct cg_map *map)
{
	if (map == NULL)
		return;
	for (size_t i = 0; i < map->slots_n; i++)
		free((char *)(uintptr_t)map->slots[i].key.ptr);
	free(map->slots);
	free(map);
}

void *cg_map_put(struct cg_map *map, struct cg_str key, void *value)
{
	cg_assert(value != NULL);
	uint64_t hash = map_hash(map, key);
	struct map_slot *slot = &map->slots[map_find(map, key, hash)];

	if (slot->value != NULL) {
		void *before = slot->value;

		slot->value = value;
		return before;
	}
	if ((map->n + 1) * 4 > map->slots_n * 3) {
		map_grow(map);
		slot = &map->slots[map_find(map, key, hash)];
	}
	*slot = (struct map_slot){
	        .hash = hash,
	        .key = {.ptr = cg_str_dup(key), .len = key.len},
	        .value = value,
	};
	map->n++;
	return NULL;
}

void *cg_map_get(const struct cg_map *map, struct cg_str key)
{
	return map->slots[map_find(map, key, map_hash(map, key))].value;
}

void *cg_map_remove(struct cg_map *map, struct cg_str key)
{
	size_t at = map_find(map, key, map_hash(map, key));
	void *value = map->slots[at].value;

	if (value == NULL)
		return NULL;
	free((char *)(uintptr_t)map->slots[at].key.ptr);
	map_close_gap(map, at);
	map->n--;
	return value;
}

size_t cg_map_count(const struct cg_map *map)
{
	return map->n;
}
