/* SPDX-License-Identifier: BSD-2-Clause */
/* The map. */
#include "base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <stdbool.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/rand.h"

enum { KEYS_N = 500 };

static void test_put_get_remove(void **state)
{
	(void)state;
	struct cg_map *map = cg_map_new();
	char key[] = "eu20";
	int a, b;

	assert_null(cg_map_get(map, CG_STR("eu20")));
	assert_null(cg_map_put(map, cg_str_from(key), &a));
	key[0] = 'X'; /* keys are copied */
	assert_ptr_equal(cg_map_get(map, CG_STR("eu20")), &a);
	assert_null(cg_map_get(map, CG_STR("EU20")));
	assert_null(cg_map_get(map, CG_STR("eu2")));
	assert_ptr_equal(cg_map_put(map, CG_STR("eu20"), &b), &a);
	assert_int_equal(cg_map_count(map), 1);
	assert_null(cg_map_remove(map, CG_STR("us21")));
	assert_ptr_equal(cg_map_remove(map, CG_STR("eu20")), &b);
	assert_int_equal(cg_map_count(map), 0);
	cg_map_free(map);
	cg_map_free(NULL);
}

static void test_empty_and_binary_keys(void **state)
{
	(void)state;
	struct cg_map *map = cg_map_new();
	int a, b, c;

	cg_map_put(map, (struct cg_str){0}, &a);
	cg_map_put(map, CG_STR("x\0a"), &b);
	cg_map_put(map, CG_STR("x\0b"), &c);
	assert_ptr_equal(cg_map_get(map, CG_STR("")), &a);
	assert_ptr_equal(cg_map_get(map, CG_STR("x\0a")), &b);
	assert_ptr_equal(cg_map_get(map, CG_STR("x\0b")), &c);
	cg_map_free(map);
}

/* A long random history, against an array that cannot be wrong. */
static void test_random_history_against_an_array(void **state)
{
	(void)state;
	static int values[KEYS_N];
	static bool is_in[KEYS_N];
	struct cg_map *map = cg_map_new();
	struct cg_rand rand;
	size_t n = 0;

	cg_rand_init(&rand, 42);
	for (int step = 0; step < 50000; step++) {
		size_t i = cg_rand_below(&rand, KEYS_N);
		char key[32];

		snprintf(key, sizeof(key), "key-%zu", i);
		bool put = cg_rand_below(&rand, 2) == 0;
		void *before = put ? cg_map_put(map, cg_str_from(key), &values[i])
		                   : cg_map_remove(map, cg_str_from(key));
		assert_ptr_equal(before, is_in[i] ? &values[i] : NULL);
		n = n + (put && !is_in[i]) - (!put && is_in[i]);
		is_in[i] = put;
		assert_int_equal(cg_map_count(map), n);
	}
	for (size_t i = 0; i < KEYS_N; i++) {
		char key[32];

		snprintf(key, sizeof(key), "key-%zu", i);
		assert_ptr_equal(cg_map_get(map, cg_str_from(key)), is_in[i] ? &values[i] : NULL);
	}
	cg_map_free(map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_put_get_remove),
	        cmocka_unit_test(test_empty_and_binary_keys),
	        cmocka_unit_test(test_random_history_against_an_array),
	};

	return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
