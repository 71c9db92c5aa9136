/* SPDX-License-Identifier: BSD-2-Clause */
/* tenant/select: the order of the states and the names of the reasons. */
#include "tenant/select.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_rank_orders_the_states(void **state)
{
	(void)state;
	assert_int_equal(cg_select_rank(CG_HEALTH_ONLINE), 0);
	assert_int_equal(cg_select_rank(CG_HEALTH_RECOVERING), 1);
	assert_int_equal(cg_select_rank(CG_HEALTH_CHECKING), 2);
	assert_int_equal(cg_select_rank(CG_HEALTH_DEGRADED), -1);
	assert_int_equal(cg_select_rank(CG_HEALTH_DRAINED), -1);
}

static void test_reason_names_are_those_of_the_api(void **state)
{
	(void)state;
	assert_string_equal(cg_select_reason_name(CG_SELECT_CHOSEN), "chosen");
	assert_string_equal(cg_select_reason_name(CG_SELECT_LOWER_PRIORITY), "lower_priority");
	assert_string_equal(cg_select_reason_name(CG_SELECT_RECOVERING), "recovering");
	assert_string_equal(cg_select_reason_name(CG_SELECT_NOT_PREFERRED), "not_preferred");
	assert_string_equal(cg_select_reason_name(CG_SELECT_DRAINED), "drained");
	assert_string_equal(cg_select_reason_name(CG_SELECT_FULL), "full");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_rank_orders_the_states),
	        cmocka_unit_test(test_reason_names_are_those_of_the_api),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
