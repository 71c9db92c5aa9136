/* SPDX-License-Identifier: BSD-2-Clause */
/* Words of probe results. */
#include "tenant/probe_result.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void check(const struct cg_probe_result *result, const char *want)
{
	char text[256];

	cg_probe_result_text(result, text, sizeof(text));
	assert_string_equal(text, want);
}

static void test_words_say_phase_and_error(void **state)
{
	(void)state;
	check(&(struct cg_probe_result){.phase = CG_PROBE_PHASE_CONNECT,
	                                .error = "Connection refused"},
	      "connect: Connection refused");
	check(&(struct cg_probe_result){.phase = CG_PROBE_PHASE_STATUS,
	                                .status = 500,
	                                .error = "status 500 is not expected"},
	      "status 500 is not expected");
	check(&(struct cg_probe_result){.phase = CG_PROBE_PHASE_BODY,
	                                .status = 200,
	                                .error = "the expected text is not in it"},
	      "body: the expected text is not in it");
}

static void test_good_ones_say_the_status_if_there_is_one(void **state)
{
	(void)state;
	check(&(struct cg_probe_result){.is_good = true,
	                                .status = 401,
	                                .phase = CG_PROBE_PHASE_DONE},
	      "answered 401");
	check(&(struct cg_probe_result){.is_good = true, .phase = CG_PROBE_PHASE_DONE},
	      "connected");
}

static void test_long_errors_are_cut_to_the_room_given(void **state)
{
	struct cg_probe_result result = {.phase = CG_PROBE_PHASE_TLS};
	char text[16];

	(void)state;
	memset(result.error, 'x', sizeof(result.error) - 1);
	cg_probe_result_text(&result, text, sizeof(text));
	assert_string_equal(text, "tls: xxxxxxxxxx");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_words_say_phase_and_error),
	        cmocka_unit_test(test_good_ones_say_the_status_if_there_is_one),
	        cmocka_unit_test(test_long_errors_are_cut_to_the_room_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
