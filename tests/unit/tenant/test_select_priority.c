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

static void test_drained_and_full_are_passed_over(void **state)
{
	struct cg_candidate c[] = {ONLINE(1, 0), ONLINE(2, 0), ONLINE(3, 0)};

	(void)state;
	c[0].state = CG_HEALTH_DRAINED;
	c[1].is_full = true;
	assert_int_equal(cg_select_priority(c, 3, true), 2);
	assert_int_equal(c[0].reason, CG_SELECT_DRAINED);
	assert_int_equal(c[1].reason, CG_SELECT_FULL);
	c[2].is_full = true;
	assert_int_equal(cg_select_priority(c, 3, true), -1);
	assert_int_equal(c[2].reason, CG_SELECT_FULL);
	/* The worse reason is named. */
	c[1].state = CG_HEALTH_DEGRADED;
	assert_int_equal(cg_select_priority(c, 3, true), -1);
	assert_int_equal(c[1].reason, CG_SELECT_DEGRADED);
}

static void test_preferred_comes_before_priority_but_not_before_state(void **state)
{
	struct cg_candidate c[] = {ONLINE(1, 0), ONLINE(2, 9), ONLINE(3, 0)};

	(void)state;
	c[1].is_preferred = true;
	assert_int_equal(cg_select_priority(c, 3, true), 1);
	assert_int_equal(c[0].reason, CG_SELECT_NOT_PREFERRED);
	assert_int_equal(c[2].reason, CG_SELECT_NOT_PREFERRED);
	c[1].state = CG_HEALTH_RECOVERING;
	assert_int_equal(cg_select_priority(c, 3, true), 0);
	assert_int_equal(c[1].reason, CG_SELECT_RECOVERING);
	assert_int_equal(c[2].reason, CG_SELECT_LOWER_PRIORITY);
	c[0].state = c[2].state = CG_HEALTH_RECOVERING;
	assert_int_equal(cg_select_priority(c, 3, true), 1);
}

static void test_any_takes_degraded_ones_in_order_of_priority(void **state)
{
	struct cg_candidate c[] = {ONLINE(1, 0), ONLINE(2, 0), ONLINE(3, 0), ONLINE(4, 0)};

	(void)state;
	c[0].state = CG_HEALTH_DRAINED;
	c[1].state = c[2].state = c[3].state = CG_HEALTH_DEGRADED;
	assert_int_equal(cg_select_priority(c, 4, false), -1);
	assert_int_equal(cg_select_priority_any(c, 4, true), 1);
	assert_int_equal(c[0].reason, CG_SELECT_DRAINED);
	assert_int_equal(c[1].reason, CG_SELECT_CHOSEN);
	assert_int_equal(c[2].reason, CG_SELECT_LOWER_PRIORITY);
	c[3].is_preferred = true;
	assert_int_equal(cg_select_priority_any(c, 4, true), 3);
	c[3].is_tried = true;
	c[1].is_full = true;
	assert_int_equal(cg_select_priority_any(c, 4, true), 2);
	assert_int_equal(c[1].reason, CG_SELECT_FULL);
	assert_int_equal(c[3].reason, CG_SELECT_TRIED);
	c[2].is_tried = true;
	assert_int_equal(cg_select_priority_any(c, 4, true), -1);
	assert_int_equal(cg_select_priority_any(NULL, 0, true), -1);
}

/* Everything that one candidate can be: 5 states, free, tried or full, 2 priorities, 2 loads. */
enum { SHAPES_N = 5 * 3 * 2 * 2 };

static struct cg_candidate shape(int i)
{
	return (struct cg_candidate){
	        .state = (enum cg_health_state)(i % 5),
	        .is_tried = i / 5 % 3 == 1,
	        .is_full = i / 5 % 3 == 2,
	        .priority = (unsigned)(i / 15 % 2),
	        .in_flight = (unsigned)(i / 30 % 2),
	};
}

typedef int (*choose_fn)(struct cg_candidate *candidates, size_t n, bool wants_reasons);

/* One number to compare by; smaller is better, negative may not be chosen. */
static int cost(choose_fn choose, const struct cg_candidate *c, int position)
{
	static const int ranks[] = {2, 0, -1, 1, -1};
	int rank = ranks[c->state];

	if (choose == cg_select_priority_any && c->state != CG_HEALTH_DRAINED)
		rank = 0;
	if (c->is_tried || c->is_full || rank < 0)
		return -1;
	return rank * 1000 + (c->is_preferred ? 0 : 100) + (int)c->priority * 20 +
	       (int)c->in_flight * 10 + position;
}

static void check_unfit_reason(choose_fn choose, const struct cg_candidate *c)
{
	if (c->is_tried)
		assert_int_equal(c->reason, CG_SELECT_TRIED);
	else if (c->state == CG_HEALTH_DRAINED)
		assert_int_equal(c->reason, CG_SELECT_DRAINED);
	else if (c->state == CG_HEALTH_DEGRADED && choose == cg_select_priority)
		assert_int_equal(c->reason, CG_SELECT_DEGRADED);
	else
		assert_int_equal(c->reason, CG_SELECT_FULL);
}

static bool is_reason_of_the_fit(enum cg_select_reason reason)
{
	return reason == CG_SELECT_LOWER_PRIORITY || reason == CG_SELECT_MORE_IN_FLIGHT ||
	       reason == CG_SELECT_NOT_PREFERRED || reason == CG_SELECT_CHECKING ||
	       reason == CG_SELECT_RECOVERING;
}

static void check_pool(choose_fn choose, struct cg_candidate c[3])
{
	int chosen = choose(c, 3, true);

	assert_int_equal(choose(c, 3, false), chosen);
	for (int i = 0; i < 3; i++) {
		int own = cost(choose, &c[i], i);

		assert_int_equal(c[i].reason == CG_SELECT_CHOSEN, i == chosen);
		if (own < 0) {
			check_unfit_reason(choose, &c[i]);
			continue;
		}
		assert_true(chosen >= 0 && cost(choose, &c[chosen], chosen) <= own);
		assert_true(i == chosen || is_reason_of_the_fit(c[i].reason));
	}
	if (chosen >= 0)
		assert_true(cost(choose, &c[chosen], chosen) >= 0);
}

static void check_every_pool_of_three(choose_fn choose)
{
	for (int i = 0; i < SHAPES_N * SHAPES_N * SHAPES_N; i++) {
		struct cg_candidate c[] = {shape(i % SHAPES_N), shape(i / SHAPES_N % SHAPES_N),
		                           shape(i / SHAPES_N / SHAPES_N)};
		int preferred = i % 4; /* 3: none */

		if (preferred < 3)
			c[preferred].is_preferred = true;
		check_pool(choose, c);
	}
}

/* All of them; in pools of three each has one preference only. */
static void test_every_preference_of_two(void **state)
{
	(void)state;
	for (int i = 0; i < SHAPES_N * SHAPES_N * 3; i++) {
		struct cg_candidate c[] = {
		        shape(i % SHAPES_N), shape(i / SHAPES_N % SHAPES_N), {.is_tried = true}};

		if (i / SHAPES_N / SHAPES_N < 2)
			c[i / SHAPES_N / SHAPES_N].is_preferred = true;
		check_pool(cg_select_priority, c);
		check_pool(cg_select_priority_any, c);
	}
}

static void test_every_pool_of_three(void **state)
{
	(void)state;
	check_every_pool_of_three(cg_select_priority);
}

static void test_every_pool_of_three_where_all_are_down(void **state)
{
	(void)state;
	check_every_pool_of_three(cg_select_priority_any);
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
	        cmocka_unit_test(test_drained_and_full_are_passed_over),
	        cmocka_unit_test(test_preferred_comes_before_priority_but_not_before_state),
	        cmocka_unit_test(test_any_takes_degraded_ones_in_order_of_priority),
	        cmocka_unit_test(test_every_preference_of_two),
	        cmocka_unit_test(test_every_pool_of_three),
	        cmocka_unit_test(test_every_pool_of_three_where_all_are_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
