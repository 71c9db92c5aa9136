/* SPDX-License-Identifier: BSD-2-Clause */
/* Any text becomes valid JSON. */
#include "admin/api_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_text(const char *text, const char *wanted)
{
	json_t *json = cg_api_json_text(text);

	assert_string_equal(json_string_value(json), wanted);
	json_decref(json);
}

static void test_texts(void **state)
{
	json_t *null = cg_api_json_text(NULL);

	(void)state;
	assert_true(json_is_null(null));
	json_decref(null);
	assert_text("a \"b\"", "a \"b\"");
	assert_text("M\xc3\xbcnchen", "M\xc3\xbcnchen");
	assert_text("M\xfcnchen", "M?nchen");
}

static void test_times(void **state)
{
	json_t *none = cg_api_json_time(0);
	json_t *time = cg_api_json_time(1795238880123);

	(void)state;
	assert_true(json_is_null(none));
	assert_string_equal(json_string_value(time), "2026-11-21T05:28:00.123Z");
	json_decref(none);
	json_decref(time);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_texts),
	        cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
