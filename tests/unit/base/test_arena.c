/* SPDX-License-Identifier: BSD-2-Clause */
/* The arena. */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_pieces_are_aligned_and_apart(void **state)
{
	(void)state;
	struct cg_arena arena;
	unsigned char *pieces[200];

	cg_arena_init(&arena, 1000);
	for (size_t i = 0; i < CG_ARRAY_LEN(pieces); i++) {
		pieces[i] = cg_arena_alloc(&arena, i);
		assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
		memset(pieces[i], (int)i, i);
	}
	for (size_t i = 0; i < CG_ARRAY_LEN(pieces); i++)
		for (size_t j = 0; j < i; j++)
			assert_int_equal(pieces[i][j], i);
	cg_arena_fini(&arena);
	cg_arena_fini(&arena);
}

static void test_reset_reuses_the_first_block(void **state)
{
	(void)state;
	struct cg_arena arena;

	cg_arena_init(&arena, 1024);
	cg_arena_reset(&arena);
	void *first = cg_arena_alloc(&arena, 10);
	for (int i = 0; i < 10; i++)
		assert_non_null(cg_arena_alloc(&arena, 900));
	cg_arena_reset(&arena);
	assert_ptr_equal(cg_arena_alloc(&arena, 10), first);
	cg_arena_fini(&arena);
	assert_non_null(cg_arena_alloc(&arena, 10));
	cg_arena_fini(&arena);
}

static void test_large_pieces_get_their_own_block(void **state)
{
	(void)state;
	struct cg_arena arena;

	cg_arena_init(&arena, 64);
	char *large = cg_arena_alloc(&arena, 100000);
	memset(large, 'x', 100000);
	char *small = cg_arena_dup(&arena, CG_STR("small"));
	char *empty = cg_arena_dup(&arena, (struct cg_str){0});
	assert_string_equal(small, "small");
	assert_string_equal(empty, "");
	assert_int_equal(large[99999], 'x');
	cg_arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_pieces_are_aligned_and_apart),
	        cmocka_unit_test(test_reset_reuses_the_first_block),
	        cmocka_unit_test(test_large_pieces_get_their_own_block),
	};

	return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
