/* SPDX-License-Identifier: BSD-2-Clause */
/* The slab. */
#include "base/slab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_put_back_is_taken_first(void **state)
{
	(void)state;
	struct cg_slab slab;

	cg_slab_init(&slab, 1, 2);
	void *a = cg_slab_take(&slab);
	void *b = cg_slab_take(&slab);
	assert_int_equal(slab.used_n, 2);
	cg_slab_put(&slab, a);
	cg_slab_put(&slab, b);
	assert_int_equal(slab.free_n, 2);
	assert_ptr_equal(cg_slab_take(&slab), b);
	assert_ptr_equal(cg_slab_take(&slab), a);
	cg_slab_put(&slab, a);
	cg_slab_put(&slab, b);
	cg_slab_put(&slab, NULL);
	cg_slab_fini(&slab);
}

static void test_no_more_than_keep_n_stay(void **state)
{
	(void)state;
	struct cg_slab slab;
	void *objects[10];

	cg_slab_init(&slab, 100, 4);
	for (size_t i = 0; i < CG_ARRAY_LEN(objects); i++) {
		objects[i] = cg_slab_take(&slab);
		memset(objects[i], 0xff, 100);
	}
	for (size_t i = 0; i < CG_ARRAY_LEN(objects); i++)
		cg_slab_put(&slab, objects[i]);
	assert_int_equal(slab.used_n, 0);
	assert_int_equal(slab.free_n, 4);
	cg_slab_trim(&slab, 5);
	assert_int_equal(slab.free_n, 4);
	cg_slab_trim(&slab, 1);
	assert_int_equal(slab.free_n, 1);
	cg_slab_fini(&slab);
	assert_int_equal(slab.free_n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_put_back_is_taken_first),
	        cmocka_unit_test(test_no_more_than_keep_n_stay),
	};

	return cmocka_run_group_tests_name("slab", tests, NULL, NULL);
}
