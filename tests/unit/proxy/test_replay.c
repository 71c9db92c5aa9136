/* SPDX-License-Identifier: BSD-2-Clause */
/* proxy/replay: what is kept comes back byte for byte, and goes whole when it is too much. */
#include "proxy/replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/conn.h"

enum { MAX = 5 * CG_CONN_BUF_SIZE + 17 };

struct scene {
	struct cg_slab bufs;
	struct cg_replay replay;
	char bytes[MAX + 1]; /* no two places alike within a buffer's length */
};

static int setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	for (size_t i = 0; i < sizeof(s->bytes); i++)
		s->bytes[i] = (char)((i * 31 + i / 251) & 0xff);
	cg_slab_init(&s->bufs, CG_CONN_BUF_SIZE, 2);
	cg_replay_init(&s->replay, &s->bufs, MAX);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	cg_replay_fini(&s->replay);
	assert_int_equal(s->bufs.used_n, 0);
	cg_slab_fini(&s->bufs);
	free(s);
	return 0;
}

static void add(struct scene *s, size_t from, size_t n)
{
	cg_replay_add(&s->replay, (struct cg_str){.ptr = s->bytes + from, .len = n});
}

/* It holds the first N bytes. */
static void assert_replays(const struct scene *s, size_t n)
{
	const struct cg_replay_part *at = NULL;
	struct cg_str piece;
	size_t sum = 0;

	assert_int_equal(s->replay.len, n);
	while (cg_replay_next(&s->replay, &at, &piece)) {
		assert_in_range(piece.len, 1, n - sum);
		assert_memory_equal(piece.ptr, s->bytes + sum, piece.len);
		sum += piece.len;
	}
	assert_int_equal(sum, n);
}

static void test_empty_has_no_piece(void **state)
{
	struct scene *s = *state;

	assert_replays(s, 0);
	add(s, 0, 0);
	assert_replays(s, 0);
	assert_int_equal(s->bufs.used_n, 0);
	assert_false(s->replay.is_lost);
}

static void test_pieces_of_all_sizes_come_back_each_time(void **state)
{
	struct scene *s = *state;
	size_t at = 0;

	for (size_t n = 1; at + n <= MAX; at += n, n = n * 3 % 4999 + 1)
		add(s, at, n);
	assert_true(at > 3 * CG_CONN_BUF_SIZE);
	for (int i = 0; i < 3; i++)
		assert_replays(s, at);
	/* More may follow a replay. */
	add(s, at, MAX - at);
	assert_replays(s, MAX);
}

static void test_buffers_are_filled_before_another_is_taken(void **state)
{
	struct scene *s = *state;

	for (size_t i = 0; i < 1000; i++)
		add(s, i, 1);
	assert_int_equal(s->bufs.used_n, 1);
	add(s, 1000, MAX - 1000);
	assert_int_equal(s->bufs.used_n, 6);
	assert_replays(s, MAX);
}

static void test_as_much_as_allowed_is_kept(void **state)
{
	struct scene *s = *state;

	add(s, 0, MAX);
	assert_false(s->replay.is_lost);
	assert_replays(s, MAX);
	add(s, MAX, 0);
	assert_false(s->replay.is_lost);
}

static void test_one_byte_more_loses_everything(void **state)
{
	struct scene *s = *state;

	add(s, 0, MAX);
	add(s, MAX, 1);
	assert_true(s->replay.is_lost);
	assert_replays(s, 0);
	assert_int_equal(s->bufs.used_n, 0);
	/* For good: what comes later would have a hole before it. */
	add(s, 0, 1);
	assert_true(s->replay.is_lost);
	assert_replays(s, 0);
}

static void test_one_piece_too_large_takes_no_buffer(void **state)
{
	struct scene *s = *state;

	add(s, 0, MAX + 1);
	assert_true(s->replay.is_lost);
	assert_int_equal(s->bufs.used_n, 0);
}

static void test_nothing_is_kept_with_no_room(void **state)
{
	struct scene *s = *state;

	cg_replay_init(&s->replay, &s->bufs, 0);
	add(s, 0, 0);
	assert_false(s->replay.is_lost);
	add(s, 0, 1);
	assert_true(s->replay.is_lost);
}

static void test_fini_gives_all_back_and_may_come_twice(void **state)
{
	struct scene *s = *state;

	add(s, 0, MAX);
	cg_replay_fini(&s->replay);
	assert_int_equal(s->bufs.used_n, 0);
	assert_replays(s, 0);
	cg_replay_fini(&s->replay);
	assert_false(s->replay.is_lost);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_empty_has_no_piece),
	        TEST(test_pieces_of_all_sizes_come_back_each_time),
	        TEST(test_buffers_are_filled_before_another_is_taken),
	        TEST(test_as_much_as_allowed_is_kept),
	        TEST(test_one_byte_more_loses_everything),
	        TEST(test_one_piece_too_large_takes_no_buffer),
	        TEST(test_nothing_is_kept_with_no_room),
	        TEST(test_fini_gives_all_back_and_may_come_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
