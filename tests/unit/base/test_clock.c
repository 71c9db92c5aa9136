/* SPDX-License-Identifier: BSD-2-Clause */
/* Clocks and their formats. */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/defs.h"

static void test_clocks_go_forward(void **state)
{
	(void)state;
	int64_t us = cg_clock_now_us();
	int64_t ms = cg_clock_now_ms();

	assert_true(cg_clock_now_us() >= us);
	assert_true(ms >= us / 1000 && ms < us / 1000 + 10000);
	assert_true(llabs(cg_clock_wall_ms() / 1000 - (int64_t)time(NULL)) <= 2);
}

static void test_rfc3339_examples(void **state)
{
	(void)state;
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
	        {0, "1970-01-01T00:00:00.000Z"},
	        {-1, "1969-12-31T23:59:59.999Z"},
	        {INT64_C(1795238880123), "2026-11-21T05:28:00.123Z"},
	        {INT64_C(951782400000), "2000-02-29T00:00:00.000Z"},
	        {INT64_C(4107542399999), "2100-02-28T23:59:59.999Z"},
	        {INT64_C(4107542400000), "2100-03-01T00:00:00.000Z"},
	        {INT64_MAX, "9999-12-31T23:59:59.999Z"},
	        {INT64_MIN, "0000-03-01T00:00:00.000Z"},
	};

	for (size_t i = 0; i < CG_ARRAY_LEN(cases); i++) {
		char text[CG_CLOCK_RFC3339_SIZE];

		cg_clock_format_rfc3339(text, cases[i].ms);
		assert_string_equal(text, cases[i].text);
	}
}

static void test_rfc3339_agrees_with_the_c_library(void **state)
{
	(void)state;
	for (int64_t day = -200000; day < 200000; day += 13) {
		time_t seconds = (time_t)(day * 86400 + 49271);
		char want[64], text[CG_CLOCK_RFC3339_SIZE];
		struct tm parts;

		gmtime_r(&seconds, &parts);
		strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%S.000Z", &parts);
		cg_clock_format_rfc3339(text, (int64_t)seconds * 1000);
		assert_string_equal(text, want);
	}
}

static void test_durations(void **state)
{
	(void)state;
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
	        {-5, "0ms"},
	        {0, "0ms"},
	        {350, "350ms"},
	        {999, "999ms"},
	        {1000, "1s"},
	        {12999, "12s"},
	        {59999, "59s"},
	        {60000, "1m"},
	        {185000, "3m 5s"},
	        {3599999, "59m 59s"},
	        {3600000, "1h"},
	        {3659000, "1h"},
	        {7440000, "2h 4m"},
	        {86399999, "23h 59m"},
	        {86400000, "1d"},
	        {INT64_C(442800000), "5d 3h"},
	        {INT64_C(31536000000), "365d"},
	};

	for (size_t i = 0; i < CG_ARRAY_LEN(cases); i++) {
		char text[32];

		cg_clock_format_duration(text, sizeof(text), cases[i].ms);
		assert_string_equal(text, cases[i].text);
	}
}

static void test_duration_is_cut_to_its_place(void **state)
{
	(void)state;
	char text[4];

	cg_clock_format_duration(text, sizeof(text), 185000);
	assert_string_equal(text, "3m ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_clocks_go_forward),
	        cmocka_unit_test(test_rfc3339_examples),
	        cmocka_unit_test(test_rfc3339_agrees_with_the_c_library),
	        cmocka_unit_test(test_durations),
	        cmocka_unit_test(test_duration_is_cut_to_its_place),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
