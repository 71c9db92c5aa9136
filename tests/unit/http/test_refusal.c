/* SPDX-License-Identifier: BSD-2-Clause */
/* http/refusal: statuses that SPEC section 4 promises; names that metrics can carry. */
#include "http/refusal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_refusal_statuses(void **state)
{
	(void)state;
	assert_int_equal(cg_refusal_status(CG_REFUSAL_BARE_LF), 400);
	assert_int_equal(cg_refusal_status(CG_REFUSAL_METHOD_REFUSED), 405);
	assert_int_equal(cg_refusal_status(CG_REFUSAL_BODY_TOO_LARGE), 413);
	assert_int_equal(cg_refusal_status(CG_REFUSAL_LINE_TOO_LONG), 414);
	assert_int_equal(cg_refusal_status(CG_REFUSAL_BAD_EXPECT), 417);
	assert_int_equal(cg_refusal_status(CG_REFUSAL_HEAD_TOO_LARGE), 431);
	assert_int_equal(cg_refusal_status(CG_REFUSAL_CODING_UNKNOWN), 501);
	assert_int_equal(cg_refusal_status(CG_REFUSAL_VERSION), 505);
}

static void test_refusal_names_are_labels(void **state)
{
	static const enum cg_refusal all[] = {
#define X(id, status, name, text) CG_REFUSAL_##id,
	        CG_REFUSALS(X)
#undef X
	};

	(void)state;
	for (size_t i = 0; i < CG_ARRAY_LEN(all); i++) {
		const char *name = cg_refusal_name(all[i]);

		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789"),
		                 strlen(name));
		assert_true(strlen(cg_refusal_text(all[i])) > 0);
		assert_in_range(cg_refusal_status(all[i]), 400, 599);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(name, cg_refusal_name(all[j]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_refusal_statuses),
	        cmocka_unit_test(test_refusal_names_are_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
