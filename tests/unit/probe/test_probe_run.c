/* SPDX-License-Identifier: BSD-2-Clause */
/* One probe from a tenant's settings to its result, against small servers. */
#include "probe/probe_run.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../test_cert.h"
#include "../test_peer.h"

enum { LIMIT_MS = 20000 };

struct fixture {
	struct cg_loop *loop;
	struct cg_fetcher *fetcher;
	struct test_peer peer;
	struct cg_config_tenant config;
	struct cg_snapshot_tenant tenant;
	struct cg_config_probe probe;
	struct cg_status_range range;
	char authority[64];
	bool is_done;
	struct cg_probe_result result;
};

static char dir[] = "/tmp/test_probe_run.XXXXXX";
static char cert_path[64];
static char key_path[64];

static void on_end(void *owner, const struct cg_probe_result *result)
{
	struct fixture *f = owner;

	f->is_done = true;
	f->result = *result;
}

static bool is_done(void *user)
{
	return ((struct fixture *)user)->is_done;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->loop = cg_loop_new();
	f->fetcher = cg_fetcher_new(f->loop);
	test_peer_open(&f->peer, f->loop, TEST_ANSWER("401 Unauthorized"));
	f->range = (struct cg_status_range){401, 401};
	f->probe = (struct cg_config_probe){.type = CG_PROBE_HTTP,
	                                    .method = (char *)"GET",
	                                    .path = (char *)"/http/health",
	                                    .expect_status = {&f->range, 1},
	                                    .timeout = 10000};
	f->config = (struct cg_config_tenant){.name = (char *)"eu20",
	                                      .url_host = (char *)"tenant.test",
	                                      .sni = (char *)"tenant.test",
	                                      .tls_verify = true,
	                                      .ca_file = cert_path};
	snprintf(f->authority, sizeof(f->authority), "tenant.test:%u", (unsigned)f->peer.port);
	f->tenant = (struct cg_snapshot_tenant){
	        .config = &f->config, .probe = &f->probe, .authority = f->authority};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	test_peer_close(&f->peer);
	cg_fetcher_free(f->fetcher);
	cg_loop_free(f->loop);
	free(f);
	return 0;
}

static void run_at(struct fixture *f, const struct cg_addr *addrs, size_t addrs_n)
{
	struct cg_probe_run *run;

	f->is_done = false;
	run = cg_probe_run_start(f->fetcher, f->loop, &f->tenant, &f->probe, addrs, addrs_n,
	                         "no such name", on_end, f);
	assert_non_null(run);
	assert_false(f->is_done);
	assert_true(test_wait(f->loop, is_done, f, LIMIT_MS));
}

static void run(struct fixture *f, uint16_t port)
{
	struct cg_addr addr = test_addr(port);

	run_at(f, &addr, 1);
}

static void test_401_is_good_where_expected(void **state)
{
	struct fixture *f = *state;
	char host[96];

	run(f, f->peer.port);
	assert_true(f->result.is_good);
	assert_int_equal(f->result.status, 401);
	assert_true(f->result.wall_ms > 0);
	snprintf(host, sizeof(host), "\r\nHost: %s\r\n", f->authority);
	assert_non_null(strstr(f->peer.head, host));
}

static void test_configured_headers_are_sent_host_included(void **state)
{
	struct fixture *f = *state;
	char *headers[] = {(char *)"Host: custom.test", (char *)"Authorization: Bearer x"};

	f->probe.header = (struct cg_texts){.items = headers, .n = 2};
	run(f, f->peer.port);
	assert_non_null(strstr(f->peer.head, "\r\nHost: custom.test\r\n"));
	assert_non_null(strstr(f->peer.head, "\r\nAuthorization: Bearer x\r\n"));
}

static void test_a_literal_host_header_is_the_probes_too(void **state)
{
	struct fixture *f = *state;

	f->config.host_header = CG_HOST_LITERAL;
	f->config.host_header_text = (char *)"custom.test";
	run(f, f->peer.port);
	assert_non_null(strstr(f->peer.head, "\r\nHost: custom.test\r\n"));
	assert_null(strstr(f->peer.head, f->authority));
}

static void test_500_is_told(void **state)
{
	struct fixture *f = *state;

	f->peer.answer = TEST_ANSWER("500 Oops");
	run(f, f->peer.port);
	assert_false(f->result.is_good);
	assert_int_equal(f->result.phase, CG_PROBE_PHASE_STATUS);
	assert_string_equal(f->result.error, "status 500 is not expected");
}

static void test_the_body_is_searched(void **state)
{
	struct fixture *f = *state;

	f->range = (struct cg_status_range){200, 200};
	f->probe.expect_body = (char *)"\"UP\"";
	f->peer.answer = "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"status\":\"UP\"}";
	run(f, f->peer.port);
	assert_true(f->result.is_good);
	f->peer.answer = "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{\"status\":\"DOWN\"}";
	run(f, f->peer.port);
	assert_int_equal(f->result.phase, CG_PROBE_PHASE_BODY);
}

static void test_refused_and_hanging_have_their_phases(void **state)
{
	struct fixture *f = *state;

	run(f, test_dead_port());
	assert_int_equal(f->result.phase, CG_PROBE_PHASE_CONNECT);
	assert_string_equal(f->result.error, "Connection refused");
	f->peer.answer = NULL;
	f->probe.timeout = 200;
	run(f, f->peer.port);
	assert_int_equal(f->result.phase, CG_PROBE_PHASE_WAIT);
	assert_string_equal(f->result.error, "timed out after 200ms");
	assert_true(f->result.duration_ms >= 190);
}

static void test_without_addresses_the_name_has_failed(void **state)
{
	struct fixture *f = *state;

	run_at(f, NULL, 0);
	assert_int_equal(f->result.phase, CG_PROBE_PHASE_NAME);
	assert_string_equal(f->result.error, "no such name");
}

static void test_the_tenants_certificate_is_verified(void **state)
{
	struct fixture *f = *state;
	struct test_tls_peer tls;

	test_tls_peer_open(&tls, cert_path, key_path, TEST_ANSWER("401 No"));
	f->config.is_https = true;
	run(f, tls.port);
	assert_true(f->result.is_good);
	f->config.sni = (char *)"wrong.test";
	run(f, tls.port);
	assert_int_equal(f->result.phase, CG_PROBE_PHASE_TLS);
	assert_non_null(strstr(f->result.error, "wrong.test"));
	f->probe.type = CG_PROBE_TLS;
	run(f, tls.port);
	assert_int_equal(f->result.phase, CG_PROBE_PHASE_TLS);
	f->config.sni = (char *)"tenant.test";
	run(f, tls.port);
	assert_true(f->result.is_good);
	assert_int_equal(f->result.status, 0);
	test_tls_peer_close(&tls);
}

static void test_tcp_asks_for_a_connection_only(void **state)
{
	struct fixture *f = *state;

	f->probe.type = CG_PROBE_TCP;
	f->config.is_https = true;
	run(f, f->peer.port);
	assert_true(f->result.is_good);
	run(f, test_dead_port());
	assert_false(f->result.is_good);
	assert_int_equal(f->peer.requests_n, 0);
}

static void test_the_next_address_stands_in(void **state)
{
	struct fixture *f = *state;
	struct cg_addr addrs[2] = {test_addr(test_dead_port()), test_addr(f->peer.port)};

	run_at(f, addrs, 2);
	assert_true(f->result.is_good);
}

static void test_cancel_works_with_and_without_addresses(void **state)
{
	struct fixture *f = *state;
	struct cg_addr addr = test_addr(f->peer.port);
	struct cg_probe_run *with;
	struct cg_probe_run *without;

	with = cg_probe_run_start(f->fetcher, f->loop, &f->tenant, &f->probe, &addr, 1, NULL,
	                          on_end, f);
	without = cg_probe_run_start(f->fetcher, f->loop, &f->tenant, &f->probe, NULL, 0, NULL,
	                             on_end, f);
	cg_probe_run_cancel(with);
	cg_probe_run_cancel(without);
	cg_probe_run_cancel(NULL);
	test_turn_for(f->loop, 50);
	assert_false(f->is_done);
}

static int setup_group(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	cg_fetch_global_init();
	assert_non_null(mkdtemp(dir));
	snprintf(cert_path, sizeof(cert_path), "%s/cert.pem", dir);
	snprintf(key_path, sizeof(key_path), "%s/key.pem", dir);
	test_cert_write(cert_path, key_path, "DNS:tenant.test");
	return 0;
}

static int teardown_group(void **state)
{
	(void)state;
	unlink(cert_path);
	unlink(key_path);
	rmdir(dir);
	cg_fetch_global_fini();
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_401_is_good_where_expected),
	        TEST(test_configured_headers_are_sent_host_included),
	        TEST(test_a_literal_host_header_is_the_probes_too),
	        TEST(test_500_is_told),
	        TEST(test_the_body_is_searched),
	        TEST(test_refused_and_hanging_have_their_phases),
	        TEST(test_without_addresses_the_name_has_failed),
	        TEST(test_the_tenants_certificate_is_verified),
	        TEST(test_tcp_asks_for_a_connection_only),
	        TEST(test_the_next_address_stands_in),
	        TEST(test_cancel_works_with_and_without_addresses),
	};

	return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
