/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring: wrap-around, all or none, two threads. */
#include "base/ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <sched.h>

#include <cmocka.h>

enum { BYTES_N = 2000000 };

static size_t drain(struct cg_ring *ring, char *out)
{
	struct cg_str parts[2];
	size_t n = cg_ring_peek(ring, parts);

	assert_int_equal(n, parts[0].len + parts[1].len);
	memcpy(out, parts[0].ptr, parts[0].len);
	memcpy(out + parts[0].len, parts[1].ptr, parts[1].len);
	cg_ring_consume(ring, n);
	return n;
}

static void test_all_or_none(void **state)
{
	(void)state;
	struct cg_ring *ring = cg_ring_new(8);
	char out[8];

	assert_true(cg_ring_put(ring, "", 0));
	assert_int_equal(drain(ring, out), 0);
	assert_false(cg_ring_put(ring, "123456789", 9));
	assert_true(cg_ring_put(ring, "12345", 5));
	assert_false(cg_ring_put(ring, "abcd", 4));
	assert_true(cg_ring_put(ring, "abc", 3));
	assert_false(cg_ring_put(ring, "x", 1));
	assert_int_equal(drain(ring, out), 8);
	assert_memory_equal(out, "12345abc", 8);
	cg_ring_free(ring);
	cg_ring_free(NULL);
}

static void test_wraps_at_each_place(void **state)
{
	(void)state;
	struct cg_ring *ring = cg_ring_new(16);
	char out[16];

	for (size_t round = 0; round < 200; round++) {
		size_t n = round % 16 + 1;
		char text[16];

		memset(text, (int)('a' + round % 26), n);
		assert_true(cg_ring_put(ring, text, n));
		assert_int_equal(drain(ring, out), n);
		assert_memory_equal(out, text, n);
	}
	cg_ring_free(ring);
}

static void test_consume_in_parts(void **state)
{
	(void)state;
	struct cg_ring *ring = cg_ring_new(8);
	struct cg_str parts[2];

	assert_true(cg_ring_put(ring, "abcdef", 6));
	cg_ring_consume(ring, 4);
	assert_true(cg_ring_put(ring, "ghijk", 5));
	assert_int_equal(cg_ring_peek(ring, parts), 7);
	assert_true(cg_str_eq(parts[0], CG_STR("efgh")));
	assert_true(cg_str_eq(parts[1], CG_STR("ijk")));
	cg_ring_consume(ring, 7);
	assert_int_equal(cg_ring_peek(ring, parts), 0);
	cg_ring_free(ring);
}

/* Pieces of changing length of one endless count. */
static void *produce(void *arg)
{
	struct cg_ring *ring = arg;
	size_t sent = 0;

	while (sent < BYTES_N) {
		unsigned char piece[37];
		size_t n = CG_MIN(sent % sizeof(piece) + 1, (size_t)BYTES_N - sent);

		for (size_t i = 0; i < n; i++)
			piece[i] = (unsigned char)((sent + i) % 251);
		while (!cg_ring_put(ring, piece, n))
			sched_yield();
		sent += n;
	}
	return NULL;
}

static void test_two_threads(void **state)
{
	(void)state;
	struct cg_ring *ring = cg_ring_new(256);
	unsigned char out[256];
	size_t received = 0;
	size_t wrong = 0;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, produce, ring), 0);
	while (received < BYTES_N) {
		size_t n = drain(ring, (char *)out);

		for (size_t i = 0; i < n; i++)
			wrong += out[i] != (received + i) % 251;
		received += n;
		if (n == 0)
			sched_yield();
	}
	pthread_join(thread, NULL);
	assert_int_equal(received, BYTES_N);
	assert_int_equal(wrong, 0);
	cg_ring_free(ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_all_or_none),
	        cmocka_unit_test(test_wraps_at_each_place),
	        cmocka_unit_test(test_consume_in_parts),
	        cmocka_unit_test(test_two_threads),
	};

	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
