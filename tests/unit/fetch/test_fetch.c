/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls against small servers: answers, phases of failures, addresses, TLS names. */
#include "fetch/fetch.h"

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
	struct cg_addr addr;
	struct cg_fetch_request request;
	char url[128];
	/* the answer */
	bool is_done;
	unsigned calls;
	enum cg_fetch_phase phase;
	int status;
	char error[200];
	char body[256];
	int64_t duration_ms;
};

static char dir[] = "/tmp/test_fetch.XXXXXX";
static char cert_path[64];
static char key_path[64];

static void on_end(void *owner, const struct cg_fetch_answer *answer)
{
	struct fixture *f = owner;

	f->is_done = true;
	f->calls++;
	f->phase = answer->phase;
	f->status = answer->status;
	snprintf(f->error, sizeof(f->error), "%s", answer->error == NULL ? "" : answer->error);
	snprintf(f->body, sizeof(f->body), "%.*s", CG_STR_ARGS(answer->body));
	f->duration_ms = answer->duration_ms;
}

static void point_at(struct fixture *f, const char *scheme, const char *host, uint16_t port)
{
	snprintf(f->url, sizeof(f->url), "%s://%s:%u/http/health", scheme, host, (unsigned)port);
	f->addr = test_addr(port);
	f->request.url = f->url;
	f->request.addrs = &f->addr;
	f->request.addrs_n = 1;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->loop = cg_loop_new();
	f->fetcher = cg_fetcher_new(f->loop);
	f->request = (struct cg_fetch_request){
	        .kind = CG_FETCH_HTTP, .method = "GET", .tls_verify = true, .timeout_ms = 10000};
	test_peer_open(&f->peer, f->loop, TEST_ANSWER("401 Unauthorized"));
	point_at(f, "http", "tenant.test", f->peer.port);
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

static bool is_done(void *user)
{
	return ((struct fixture *)user)->is_done;
}

static void run(struct fixture *f)
{
	struct cg_fetch *fetch;

	f->is_done = false;
	fetch = cg_fetch_start(f->fetcher, &f->request, on_end, f);
	assert_non_null(fetch);
	assert_false(f->is_done);
	assert_true(test_wait(f->loop, is_done, f, LIMIT_MS));
}

static void assert_failed(struct fixture *f, enum cg_fetch_phase phase, const char *words)
{
	assert_int_equal(f->phase, phase);
	if (strstr(f->error, words) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", f->error, words);
}

static void test_status_is_told_and_the_request_is_plain(void **state)
{
	struct fixture *f = *state;
	char host[64];

	run(f);
	assert_int_equal(f->phase, CG_FETCH_DONE);
	assert_int_equal(f->status, 401);
	assert_string_equal(f->error, "");
	assert_non_null(strstr(f->peer.head, "GET /http/health HTTP/1.1\r\n"));
	assert_non_null(strstr(f->peer.head, "\r\nUser-Agent: cpigate/"));
	assert_null(strstr(f->peer.head, "Accept-Encoding"));
	snprintf(host, sizeof(host), "\r\nHost: tenant.test:%u\r\n", (unsigned)f->peer.port);
	assert_non_null(strstr(f->peer.head, host));
}

static void test_methods_and_headers_are_sent(void **state)
{
	struct fixture *f = *state;
	const char *headers[] = {"Host: other.test", "Authorization: Basic eDp5"};

	f->request.method = "OPTIONS";
	f->request.headers = headers;
	f->request.headers_n = 2;
	run(f);
	assert_memory_equal(f->peer.head, "OPTIONS /", 9);
	assert_non_null(strstr(f->peer.head, "\r\nHost: other.test\r\n"));
	assert_non_null(strstr(f->peer.head, "\r\nAuthorization: Basic eDp5\r\n"));
	f->request.method = "HEAD";
	f->peer.answer = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n";
	run(f);
	assert_int_equal(f->phase, CG_FETCH_DONE);
	assert_memory_equal(f->peer.head, "HEAD /", 6);
}

static void test_the_body_is_kept_up_to_its_limit(void **state)
{
	struct fixture *f = *state;

	f->peer.answer = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world";
	f->request.body_max = 100;
	run(f);
	assert_string_equal(f->body, "hello world");
	f->request.body_max = 5;
	run(f);
	assert_int_equal(f->phase, CG_FETCH_DONE);
	assert_string_equal(f->body, "hello");
	assert_int_equal(f->status, 200);
}

static void test_without_body_the_head_is_enough(void **state)
{
	struct fixture *f = *state;

	/* Far more promised than sent: only the head was waited for. */
	f->peer.answer = "HTTP/1.1 500 Oops\r\nContent-Length: 100000\r\n\r\nx";
	run(f);
	assert_int_equal(f->phase, CG_FETCH_DONE);
	assert_int_equal(f->status, 500);
}

static void test_a_body_that_breaks_off_is_a_failure_in_the_body(void **state)
{
	struct fixture *f = *state;

	f->peer.answer = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello";
	f->request.body_max = 1000;
	run(f);
	assert_int_equal(f->phase, CG_FETCH_BODY);
	assert_int_equal(f->status, 200);
	assert_true(f->error[0] != '\0');
}

static void test_redirects_are_not_followed(void **state)
{
	struct fixture *f = *state;

	f->peer.answer = "HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n";
	run(f);
	assert_int_equal(f->status, 302);
	assert_int_equal(f->peer.requests_n, 1);
}

static void test_refused_is_a_failure_to_connect(void **state)
{
	struct fixture *f = *state;

	point_at(f, "http", "tenant.test", test_dead_port());
	run(f);
	assert_failed(f, CG_FETCH_CONNECT, "Connection refused");
	assert_int_equal(f->status, 0);
}

static void test_a_hanging_server_times_out_while_waiting(void **state)
{
	struct fixture *f = *state;

	f->peer.answer = NULL;
	f->request.timeout_ms = 200;
	run(f);
	assert_failed(f, CG_FETCH_WAIT, "timed out after 200ms");
	assert_int_equal(f->status, 0);
}

static void test_closed_without_an_answer_fails_while_waiting(void **state)
{
	struct fixture *f = *state;

	f->peer.answer = "";
	run(f);
	assert_failed(f, CG_FETCH_WAIT, "");
	assert_true(f->error[0] != '\0');
}

static void test_a_dead_address_is_followed_by_the_next(void **state)
{
	struct fixture *f = *state;
	struct cg_addr addrs[2] = {test_addr(test_dead_port()), test_addr(f->peer.port)};

	f->request.addrs = addrs;
	f->request.addrs_n = 2;
	run(f);
	assert_int_equal(f->phase, CG_FETCH_DONE);
	assert_int_equal(f->status, 401);
}

static void test_a_silent_address_leaves_time_for_the_next(void **state)
{
	struct fixture *f = *state;
	struct test_peer silent;
	struct cg_addr addrs[2];

	/* It accepts and never shakes hands; the next refuses at once. */
	test_peer_open(&silent, f->loop, NULL);
	addrs[0] = test_addr(silent.port);
	addrs[1] = test_addr(test_dead_port());
	point_at(f, "https", "tenant.test", silent.port);
	f->request.addrs = addrs;
	f->request.addrs_n = 2;
	f->request.ca_file = cert_path;
	f->request.timeout_ms = 2000;
	run(f);
	assert_failed(f, CG_FETCH_CONNECT, "Connection refused");
	assert_true(f->duration_ms < 2000);
	test_peer_close(&silent);
}

static void test_tcp_and_tls_kinds_send_nothing(void **state)
{
	struct fixture *f = *state;
	struct test_tls_peer tls;

	f->request.kind = CG_FETCH_TCP;
	point_at(f, "https", "tenant.test", f->peer.port);
	run(f);
	assert_int_equal(f->phase, CG_FETCH_DONE);
	assert_int_equal(f->status, 0);
	assert_int_equal(f->peer.requests_n, 0);
	test_tls_peer_open(&tls, cert_path, key_path, TEST_ANSWER("401 No"));
	f->request.kind = CG_FETCH_TLS;
	f->request.ca_file = cert_path;
	point_at(f, "https", "tenant.test", tls.port);
	run(f);
	assert_int_equal(f->phase, CG_FETCH_DONE);
	test_tls_peer_close(&tls);
	assert_string_equal(tls.sni, "tenant.test");
	assert_int_equal(tls.head_n, 0);
}

static void test_names_are_verified(void **state)
{
	struct fixture *f = *state;
	struct test_tls_peer tls;

	test_tls_peer_open(&tls, cert_path, key_path, TEST_ANSWER("401 No"));
	f->request.ca_file = cert_path;
	point_at(f, "https", "tenant.test", tls.port);
	run(f);
	assert_int_equal(f->status, 401);
	point_at(f, "https", "wrong.test", tls.port);
	run(f);
	assert_failed(f, CG_FETCH_HANDSHAKE, "no alternative certificate subject name");
	assert_failed(f, CG_FETCH_HANDSHAKE, "wrong.test");
	f->request.tls_verify = false;
	run(f);
	assert_int_equal(f->status, 401);
	f->request.tls_verify = true;
	f->request.ca_file = NULL;
	point_at(f, "https", "tenant.test", tls.port);
	run(f);
	assert_failed(f, CG_FETCH_HANDSHAKE, "certificate");
	test_tls_peer_close(&tls);
}

static void test_a_replaced_ca_file_counts_at_once(void **state)
{
	struct fixture *f = *state;
	struct test_tls_peer tls;
	char ca_path[96];
	char other_key[96];

	snprintf(ca_path, sizeof(ca_path), "%s/ca.pem", dir);
	snprintf(other_key, sizeof(other_key), "%s/other.key", dir);
	assert_int_equal(link(cert_path, ca_path), 0);
	test_tls_peer_open(&tls, cert_path, key_path, TEST_ANSWER("401 No"));
	f->request.ca_file = ca_path;
	point_at(f, "https", "tenant.test", tls.port);
	run(f);
	assert_int_equal(f->status, 401);
	unlink(ca_path);
	test_cert_write(ca_path, other_key, "DNS:tenant.test");
	run(f);
	assert_failed(f, CG_FETCH_HANDSHAKE, "certificate");
	test_tls_peer_close(&tls);
	unlink(ca_path);
	unlink(other_key);
}

static void test_sni_replaces_the_name_but_not_host(void **state)
{
	struct fixture *f = *state;
	struct test_tls_peer tls;
	char host[64];

	test_tls_peer_open(&tls, cert_path, key_path, TEST_ANSWER("401 No"));
	f->request.ca_file = cert_path;
	f->request.sni = "tenant.test";
	point_at(f, "https", "10.1.2.3", tls.port);
	run(f);
	assert_int_equal(f->status, 401);
	snprintf(host, sizeof(host), "\r\nHost: 10.1.2.3:%u\r\n", (unsigned)tls.port);
	test_tls_peer_close(&tls);
	assert_string_equal(tls.sni, "tenant.test");
	assert_non_null(strstr(tls.head, host));
}

static void test_a_silent_handshake_times_out_in_it(void **state)
{
	struct fixture *f = *state;

	point_at(f, "https", "tenant.test", f->peer.port);
	f->request.timeout_ms = 200;
	f->peer.answer = NULL;
	run(f);
	assert_failed(f, CG_FETCH_HANDSHAKE, "timed out after 200ms");
}

static void test_cancel_and_free_call_nothing(void **state)
{
	struct fixture *f = *state;
	struct cg_fetch *fetch;

	f->peer.answer = NULL;
	fetch = cg_fetch_start(f->fetcher, &f->request, on_end, f);
	cg_fetch_cancel(fetch);
	fetch = cg_fetch_start(f->fetcher, &f->request, on_end, f);
	assert_non_null(fetch);
	test_turn_for(f->loop, 50);
	cg_fetch_cancel(fetch);
	fetch = cg_fetch_start(f->fetcher, &f->request, on_end, f);
	assert_non_null(fetch);
	test_turn_for(f->loop, 50);
	cg_fetcher_free(f->fetcher);
	f->fetcher = NULL;
	assert_int_equal(f->calls, 0);
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
	        TEST(test_status_is_told_and_the_request_is_plain),
	        TEST(test_methods_and_headers_are_sent),
	        TEST(test_the_body_is_kept_up_to_its_limit),
	        TEST(test_without_body_the_head_is_enough),
	        TEST(test_a_body_that_breaks_off_is_a_failure_in_the_body),
	        TEST(test_redirects_are_not_followed),
	        TEST(test_refused_is_a_failure_to_connect),
	        TEST(test_a_hanging_server_times_out_while_waiting),
	        TEST(test_closed_without_an_answer_fails_while_waiting),
	        TEST(test_a_dead_address_is_followed_by_the_next),
	        TEST(test_a_silent_address_leaves_time_for_the_next),
	        TEST(test_tcp_and_tls_kinds_send_nothing),
	        TEST(test_names_are_verified),
	        TEST(test_a_replaced_ca_file_counts_at_once),
	        TEST(test_sni_replaces_the_name_but_not_host),
	        TEST(test_a_silent_handshake_times_out_in_it),
	        TEST(test_cancel_and_free_call_nothing),
	};

	return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
