/* SPDX-License-Identifier: BSD-2-Clause */
/* The schedule, with servers that count what they are asked. Times are only ever compared with each
 * other or bounded generously. */
#include "probe/probe.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

#include "../test_config.h"
#include "../test_peer.h"

enum { LIMIT_MS = 20000 };

struct fixture {
	struct cg_loop *loop;
	struct cg_journal *journal;
	struct cg_live *live;
	struct cg_resolver *resolver;
	struct cg_prober *prober;
	struct test_peer peer;
	char config_path[64];
	unsigned addrs_calls;
	size_t addrs_n;
	uint16_t addrs_port;
	unsigned wanted;
};

static void on_addrs(void *owner, struct cg_live_tenant *tenant, const struct cg_addr *addrs,
                     size_t n)
{
	struct fixture *f = owner;

	(void)tenant;
	f->addrs_calls++;
	f->addrs_n = n;
	f->addrs_port = cg_addr_port(&addrs[0]);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int fd;

	strcpy(f->config_path, "/tmp/test_probe.XXXXXX");
	fd = mkstemp(f->config_path);
	close(fd);
	f->loop = cg_loop_new();
	f->journal = cg_journal_new();
	f->live = cg_live_new(f->journal, 1, NULL, NULL);
	f->resolver = cg_resolver_new(f->loop, NULL);
	assert_non_null(f->resolver);
	f->prober = cg_prober_new(f->loop, f->live, f->resolver, on_addrs, f);
	test_peer_open(&f->peer, f->loop, TEST_ANSWER("401 Unauthorized"));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	cg_prober_free(f->prober);
	cg_resolver_free(f->resolver);
	test_peer_close(&f->peer);
	cg_live_free(f->live);
	cg_journal_free(f->journal);
	cg_loop_free(f->loop);
	unlink(f->config_path);
	free(f);
	return 0;
}

/* A configuration with the listener that is not of interest here. */
static void apply(struct fixture *f, const char *text)
{
	char *whole = cg_str_printf("[listen x]\naddress = 127.0.0.1:8080\ntls = off\n%s", text);
	struct cg_config *config = test_config_load(f->config_path, whole);
	struct cg_snapshot *snapshot;
	struct cg_report report;

	free(whole);
	assert_non_null(config);
	cg_report_init(&report);
	snapshot = cg_snapshot_new(config, f->live, &report);
	cg_report_fini(&report);
	assert_non_null(snapshot);
	cg_live_apply(f->live, config, cg_loop_now(f->loop));
	cg_prober_apply(f->prober, snapshot);
	cg_snapshot_unref(snapshot);
}

static void apply_tenant(struct fixture *f, const char *probe)
{
	char *text = cg_str_printf("[tenant eu20]\n"
	                           "url = http://tenant.test\n"
	                           "address = 127.0.0.1:%u\n"
	                           "[probe]\nexpect_status = 401\n%s",
	                           (unsigned)f->peer.port, probe);

	apply(f, text);
	free(text);
}

static struct cg_live_tenant *eu20(struct fixture *f)
{
	return cg_live_find_tenant(f->live, "eu20");
}

static bool is_settled(void *user)
{
	return cg_live_is_settled(((struct fixture *)user)->live);
}

static bool has_requests(void *user)
{
	struct fixture *f = user;

	return f->peer.requests_n >= f->wanted;
}

static bool is_online(void *user)
{
	return cg_live_state(eu20(user)) == CG_HEALTH_ONLINE;
}

static bool is_degraded(void *user)
{
	return cg_live_state(eu20(user)) == CG_HEALTH_DEGRADED;
}

static bool is_recovering(void *user)
{
	return cg_live_state(eu20(user)) == CG_HEALTH_RECOVERING;
}

static void wait_for(struct fixture *f, bool (*condition)(void *user))
{
	assert_true(test_wait(f->loop, condition, f, LIMIT_MS));
}

static int64_t time_of_requests(struct fixture *f, unsigned n)
{
	int64_t start = cg_clock_now_ms();

	f->wanted = f->peer.requests_n + n;
	wait_for(f, has_requests);
	return cg_clock_now_ms() - start;
}

static void test_all_are_probed_at_once_and_addresses_are_given(void **state)
{
	struct fixture *f = *state;

	apply_tenant(f, "interval = 1h\ninterval_down = 1h\n");
	assert_int_equal(f->addrs_calls, 1);
	assert_int_equal(f->addrs_port, f->peer.port);
	wait_for(f, is_settled);
	assert_true(is_online(f));
	assert_int_equal(f->peer.requests_n, 1);
	assert_int_equal(eu20(f)->probes_n, 1);
}

static void test_interval_by_state(void **state)
{
	struct fixture *f = *state;
	int64_t online;
	int64_t down;

	apply_tenant(f, "interval = 400ms\ninterval_down = 100ms\nrise = 100\n");
	wait_for(f, is_online);
	online = time_of_requests(f, 3);
	assert_true(online >= 3 * 360 - 400);
	f->peer.answer = TEST_ANSWER("500 Oops");
	wait_for(f, is_degraded);
	down = time_of_requests(f, 4);
	assert_true(down >= 4 * 90 - 100);
	/* Four of the one take as long as one of the other; half of it would do. */
	assert_true(down < online);
}

static void test_a_running_probe_is_not_doubled(void **state)
{
	struct fixture *f = *state;

	f->peer.answer = NULL;
	apply_tenant(f, "interval = 100ms\ninterval_down = 100ms\ntimeout = 1h\n");
	f->wanted = 1;
	wait_for(f, has_requests);
	cg_prober_hint(f->prober, eu20(f));
	test_turn_for(f->loop, 400);
	assert_int_equal(f->peer.requests_n, 1);
}

static void test_a_hint_probes_now_but_once_a_second(void **state)
{
	struct fixture *f = *state;

	apply_tenant(f, "interval = 1h\ninterval_down = 1h\n");
	wait_for(f, is_online);
	cg_prober_hint(f->prober, eu20(f));
	f->wanted = 2;
	wait_for(f, has_requests);
	test_turn_for(f->loop, 50);
	cg_prober_hint(f->prober, eu20(f));
	test_turn_for(f->loop, 100);
	assert_int_equal(f->peer.requests_n, 2);
}

static void test_a_name_is_resolved_before_the_first_probe(void **state)
{
	struct fixture *f = *state;
	char *text = cg_str_printf("[tenant eu20]\nurl = http://127.0.0.1:%u\n"
	                           "[probe]\nexpect_status = 401\n",
	                           (unsigned)f->peer.port);

	apply(f, text);
	assert_int_equal(f->addrs_calls, 0);
	wait_for(f, is_settled);
	assert_true(is_online(f));
	assert_int_equal(f->addrs_calls, 1);
	assert_int_equal(f->addrs_port, f->peer.port);
	/* Another name is another watch; the same configuration again is none. */
	apply(f, text);
	test_turn_for(f->loop, 50);
	assert_int_equal(f->addrs_calls, 1);
	free(text);
}

static void test_a_name_that_fails_is_a_failure_of_the_name(void **state)
{
	struct fixture *f = *state;

	apply(f, "[tenant eu20]\nurl = http://no-such-name.invalid\n[probe]\ntimeout = 1s\n");
	wait_for(f, is_settled);
	assert_true(is_degraded(f));
	assert_int_equal(eu20(f)->probes[0].phase, CG_PROBE_PHASE_NAME);
	assert_true(eu20(f)->probes[0].error[0] != '\0');
	assert_int_equal(f->addrs_calls, 0);
}

static const char deep_text[] = "interval = 100ms\ninterval_down = 100ms\n"
                                "[probe deep]\npath = /deep\n";

static void apply_deep(struct fixture *f, const char *tail)
{
	char *text = cg_str_printf("[tenant eu20]\n"
	                           "url = http://tenant.test\n"
	                           "address = 127.0.0.1:%u\n"
	                           "failback_probe = deep\n"
	                           "[probe]\nexpect_status = 401\n%s%s",
	                           (unsigned)f->peer.port, deep_text, tail);

	apply(f, text);
	free(text);
}

static unsigned deep_probes(struct fixture *f)
{
	unsigned n = 0;

	for (size_t i = 0; i < eu20(f)->probes_n; i++)
		n += eu20(f)->probes[i].is_failback;
	return n;
}

static void test_the_failback_probe_runs_only_while_recovering(void **state)
{
	struct fixture *f = *state;

	apply_deep(f, "");
	wait_for(f, is_online);
	f->peer.answer = TEST_ANSWER("500 Oops");
	wait_for(f, is_degraded);
	time_of_requests(f, 2);
	assert_int_equal(deep_probes(f), 0);
	f->peer.answer = TEST_ANSWER("401 No");
	wait_for(f, is_recovering);
	wait_for(f, is_online);
	/* rise of them and not one more */
	assert_int_equal(deep_probes(f), 2);
	time_of_requests(f, 3);
	assert_int_equal(deep_probes(f), 2);
}

static void test_a_failing_failback_probe_keeps_the_tenant_waiting(void **state)
{
	struct fixture *f = *state;

	apply_deep(f, "expect_status = 200\n");
	f->peer.answer = TEST_ANSWER("500 Oops");
	wait_for(f, is_degraded);
	f->peer.answer = TEST_ANSWER("401 No");
	wait_for(f, is_recovering);
	time_of_requests(f, 8);
	assert_true(is_recovering(f));
	assert_true(deep_probes(f) >= 2);
	f->peer.answer = TEST_ANSWER("500 Oops");
	wait_for(f, is_degraded);
}

static void test_failback_delay_is_ended_by_the_prober(void **state)
{
	struct fixture *f = *state;

	apply_tenant(f, "interval = 100ms\ninterval_down = 100ms\n"
	                "[pool p]\nfailback_delay = 300ms\n");
	f->peer.answer = TEST_ANSWER("500 Oops");
	wait_for(f, is_degraded);
	f->peer.answer = TEST_ANSWER("401 No");
	wait_for(f, is_recovering);
	wait_for(f, is_online);
	assert_int_equal(eu20(f)->health.delay_ms, 300);
}

static void test_reload_drops_tenants_and_restarts_what_runs(void **state)
{
	struct fixture *f = *state;

	f->peer.answer = NULL;
	apply_tenant(f, "timeout = 1h\ninterval = 1h\n");
	f->wanted = 1;
	wait_for(f, has_requests);
	f->peer.answer = TEST_ANSWER("401 No");
	apply_tenant(f, "timeout = 1h\ninterval = 1h\n");
	wait_for(f, is_online);
	assert_int_equal(f->peer.requests_n, 2);
	/* A tenant that stays and is online is not probed again only because of a reload. */
	apply_tenant(f, "timeout = 1h\ninterval = 1h\n");
	test_turn_for(f->loop, 100);
	assert_int_equal(f->peer.requests_n, 2);
	/* A shorter interval counts at once. */
	apply_tenant(f, "timeout = 1h\ninterval = 100ms\n");
	time_of_requests(f, 2);
	apply(f, "[tenant other]\nurl = http://127.0.0.1:1\n");
	f->peer.requests_n = 0;
	test_turn_for(f->loop, 200);
	assert_int_equal(f->peer.requests_n, 0);
	cg_prober_hint(f->prober, eu20(f));
}

static void test_free_works_while_everything_is_pending(void **state)
{
	struct fixture *f = *state;

	f->peer.answer = NULL;
	apply_tenant(f, "[tenant named]\nurl = http://no-such-name.invalid\n");
	f->wanted = 1;
	wait_for(f, has_requests);
	cg_prober_free(f->prober);
	f->prober = NULL;
	cg_prober_free(NULL);
}

static void test_calls_in_30_days(void **state)
{
	struct cg_config_probe probe = {.interval = 10000, .interval_down = 2000};

	(void)state;
	assert_int_equal(cg_probe_calls_in_30_days(&probe), 259200);
}

static int setup_group(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	cg_fetch_global_init();
	return 0;
}

static int teardown_group(void **state)
{
	(void)state;
	cg_fetch_global_fini();
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_all_are_probed_at_once_and_addresses_are_given),
	        TEST(test_interval_by_state),
	        TEST(test_a_running_probe_is_not_doubled),
	        TEST(test_a_hint_probes_now_but_once_a_second),
	        TEST(test_a_name_is_resolved_before_the_first_probe),
	        TEST(test_a_name_that_fails_is_a_failure_of_the_name),
	        TEST(test_the_failback_probe_runs_only_while_recovering),
	        TEST(test_a_failing_failback_probe_keeps_the_tenant_waiting),
	        TEST(test_failback_delay_is_ended_by_the_prober),
	        TEST(test_reload_drops_tenants_and_restarts_what_runs),
	        TEST(test_free_works_while_everything_is_pending),
	        cmocka_unit_test(test_calls_in_30_days),
	};

	return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
