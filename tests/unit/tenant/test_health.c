/* SPDX-License-Identifier: BSD-2-Clause */
/* tenant/health: every state with every event, the waits of a recovery, and a random walk beside a
 * naive reimplementation that keeps the whole history instead of counters. */
#include "tenant/health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static const struct cg_health_rules plain = {.fall = 2,
                                             .rise = 2,
                                             .interval_down_ms = 2000,
                                             .has_flap_backoff = true,
                                             .passive_fall = 3};

/* A tenant in STATE since 0, whichever rules brought it there. */
static struct cg_health in_state(enum cg_health_state state)
{
	struct cg_health health;

	cg_health_init(&health, 0);
	health.state = state;
	return health;
}

static void bring_down(struct cg_health *health, const struct cg_health_rules *rules, int64_t now)
{
	for (unsigned i = 1; i < rules->fall; i++)
		assert_false(cg_health_step(health, rules, false, now));
	assert_true(cg_health_step(health, rules, false, now));
	assert_int_equal(health->state, CG_HEALTH_DEGRADED);
}

/* Feed the successes that end a degraded state; which state follows is the caller's matter. */
static void bring_up(struct cg_health *health, const struct cg_health_rules *rules, int64_t now)
{
	for (unsigned i = 1; i < rules->rise; i++)
		assert_false(cg_health_step(health, rules, true, now));
	assert_true(cg_health_step(health, rules, true, now));
}

static void test_names_are_those_of_the_api(void **state)
{
	(void)state;
	assert_string_equal(cg_health_state_name(CG_HEALTH_CHECKING), "checking");
	assert_string_equal(cg_health_state_name(CG_HEALTH_RECOVERING), "recovering");
	assert_string_equal(cg_health_state_name(CG_HEALTH_DRAINED), "drained");
	assert_string_equal(cg_health_wait_name(CG_HEALTH_WAIT_NOTHING), "nothing");
	assert_string_equal(cg_health_wait_name(CG_HEALTH_WAIT_OPERATOR), "operator");
}

static void test_init_is_checking(void **state)
{
	struct cg_health health;

	(void)state;
	memset(&health, 0xff, sizeof(health));
	cg_health_init(&health, 7);
	assert_int_equal(health.state, CG_HEALTH_CHECKING);
	assert_int_equal(health.since, 7);
	assert_int_equal(health.downs_n, 0);
	assert_int_equal(cg_health_next_tick(&health, &plain), INT64_MAX);
}

/* One event in each state with rules under which it decides at once (fall = rise = 1, nothing to
 * wait for). */
static void test_each_event_in_each_state(void **state)
{
	enum { GOOD, BAD, DEEP_GOOD, DEEP_BAD, TICK, RESUME, REQUEST_GOOD, REQUEST_BAD, EVENTS_N };
	enum { C = CG_HEALTH_CHECKING, O = CG_HEALTH_ONLINE };
	enum { D = CG_HEALTH_DEGRADED, R = CG_HEALTH_RECOVERING };
	static const int expected[4][EVENTS_N] = {
	        [C] = {O, D, C, C, C, C, C, C},
	        [O] = {O, D, O, O, O, O, O, D},
	        [D] = {O, D, D, D, D, D, D, D},
	        [R] = {O, D, O, R, O, O, R, D},
	};
	struct cg_health_rules rules = plain;

	(void)state;
	rules.fall = rules.rise = rules.passive_fall = 1;
	for (int from = C; from <= R; from++) {
		for (int event = GOOD; event < EVENTS_N; event++) {
			struct cg_health h = in_state((enum cg_health_state)from);
			bool has_changed = false;

			switch (event) {
			case GOOD:
			case BAD:
				has_changed = cg_health_step(&h, &rules, event == GOOD, 5);
				break;
			case DEEP_GOOD:
			case DEEP_BAD:
				has_changed =
				        cg_health_step_failback(&h, &rules, event == DEEP_GOOD, 5);
				break;
			case TICK:
				has_changed = cg_health_tick(&h, &rules, 5);
				break;
			case RESUME:
				has_changed = cg_health_resume(&h, 5);
				break;
			case REQUEST_GOOD:
			case REQUEST_BAD:
				has_changed = cg_health_step_passive(&h, &rules,
				                                     event == REQUEST_GOOD, 5);
				break;
			}
			if ((int)h.state != expected[from][event])
				fail_msg("state %d, event %d: got %d", from, event, (int)h.state);
			assert_int_equal(has_changed, from != expected[from][event]);
			assert_int_equal(h.since, has_changed ? 5 : 0);
		}
	}
}

static void test_first_result_alone_decides(void **state)
{
	struct cg_health_rules rules = plain;
	struct cg_health health;

	(void)state;
	rules.fall = rules.rise = 5;
	rules.is_failback_manual = true;
	rules.has_failback_probe = true;
	rules.failback_rise = rules.rise;
	rules.failback_delay_ms = 60000;
	cg_health_init(&health, 0);
	assert_true(cg_health_step(&health, &rules, true, 1));
	assert_int_equal(health.state, CG_HEALTH_ONLINE);
	cg_health_init(&health, 0);
	assert_true(cg_health_step(&health, &rules, false, 1));
	assert_int_equal(health.state, CG_HEALTH_DEGRADED);
	assert_int_equal(health.downs_n, 1);
}

static void test_fall_counts_consecutive_failures(void **state)
{
	struct cg_health_rules rules = plain;
	struct cg_health health = in_state(CG_HEALTH_ONLINE);

	(void)state;
	rules.fall = 3;
	assert_false(cg_health_step(&health, &rules, false, 1));
	assert_false(cg_health_step(&health, &rules, false, 2));
	assert_false(cg_health_step(&health, &rules, true, 3));
	assert_false(cg_health_step(&health, &rules, false, 4));
	assert_false(cg_health_step(&health, &rules, false, 5));
	assert_true(cg_health_step(&health, &rules, false, 6));
	assert_int_equal(health.state, CG_HEALTH_DEGRADED);
	assert_int_equal(health.since, 6);
	assert_false(cg_health_step(&health, &rules, false, 7));
	assert_int_equal(health.since, 6);
}

static void test_rise_counts_consecutive_successes(void **state)
{
	struct cg_health_rules rules = plain;
	struct cg_health health = in_state(CG_HEALTH_DEGRADED);

	(void)state;
	rules.rise = 3;
	assert_false(cg_health_step(&health, &rules, true, 1));
	assert_false(cg_health_step(&health, &rules, true, 2));
	assert_false(cg_health_step(&health, &rules, false, 3));
	assert_false(cg_health_step(&health, &rules, true, 4));
	assert_false(cg_health_step(&health, &rules, true, 5));
	assert_true(cg_health_step(&health, &rules, true, 6));
	assert_int_equal(health.state, CG_HEALTH_ONLINE);
}

static void test_delay_counts_from_recovery(void **state)
{
	struct cg_health_rules rules = plain;
	struct cg_health health = in_state(CG_HEALTH_ONLINE);

	(void)state;
	rules.failback_delay_ms = 30000;
	bring_down(&health, &rules, 1000);
	bring_up(&health, &rules, 50000);
	assert_int_equal(health.state, CG_HEALTH_RECOVERING);
	assert_int_equal(cg_health_next_tick(&health, &rules), 80000);
	assert_int_equal(cg_health_waits_for(&health, &rules, 79999),
	                 CG_HEALTH_WAIT_FAILBACK_DELAY);
	assert_false(cg_health_tick(&health, &rules, 79999));
	assert_true(cg_health_tick(&health, &rules, 80000));
	assert_int_equal(health.state, CG_HEALTH_ONLINE);
	assert_int_equal(cg_health_waits_for(&health, &rules, 80000), CG_HEALTH_WAIT_NOTHING);
	assert_int_equal(cg_health_next_tick(&health, &rules), INT64_MAX);
}

static void test_recovery_fails_after_fall_failures(void **state)
{
	struct cg_health_rules rules = plain;
	struct cg_health health = in_state(CG_HEALTH_ONLINE);

	(void)state;
	rules.failback_delay_ms = 30000;
	bring_down(&health, &rules, 1000);
	bring_up(&health, &rules, 5000);
	assert_false(cg_health_step(&health, &rules, false, 6000));
	assert_int_equal(health.state, CG_HEALTH_RECOVERING);
	assert_true(cg_health_step(&health, &rules, false, 7000));
	assert_int_equal(health.state, CG_HEALTH_DEGRADED);
	assert_int_equal(health.downs_n, 2);
	bring_up(&health, &rules, 9000);
	assert_int_equal(health.delay_ms, 60000);
	assert_int_equal(cg_health_next_tick(&health, &rules), 69000);
}

static void test_failback_probe_counts_while_recovering_only(void **state)
{
	struct cg_health_rules rules = plain;
	struct cg_health health = in_state(CG_HEALTH_ONLINE);

	(void)state;
	rules.has_failback_probe = true;
	rules.failback_rise = rules.rise;
	bring_down(&health, &rules, 0);
	assert_false(cg_health_step_failback(&health, &rules, true, 1));
	assert_false(cg_health_step_failback(&health, &rules, true, 2));
	bring_up(&health, &rules, 10);
	assert_int_equal(cg_health_waits_for(&health, &rules, 10), CG_HEALTH_WAIT_FAILBACK_PROBE);
	assert_int_equal(cg_health_next_tick(&health, &rules), INT64_MAX);
	assert_false(cg_health_step_failback(&health, &rules, true, 11));
	assert_false(cg_health_step_failback(&health, &rules, false, 12));
	assert_false(cg_health_step_failback(&health, &rules, true, 13));
	assert_false(cg_health_step(&health, &rules, true, 14));
	assert_true(cg_health_step_failback(&health, &rules, true, 15));
	assert_int_equal(health.state, CG_HEALTH_ONLINE);
	/* The next recovery starts its count again. */
	bring_down(&health, &rules, 16);
	bring_up(&health, &rules, 17);
	assert_false(cg_health_step_failback(&health, &rules, true, 90000));
	assert_int_equal(health.deep_good_n, 1);
}

static void test_waits_are_named_in_order(void **state)
{
	struct cg_health_rules rules = plain;
	struct cg_health health = in_state(CG_HEALTH_ONLINE);

	(void)state;
	rules.has_failback_probe = true;
	rules.failback_rise = rules.rise;
	rules.failback_delay_ms = 1000;
	rules.is_failback_manual = true;
	bring_down(&health, &rules, 0);
	bring_up(&health, &rules, 0);
	assert_int_equal(cg_health_waits_for(&health, &rules, 0), CG_HEALTH_WAIT_FAILBACK_PROBE);
	assert_false(cg_health_step_failback(&health, &rules, true, 1));
	assert_false(cg_health_step_failback(&health, &rules, true, 2));
	assert_int_equal(cg_health_waits_for(&health, &rules, 2), CG_HEALTH_WAIT_FAILBACK_DELAY);
	assert_int_equal(cg_health_waits_for(&health, &rules, 1000), CG_HEALTH_WAIT_OPERATOR);
	assert_false(cg_health_tick(&health, &rules, 99999));
	assert_int_equal(cg_health_next_tick(&health, &rules), INT64_MAX);
	assert_true(cg_health_resume(&health, 100000));
	assert_int_equal(health.state, CG_HEALTH_ONLINE);
}

static void test_resume_ends_every_wait(void **state)
{
	struct cg_health_rules rules = plain;
	struct cg_health health = in_state(CG_HEALTH_ONLINE);

	(void)state;
	rules.has_failback_probe = true;
	rules.failback_rise = rules.rise;
	rules.failback_delay_ms = 1000000;
	bring_down(&health, &rules, 0);
	bring_up(&health, &rules, 0);
	assert_true(cg_health_resume(&health, 1));
	assert_int_equal(health.state, CG_HEALTH_ONLINE);
	assert_int_equal(health.since, 1);
	assert_false(cg_health_resume(&health, 2));
}

static void test_flap_backoff_doubles_to_sixteen(void **state)
{
	static const int64_t expected[] = {0, 4000, 8000, 16000, 32000, 32000, 32000, 32000, 32000};
	struct cg_health health = in_state(CG_HEALTH_ONLINE);
	int64_t now = 0;

	(void)state;
	for (size_t i = 0; i < CG_ARRAY_LEN(expected); i++) {
		bring_down(&health, &plain, now);
		bring_up(&health, &plain, now + 100);
		assert_int_equal(health.delay_ms, expected[i]);
		if (expected[i] == 0)
			assert_int_equal(health.state, CG_HEALTH_ONLINE);
		else
			assert_true(cg_health_tick(&health, &plain, now + 100 + health.delay_ms));
		now += 35000;
	}
	assert_int_equal(health.downs_n, CG_HEALTH_DOWNS_KEPT);
}

static void test_flap_backoff_takes_the_longer_base(void **state)
{
	struct cg_health_rules rules = plain;
	struct cg_health health = in_state(CG_HEALTH_ONLINE);

	(void)state;
	rules.failback_delay_ms = 5000;
	bring_down(&health, &rules, 0);
	bring_up(&health, &rules, 0);
	assert_int_equal(health.delay_ms, 5000);
	assert_true(cg_health_resume(&health, 0));
	bring_down(&health, &rules, 10);
	bring_up(&health, &rules, 10);
	assert_int_equal(health.delay_ms, 10000);
}

static void test_flap_window_ends_after_ten_minutes(void **state)
{
	struct cg_health health = in_state(CG_HEALTH_ONLINE);

	(void)state;
	bring_down(&health, &plain, 0);
	bring_up(&health, &plain, 0);
	bring_down(&health, &plain, CG_HEALTH_FLAP_WINDOW_MS);
	bring_up(&health, &plain, CG_HEALTH_FLAP_WINDOW_MS);
	assert_int_equal(health.delay_ms, 4000);
	assert_true(cg_health_resume(&health, CG_HEALTH_FLAP_WINDOW_MS));
	bring_down(&health, &plain, 2 * CG_HEALTH_FLAP_WINDOW_MS + 1);
	bring_up(&health, &plain, 2 * CG_HEALTH_FLAP_WINDOW_MS + 1);
	assert_int_equal(health.delay_ms, 0);
}

static void test_long_outage_keeps_the_factor(void **state)
{
	struct cg_health health = in_state(CG_HEALTH_ONLINE);

	(void)state;
	bring_down(&health, &plain, 0);
	bring_up(&health, &plain, 0);
	bring_down(&health, &plain, 1000);
	bring_up(&health, &plain, 1000 + 3 * CG_HEALTH_FLAP_WINDOW_MS);
	assert_int_equal(health.delay_ms, 4000);
}

static void test_flap_backoff_off_is_the_plain_delay(void **state)
{
	struct cg_health_rules rules = plain;
	struct cg_health health = in_state(CG_HEALTH_ONLINE);

	(void)state;
	rules.has_flap_backoff = false;
	for (int64_t i = 0; i < 4; i++) {
		bring_down(&health, &rules, i);
		bring_up(&health, &rules, i);
		assert_int_equal(health.state, CG_HEALTH_ONLINE);
	}
}

static void test_down_at_start_is_the_first_down(void **state)
{
	struct cg_health_rules rules = plain;
	struct cg_health health;

	(void)state;
	rules.failback_delay_ms = 3000;
	cg_health_init(&health, 0);
	assert_true(cg_health_step(&health, &rules, false, 0));
	bring_up(&health, &rules, 10);
	assert_int_equal(health.delay_ms, 3000);
	assert_true(cg_health_tick(&health, &rules, 3010));
	bring_down(&health, &rules, 4000);
	bring_up(&health, &rules, 4000);
	assert_int_equal(health.delay_ms, 6000);
}

static void test_reload_can_end_a_wait(void **state)
{
	struct cg_health_rules rules = plain;
	struct cg_health health = in_state(CG_HEALTH_ONLINE);

	(void)state;
	rules.is_failback_manual = true;
	bring_down(&health, &rules, 0);
	bring_up(&health, &rules, 500);
	rules.is_failback_manual = false;
	assert_int_equal(cg_health_next_tick(&health, &rules), 500);
	assert_true(cg_health_tick(&health, &rules, 700));
	assert_int_equal(health.state, CG_HEALTH_ONLINE);
}

static void test_requests_take_a_tenant_down_at_once(void **state)
{
	struct cg_health health = in_state(CG_HEALTH_ONLINE);

	(void)state;
	assert_false(cg_health_step_passive(&health, &plain, false, 1));
	assert_false(cg_health_step_passive(&health, &plain, false, 2));
	assert_false(cg_health_step_passive(&health, &plain, true, 3));
	assert_false(cg_health_step_passive(&health, &plain, false, 4));
	assert_false(cg_health_step_passive(&health, &plain, false, 5));
	assert_true(cg_health_step_passive(&health, &plain, false, 6));
	assert_int_equal(health.state, CG_HEALTH_DEGRADED);
	assert_int_equal(health.since, 6);
	assert_int_equal(health.downs_n, 1);
	assert_int_equal(health.passive_bad_n, 0);
}

static void test_requests_and_probes_count_apart(void **state)
{
	struct cg_health health = in_state(CG_HEALTH_ONLINE);

	(void)state;
	assert_false(cg_health_step(&health, &plain, false, 1));
	assert_false(cg_health_step_passive(&health, &plain, false, 2));
	assert_false(cg_health_step_passive(&health, &plain, false, 3));
	/* A good probe forgives no request, a good request no probe. */
	assert_false(cg_health_step_passive(&health, &plain, true, 4));
	assert_int_equal(health.bad_n, 1);
	assert_false(cg_health_step_passive(&health, &plain, false, 5));
	assert_false(cg_health_step_passive(&health, &plain, false, 6));
	assert_false(cg_health_step(&health, &plain, true, 7));
	assert_true(cg_health_step_passive(&health, &plain, false, 8));
}

static void test_requests_never_bring_a_tenant_up(void **state)
{
	struct cg_health health = in_state(CG_HEALTH_DEGRADED);

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_false(cg_health_step_passive(&health, &plain, true, i));
	assert_int_equal(health.state, CG_HEALTH_DEGRADED);
	assert_int_equal(health.good_n, 0);
}

/* Or a probe that sees nothing wrong would bring it back with its next result. */
static void test_rise_counts_from_a_passive_down(void **state)
{
	struct cg_health health = in_state(CG_HEALTH_ONLINE);

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_false(cg_health_step(&health, &plain, true, i));
	for (int i = 0; i < 3; i++)
		assert_int_equal(cg_health_step_passive(&health, &plain, false, 10), i == 2);
	assert_false(cg_health_step(&health, &plain, true, 11));
	assert_int_equal(health.state, CG_HEALTH_DEGRADED);
	assert_true(cg_health_step(&health, &plain, true, 12));
	assert_int_equal(health.state, CG_HEALTH_ONLINE);
	/* The second down within ten minutes waits. */
	for (int i = 0; i < 3; i++)
		assert_int_equal(cg_health_step_passive(&health, &plain, false, 20), i == 2);
	bring_up(&health, &plain, 21);
	assert_int_equal(health.state, CG_HEALTH_RECOVERING);
	assert_int_equal(health.delay_ms, 4000);
}

static void test_passive_fall_zero_is_off(void **state)
{
	struct cg_health_rules rules = plain;
	struct cg_health health = in_state(CG_HEALTH_ONLINE);

	(void)state;
	rules.passive_fall = 0;
	for (int i = 0; i < 1000; i++)
		assert_false(cg_health_step_passive(&health, &rules, false, i));
	assert_int_equal(health.passive_bad_n, 0);
}

/* The naive model: the whole history of results and downs, read backwards each time. */
enum { MODEL_EVENTS_MAX = 2000 };

struct model {
	enum cg_health_state state;
	bool results[MODEL_EVENTS_MAX];
	size_t results_n;
	size_t results_from;             /* rise does not look further back */
	bool requests[MODEL_EVENTS_MAX]; /* in this state */
	size_t requests_n;
	bool deep[MODEL_EVENTS_MAX]; /* of this recovery */
	size_t deep_n;
	int64_t downs[MODEL_EVENTS_MAX];
	size_t downs_n;
	int64_t online_at; /* earliest end of this recovery */
};

static unsigned model_run(const bool *results, size_t n, bool value)
{
	unsigned run = 0;

	while (n > 0 && results[--n] == value)
		run++;
	return run;
}

static int64_t model_delay(const struct model *m, const struct cg_health_rules *rules)
{
	int64_t last = m->downs[m->downs_n - 1];
	int64_t delay = CG_MAX(rules->failback_delay_ms, rules->interval_down_ms);
	size_t n = 0;

	for (size_t i = 0; i < m->downs_n; i++)
		n += m->downs[i] >= last - 10 * 60 * 1000;
	if (!rules->has_flap_backoff || n < 2)
		return rules->failback_delay_ms;
	for (size_t i = 1; i < n && i < 5; i++)
		delay *= 2;
	return delay;
}

static void model_settle(struct model *m, const struct cg_health_rules *rules, int64_t now)
{
	bool is_deep_ok = !rules->has_failback_probe ||
	                  model_run(m->deep, m->deep_n, true) >= rules->failback_rise;

	if (m->state == CG_HEALTH_RECOVERING && is_deep_ok && now >= m->online_at &&
	    !rules->is_failback_manual)
		m->state = CG_HEALTH_ONLINE;
}

static void model_result(struct model *m, const struct cg_health_rules *rules, bool is_good,
                         int64_t now)
{
	bool is_first = m->results_n == 0;

	m->results[m->results_n++] = is_good;
	if (!is_good && m->state != CG_HEALTH_DEGRADED &&
	    (is_first || model_run(m->results, m->results_n, false) >= rules->fall)) {
		m->state = CG_HEALTH_DEGRADED;
		m->downs[m->downs_n++] = now;
	} else if (is_good && is_first) {
		m->state = CG_HEALTH_ONLINE;
	} else if (is_good && m->state == CG_HEALTH_DEGRADED &&
	           model_run(&m->results[m->results_from], m->results_n - m->results_from, true) >=
	                   rules->rise) {
		m->state = CG_HEALTH_RECOVERING;
		m->deep_n = 0;
		m->online_at = now + model_delay(m, rules);
	}
	if (is_good)
		model_settle(m, rules, now);
}

static void model_request(struct model *m, const struct cg_health_rules *rules, bool is_good,
                          int64_t now)
{
	if (m->state != CG_HEALTH_ONLINE && m->state != CG_HEALTH_RECOVERING)
		return;
	m->requests[m->requests_n++] = is_good;
	if (rules->passive_fall == 0 ||
	    model_run(m->requests, m->requests_n, false) < rules->passive_fall)
		return;
	m->state = CG_HEALTH_DEGRADED;
	m->downs[m->downs_n++] = now;
	m->results_from = m->results_n;
}

/* One random event for both; returns the name for the message. */
static const char *walk_step(struct cg_health *health, struct model *m,
                             const struct cg_health_rules *rules, int64_t now)
{
	enum cg_health_state before = health->state;
	bool is_good = rand() % 3 != 0;
	int event = rand() % 25;
	bool has_changed;

	if (event < 13) {
		has_changed = cg_health_step(health, rules, is_good, now);
		model_result(m, rules, is_good, now);
	} else if (event < 16) {
		has_changed = cg_health_step_failback(health, rules, is_good, now);
		if (m->state == CG_HEALTH_RECOVERING) {
			m->deep[m->deep_n++] = is_good;
			if (is_good)
				model_settle(m, rules, now);
		}
	} else if (event < 19) {
		has_changed = cg_health_tick(health, rules, now);
		model_settle(m, rules, now);
	} else if (event < 20) {
		has_changed = cg_health_resume(health, now);
		if (m->state == CG_HEALTH_RECOVERING)
			m->state = CG_HEALTH_ONLINE;
	} else {
		has_changed = cg_health_step_passive(health, rules, is_good, now);
		model_request(m, rules, is_good, now);
	}
	assert_int_equal(has_changed, before != health->state);
	if (before != health->state)
		m->requests_n = 0;
	if (event >= 20)
		return "request";
	return event < 13 ? "result" : event < 16 ? "failback" : event < 19 ? "tick" : "resume";
}

static void walk(void)
{
	struct cg_health_rules rules = {
	        .fall = (unsigned)(1 + rand() % 3),
	        .rise = (unsigned)(1 + rand() % 3),
	        .failback_delay_ms = (rand() % 3) * 20000,
	        .interval_down_ms = 2000,
	        .failback_rise = 1 + (unsigned)rand() % 3,
	        .has_failback_probe = rand() % 2 == 0,
	        .is_failback_manual = rand() % 4 == 0,
	        .has_flap_backoff = rand() % 2 == 0,
	        .passive_fall = (unsigned)(rand() % 4),
	};
	static struct model model;
	struct cg_health health;
	int64_t now = 0;

	memset(&model, 0, sizeof(model));
	cg_health_init(&health, now);
	for (size_t i = 0; i < MODEL_EVENTS_MAX; i++) {
		int64_t next = cg_health_next_tick(&health, &rules);
		struct cg_health copy = health;
		const char *event;

		/* The contract of next_tick: nothing happens before it, something at it. */
		if (next != INT64_MAX) {
			assert_false(cg_health_tick(&copy, &rules, next - 1));
			assert_true(cg_health_tick(&copy, &rules, next));
		}
		now += rand() % 20 == 0 ? rand() % 700000 : rand() % 10000;
		if (now > next) {
			assert_true(cg_health_tick(&health, &rules, next));
			model_settle(&model, &rules, next);
			model.requests_n = 0;
		}
		event = walk_step(&health, &model, &rules, now);
		if (health.state != model.state)
			fail_msg("step %zu (%s at %lld): %s, expected %s", i, event, (long long)now,
			         cg_health_state_name(health.state),
			         cg_health_state_name(model.state));
	}
}

static void test_random_walks_agree_with_the_model(void **state)
{
	const char *given = getenv("CG_TEST_SEED");
	unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

	(void)state;
	printf("# CG_TEST_SEED=%u\n", seed);
	fflush(stdout);
	srand(seed);
	for (int i = 0; i < 200; i++)
		walk();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_names_are_those_of_the_api),
	        cmocka_unit_test(test_init_is_checking),
	        cmocka_unit_test(test_each_event_in_each_state),
	        cmocka_unit_test(test_first_result_alone_decides),
	        cmocka_unit_test(test_fall_counts_consecutive_failures),
	        cmocka_unit_test(test_rise_counts_consecutive_successes),
	        cmocka_unit_test(test_delay_counts_from_recovery),
	        cmocka_unit_test(test_recovery_fails_after_fall_failures),
	        cmocka_unit_test(test_failback_probe_counts_while_recovering_only),
	        cmocka_unit_test(test_waits_are_named_in_order),
	        cmocka_unit_test(test_resume_ends_every_wait),
	        cmocka_unit_test(test_flap_backoff_doubles_to_sixteen),
	        cmocka_unit_test(test_flap_backoff_takes_the_longer_base),
	        cmocka_unit_test(test_flap_window_ends_after_ten_minutes),
	        cmocka_unit_test(test_long_outage_keeps_the_factor),
	        cmocka_unit_test(test_flap_backoff_off_is_the_plain_delay),
	        cmocka_unit_test(test_down_at_start_is_the_first_down),
	        cmocka_unit_test(test_reload_can_end_a_wait),
	        cmocka_unit_test(test_requests_take_a_tenant_down_at_once),
	        cmocka_unit_test(test_requests_and_probes_count_apart),
	        cmocka_unit_test(test_requests_never_bring_a_tenant_up),
	        cmocka_unit_test(test_rise_counts_from_a_passive_down),
	        cmocka_unit_test(test_passive_fall_zero_is_off),
	        cmocka_unit_test(test_random_walks_agree_with_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
