/* SPDX-License-Identifier: BSD-2-Clause */
/* net/resolve beside a small DNS server of its own, on the same loop, over UDP and TCP. */
#include "net/resolve.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/wait.h"

enum { DNS_A = 1, DNS_AAAA = 28, DNS_HEAD = 12, DNS_SERVFAIL = 2, DNS_NXDOMAIN = 3 };
enum { RECORDS_MAX = 32, MESSAGE_MAX = 2048, CONNS_MAX = 16 };

struct record {
	const char *name;
	const char *address;
	unsigned ttl;
};

/* The server. */
struct dns {
	struct event *udp_event;
	struct event *tcp_event;
	struct event *conn_events[CONNS_MAX];
	int conns_n;
	int udp;
	int tcp;
	struct cg_addr addr;
	struct record records[RECORDS_MAX];
	int records_n;
	int rcode; /* not 0: the answer to everything */
	bool is_silent;
	bool truncates; /* over UDP */
	int udp_n;      /* questions */
	int tcp_n;
};

/* Who watches. */
struct watcher {
	int calls;
	size_t n;
	struct cg_addr addrs[CG_RESOLVE_ADDRS_MAX];
	char error[128];
	struct cg_resolve_name *unwatch; /* in the callback */
};

static struct cg_loop *loop;
static struct cg_resolver *resolver;
static struct dns dns;

/* "www.example.com" out of a question; returns its end. */
static const unsigned char *dns_read_name(const unsigned char *at, char *out)
{
	while (*at != 0) {
		memcpy(out, at + 1, *at);
		out += *at;
		*out++ = '.';
		at += *at + 1;
	}
	out[-1] = '\0';
	return at + 1;
}

static unsigned char *dns_put16(unsigned char *at, unsigned value)
{
	at[0] = (unsigned char)(value >> 8);
	at[1] = (unsigned char)value;
	return at + 2;
}

static unsigned char *dns_put_record(unsigned char *at, unsigned type, unsigned ttl,
                                     const unsigned char *data, unsigned len)
{
	at = dns_put16(at, 0xc00c);
	at = dns_put16(at, type);
	at = dns_put16(at, 1);
	at = dns_put16(at, ttl >> 16);
	at = dns_put16(at, ttl & 0xffff);
	at = dns_put16(at, len);
	memcpy(at, data, len);
	return at + len;
}

/* Turn a question into its answer in place; returns the length. */
static size_t dns_answer(unsigned char *message, bool is_tcp)
{
	char name[256];
	const unsigned char *end = dns_read_name(message + DNS_HEAD, name);
	unsigned type = (unsigned)(end[0] << 8 | end[1]);
	unsigned char *at = message + (end - message) + 4;
	unsigned answers_n = 0;

	for (int i = 0; i < dns.records_n && dns.rcode == 0; i++) {
		const struct record *record = &dns.records[i];
		bool is_v6 = strchr(record->address, ':') != NULL;
		unsigned char data[16];

		if (strcasecmp(record->name, name) != 0 || type != (is_v6 ? DNS_AAAA : DNS_A))
			continue;
		inet_pton(is_v6 ? AF_INET6 : AF_INET, record->address, data);
		at = dns_put_record(at, type, record->ttl, data, is_v6 ? 16 : 4);
		answers_n++;
	}
	if (dns.truncates && !is_tcp) {
		at = message + (end - message) + 4;
		answers_n = 0;
		message[2] |= 2;
	}
	message[2] |= 0x80;
	message[3] = (unsigned char)(0x80 | dns.rcode);
	dns_put16(message + 6, answers_n);
	memset(message + 8, 0, 4);
	return (size_t)(at - message);
}

static void dns_on_udp(evutil_socket_t fd, short what, void *arg)
{
	unsigned char message[MESSAGE_MAX];
	struct cg_addr peer;
	socklen_t len = sizeof(peer);
	ssize_t n = recvfrom(fd, message, sizeof(message), 0, &peer.sa, &len);

	(void)what;
	(void)arg;
	dns.udp_n++;
	if (n > DNS_HEAD && !dns.is_silent)
		assert_true(sendto(fd, message, dns_answer(message, false), 0, &peer.sa, len) > 0);
}

/* Loopback brings whole questions, one or several at once. */
static void dns_on_tcp_ready(evutil_socket_t fd, short what, void *arg)
{
	unsigned char message[MESSAGE_MAX];
	ssize_t n = recv(fd, message, sizeof(message), 0);

	(void)what;
	if (n <= 0) {
		event_del(arg);
		close(fd);
		return;
	}
	for (ssize_t at = 0; at < n;) {
		unsigned char answer[MESSAGE_MAX];
		ssize_t question = message[at] << 8 | message[at + 1];
		size_t len;

		dns.tcp_n++;
		memcpy(answer + 2, message + at + 2, (size_t)question);
		len = dns_answer(answer + 2, true);
		dns_put16(answer, (unsigned)len);
		assert_int_equal(send(fd, answer, len + 2, 0), (ssize_t)len + 2);
		at += question + 2;
	}
}

static void dns_on_tcp(evutil_socket_t fd, short what, void *arg)
{
	int conn = accept(fd, NULL, NULL);
	struct event *event = dns.conn_events[dns.conns_n++];

	(void)what;
	(void)arg;
	assert_true(conn >= 0 && dns.conns_n <= CONNS_MAX);
	event_assign(event, cg_loop_base(loop), conn, EV_READ | EV_PERSIST, dns_on_tcp_ready,
	             event);
	event_add(event, NULL);
}

static void dns_open(void)
{
	socklen_t len = sizeof(dns.addr);
	int tries = 0;

	do {
		assert_true(tries++ < 20);
		if (tries > 1) {
			close(dns.udp);
			close(dns.tcp);
		}
		assert_true(cg_addr_parse(&dns.addr, CG_STR("127.0.0.1:0"), 0));
		dns.udp = socket(AF_INET, SOCK_DGRAM, 0);
		dns.tcp = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(bind(dns.udp, &dns.addr.sa, len), 0);
		assert_int_equal(getsockname(dns.udp, &dns.addr.sa, &len), 0);
		/* TCP's port of the same number may be taken. */
	} while (bind(dns.tcp, &dns.addr.sa, cg_addr_len(&dns.addr)) != 0);
	assert_int_equal(listen(dns.tcp, 16), 0);
	dns.udp_event =
	        event_new(cg_loop_base(loop), dns.udp, EV_READ | EV_PERSIST, dns_on_udp, NULL);
	dns.tcp_event =
	        event_new(cg_loop_base(loop), dns.tcp, EV_READ | EV_PERSIST, dns_on_tcp, NULL);
	for (int i = 0; i < CONNS_MAX; i++)
		dns.conn_events[i] = event_new(cg_loop_base(loop), -1, 0, dns_on_tcp_ready, NULL);
	event_add(dns.udp_event, NULL);
	event_add(dns.tcp_event, NULL);
}

static void dns_add(const char *name, const char *address, unsigned ttl)
{
	dns.records[dns.records_n++] =
	        (struct record){.name = name, .address = address, .ttl = ttl};
}

static int setup(void **state)
{
	char text[CG_ADDR_TEXT_SIZE];

	(void)state;
	memset(&dns, 0, sizeof(dns));
	loop = cg_loop_new();
	resolver = cg_resolver_new(loop, NULL);
	dns_open();
	cg_addr_format(&dns.addr, text);
	return cg_resolver_set_servers(resolver, text, NULL);
}

static int teardown(void **state)
{
	(void)state;
	cg_resolver_free(resolver);
	for (int i = 0; i < CONNS_MAX; i++) {
		if (event_pending(dns.conn_events[i], EV_READ, NULL))
			close(event_get_fd(dns.conn_events[i]));
		event_free(dns.conn_events[i]);
	}
	event_free(dns.udp_event);
	event_free(dns.tcp_event);
	close(dns.udp);
	close(dns.tcp);
	cg_loop_free(loop);
	return 0;
}

static void on_change(void *owner, const struct cg_addr *addrs, size_t n, const char *error)
{
	struct watcher *watcher = owner;

	watcher->calls++;
	watcher->n = n;
	memcpy(watcher->addrs, addrs, n * sizeof(addrs[0]));
	snprintf(watcher->error, sizeof(watcher->error), "%s", error == NULL ? "" : error);
	cg_resolver_unwatch(watcher->unwatch);
	watcher->unwatch = NULL;
}

static bool has(const struct watcher *watcher, const char *text)
{
	for (size_t i = 0; i < watcher->n; i++) {
		char out[CG_ADDR_TEXT_SIZE];

		cg_addr_format(&watcher->addrs[i], out);
		if (strcmp(out, text) == 0)
			return true;
	}
	return false;
}

/* Let everything happen that is under way. */
static void turn_for(int64_t ms)
{
	int64_t end = cg_loop_update_now(loop) + ms;

	WAIT_FOR(loop, cg_loop_now(loop) >= end);
}

static void test_literal_answers_in_the_next_turn(void **state)
{
	struct watcher watcher = {0};
	struct cg_resolve_name *name =
	        cg_resolver_watch(resolver, "2001:db8::1", 443, on_change, &watcher);
	size_t n;

	(void)state;
	assert_int_equal(watcher.calls, 0);
	cg_loop_turn(loop);
	assert_int_equal(watcher.calls, 1);
	assert_true(has(&watcher, "[2001:db8::1]:443"));
	cg_resolver_refresh(name);
	turn_for(50);
	assert_int_equal(watcher.calls, 1);
	assert_non_null(cg_resolve_name_addrs(name, &n));
	assert_int_equal(n, 1);
	assert_null(cg_resolve_name_error(name));
}

static void test_localhost_comes_from_the_hosts_file(void **state)
{
	struct watcher watcher = {0};

	(void)state;
	assert_non_null(cg_resolver_watch(resolver, "localhost", 80, on_change, &watcher));
	WAIT_FOR(loop, watcher.calls == 1);
	assert_true(has(&watcher, "127.0.0.1:80") || has(&watcher, "[::1]:80"));
	turn_for(1300);
	assert_int_equal(watcher.calls, 1);
	assert_int_equal(dns.udp_n, 0);
}

static void test_both_families_with_port(void **state)
{
	struct watcher watcher = {0};

	(void)state;
	dns_add("both.test", "192.0.2.1", 60);
	dns_add("both.test", "192.0.2.2", 60);
	dns_add("both.test", "2001:db8::7", 60);
	assert_non_null(cg_resolver_watch(resolver, "both.test", 8443, on_change, &watcher));
	assert_int_equal(watcher.calls, 0);
	WAIT_FOR(loop, watcher.calls == 1);
	assert_int_equal(watcher.n, 3);
	assert_true(has(&watcher, "192.0.2.1:8443"));
	assert_true(has(&watcher, "192.0.2.2:8443"));
	assert_true(has(&watcher, "[2001:db8::7]:8443"));
	assert_string_equal(watcher.error, "");
}

static void test_expired_answer_is_asked_for_again(void **state)
{
	struct watcher watcher = {0};
	int64_t began = cg_loop_update_now(loop);

	(void)state;
	/* A TTL of 0 holds for a second. */
	dns_add("short.test", "192.0.2.1", 0);
	dns_add("short.test", "192.0.2.2", 60);
	assert_non_null(cg_resolver_watch(resolver, "short.test", 1, on_change, &watcher));
	WAIT_FOR(loop, dns.udp_n >= 4);
	assert_true(cg_loop_update_now(loop) >= began + CG_RESOLVE_TTL_MIN_MS);
	/* The same set in another order is no change. */
	dns.records[0].address = "192.0.2.2";
	dns.records[1].address = "192.0.2.1";
	WAIT_FOR(loop, dns.udp_n >= 6);
	turn_for(50);
	assert_int_equal(watcher.calls, 1);
	dns.records[0].address = "192.0.2.3";
	WAIT_FOR(loop, watcher.calls == 2);
	assert_int_equal(watcher.n, 2);
	assert_true(has(&watcher, "192.0.2.3:1"));
}

static void test_long_ttl_is_not_asked_for_again(void **state)
{
	struct watcher watcher = {0};

	(void)state;
	dns_add("long.test", "192.0.2.1", 86400);
	assert_non_null(cg_resolver_watch(resolver, "long.test", 1, on_change, &watcher));
	WAIT_FOR(loop, watcher.calls == 1);
	turn_for(1300);
	assert_int_equal(dns.udp_n, 2);
}

static void test_failure_keeps_the_last_good_answer(void **state)
{
	struct watcher watcher = {0};
	struct cg_resolve_name *name;
	size_t n;

	(void)state;
	dns_add("flaky.test", "192.0.2.1", 1);
	name = cg_resolver_watch(resolver, "flaky.test", 1, on_change, &watcher);
	WAIT_FOR(loop, watcher.calls == 1);
	dns.rcode = DNS_NXDOMAIN;
	WAIT_FOR(loop, cg_resolve_name_error(name) != NULL);
	assert_non_null(cg_resolve_name_addrs(name, &n));
	assert_int_equal(n, 1);
	dns.rcode = 0;
	WAIT_FOR(loop, cg_resolve_name_error(name) == NULL);
	assert_int_equal(watcher.calls, 1);
}

static void test_first_failure_is_told_once(void **state)
{
	struct watcher watcher = {0};

	(void)state;
	dns.rcode = DNS_NXDOMAIN;
	assert_non_null(cg_resolver_watch(resolver, "gone.test", 1, on_change, &watcher));
	WAIT_FOR(loop, watcher.calls == 1);
	assert_int_equal(watcher.n, 0);
	assert_string_not_equal(watcher.error, "");
	turn_for(1300);
	assert_int_equal(watcher.calls, 1);
	dns.rcode = 0;
	dns_add("gone.test", "192.0.2.1", 60);
	WAIT_FOR(loop, watcher.calls == 2);
	assert_int_equal(watcher.n, 1);
}

static void test_failures_are_spaced_out(void **state)
{
	struct watcher watcher = {0};
	int asked;

	(void)state;
	dns.rcode = DNS_NXDOMAIN;
	assert_non_null(cg_resolver_watch(resolver, "spaced.test", 1, on_change, &watcher));
	WAIT_FOR(loop, watcher.calls == 1);
	asked = dns.udp_n;
	/* After 1 s, then 2 s later. */
	turn_for(2500);
	assert_int_equal(dns.udp_n, 2 * asked);
}

static void test_truncated_answer_goes_to_tcp(void **state)
{
	struct watcher watcher = {0};

	(void)state;
	dns.truncates = true;
	dns_add("big.test", "192.0.2.1", 60);
	dns_add("big.test", "2001:db8::1", 60);
	assert_non_null(cg_resolver_watch(resolver, "big.test", 1, on_change, &watcher));
	WAIT_FOR(loop, watcher.calls == 1);
	assert_true(dns.tcp_n > 0);
	assert_int_equal(watcher.n, 2);
}

static void test_more_addresses_than_fit(void **state)
{
	static char texts[20][32];
	struct watcher watcher = {0};

	(void)state;
	for (int i = 0; i < 20; i++) {
		snprintf(texts[i], sizeof(texts[i]), "192.0.2.%d", i + 1);
		dns_add("many.test", texts[i], 60);
	}
	assert_non_null(cg_resolver_watch(resolver, "many.test", 1, on_change, &watcher));
	WAIT_FOR(loop, watcher.calls == 1);
	assert_int_equal(watcher.n, CG_RESOLVE_ADDRS_MAX);
}

static void test_refresh_asks_at_most_once_a_second(void **state)
{
	struct watcher watcher = {0};
	struct cg_resolve_name *name;

	(void)state;
	dns_add("fresh.test", "192.0.2.1", 3600);
	name = cg_resolver_watch(resolver, "fresh.test", 1, on_change, &watcher);
	WAIT_FOR(loop, watcher.calls == 1);
	dns.records[0].address = "192.0.2.9";
	cg_resolver_refresh(name);
	cg_resolver_refresh(name);
	turn_for(100);
	assert_int_equal(dns.udp_n, 2);
	WAIT_FOR(loop, watcher.calls == 2);
	assert_int_equal(dns.udp_n, 4);
	assert_true(has(&watcher, "192.0.2.9:1"));
}

static void test_unwatch_while_asking_and_in_the_callback(void **state)
{
	struct watcher silent = {0};
	struct watcher watcher = {0};
	struct cg_resolve_name *name;

	(void)state;
	dns.is_silent = true;
	name = cg_resolver_watch(resolver, "silent.test", 1, on_change, &silent);
	WAIT_FOR(loop, dns.udp_n > 0);
	cg_resolver_unwatch(name);
	dns.is_silent = false;
	dns_add("here.test", "192.0.2.1", 0);
	watcher.unwatch = cg_resolver_watch(resolver, "here.test", 1, on_change, &watcher);
	WAIT_FOR(loop, watcher.calls == 1);
	turn_for(1300);
	assert_int_equal(watcher.calls, 1);
	assert_int_equal(silent.calls, 0);
}

static void test_new_servers_are_asked_what_is_under_way(void **state)
{
	struct watcher watcher = {0};
	char text[CG_ADDR_TEXT_SIZE];

	(void)state;
	dns.is_silent = true;
	dns_add("moved.test", "192.0.2.1", 60);
	assert_non_null(cg_resolver_watch(resolver, "moved.test", 1, on_change, &watcher));
	WAIT_FOR(loop, dns.udp_n > 0);
	dns.is_silent = false;
	cg_addr_format(&dns.addr, text);
	assert_int_equal(cg_resolver_set_servers(resolver, text, NULL), 0);
	WAIT_FOR(loop, watcher.calls == 1);
	assert_int_equal(watcher.n, 1);
}

static void test_lost_question_is_asked_again(void **state)
{
	struct watcher watcher = {0};

	(void)state;
	dns.is_silent = true;
	dns_add("lost.test", "192.0.2.1", 60);
	assert_non_null(cg_resolver_watch(resolver, "lost.test", 1, on_change, &watcher));
	WAIT_FOR(loop, dns.udp_n >= 2);
	dns.is_silent = false;
	WAIT_FOR(loop, watcher.calls == 1);
	assert_int_equal(watcher.n, 1);
}

static void test_malformed_servers_are_refused(void **state)
{
	struct cg_error err = {{0}};

	(void)state;
	assert_int_equal(cg_resolver_set_servers(resolver, "not an address", &err), -1);
	assert_non_null(strstr(err.text, "not an address"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_literal_answers_in_the_next_turn),
	        TEST(test_localhost_comes_from_the_hosts_file),
	        TEST(test_both_families_with_port),
	        TEST(test_expired_answer_is_asked_for_again),
	        TEST(test_long_ttl_is_not_asked_for_again),
	        TEST(test_failure_keeps_the_last_good_answer),
	        TEST(test_first_failure_is_told_once),
	        TEST(test_failures_are_spaced_out),
	        TEST(test_truncated_answer_goes_to_tcp),
	        TEST(test_more_addresses_than_fit),
	        TEST(test_refresh_asks_at_most_once_a_second),
	        TEST(test_unwatch_while_asking_and_in_the_callback),
	        TEST(test_new_servers_are_asked_what_is_under_way),
	        TEST(test_lost_question_is_asked_again),
	        TEST(test_malformed_servers_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
