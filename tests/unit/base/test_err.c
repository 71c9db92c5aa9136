/* SPDX-License-Identifier: BSD-2-Clause */
/* Errors and reports. */
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_error_is_formatted_and_returns_failure(void **state)
{
	(void)state;
	struct cg_error err;

	assert_int_equal(cg_error_set(&err, "%s: %d", "port", 70000), -1);
	assert_string_equal(err.text, "port: 70000");
	assert_int_equal(cg_error_set(NULL, "nobody asks"), -1);
}

static void test_long_error_is_cut(void **state)
{
	(void)state;
	struct cg_error err;

	cg_error_set(&err, "%1000d", 1);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void test_report_keeps_the_order(void **state)
{
	(void)state;
	struct cg_report report;

	cg_report_init(&report);
	for (int i = 1; i <= 20; i++) {
		if (i % 2 == 0)
			cg_report_error(&report, "a.ini", i, "number %d", i);
		else
			cg_report_warning(&report, "a.ini", i, "number %d", i);
	}
	assert_int_equal(report.n, 20);
	assert_int_equal(report.errors_n, 10);
	for (int i = 1; i <= 20; i++) {
		assert_int_equal(report.items[i - 1].line, i);
		assert_int_equal(report.items[i - 1].is_error, i % 2 == 0);
	}
	assert_string_equal(report.items[19].text, "number 20");
	cg_report_fini(&report);
	assert_int_equal(report.n, 0);
	cg_report_fini(&report);
}

static void test_problem_is_written_as_compilers_do(void **state)
{
	(void)state;
	const struct {
		struct cg_problem problem;
		const char *text;
	} cases[] = {
	        {{.file = (char[]){"a.ini"}, .line = 3, .is_error = true, .text = (char[]){"bad"}},
	         "a.ini:3: error: bad"},
	        {{.file = (char[]){"a.ini"}, .line = 3, .text = (char[]){"odd"}},
	         "a.ini:3: warning: odd"},
	        {{.file = (char[]){"a.ini"}, .is_error = true, .text = (char[]){"gone"}},
	         "a.ini: error: gone"},
	};

	for (size_t i = 0; i < CG_ARRAY_LEN(cases); i++) {
		char *text = cg_problem_format(&cases[i].problem);

		assert_string_equal(text, cases[i].text);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_error_is_formatted_and_returns_failure),
	        cmocka_unit_test(test_long_error_is_cut),
	        cmocka_unit_test(test_report_keeps_the_order),
	        cmocka_unit_test(test_problem_is_written_as_compilers_do),
	};

	return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
