/* SPDX-License-Identifier: BSD-2-Clause */
/* http/date: known instants. */
#include "http/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_date_of_the_rfc(void **state)
{
	char text[CG_DATE_SIZE];

	(void)state;
	cg_date_format(text, 784111777);
	assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT");
}

static void test_date_at_borders(void **state)
{
	char text[CG_DATE_SIZE];

	(void)state;
	cg_date_format(text, 0);
	assert_string_equal(text, "Thu, 01 Jan 1970 00:00:00 GMT");
	cg_date_format(text, 951782399);
	assert_string_equal(text, "Mon, 28 Feb 2000 23:59:59 GMT");
	cg_date_format(text, 951782400);
	assert_string_equal(text, "Tue, 29 Feb 2000 00:00:00 GMT");
	cg_date_format(text, 4102444799);
	assert_string_equal(text, "Thu, 31 Dec 2099 23:59:59 GMT");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_date_of_the_rfc),
	        cmocka_unit_test(test_date_at_borders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
