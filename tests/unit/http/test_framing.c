/* SPDX-License-Identifier: BSD-2-Clause */
/* http/framing: what the wire tests do not reach. */
#include "http/framing.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_no_field_means_no_body_in_a_request_only(void **state)
{
	struct cg_message message = {.version_minor = 1, .status = 200};
	struct cg_framing framing;

	(void)state;
	assert_int_equal(cg_framing_of_request(&message, &framing), CG_REFUSAL_NONE);
	assert_int_equal(framing.kind, CG_FRAMING_NONE);
	assert_true(framing.keeps_alive);
	assert_int_equal(cg_framing_of_response(&message, CG_METHOD_GET, &framing),
	                 CG_REFUSAL_NONE);
	assert_int_equal(framing.kind, CG_FRAMING_CLOSE);
	assert_false(framing.keeps_alive);
}

static void test_length_of_an_answer_to_head_counts_no_bytes(void **state)
{
	struct cg_field field = {.value = CG_STR("12"), .id = CG_FIELD_CONTENT_LENGTH};
	struct cg_message message = {
	        .version_minor = 1, .status = 200, .fields = &field, .fields_n = 1};
	struct cg_framing framing;

	(void)state;
	assert_int_equal(cg_framing_of_response(&message, CG_METHOD_HEAD, &framing),
	                 CG_REFUSAL_NONE);
	assert_int_equal(framing.kind, CG_FRAMING_NONE);
	assert_int_equal(framing.length, 0);
	assert_int_equal(cg_framing_of_response(&message, CG_METHOD_GET, &framing),
	                 CG_REFUSAL_NONE);
	assert_int_equal(framing.kind, CG_FRAMING_LENGTH);
	assert_int_equal(framing.length, 12);
}

static void test_expect_is_absent_mostly(void **state)
{
	struct cg_message message = {.version_minor = 1};
	bool expects = true;

	(void)state;
	assert_int_equal(cg_framing_expects_continue(&message, &expects), CG_REFUSAL_NONE);
	assert_false(expects);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_no_field_means_no_body_in_a_request_only),
	        cmocka_unit_test(test_length_of_an_answer_to_head_counts_no_bytes),
	        cmocka_unit_test(test_expect_is_absent_mostly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
