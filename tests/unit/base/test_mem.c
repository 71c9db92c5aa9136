/* SPDX-License-Identifier: BSD-2-Clause */
/* Allocation, copies, wiping. */
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_alloc_is_zeroed_and_takes_zero(void **state)
{
	(void)state;
	unsigned char *bytes = cg_mem_alloc(100);
	void *nothing = cg_mem_alloc(0);
	void *array = cg_mem_alloc_array(0, 8);

	for (size_t i = 0; i < 100; i++)
		assert_int_equal(bytes[i], 0);
	assert_non_null(nothing);
	assert_non_null(array);
	free(bytes);
	free(nothing);
	free(array);
}

static void test_realloc_keeps_the_bytes(void **state)
{
	(void)state;
	char *text = cg_mem_realloc(NULL, 4);

	memcpy(text, "abc", 4);
	text = cg_mem_realloc(text, 4000);
	assert_string_equal(text, "abc");
	free(text);
}

static void test_dup_adds_a_nul(void **state)
{
	(void)state;
	char *part = cg_mem_dup("abcdef", 3);
	char *empty = cg_mem_dup(NULL, 0);

	assert_string_equal(part, "abc");
	assert_string_equal(empty, "");
	free(part);
	free(empty);
}

static void test_strdup_of_null_is_null(void **state)
{
	(void)state;
	char *text = cg_mem_strdup("x");

	assert_null(cg_mem_strdup(NULL));
	assert_string_equal(text, "x");
	free(text);
}

static void test_wipe_overwrites(void **state)
{
	(void)state;
	char secret[] = "hunter2";

	cg_mem_wipe(secret, sizeof(secret));
	for (size_t i = 0; i < sizeof(secret); i++)
		assert_int_equal(secret[i], 0);
	cg_mem_wipe(NULL, 0);
	cg_mem_free_secret(NULL);
	cg_mem_free_secret(cg_mem_strdup("hunter2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_alloc_is_zeroed_and_takes_zero),
	        cmocka_unit_test(test_realloc_keeps_the_bytes),
	        cmocka_unit_test(test_dup_adds_a_nul),
	        cmocka_unit_test(test_strdup_of_null_is_null),
	        cmocka_unit_test(test_wipe_overwrites),
	};

	return cmocka_run_group_tests_name("mem", tests, NULL, NULL);
}
