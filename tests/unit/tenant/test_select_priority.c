/* SPDX-License-Identifier: BSD-2-Clause */
/* tenant/select_priority: examples for each rule, then every pool of three tenants against the
 * rules said once more as "nobody beats the chosen one". */
#include "tenant/select_priority.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ONLINE(prio, flight)                                                                       \
	{                                                                                          \
		.state = CG_HEALTH_ONLINE, .priority = (prio), .in_flight = (flight)               \
	}

static void test_empty_pool_has_no_choice(void **state)
{
	(void)state;
	assert_int_equal(cg_select_priority(NULL, 0, true), -1);
}

static void test_lowest_number_wins(void **state)
{
	struct cg_candidate c[] = {ONLINE(3, 0), ONLINE(1, 9), ONLINE(2, 0)};

	(void)state;
	assert_int_equal(cg_select_priority(c, 3, true), 1);
	assert_int_equal(c[0].reason, CG_SELECT_LOWER_PRIORITY);
	assert_int_equal(c[1].reason, CG_SELECT_CHOSEN);
	assert_int_equal(c[2].reason, CG_SELECT_LOWER_PRIORITY);
}

static void test_equal_priority_shares_by_in_flight(void **state)
{
	struct cg_candidate c[] = {ONLINE(1, 5), ONLINE(1, 2), ONLINE(1, 2)};

	(void)state;
	assert_int_equal(cg_select_priority(c, 3, true), 1);
	assert_int_equal(c[0].reason, CG_SELECT_MORE_IN_FLIGHT);
	assert_int_equal(c[2].reason, CG_SELECT_MORE_IN_FLIGHT);
}

static void test_recovering_is_left_while_one_is_online(void **state)
{
	struct cg_candidate c[] = {ONLINE(1, 0), ONLINE(9, 100), ONLINE(1, 0)};

	(void)state;
	c[0].state = CG_HEALTH_RECOVERING;
	c[2].state = CG_HEALTH_CHECKING;
	assert_int_equal(cg_select_priority(c, 3, true), 1);
	assert_int_equal(c[0].reason, CG_SELECT_RECOVERING);
	assert_int_equal(c[2].reason, CG_SELECT_CHECKING);
	/* For a later attempt the online one is used up. */
	c[1].is_tried = true;
	assert_int_equal(cg_select_priority(c, 3, true), 0);
	assert_int_equal(c[0].reason, CG_SELECT_CHOSEN);
	assert_int_equal(c[1].reason, CG_SELECT_TRIED);
	assert_int_equal(c[2].reason, CG_SELECT_CHECKING);
}

static void test_degraded_and_tried_are_never_chosen(void **state)
{
	struct cg_candidate c[] = {ONLINE(1, 0), ONLINE(2, 0)};

	(void)state;
	c[0].state = CG_HEALTH_DEGRADED;
	c[1].is_tried = true;
	assert_int_equal(cg_select_priority(c, 2, true), -1);
	assert_int_equal(c[0].reason, CG_SELECT_DEGRADED);
	assert_int_equal(c[1].reason, CG_SELECT_TRIED);
}

static void test_reasons_are_left_alone_if_not_wanted(void **state)
{
	struct cg_candidate c[] = {ONLINE(1, 0), ONLINE(2, 0)};

	(void)state;
	c[0].reason = c[1].reason = CG_SELECT_TRIED;
	assert_int_equal(cg_select_priority(c, 2, false), 0);
	assert_int_equal(c[0].reason, CG_SELECT_TRIED);
	assert_int_equal(c[1].reason, CG_SELECT_TRIED);
}

/* Everything that one candidate can be: 4 states, tried or not, 2 priorities, 2 loads. */
enum { SHAPES_N = 4 * 2 * 2 * 2 };

static struct cg_candidate shape(int i)
{
	return (struct cg_candidate){
	        .state = (enum cg_health_state)(i % 4),
	        .is_tried = i / 4 % 2 != 0,
	        .priority = (unsigned)(i / 8 % 2),
	        .in_flight = (unsigned)(i / 16 % 2),
	};
}

/* One number to compare by; smaller is better, negative may not be chosen. */
static int cost(const struct cg_candidate *c, int position)
{
	static const int rank[] = {2, 0, -1, 1};

	if (c->is_tried || rank[c->state] < 0)
		return -1;
	return rank[c->state] * 100 + (int)c->priority * 20 + (int)c->in_flight * 10 + position;
}

static void check_pool(struct cg_candidate c[3])
{
	int chosen = cg_select_priority(c, 3, true);

	for (int i = 0; i < 3; i++) {
		int own = cost(&c[i], i);

		assert_int_equal(c[i].reason == CG_SELECT_CHOSEN, i == chosen);
		if (own < 0)
			assert_true(c[i].reason == CG_SELECT_TRIED ||
			            c[i].reason == CG_SELECT_DEGRADED);
		else
			assert_true(chosen >= 0 && cost(&c[chosen], chosen) <= own);
	}
	if (chosen >= 0)
		assert_true(cost(&c[chosen], chosen) >= 0);
}

static void test_every_pool_of_three(void **state)
{
	(void)state;
	for (int i = 0; i < SHAPES_N * SHAPES_N * SHAPES_N; i++) {
		struct cg_candidate c[] = {shape(i % SHAPES_N), shape(i / SHAPES_N % SHAPES_N),
		                           shape(i / SHAPES_N / SHAPES_N)};

		check_pool(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_empty_pool_has_no_choice),
	        cmocka_unit_test(test_lowest_number_wins),
	        cmocka_unit_test(test_equal_priority_shares_by_in_flight),
	        cmocka_unit_test(test_recovering_is_left_while_one_is_online),
	        cmocka_unit_test(test_degraded_and_tried_are_never_chosen),
	        cmocka_unit_test(test_reasons_are_left_alone_if_not_wanted),
	        cmocka_unit_test(test_every_pool_of_three),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
