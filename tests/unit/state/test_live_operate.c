/* SPDX-License-Identifier: BSD-2-Clause */
/* Drain, resume, switch and failing requests: what they do to states, pools, log and journal, and
 * what a restart finds of them. */
#include "live_fixture.h"

#include "base/clock.h"
#include "base/str.h"
#include "state/store.h"

static void switch_to(struct fixture *f, const char *name, const char *note)
{
	cg_live_switch(f->live, cg_live_pool(f->live, "default"),
	               name == NULL ? NULL : tenant(f, name), note, f->now);
}

static void request_bad(struct fixture *f, const char *name, int times)
{
	for (int i = 1; i <= times; i++)
		assert_int_equal(cg_live_passive(f->live, tenant(f, name), false, "reset", f->now),
		                 i == 3);
}

static size_t count_events(struct fixture *f, enum cg_event_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < cg_journal_count(f->journal); i++)
		n += cg_journal_at(f->journal, i)->kind == kind;
	return n;
}

/* ---- drain ---- */

static void test_drain_moves_the_pool_and_is_told(void **state)
{
	struct fixture *f = *state;

	start_online(f);
	f->now += 60000;
	f->changes = 0;
	cg_live_drain(f->live, tenant(f, "eu20"), 7200000, "patch day", f->now);
	assert_int_equal(f->changes, 1);
	assert_int_equal(cg_live_state(tenant(f, "eu20")), CG_HEALTH_DRAINED);
	assert_string_equal(active(f, "default"), "us21");
	assert_logged(f, "info tenant eu20: online > drained: operator: drain for 2h (patch day) "
	                 "after 1m");
	assert_logged(f, "pool default: failover: eu20 > us21: eu20 drained: operator: drain");
	assert_string_equal(event(f, CG_EVENT_DRAIN)->note, "patch day");
	assert_string_equal(event(f, CG_EVENT_DRAIN)->reason, "for 2h");
	assert_string_equal(event(f, CG_EVENT_STATE)->to, "drained");
	assert_int_equal(cg_live_next_tick(f->live), f->now + 7200000);
	assert_true(tenant(f, "eu20")->drained_until_wall_ms >
	            cg_clock_wall_ms() + 7200000 - 10000);
}

static void test_resumed_tenant_takes_what_its_probes_gave_it(void **state)
{
	struct fixture *f = *state;

	start_online(f);
	cg_live_drain(f->live, tenant(f, "eu20"), 0, NULL, f->now);
	bad_twice(f, "eu20");
	assert_int_equal(cg_live_state(tenant(f, "eu20")), CG_HEALTH_DRAINED);
	assert_string_equal(tenant(f, "eu20")->reason, "operator: drain");
	assert_logged(f, "tenant eu20: drained, meanwhile online > degraded: probe: status 500");
	f->now += 5000;
	assert_true(cg_live_resume(f->live, tenant(f, "eu20"), "back", f->now));
	assert_int_equal(cg_live_state(tenant(f, "eu20")), CG_HEALTH_DEGRADED);
	assert_logged(f, "warning tenant eu20: drained > degraded: operator: resume (back); "
	                 "meanwhile probe: status 500 is not expected (2 in a row) after 5s");
	cg_live_drain(f->live, tenant(f, "eu20"), 0, NULL, f->now);
	good_twice(f, "eu20");
	assert_string_equal(active(f, "default"), "us21");
	assert_true(cg_live_resume(f->live, tenant(f, "eu20"), "", f->now));
	assert_int_equal(cg_live_state(tenant(f, "eu20")), CG_HEALTH_ONLINE);
	assert_string_equal(tenant(f, "eu20")->reason, "operator: resume");
	assert_null(event(f, CG_EVENT_RESUME)->note);
	assert_string_equal(active(f, "default"), "eu20");
	assert_logged(f, "pool default: failback: us21 > eu20: eu20 online: operator: resume");
	assert_false(cg_live_resume(f->live, tenant(f, "eu20"), NULL, f->now));
}

static void test_drain_ends_by_time_and_draining_again_replaces_it(void **state)
{
	struct fixture *f = *state;

	start_online(f);
	cg_live_drain(f->live, tenant(f, "eu20"), 10000, "one", f->now);
	f->now += 5000;
	cg_live_drain(f->live, tenant(f, "eu20"), 10000, "two", f->now);
	assert_logged(f, "tenant eu20: drained anew: operator: drain for 10s (two)");
	assert_int_equal(count_events(f, CG_EVENT_DRAIN), 2);
	assert_string_equal(tenant(f, "eu20")->drain_note, "two");
	f->now += 9999;
	cg_live_tick(f->live, f->now);
	assert_int_equal(cg_live_state(tenant(f, "eu20")), CG_HEALTH_DRAINED);
	assert_int_equal(cg_live_next_tick(f->live), f->now + 1);
	f->now += 1;
	cg_live_tick(f->live, f->now);
	assert_int_equal(cg_live_state(tenant(f, "eu20")), CG_HEALTH_ONLINE);
	assert_logged(f, "tenant eu20: drained > online: the time of its drain is over after 15s");
	assert_string_equal(event(f, CG_EVENT_DRAIN)->reason, "its time is over");
	assert_null(tenant(f, "eu20")->drain_note);
	assert_int_equal(cg_live_next_tick(f->live), INT64_MAX);
	assert_string_equal(active(f, "default"), "eu20");
}

static void test_all_drained_is_none_left(void **state)
{
	struct fixture *f = *state;

	start_online(f);
	cg_live_drain(f->live, tenant(f, "eu20"), 0, NULL, f->now);
	cg_live_drain(f->live, tenant(f, "us21"), 0, NULL, f->now);
	assert_string_equal(active(f, "default"), "none");
	assert_logged(f, "error pool default: no tenant may be chosen: us21 drained");
	assert_true(cg_live_is_settled(f->live));
}

static void test_drained_tenants_settle_by_their_probes(void **state)
{
	struct fixture *f = *state;

	apply(f);
	cg_live_drain(f->live, tenant(f, "eu20"), 0, NULL, f->now);
	good(f, "us21");
	assert_false(cg_live_is_settled(f->live));
	f->changes = 0;
	good(f, "eu20");
	assert_true(cg_live_is_settled(f->live));
	assert_int_equal(f->changes, 1);
	assert_logged(f, "pool default: active us21");
	assert_null(event(f, CG_EVENT_FAILOVER));
}

static void test_recovery_goes_on_below_a_drain(void **state)
{
	struct fixture *f = *state;

	f->pools[0].failback_delay = 30000;
	start_online(f);
	bad_twice(f, "eu20");
	cg_live_drain(f->live, tenant(f, "eu20"), 0, NULL, f->now);
	good_twice(f, "eu20");
	assert_int_equal(cg_live_next_tick(f->live), f->now + 30000);
	f->now += 30000;
	cg_live_tick(f->live, f->now);
	assert_int_equal(cg_live_state(tenant(f, "eu20")), CG_HEALTH_DRAINED);
	assert_true(cg_live_resume(f->live, tenant(f, "eu20"), NULL, f->now));
	assert_int_equal(cg_live_state(tenant(f, "eu20")), CG_HEALTH_ONLINE);
}

static void test_resume_of_a_recovering_one_below_a_drain_needs_a_second(void **state)
{
	struct fixture *f = *state;

	f->pools[0].failback = CG_FAILBACK_MANUAL;
	start_online(f);
	bad_twice(f, "eu20");
	cg_live_drain(f->live, tenant(f, "eu20"), 0, NULL, f->now);
	good_twice(f, "eu20");
	assert_true(cg_live_resume(f->live, tenant(f, "eu20"), NULL, f->now));
	assert_int_equal(cg_live_state(tenant(f, "eu20")), CG_HEALTH_RECOVERING);
	assert_non_null(strstr(tenant(f, "eu20")->reason, "waits for operator"));
	assert_true(cg_live_resume(f->live, tenant(f, "eu20"), NULL, f->now));
	assert_int_equal(cg_live_state(tenant(f, "eu20")), CG_HEALTH_ONLINE);
}

/* ---- switch ---- */

static void test_switch_and_back_are_told(void **state)
{
	struct fixture *f = *state;
	struct cg_live_pool *pool;

	start_online(f);
	pool = cg_live_pool(f->live, "default");
	assert_int_equal(atomic_load(&pool->preferred), CG_LIVE_AUTO);
	f->changes = 0;
	switch_to(f, "us21", "drill");
	assert_int_equal(f->changes, 1);
	assert_int_equal(atomic_load(&pool->preferred), tenant(f, "us21")->id);
	assert_string_equal(active(f, "default"), "us21");
	assert_logged(f, "info pool default: switch: auto > us21: operator: switch (drill)");
	assert_logged(f, "pool default: failover: eu20 > us21: operator: switch to us21 (drill)");
	assert_string_equal(event(f, CG_EVENT_SWITCH)->note, "drill");
	assert_string_equal(event(f, CG_EVENT_SWITCH)->to, "us21");
	assert_string_equal(pool->switch_note, "drill");
	switch_to(f, NULL, NULL);
	assert_string_equal(active(f, "default"), "eu20");
	assert_logged(f, "pool default: failback: us21 > eu20: operator: switch to auto");
	assert_string_equal(event(f, CG_EVENT_SWITCH)->from, "us21");
	assert_string_equal(event(f, CG_EVENT_SWITCH)->to, "auto");
	assert_int_equal(pool->failovers, 1);
	assert_int_equal(pool->failbacks, 1);
}

static void test_others_stand_in_for_the_switched_one(void **state)
{
	struct fixture *f = *state;
	struct cg_live_pool *pool;

	start_online(f);
	pool = cg_live_pool(f->live, "default");
	switch_to(f, "us21", NULL);
	bad_twice(f, "us21");
	assert_string_equal(active(f, "default"), "eu20");
	assert_logged(f, "pool default: failover: us21 > eu20: us21 degraded");
	good_twice(f, "us21");
	assert_logged(f, "pool default: failback: eu20 > us21: us21 online");
	assert_int_equal(pool->failovers, 2);
	assert_int_equal(pool->failbacks, 1);
}

static void test_switch_to_one_that_is_down_waits_for_it(void **state)
{
	struct fixture *f = *state;

	start_online(f);
	bad_twice(f, "us21");
	switch_to(f, "us21", NULL);
	assert_string_equal(active(f, "default"), "eu20");
	assert_null(event(f, CG_EVENT_FAILOVER));
	good_twice(f, "us21");
	assert_string_equal(active(f, "default"), "us21");
	cg_live_drain(f->live, tenant(f, "us21"), 0, NULL, f->now);
	assert_string_equal(active(f, "default"), "eu20");
}

static void test_switch_among_equals_is_a_failover_and_auto_a_failback(void **state)
{
	struct fixture *f = *state;

	f->tenants[1].priority = 1;
	start_online(f);
	switch_to(f, "us21", NULL);
	assert_string_equal(event(f, CG_EVENT_FAILOVER)->to, "us21");
	switch_to(f, NULL, NULL);
	assert_string_equal(event(f, CG_EVENT_FAILBACK)->to, "eu20");
}

/* ---- real requests ---- */

static void test_failing_requests_take_a_tenant_down(void **state)
{
	struct fixture *f = *state;

	start_online(f);
	request_bad(f, "eu20", 2);
	assert_false(cg_live_passive(f->live, tenant(f, "eu20"), true, NULL, f->now));
	request_bad(f, "eu20", 3);
	assert_logged(f, "warning tenant eu20: online > degraded: requests: reset (3 in a row)");
	assert_string_equal(active(f, "default"), "us21");
	assert_false(cg_live_passive(f->live, tenant(f, "eu20"), true, NULL, f->now));
	assert_int_equal(cg_live_state(tenant(f, "eu20")), CG_HEALTH_DEGRADED);
}

static void test_passive_fall_can_be_off_and_removed_tenants_are_left_alone(void **state)
{
	struct fixture *f = *state;

	f->probe.passive_fall = 0;
	start_online(f);
	for (int i = 0; i < 10; i++)
		assert_false(cg_live_passive(f->live, tenant(f, "eu20"), false, "reset", f->now));
	f->probe.passive_fall = 1;
	f->config.tenants_n = f->pools[0].members_n = 1;
	apply(f);
	assert_false(cg_live_passive(f->live, tenant(f, "us21"), false, "reset", f->now));
	assert_true(cg_live_passive(f->live, tenant(f, "eu20"), false, NULL, f->now));
}

static void test_requests_of_a_drained_tenant_count_silently(void **state)
{
	struct fixture *f = *state;

	start_online(f);
	cg_live_drain(f->live, tenant(f, "eu20"), 0, NULL, f->now);
	request_bad(f, "eu20", 3);
	assert_int_equal(cg_live_state(tenant(f, "eu20")), CG_HEALTH_DRAINED);
	cg_live_resume(f->live, tenant(f, "eu20"), NULL, f->now);
	assert_int_equal(cg_live_state(tenant(f, "eu20")), CG_HEALTH_DEGRADED);
}

/* ---- reload ---- */

static void test_reload_keeps_decisions_about_what_stays(void **state)
{
	struct fixture *f = *state;

	start_online(f);
	cg_live_drain(f->live, tenant(f, "eu20"), 60000, "n", f->now);
	switch_to(f, "us21", NULL);
	apply(f);
	assert_int_equal(cg_live_state(tenant(f, "eu20")), CG_HEALTH_DRAINED);
	assert_int_equal(cg_live_next_tick(f->live), f->now + 60000);
	assert_int_equal(atomic_load(&cg_live_pool(f->live, "default")->preferred),
	                 tenant(f, "us21")->id);
	assert_string_equal(active(f, "default"), "us21");
}

static void test_reload_ends_decisions_about_what_left(void **state)
{
	struct fixture *f = *state;

	start_online(f);
	cg_live_drain(f->live, tenant(f, "us21"), 60000, "n", f->now);
	switch_to(f, "us21", NULL);
	f->config.tenants_n = f->pools[0].members_n = 1;
	apply(f);
	assert_logged(f, "tenant us21: drain ends: it left the configuration");
	assert_logged(f, "pool default: switch: us21 > auto: it left the pool");
	assert_string_equal(event(f, CG_EVENT_SWITCH)->to, "auto");
	assert_int_equal(cg_live_next_tick(f->live), INT64_MAX);
	f->config.tenants_n = f->pools[0].members_n = 2;
	apply(f);
	assert_int_equal(cg_live_state(tenant(f, "us21")), CG_HEALTH_CHECKING);
	assert_int_equal(atomic_load(&cg_live_pool(f->live, "default")->preferred), CG_LIVE_AUTO);
}

static void test_switch_ends_with_its_pool(void **state)
{
	struct fixture *f = *state;

	start_online(f);
	switch_to(f, "us21", NULL);
	f->pools[0].name = (char *)"other";
	apply(f);
	assert_logged(f, "pool default: switch: us21 > auto: it left the pool");
}

/* ---- restart ---- */

/* As the next process does: everything anew but the store's directory. */
static struct cg_store *restart(struct fixture *f, struct cg_store *store, const char *dir)
{
	struct cg_error err;

	cg_store_close(store);
	cg_live_free(f->live);
	cg_journal_free(f->journal);
	f->journal = cg_journal_new();
	f->live = cg_live_new(f->journal, 2, on_change, f);
	store = cg_store_open(dir, &err);
	assert_non_null(store);
	cg_store_attach(store, f->journal);
	apply(f);
	cg_live_restore(f->live, store, f->now);
	return store;
}

static void remove_dir(const char *dir)
{
	char *command = cg_str_printf("rm -r '%s'", dir);

	assert_int_equal(system(command), 0);
	free(command);
}

static void test_decisions_survive_a_restart(void **state)
{
	char dir[] = "/tmp/test_live_operate.XXXXXX";
	struct fixture *f = *state;
	struct cg_store *store;
	int64_t since;
	int64_t until;

	assert_non_null(mkdtemp(dir));
	apply(f);
	store = restart(f, NULL, dir);
	good(f, "eu20");
	good(f, "us21");
	cg_live_drain(f->live, tenant(f, "eu20"), 3600000, "patch", f->now);
	switch_to(f, "us21", "drill");
	since = tenant(f, "eu20")->since_wall_ms;
	until = tenant(f, "eu20")->drained_until_wall_ms;

	f->now += 77;
	store = restart(f, store, dir);
	assert_int_equal(cg_live_state(tenant(f, "eu20")), CG_HEALTH_DRAINED);
	assert_string_equal(tenant(f, "eu20")->drain_note, "patch");
	assert_int_equal(tenant(f, "eu20")->since_wall_ms, since);
	assert_int_equal(tenant(f, "eu20")->drained_until_wall_ms, until);
	assert_in_range(cg_live_next_tick(f->live), f->now + 3500000, f->now + 3600000);
	assert_logged(f, "tenant eu20: drained: operator: drain before the start (patch)");
	assert_logged(f, "pool default: still switched to us21");
	assert_string_equal(cg_live_pool(f->live, "default")->switch_note, "drill");
	assert_string_equal(event(f, CG_EVENT_SWITCH)->note, "drill");
	good(f, "us21");
	good(f, "eu20");
	assert_string_equal(active(f, "default"), "us21");

	cg_live_resume(f->live, tenant(f, "eu20"), NULL, f->now);
	switch_to(f, NULL, NULL);
	store = restart(f, store, dir);
	assert_int_equal(cg_live_state(tenant(f, "eu20")), CG_HEALTH_CHECKING);
	assert_int_equal(atomic_load(&cg_live_pool(f->live, "default")->preferred), CG_LIVE_AUTO);
	assert_non_null(event(f, CG_EVENT_RESUME));
	cg_store_close(store);
	remove_dir(dir);
}

static void test_drain_whose_time_ended_meanwhile_is_over(void **state)
{
	char dir[] = "/tmp/test_live_operate.XXXXXX";
	struct fixture *f = *state;
	struct cg_store *store;

	assert_non_null(mkdtemp(dir));
	apply(f);
	store = restart(f, NULL, dir);
	cg_store_put_drain(store, &(struct cg_decision_drain){.tenant = (char *)"eu20",
	                                                      .since_wall_ms = 1000,
	                                                      .until_wall_ms = 2000});
	cg_store_put_drain(store, &(struct cg_decision_drain){.tenant = (char *)"gone",
	                                                      .since_wall_ms = 1000});
	cg_store_put_switch(store, &(struct cg_decision_switch){.pool = (char *)"default",
	                                                        .tenant = (char *)"gone"});
	store = restart(f, store, dir);
	assert_int_equal(cg_live_state(tenant(f, "eu20")), CG_HEALTH_CHECKING);
	assert_logged(f, "tenant eu20: the time of its drain was over before the start");
	assert_string_equal(event(f, CG_EVENT_DRAIN)->reason, "its time is over");
	assert_logged(f, "tenant gone: drain ends: it left the configuration");
	assert_logged(f, "pool default: switch to gone ends: it left the pool");
	store = restart(f, store, dir);
	assert_int_equal(cg_store_decisions(store)->drains_n, 0);
	assert_int_equal(cg_store_decisions(store)->switches_n, 0);
	cg_store_close(store);
	remove_dir(dir);
}

/* As on a board without a battery: the clock says 1970 until it is set. */
static void test_clock_behind_does_not_make_a_drain_longer(void **state)
{
	char dir[] = "/tmp/test_live_operate.XXXXXX";
	struct fixture *f = *state;
	int64_t future = cg_clock_wall_ms() + 1000000000;
	struct cg_store *store;

	assert_non_null(mkdtemp(dir));
	apply(f);
	store = restart(f, NULL, dir);
	cg_store_put_drain(store, &(struct cg_decision_drain){.tenant = (char *)"eu20",
	                                                      .since_wall_ms = future,
	                                                      .until_wall_ms = future + 60000});
	store = restart(f, store, dir);
	assert_int_equal(cg_live_next_tick(f->live), f->now + 60000);
	cg_store_close(store);
	remove_dir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_drain_moves_the_pool_and_is_told),
	        TEST(test_resumed_tenant_takes_what_its_probes_gave_it),
	        TEST(test_drain_ends_by_time_and_draining_again_replaces_it),
	        TEST(test_all_drained_is_none_left),
	        TEST(test_drained_tenants_settle_by_their_probes),
	        TEST(test_recovery_goes_on_below_a_drain),
	        TEST(test_resume_of_a_recovering_one_below_a_drain_needs_a_second),
	        TEST(test_switch_and_back_are_told),
	        TEST(test_others_stand_in_for_the_switched_one),
	        TEST(test_switch_to_one_that_is_down_waits_for_it),
	        TEST(test_switch_among_equals_is_a_failover_and_auto_a_failback),
	        TEST(test_failing_requests_take_a_tenant_down),
	        TEST(test_passive_fall_can_be_off_and_removed_tenants_are_left_alone),
	        TEST(test_requests_of_a_drained_tenant_count_silently),
	        TEST(test_reload_keeps_decisions_about_what_stays),
	        TEST(test_reload_ends_decisions_about_what_left),
	        TEST(test_switch_ends_with_its_pool),
	        TEST(test_decisions_survive_a_restart),
	        TEST(test_drain_whose_time_ended_meanwhile_is_over),
	        TEST(test_clock_behind_does_not_make_a_drain_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
