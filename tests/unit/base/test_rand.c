/* SPDX-License-Identifier: BSD-2-Clause */
/* Random numbers. */
#include "base/rand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/defs.h"

static void test_seed_repeats(void **state)
{
	(void)state;
	struct cg_rand a, b, c;
	unsigned differ = 0;

	cg_rand_init(&a, 7);
	cg_rand_init(&b, 7);
	cg_rand_init(&c, 8);
	for (int i = 0; i < 100; i++) {
		uint64_t value = cg_rand_next(&a);

		assert_true(value == cg_rand_next(&b));
		differ += value != cg_rand_next(&c);
	}
	assert_true(differ > 90);
}

static void test_system_seeds_differ(void **state)
{
	(void)state;
	struct cg_rand a, b;

	cg_rand_init(&a, 0);
	cg_rand_init(&b, 0);
	assert_true(a.state[0] != b.state[0] || a.state[1] != b.state[1]);
}

static void test_below_is_even(void **state)
{
	(void)state;
	struct cg_rand rand;
	unsigned counts[7] = {0};

	cg_rand_init(&rand, 1);
	for (int i = 0; i < 70000; i++)
		counts[cg_rand_below(&rand, 7)]++;
	for (size_t i = 0; i < CG_ARRAY_LEN(counts); i++)
		assert_in_range(counts[i], 9500, 10500);
	assert_int_equal(cg_rand_below(&rand, 1), 0);
	for (int i = 0; i < 100; i++)
		assert_true(cg_rand_below(&rand, UINT64_MAX) < UINT64_MAX);
}

static void test_uuid_has_version_4_form(void **state)
{
	(void)state;
	struct cg_rand rand;
	char last[CG_RAND_UUID_SIZE] = "";

	cg_rand_init(&rand, 0);
	for (int i = 0; i < 1000; i++) {
		char uuid[CG_RAND_UUID_SIZE];

		cg_rand_uuid(&rand, uuid);
		assert_int_equal(strlen(uuid), 36);
		assert_int_equal(strspn(uuid, "0123456789abcdef-"), 36);
		assert_true(uuid[8] == '-' && uuid[13] == '-' && uuid[18] == '-' &&
		            uuid[23] == '-');
		assert_int_equal(uuid[14], '4');
		assert_non_null(strchr("89ab", uuid[19]));
		assert_string_not_equal(uuid, last);
		memcpy(last, uuid, sizeof(last));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_seed_repeats),
	        cmocka_unit_test(test_system_seeds_differ),
	        cmocka_unit_test(test_below_is_even),
	        cmocka_unit_test(test_uuid_has_version_4_form),
	};

	return cmocka_run_group_tests_name("rand", tests, NULL, NULL);
}
