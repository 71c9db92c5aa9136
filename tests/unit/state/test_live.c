/* SPDX-License-Identifier: BSD-2-Clause */
/* States, pools' active tenants, log lines and journal, on a time of the test's own. */
#include "live_fixture.h"

static void test_first_choice_is_no_failover_whoever_answers_first(void **state)
{
	struct fixture *f = *state;

	apply(f);
	assert_false(cg_live_is_settled(f->live));
	assert_string_equal(active(f, "default"), "none");
	good(f, "us21");
	assert_string_equal(active(f, "default"), "us21");
	good(f, "eu20");
	assert_true(cg_live_is_settled(f->live));
	assert_string_equal(active(f, "default"), "eu20");
	assert_logged(f, "pool default: active eu20");
	assert_null(event(f, CG_EVENT_FAILOVER));
	assert_null(event(f, CG_EVENT_FAILBACK));
	assert_int_equal(cg_live_pool(f->live, "default")->failovers, 0);
}

static void test_failover_and_failback_are_told(void **state)
{
	struct fixture *f = *state;
	struct cg_live_pool *pool;

	start_online(f);
	pool = cg_live_pool(f->live, "default");
	f->changes = 0;
	f->now += 185000;
	bad(f, "eu20");
	assert_int_equal(f->changes, 0);
	bad(f, "eu20");
	assert_int_equal(f->changes, 1);
	assert_int_equal(cg_live_state(tenant(f, "eu20")), CG_HEALTH_DEGRADED);
	assert_logged(f, "tenant eu20: online > degraded: probe: status 500 is not expected "
	                 "(2 in a row) after 3m 5s");
	assert_logged(f, "pool default: failover: eu20 > us21: eu20 degraded: probe: status 500");
	assert_string_equal(event(f, CG_EVENT_FAILOVER)->to, "us21");
	assert_int_equal(event(f, CG_EVENT_FAILOVER)->lasted_ms, 185000);
	assert_string_equal(event(f, CG_EVENT_STATE)->from, "online");
	f->now += 10000;
	good_twice(f, "eu20");
	assert_string_equal(active(f, "default"), "eu20");
	assert_logged(f, "tenant eu20: degraded > online: probe: answered 401 (2 in a row) "
	                 "after 10s");
	assert_logged(f, "pool default: failback: us21 > eu20: eu20 online: ");
	assert_string_equal(event(f, CG_EVENT_FAILBACK)->from, "us21");
	assert_int_equal(pool->failovers, 1);
	assert_int_equal(pool->failbacks, 1);
}

static void test_levels_are_warning_down_and_info_up(void **state)
{
	struct fixture *f = *state;

	start_online(f);
	bad_twice(f, "us21");
	good_twice(f, "us21");
	assert_logged(f, "warning tenant us21: online > degraded");
	assert_logged(f, "info tenant us21: degraded > online");
}

static void test_none_left_is_an_error_and_a_failover_to_none(void **state)
{
	struct fixture *f = *state;
	struct cg_live_pool *pool;

	start_online(f);
	pool = cg_live_pool(f->live, "default");
	bad_twice(f, "eu20");
	bad_twice(f, "us21");
	assert_null(pool->active);
	assert_logged(f, "error pool default: no tenant may be chosen");
	assert_null(event(f, CG_EVENT_FAILOVER)->to);
	assert_string_equal(event(f, CG_EVENT_FAILOVER)->from, "us21");
	assert_int_equal(pool->failovers, 2);
	good_twice(f, "us21");
	assert_ptr_equal(pool->active, tenant(f, "us21"));
	assert_null(event(f, CG_EVENT_FAILBACK)->from);
	assert_int_equal(pool->failbacks, 1);
	assert_int_equal(pool->failovers, 2);
}

static void test_from_none_to_a_lower_priority_is_a_failover(void **state)
{
	struct fixture *f = *state;

	start_online(f);
	bad_twice(f, "us21");
	bad_twice(f, "eu20");
	assert_string_equal(active(f, "default"), "none");
	good_twice(f, "us21");
	assert_string_equal(event(f, CG_EVENT_FAILOVER)->to, "us21");
	assert_null(event(f, CG_EVENT_FAILBACK));
}

static void test_all_down_at_start_is_told_once_and_then_the_first_choice(void **state)
{
	struct fixture *f = *state;

	apply(f);
	bad(f, "eu20");
	assert_null(event(f, CG_EVENT_FAILOVER));
	bad(f, "us21");
	bad(f, "us21");
	assert_logged(f, "pool default: no tenant may be chosen");
	assert_int_equal(cg_live_pool(f->live, "default")->failovers, 0);
	good_twice(f, "us21");
	assert_logged(f, "pool default: active us21");
	assert_null(event(f, CG_EVENT_FAILBACK));
}

static void test_equal_priority_moves_by_state(void **state)
{
	struct fixture *f = *state;
	struct cg_live_pool *pool;

	f->tenants[1].priority = 1;
	start_online(f);
	pool = cg_live_pool(f->live, "default");
	bad_twice(f, "eu20");
	assert_string_equal(active(f, "default"), "us21");
	assert_int_equal(pool->failovers, 1);
	good_twice(f, "eu20");
	assert_int_equal(pool->failbacks, 1);
}

static void test_a_shared_tenant_has_one_state_in_both_pools(void **state)
{
	struct fixture *f = *state;
	struct cg_config_pool *pool;

	add_tenant(f, "eu10", 3);
	pool = add_pool(f, "erp");
	add_member(pool, 0);
	add_member(pool, 2);
	apply(f);
	good(f, "eu20");
	good(f, "us21");
	good(f, "eu10");
	bad_twice(f, "eu20");
	assert_string_equal(active(f, "default"), "us21");
	assert_string_equal(active(f, "erp"), "eu10");
	assert_int_equal(cg_live_pool(f->live, "erp")->failovers, 1);
	bad_twice(f, "eu10");
	assert_string_equal(active(f, "erp"), "none");
	assert_string_equal(active(f, "default"), "us21");
}

static void test_failback_delay_ends_by_tick(void **state)
{
	struct fixture *f = *state;

	f->pools[0].failback_delay = 30000;
	start_online(f);
	assert_int_equal(cg_live_next_tick(f->live), INT64_MAX);
	bad_twice(f, "eu20");
	good_twice(f, "eu20");
	assert_int_equal(cg_live_state(tenant(f, "eu20")), CG_HEALTH_RECOVERING);
	assert_logged(f, "degraded > recovering: probe: answered 401 (2 in a row), "
	                 "waits for failback_delay after 0ms");
	assert_string_equal(active(f, "default"), "us21");
	assert_int_equal(cg_live_next_tick(f->live), f->now + 30000);
	f->now += 30000;
	cg_live_tick(f->live, f->now);
	assert_int_equal(cg_live_state(tenant(f, "eu20")), CG_HEALTH_ONLINE);
	assert_logged(f, "recovering > online: failback delay of 30s is over after 30s");
	assert_string_equal(active(f, "default"), "eu20");
}

static void test_resume_ends_manual_failback_and_is_journalled_anyway(void **state)
{
	struct fixture *f = *state;

	f->pools[0].failback = CG_FAILBACK_MANUAL;
	start_online(f);
	assert_false(cg_live_resume(f->live, tenant(f, "eu20"), NULL, f->now));
	assert_non_null(event(f, CG_EVENT_RESUME));
	bad_twice(f, "eu20");
	good_twice(f, "eu20");
	assert_string_equal(active(f, "default"), "us21");
	assert_true(cg_live_resume(f->live, tenant(f, "eu20"), "checked", f->now));
	assert_string_equal(active(f, "default"), "eu20");
	assert_string_equal(event(f, CG_EVENT_RESUME)->note, "checked");
	assert_logged(f, "tenant eu20: recovering > online: operator: resume (checked) after");
}

static void test_failback_probe_counts_only_while_recovering(void **state)
{
	struct fixture *f = *state;
	struct cg_probe_result deep = {.is_good = true, .is_failback = true, .status = 200};

	f->tenants[0].failback_probe_index = 0;
	start_online(f);
	bad_twice(f, "eu20");
	cg_live_probe_result(f->live, tenant(f, "eu20"), &deep, f->now);
	good_twice(f, "eu20");
	cg_live_probe_result(f->live, tenant(f, "eu20"), &deep, f->now);
	assert_int_equal(cg_live_state(tenant(f, "eu20")), CG_HEALTH_RECOVERING);
	cg_live_probe_result(f->live, tenant(f, "eu20"), &deep, f->now);
	assert_int_equal(cg_live_state(tenant(f, "eu20")), CG_HEALTH_ONLINE);
	assert_logged(f, "recovering > online: failback probe: answered 200 (2 in a row) after");
}

static void test_reload_keeps_states_and_counts_no_failover(void **state)
{
	struct fixture *f = *state;
	struct cg_live_tenant *eu20;
	unsigned id;

	start_online(f);
	eu20 = tenant(f, "eu20");
	id = eu20->id;
	f->tenants[0].priority = 5;
	apply(f);
	assert_ptr_equal(tenant(f, "eu20"), eu20);
	assert_int_equal(cg_live_state(eu20), CG_HEALTH_ONLINE);
	assert_string_equal(active(f, "default"), "us21");
	assert_logged(f, "pool default: active us21");
	assert_null(event(f, CG_EVENT_FAILOVER));
	f->tenants[0].name = (char *)"eu10";
	apply(f);
	assert_int_not_equal(tenant(f, "eu10")->id, id);
	assert_false(cg_live_is_settled(f->live));
	/* A result that comes late for one that is gone. */
	bad_twice(f, "eu20");
	assert_int_equal(cg_live_state(eu20), CG_HEALTH_ONLINE);
	f->tenants[0].name = (char *)"eu20";
	apply(f);
	assert_int_equal(cg_live_state(eu20), CG_HEALTH_CHECKING);
}

static void test_the_active_one_removed_by_reload_begins_anew(void **state)
{
	struct fixture *f = *state;

	start_online(f);
	f->pools[0].members[0] = 1;
	f->pools[0].members_n = 1;
	apply(f);
	assert_string_equal(active(f, "default"), "us21");
	assert_int_equal(cg_live_pool(f->live, "default")->failovers, 0);
	assert_logged(f, "pool default: active us21");
}

static void test_probes_kept_are_the_newest(void **state)
{
	struct fixture *f = *state;

	start_online(f);
	for (int i = 0; i < CG_LIVE_PROBES_KEPT; i++)
		good(f, "eu20");
	bad(f, "eu20");
	assert_int_equal(tenant(f, "eu20")->probes_n, CG_LIVE_PROBES_KEPT);
	assert_false(tenant(f, "eu20")->probes[0].is_good);
	assert_true(tenant(f, "eu20")->probes[1].is_good);
}

static void test_counters_are_summed_over_workers(void **state)
{
	struct fixture *f = *state;
	struct cg_live_tenant *eu20;

	apply(f);
	eu20 = tenant(f, "eu20");
	CG_COUNTER_ADD(eu20->counters[0].requests, 3);
	CG_COUNTER_ADD(eu20->counters[1].requests, 4);
	CG_COUNTER_ADD(eu20->counters[1].failures, 1);
	CG_COUNTER_ADD(eu20->counters[0].in_flight, 2);
	CG_COUNTER_SUB(eu20->counters[0].in_flight, 1);
	assert_int_equal(cg_live_requests(f->live, eu20), 7);
	assert_int_equal(cg_live_failures(f->live, eu20), 1);
	assert_int_equal(cg_live_in_flight(f->live, eu20), 1);
}

static void test_names_are_limited(void **state)
{
	struct fixture *f = *state;
	char name[32];

	for (int i = 0; i < CG_LIVE_TENANTS_MAX; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		assert_non_null(cg_live_tenant(f->live, name));
	}
	assert_null(cg_live_tenant(f->live, "one-more"));
	assert_non_null(cg_live_tenant(f->live, "t7"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_first_choice_is_no_failover_whoever_answers_first),
	        TEST(test_failover_and_failback_are_told),
	        TEST(test_levels_are_warning_down_and_info_up),
	        TEST(test_none_left_is_an_error_and_a_failover_to_none),
	        TEST(test_from_none_to_a_lower_priority_is_a_failover),
	        TEST(test_all_down_at_start_is_told_once_and_then_the_first_choice),
	        TEST(test_equal_priority_moves_by_state),
	        TEST(test_a_shared_tenant_has_one_state_in_both_pools),
	        TEST(test_failback_delay_ends_by_tick),
	        TEST(test_resume_ends_manual_failback_and_is_journalled_anyway),
	        TEST(test_failback_probe_counts_only_while_recovering),
	        TEST(test_reload_keeps_states_and_counts_no_failover),
	        TEST(test_the_active_one_removed_by_reload_begins_anew),
	        TEST(test_probes_kept_are_the_newest),
	        TEST(test_counters_are_summed_over_workers),
	        TEST(test_names_are_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
