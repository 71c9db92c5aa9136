/* SPDX-License-Identifier: BSD-2-Clause */
/* http/phrase: known and unknown statuses. */
#include "http/phrase.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_phrase_of_known_statuses(void **state)
{
	(void)state;
	assert_string_equal(cg_phrase(100), "Continue");
	assert_string_equal(cg_phrase(200), "OK");
	assert_string_equal(cg_phrase(413), "Content Too Large");
	assert_string_equal(cg_phrase(511), "Network Authentication Required");
}

static void test_phrase_is_empty_for_others(void **state)
{
	(void)state;
	assert_string_equal(cg_phrase(299), "");
	assert_string_equal(cg_phrase(512), "");
	assert_string_equal(cg_phrase(-1), "");
	assert_string_equal(cg_phrase(99999), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_phrase_of_known_statuses),
	        cmocka_unit_test(test_phrase_is_empty_for_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
