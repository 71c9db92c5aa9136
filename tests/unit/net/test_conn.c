/* SPDX-License-Identifier: BSD-2-Clause */
/* net/conn: a connection on a loop against a peer that the test drives by hand: a raw socket, with
 * or without OpenSSL on it. */
#include "net/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/sockios.h>
#include <openssl/err.h>

#include <cmocka.h>

#include "base/mem.h"
#include "net/certs.h"
#include "net/tls_ctx.h"
#include "net/wait.h"
#include "test_peer.h"

enum { LARGE = 8 << 20, HEAD_MAX = 40000 };

static struct cg_loop *loop;
static struct cg_conn_env env;

/* The connection under test and what it said. */
struct side {
	struct cg_conn *conn;
	unsigned opened_n, ready_n, broken_n;
	bool closes; /* at the next event */
	int fd;      /* of an accepted plain one, only to look at */
	struct cg_buf got;
	unsigned sessions_n;
};

/* The other end: non-blocking. */
struct peer {
	int fd;
	SSL *ssl; /* NULL: plain */
	SSL_CTX *ctx;
};

static int setup(void **state)
{
	(void)state;
	loop = cg_loop_new();
	cg_conn_env_init(&env, loop);
	return loop == NULL ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	cg_loop_free(loop);
	cg_conn_env_fini(&env);
	return 0;
}

static void on_event(void *owner, enum cg_conn_event event)
{
	struct side *side = owner;

	side->opened_n += event == CG_CONN_OPENED;
	side->ready_n += event == CG_CONN_READY;
	side->broken_n += event == CG_CONN_BROKEN;
	if (side->closes) {
		cg_conn_close(side->conn);
		side->conn = NULL;
	}
}

/* Bytes that tell their place. */
static char *pattern(size_t n)
{
	char *bytes = cg_mem_alloc(n);

	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)(i * 31 + (i >> 8) * 7 + (i >> 16));
	return bytes;
}

/* ---- plain pairs ---- */

static void no_delay(int fd)
{
	int on = 1;

	assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
}

static int loopback_pair(int *other)
{
	int listener = test_listen();
	struct cg_addr addr = test_addr(test_port_of(listener));
	int fd;

	*other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	no_delay(*other);
	assert_int_equal(connect(*other, &addr.sa, cg_addr_len(&addr)), 0);
	fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	assert_true(fd >= 0);
	close(listener);
	fcntl(*other, F_SETFL, O_NONBLOCK);
	return fd;
}

static void plain_open(struct side *side, struct peer *peer)
{
	memset(side, 0, sizeof(*side));
	memset(peer, 0, sizeof(*peer));
	side->fd = loopback_pair(&peer->fd);
	side->conn = cg_conn_accepted(&env, side->fd, NULL, on_event, side);
}

static void peer_close(struct peer *peer)
{
	if (peer->fd < 0)
		return;
	SSL_free(peer->ssl);
	SSL_CTX_free(peer->ctx);
	close(peer->fd);
	peer->fd = -1;
}

/* Its kernel answers everything with a reset. */
static void peer_reset(struct peer *peer)
{
	struct linger at_once = {.l_onoff = 1};

	setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	if (peer->ssl != NULL)
		SSL_set_quiet_shutdown(peer->ssl, 1);
	peer_close(peer);
}

static void side_close(struct side *side, struct peer *peer)
{
	cg_conn_close(side->conn);
	cg_buf_fini(&side->got);
	peer_close(peer);
}

/* Small enough for the socket. */
static void peer_say(struct peer *peer, const void *ptr, size_t n)
{
	if (peer->ssl == NULL)
		assert_int_equal(send(peer->fd, ptr, n, MSG_NOSIGNAL), n);
	else
		assert_int_equal(SSL_write(peer->ssl, ptr, (int)n), n);
}

/* Bytes read, 0 at the end, -1 for a reset, -2 if there is nothing. */
static ssize_t peer_hear(struct peer *peer, void *ptr, size_t n)
{
	ssize_t got;

	if (peer->ssl == NULL) {
		got = recv(peer->fd, ptr, n, 0);
		return got < 0 && errno == EAGAIN ? -2 : got;
	}
	ERR_clear_error();
	got = SSL_read(peer->ssl, ptr, (int)n);
	if (got > 0)
		return got;
	switch (SSL_get_error(peer->ssl, (int)got)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return -2;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	default:
		return -1;
	}
}

/* Until all that the peer has sent, its end included, has come to our kernel: no event of the loop
 * is to tell. */
static void peer_settle(struct peer *peer)
{
	int64_t end = cg_clock_now_ms() + WAIT_LIMIT_MS;
	int unacknowledged = 1;

	while (unacknowledged > 0) {
		assert_int_equal(ioctl(peer->fd, SIOCOUTQ, &unacknowledged), 0);
		assert_true(cg_clock_now_ms() < end);
		sched_yield();
	}
}

/* Until the reset has come, unseen by the loop. */
static void peer_reset_and_settle(struct side *side, struct peer *peer)
{
	struct pollfd arrival = {.fd = side->fd};

	peer_reset(peer);
	assert_int_equal(poll(&arrival, 1, WAIT_LIMIT_MS), 1);
	assert_true(arrival.revents & POLLERR);
}

/* ---- TLS pairs ---- */

static struct cg_tls_client *client_for(const char *sni, const char *ca)
{
	struct cg_config_tenant tenant = {
	        .name = (char *)(uintptr_t) "eu20",
	        .is_https = true,
	        .tls_verify = true,
	        .ca_file = strdup(certs_path(ca, ".pem")),
	        .sni = strdup(sni),
	};
	struct cg_report report;
	struct cg_tls_client *client;

	cg_report_init(&report);
	client = cg_tls_client_new(&tenant, &report);
	assert_non_null(client);
	cg_report_fini(&report);
	free(tenant.ca_file);
	free(tenant.sni);
	return client;
}

static void on_session(void *owner, SSL_SESSION *session)
{
	struct side *side = owner;

	side->sessions_n++;
	SSL_SESSION_free(session);
}

static SSL *client_ssl(struct side *side, const char *sni, const char *ca)
{
	struct cg_tls_client *client = client_for(sni, ca);
	SSL *ssl = cg_tls_client_ssl(client, NULL);

	cg_tls_client_on_session(ssl, on_session, side);
	cg_tls_client_free(client);
	return ssl;
}

/* A server that shows the certificate "good" and sends TICKETS after its handshake. */
static void peer_serve_tls(struct peer *peer, int max_version, size_t tickets)
{
	peer->ctx = SSL_CTX_new(TLS_server_method());
	SSL_CTX_set_max_proto_version(peer->ctx, max_version);
	SSL_CTX_set_num_tickets(peer->ctx, tickets);
	SSL_CTX_set_mode(peer->ctx,
	                 SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	assert_int_equal(SSL_CTX_use_certificate_file(peer->ctx, certs_path("good", ".pem"),
	                                              SSL_FILETYPE_PEM),
	                 1);
	assert_int_equal(SSL_CTX_use_PrivateKey_file(peer->ctx, certs_path("good", ".key"),
	                                             SSL_FILETYPE_PEM),
	                 1);
	peer->ssl = SSL_new(peer->ctx);
	SSL_set_fd(peer->ssl, peer->fd);
	SSL_set_accept_state(peer->ssl);
}

static bool peer_shake(struct peer *peer)
{
	ERR_clear_error();
	return SSL_do_handshake(peer->ssl) == 1;
}

/* Connect to a socket of ours and shake hands, or fail to. */
static void tls_connect(struct side *side, struct peer *peer, SSL *ssl, int version, size_t tickets)
{
	int listener = test_listen();
	struct cg_addr addr = test_addr(test_port_of(listener));
	struct cg_error err;

	memset(peer, 0, sizeof(*peer));
	side->conn = cg_conn_connect(&env, &addr, ssl, on_event, side, &err);
	assert_non_null(side->conn);
	peer->fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	assert_true(peer->fd >= 0);
	no_delay(peer->fd);
	close(listener);
	peer_serve_tls(peer, version, tickets);
	WAIT_FOR(loop, (peer_shake(peer) && side->opened_n > 0) || side->broken_n > 0);
}

static void tls_open_with(struct side *side, struct peer *peer, int version, size_t tickets)
{
	memset(side, 0, sizeof(*side));
	tls_connect(side, peer, client_ssl(side, "peer.test", "good"), version, tickets);
	assert_int_equal(side->broken_n, 0);
	assert_int_equal(side->opened_n, 1);
	assert_true(cg_conn_is_open(side->conn));
}

static void tls_open(struct side *side, struct peer *peer)
{
	tls_open_with(side, peer, 0, 0);
}

/* ---- reading ---- */

/* Read and consume until the buffer's owner would wait or be told of an end. */
static enum cg_conn_io side_drain(struct side *side)
{
	enum cg_conn_io io = cg_conn_fill(side->conn, CG_CONN_BUF_SIZE);

	while (io == CG_CONN_MOVED) {
		cg_buf_append_str(&side->got, cg_conn_in(side->conn));
		cg_conn_consume(side->conn, cg_conn_in(side->conn).len);
		io = cg_conn_fill_more(side->conn, CG_CONN_BUF_SIZE);
	}
	return io;
}

/* As an owner does: drain at events alone. What ends it, with TEXT read before. */
static enum cg_conn_io side_read_to_end(struct side *side, const char *text)
{
	enum cg_conn_io io = CG_CONN_AGAIN;

	WAIT_FOR(loop, (io = side_drain(side)) != CG_CONN_AGAIN);
	assert_int_equal(cg_buf_len(&side->got), strlen(text));
	if (text[0] != '\0')
		assert_memory_equal(cg_buf_ptr(&side->got), text, strlen(text));
	return io;
}

static void wait_for_bytes(struct side *side, size_t n)
{
	WAIT_FOR(loop, cg_conn_in(side->conn).len >= n ||
	                       cg_conn_fill(side->conn, HEAD_MAX) == CG_CONN_FULL);
	assert_int_equal(cg_conn_in(side->conn).len, n);
}

/* ---- opening ---- */

static void test_accepted_plain_connection_is_open_at_once(void **state)
{
	struct side side;
	struct peer peer;
	char sni[4] = "x";

	(void)state;
	plain_open(&side, &peer);
	assert_true(cg_conn_is_open(side.conn));
	assert_false(cg_conn_is_in_handshake(side.conn));
	assert_null(cg_conn_ssl(side.conn));
	assert_null(cg_conn_tls_version(side.conn));
	cg_conn_sni(side.conn, sni, sizeof(sni));
	assert_string_equal(sni, "");
	assert_string_equal(cg_conn_error(side.conn), "");
	assert_int_equal(cg_conn_in(side.conn).len, 0);
	WAIT_FOR(loop, side.ready_n > 0);
	assert_int_equal(side.opened_n, 0);
	assert_int_equal(cg_conn_fill(side.conn, 1), CG_CONN_AGAIN);
	side_close(&side, &peer);
}

static void test_connect_opens_and_carries_bytes_both_ways(void **state)
{
	int listener = test_listen();
	struct cg_addr addr = test_addr(test_port_of(listener));
	struct side side = {0};
	struct peer peer = {0};
	struct cg_error err;
	char text[8] = {0};

	(void)state;
	side.conn = cg_conn_connect(&env, &addr, NULL, on_event, &side, &err);
	assert_false(cg_conn_is_open(side.conn));
	WAIT_FOR(loop, side.opened_n > 0);
	assert_true(cg_conn_is_open(side.conn));
	peer.fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	close(listener);
	assert_int_equal(cg_conn_write(side.conn, "ping", 4), CG_CONN_MOVED);
	WAIT_FOR(loop, peer_hear(&peer, text, sizeof(text)) == 4);
	assert_string_equal(text, "ping");
	peer_say(&peer, "pong", 4);
	wait_for_bytes(&side, 4);
	assert_memory_equal(cg_conn_in(side.conn).ptr, "pong", 4);
	assert_int_equal(side.opened_n, 1);
	assert_int_equal(side.broken_n, 0);
	side_close(&side, &peer);
}

static void test_refused_connection_breaks_with_its_reason(void **state)
{
	struct cg_addr addr = test_addr(test_dead_port());
	struct side side = {0};
	struct cg_error err;

	(void)state;
	for (int tls = 0; tls < 2; tls++) {
		SSL *ssl = tls ? client_ssl(&side, "peer.test", "good") : NULL;

		side.broken_n = 0;
		side.conn = cg_conn_connect(&env, &addr, ssl, on_event, &side, &err);
		assert_non_null(side.conn);
		WAIT_FOR(loop, side.broken_n > 0);
		assert_string_equal(cg_conn_error(side.conn), "Connection refused");
		assert_false(cg_conn_is_in_handshake(side.conn));
		assert_false(cg_conn_is_open(side.conn));
		test_turn_for(loop, 20);
		assert_int_equal(side.broken_n, 1);
		assert_int_equal(side.opened_n + side.ready_n, 0);
		cg_conn_close(side.conn);
	}
}

/* The SSL is taken over in every case: the leak checker tells. */
static void test_address_that_cannot_be_connected_is_an_error_at_once(void **state)
{
	struct side side = {0};
	struct cg_error err = {0};
	struct cg_addr addr;

	(void)state;
	assert_true(cg_addr_parse(&addr, CG_STR("255.255.255.255"), 9));
	side.conn = cg_conn_connect(&env, &addr, client_ssl(&side, "peer.test", "good"), on_event,
	                            &side, &err);
	assert_null(side.conn);
	assert_true(strlen(err.text) > 0);
	cg_conn_close(NULL);
	cg_conn_abort(NULL);
}

static void test_owner_may_close_in_its_callback(void **state)
{
	struct side side;
	struct peer peer;

	(void)state;
	plain_open(&side, &peer);
	side.closes = true;
	peer_say(&peer, "x", 1);
	WAIT_FOR(loop, side.conn == NULL);
	assert_int_equal(side.ready_n, 1);
	side_close(&side, &peer);
	tls_open(&side, &peer);
	side.closes = true;
	peer_say(&peer, "x", 1);
	WAIT_FOR(loop, side.conn == NULL);
	side_close(&side, &peer);
}

static void test_events_go_to_the_new_owner(void **state)
{
	struct side side, other = {0};
	struct peer peer;

	(void)state;
	plain_open(&side, &peer);
	WAIT_FOR(loop, side.ready_n > 0);
	cg_conn_set_owner(side.conn, on_event, &other);
	side.ready_n = 0;
	peer_say(&peer, "x", 1);
	WAIT_FOR(loop, other.ready_n > 0);
	assert_int_equal(side.ready_n, 0);
	side_close(&side, &peer);
}

/* ---- handshakes ---- */

static void test_tls_connection_opens_and_carries_bytes_both_ways(void **state)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	struct side side;
	struct peer peer;

	(void)state;
	for (size_t i = 0; i < CG_ARRAY_LEN(versions); i++) {
		char text[8] = {0};

		tls_open_with(&side, &peer, versions[i], 2);
		assert_string_equal(cg_conn_tls_version(side.conn), i == 0 ? "TLSv1.2" : "TLSv1.3");
		assert_non_null(cg_conn_ssl(side.conn));
		assert_int_equal(cg_conn_write(side.conn, "ping", 4), CG_CONN_MOVED);
		WAIT_FOR(loop, peer_hear(&peer, text, sizeof(text)) == 4);
		assert_string_equal(text, "ping");
		peer_say(&peer, "pong", 4);
		wait_for_bytes(&side, 4);
		assert_memory_equal(cg_conn_in(side.conn).ptr, "pong", 4);
		assert_int_equal(side.opened_n, 1);
		assert_true(side.sessions_n > 0);
		side_close(&side, &peer);
	}
}

static struct cg_tls_server *server_new(void)
{
	char *certificate = strdup(certs_path("good", ".pem")),
	     *key = strdup(certs_path("good", ".key"));
	struct cg_place place = {.file = "t.ini", .line = 1};
	struct cg_config_listen listen = {
	        .name = (char *)(uintptr_t) "https",
	        .certificate = {.items = &certificate, .places = &place, .n = 1},
	        .private_key = {.items = &key, .places = &place, .n = 1},
	};
	struct cg_report report;
	struct cg_tls_server *server;

	cg_report_init(&report);
	server = cg_tls_server_new(&listen, &report);
	assert_non_null(server);
	cg_report_fini(&report);
	free(certificate);
	free(key);
	return server;
}

/* Both ends are ours. */
static void test_accepted_tls_connection_opens_and_knows_the_name(void **state)
{
	struct cg_tls_server *server = server_new();
	struct side accepted = {0}, side = {0};
	int listener = test_listen();
	struct cg_addr addr = test_addr(test_port_of(listener));
	struct cg_error err;
	char sni[256], cut[5];

	(void)state;
	side.conn = cg_conn_connect(&env, &addr, client_ssl(&side, "peer.test", "good"), on_event,
	                            &side, &err);
	accepted.conn =
	        cg_conn_accepted(&env, accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC),
	                         cg_tls_server_ssl(server), on_event, &accepted);
	close(listener);
	assert_false(cg_conn_is_open(accepted.conn));
	WAIT_FOR(loop, side.opened_n > 0 && accepted.opened_n > 0);
	cg_conn_sni(accepted.conn, sni, sizeof(sni));
	assert_string_equal(sni, "peer.test");
	cg_conn_sni(accepted.conn, cut, sizeof(cut));
	assert_string_equal(cut, "peer");
	assert_int_equal(cg_conn_write(side.conn, "x", 1), CG_CONN_MOVED);
	wait_for_bytes(&accepted, 1);
	cg_conn_close(side.conn);
	cg_conn_consume(accepted.conn, 1);
	assert_int_equal(side_read_to_end(&accepted, ""), CG_CONN_EOF);
	cg_conn_close(accepted.conn);
	cg_tls_server_free(server);
}

static void broken_check(const char *sni, const char *ca, const char *text)
{
	struct side side = {0};
	struct peer peer;

	tls_connect(&side, &peer, client_ssl(&side, sni, ca), 0, 0);
	WAIT_FOR(loop, side.broken_n > 0);
	assert_true(cg_conn_is_in_handshake(side.conn));
	assert_int_equal(side.opened_n, 0);
	if (strstr(cg_conn_error(side.conn), text) == NULL)
		print_message("# %s\n", cg_conn_error(side.conn));
	assert_non_null(strstr(cg_conn_error(side.conn), text));
	side_close(&side, &peer);
}

static void test_failed_verification_says_why(void **state)
{
	(void)state;
	broken_check("peer.test", "stranger", "self-signed certificate");
	broken_check("other.test", "good", "ostname mismatch");
}

static void plain_talker_check(const char *says, bool resets, const char *text)
{
	int listener = test_listen();
	struct cg_addr addr = test_addr(test_port_of(listener));
	struct side side = {0};
	struct peer peer = {0};
	struct cg_error err;

	side.conn = cg_conn_connect(&env, &addr, client_ssl(&side, "peer.test", "good"), on_event,
	                            &side, &err);
	peer.fd = accept(listener, NULL, NULL);
	close(listener);
	WAIT_FOR(loop, cg_conn_is_in_handshake(side.conn));
	peer_say(&peer, says, strlen(says));
	if (resets)
		peer_reset(&peer);
	else
		shutdown(peer.fd, SHUT_WR);
	WAIT_FOR(loop, side.broken_n > 0);
	assert_true(cg_conn_is_in_handshake(side.conn));
	if (strstr(cg_conn_error(side.conn), text) == NULL)
		print_message("# %s\n", cg_conn_error(side.conn));
	assert_non_null(strstr(cg_conn_error(side.conn), text));
	side_close(&side, &peer);
}

static void test_peer_without_tls_breaks_the_handshake(void **state)
{
	(void)state;
	plain_talker_check("", false, "connection closed");
	plain_talker_check("", true, "Connection reset by peer");
	plain_talker_check("HTTP/1.1 400 Bad Request\r\n\r\n", false, "wrong version number");
}

/* ---- input ---- */

static void test_input_grows_up_to_its_limit_and_is_full_then(void **state)
{
	struct side side;
	struct peer peer;
	char *bytes = pattern(60000);

	(void)state;
	for (int tls = 0; tls < 2; tls++) {
		if (tls)
			tls_open(&side, &peer);
		else
			plain_open(&side, &peer);
		for (size_t at = 0; at < 60000; at += 10000)
			peer_say(&peer, bytes + at, 10000);
		wait_for_bytes(&side, HEAD_MAX);
		assert_memory_equal(cg_conn_in(side.conn).ptr, bytes, HEAD_MAX);
		assert_true(cg_conn_may_read(side.conn));
		assert_int_equal(cg_conn_fill(side.conn, HEAD_MAX), CG_CONN_FULL);
		assert_int_equal(cg_conn_fill(side.conn, 10), CG_CONN_FULL);
		cg_conn_consume(side.conn, 0);
		cg_conn_consume(side.conn, 30000);
		assert_memory_equal(cg_conn_in(side.conn).ptr, bytes + 30000, 10000);
		wait_for_bytes(&side, 30000);
		assert_memory_equal(cg_conn_in(side.conn).ptr, bytes + 30000, 30000);
		cg_conn_consume(side.conn, 30000);
		assert_int_equal(cg_conn_in(side.conn).len, 0);
		assert_int_equal(cg_conn_fill(side.conn, HEAD_MAX), CG_CONN_AGAIN);
		/* Without bytes in flight it holds no buffer. */
		assert_int_equal(env.bufs.used_n, 0);
		side_close(&side, &peer);
	}
	free(bytes);
}

static void test_one_buffer_is_enough_for_small_limits(void **state)
{
	struct side side;
	struct peer peer;
	char *bytes = pattern(2 * CG_CONN_BUF_SIZE);

	(void)state;
	plain_open(&side, &peer);
	peer_say(&peer, bytes, 2 * CG_CONN_BUF_SIZE);
	WAIT_FOR(loop, cg_conn_fill(side.conn, CG_CONN_BUF_SIZE) == CG_CONN_FULL);
	assert_int_equal(cg_conn_in(side.conn).len, CG_CONN_BUF_SIZE);
	cg_conn_consume(side.conn, 1);
	/* The bytes move to the front to make room. */
	assert_int_equal(cg_conn_fill(side.conn, CG_CONN_BUF_SIZE), CG_CONN_MOVED);
	assert_int_equal(cg_conn_in(side.conn).len, CG_CONN_BUF_SIZE);
	assert_memory_equal(cg_conn_in(side.conn).ptr, bytes + 1, CG_CONN_BUF_SIZE);
	assert_int_equal(cg_conn_fill(side.conn, CG_CONN_BUF_SIZE), CG_CONN_FULL);
	assert_int_equal(env.bufs.used_n, 1);
	side_close(&side, &peer);
	free(bytes);
}

/* What OpenSSL holds raises no event. */
static void test_rest_of_a_record_is_there_without_an_event(void **state)
{
	struct side side;
	struct peer peer;
	char *bytes = pattern(26384);

	(void)state;
	tls_open(&side, &peer);
	peer_say(&peer, bytes, 10000);
	peer_say(&peer, bytes + 10000, 16384);
	WAIT_FOR(loop, cg_conn_fill(side.conn, CG_CONN_BUF_SIZE) == CG_CONN_FULL);
	assert_int_equal(cg_conn_in(side.conn).len, CG_CONN_BUF_SIZE);
	assert_memory_equal(cg_conn_in(side.conn).ptr, bytes, CG_CONN_BUF_SIZE);
	/* All that the socket had is taken in. */
	test_turn_for(loop, 20);
	cg_conn_consume(side.conn, CG_CONN_BUF_SIZE);
	assert_true(cg_conn_may_read(side.conn));
	assert_int_equal(cg_conn_fill(side.conn, CG_CONN_BUF_SIZE), CG_CONN_MOVED);
	assert_int_equal(cg_conn_in(side.conn).len, 10000);
	assert_memory_equal(cg_conn_in(side.conn).ptr, bytes + CG_CONN_BUF_SIZE, 10000);
	cg_conn_consume(side.conn, 10000);
	assert_int_equal(cg_conn_fill(side.conn, CG_CONN_BUF_SIZE), CG_CONN_AGAIN);
	assert_false(cg_conn_may_read(side.conn));
	side_close(&side, &peer);
	free(bytes);
}

/* ---- ends ---- */

static void end_stays_check(struct side *side, enum cg_conn_io end)
{
	for (int i = 0; i < 3; i++) {
		assert_int_equal(cg_conn_fill(side->conn, CG_CONN_BUF_SIZE), end);
		cg_loop_update_now(loop);
	}
	test_turn_for(loop, 10);
	assert_int_equal(cg_conn_fill(side->conn, CG_CONN_BUF_SIZE), end);
}

static void test_fin_is_an_end_and_stays_one(void **state)
{
	struct side side;
	struct peer peer;
	char text[4];

	(void)state;
	plain_open(&side, &peer);
	assert_false(cg_conn_saw_end(side.conn));
	shutdown(peer.fd, SHUT_WR);
	assert_int_equal(side_read_to_end(&side, ""), CG_CONN_EOF);
	assert_true(cg_conn_saw_end(side.conn));
	assert_true(cg_conn_may_read(side.conn));
	end_stays_check(&side, CG_CONN_EOF);
	/* The other direction goes on. */
	assert_int_equal(cg_conn_write(side.conn, "yes", 3), CG_CONN_MOVED);
	WAIT_FOR(loop, peer_hear(&peer, text, sizeof(text)) == 3);
	side_close(&side, &peer);
}

static void test_bytes_before_a_fin_are_all_read(void **state)
{
	struct side side;
	struct peer peer;
	char *bytes = pattern(50000);

	(void)state;
	plain_open(&side, &peer);
	peer_say(&peer, "last words", 10);
	shutdown(peer.fd, SHUT_WR);
	WAIT_FOR(loop, cg_conn_saw_end(side.conn)); /* behind unread bytes */
	assert_int_equal(side_read_to_end(&side, "last words"), CG_CONN_EOF);
	side_close(&side, &peer);

	plain_open(&side, &peer);
	peer_say(&peer, bytes, 50000);
	peer_close(&peer);
	WAIT_FOR(loop, side_drain(&side) == CG_CONN_EOF);
	assert_int_equal(cg_buf_len(&side.got), 50000);
	assert_memory_equal(cg_buf_ptr(&side.got), bytes, 50000);
	side_close(&side, &peer);
	free(bytes);
}

static void test_close_notify_is_an_end_and_stays_one(void **state)
{
	struct side side;
	struct peer peer;

	(void)state;
	tls_open(&side, &peer);
	peer_say(&peer, "last words", 10);
	SSL_shutdown(peer.ssl);
	assert_int_equal(side_read_to_end(&side, "last words"), CG_CONN_EOF);
	end_stays_check(&side, CG_CONN_EOF);
	peer_close(&peer);
	end_stays_check(&side, CG_CONN_EOF);
	side_close(&side, &peer);

	tls_open(&side, &peer);
	peer_say(&peer, "last words", 10);
	SSL_shutdown(peer.ssl);
	peer_close(&peer);
	assert_int_equal(side_read_to_end(&side, "last words"), CG_CONN_EOF);
	end_stays_check(&side, CG_CONN_EOF);
	side_close(&side, &peer);
}

static void test_tls_cut_without_close_notify_has_failed(void **state)
{
	struct side side;
	struct peer peer;

	(void)state;
	tls_open(&side, &peer);
	peer_say(&peer, "half an ans", 11);
	peer_close(&peer);
	assert_int_equal(side_read_to_end(&side, "half an ans"), CG_CONN_FAILED);
	assert_true(strlen(cg_conn_error(side.conn)) > 0);
	end_stays_check(&side, CG_CONN_FAILED);
	side_close(&side, &peer);
}

static void test_reset_has_failed_and_is_no_end_later(void **state)
{
	struct side side;
	struct peer peer;

	(void)state;
	for (int tls = 0; tls < 2; tls++) {
		if (tls)
			tls_open(&side, &peer);
		else
			plain_open(&side, &peer);
		WAIT_FOR(loop, side.ready_n > 0 || tls);
		peer_reset(&peer);
		assert_int_equal(side_read_to_end(&side, ""), CG_CONN_FAILED);
		assert_string_equal(cg_conn_error(side.conn), "Connection reset by peer");
		end_stays_check(&side, CG_CONN_FAILED);
		side_close(&side, &peer);
	}
}

static void test_bytes_before_a_reset_are_read(void **state)
{
	struct side side;
	struct peer peer;

	(void)state;
	plain_open(&side, &peer);
	WAIT_FOR(loop, side.ready_n > 0);
	peer_say(&peer, "last words", 10);
	peer_reset_and_settle(&side, &peer); /* one event tells of both */
	assert_int_equal(side_read_to_end(&side, "last words"), CG_CONN_FAILED);
	end_stays_check(&side, CG_CONN_FAILED);
	side_close(&side, &peer);
}

/* ---- output ---- */

static void slow_reader_check(struct side *side, struct peer *peer)
{
	char *bytes = pattern(LARGE), *heard = cg_mem_alloc(LARGE);
	size_t n = 0;
	unsigned ready_n;

	assert_int_equal(cg_conn_write(side->conn, bytes, LARGE - 5), CG_CONN_MOVED);
	assert_true(cg_conn_has_pending(side->conn));
	assert_int_equal(cg_conn_write(side->conn, bytes + LARGE - 5, 5), CG_CONN_MOVED);
	test_turn_for(loop, 20);
	assert_true(cg_conn_has_pending(side->conn));
	ready_n = side->ready_n;
	while (n < LARGE) {
		ssize_t got = 0;

		WAIT_FOR(loop, (got = peer_hear(peer, heard + n, LARGE - n)) != -2);
		assert_true(got > 0);
		n += (size_t)got;
	}
	assert_memory_equal(heard, bytes, LARGE);
	WAIT_FOR(loop, !cg_conn_has_pending(side->conn));
	assert_true(side->ready_n > ready_n);
	assert_int_equal(peer_hear(peer, heard, 1), -2);
	free(bytes);
	free(heard);
}

static void test_slow_reader_gets_all_as_it_reads(void **state)
{
	struct side side;
	struct peer peer;

	(void)state;
	plain_open(&side, &peer);
	slow_reader_check(&side, &peer);
	side_close(&side, &peer);
	tls_open(&side, &peer);
	slow_reader_check(&side, &peer);
	side_close(&side, &peer);
}

/* What the peer said before is still there, and its end is no orderly one. */
static void test_write_after_a_reset_fails_and_reading_goes_on(void **state)
{
	struct side side;
	struct peer peer;

	(void)state;
	plain_open(&side, &peer);
	WAIT_FOR(loop, side.ready_n > 0);
	peer_say(&peer, "refused", 7);
	peer_reset_and_settle(&side, &peer);
	assert_int_equal(cg_conn_write(side.conn, "x", 1), CG_CONN_FAILED);
	assert_true(cg_conn_is_write_failed(side.conn));
	assert_false(cg_conn_has_pending(side.conn));
	assert_int_equal(cg_conn_write(side.conn, "y", 1), CG_CONN_FAILED);
	assert_int_equal(side_read_to_end(&side, "refused"), CG_CONN_FAILED);
	end_stays_check(&side, CG_CONN_FAILED);
	side_close(&side, &peer);
}

/* A peer that answers, closes in order and then resets what still comes has said all it wanted. */
static void test_answer_and_fin_before_the_reset_is_an_orderly_end(void **state)
{
	struct side side;
	struct peer peer;

	(void)state;
	plain_open(&side, &peer);
	peer_say(&peer, "whole", 5);
	peer_close(&peer);
	WAIT_FOR(loop, cg_conn_saw_end(side.conn));
	assert_int_equal(cg_conn_write(side.conn, "x", 1), CG_CONN_MOVED); /* provokes it */
	WAIT_FOR(loop, cg_conn_write(side.conn, "y", 1) == CG_CONN_FAILED);
	assert_int_equal(side_read_to_end(&side, "whole"), CG_CONN_EOF);
	side_close(&side, &peer);
}

static void test_pending_bytes_that_fail_later_are_told(void **state)
{
	struct side side;
	struct peer peer;
	char *bytes = pattern(LARGE);

	(void)state;
	plain_open(&side, &peer);
	assert_int_equal(cg_conn_write(side.conn, bytes, LARGE), CG_CONN_MOVED);
	assert_true(cg_conn_has_pending(side.conn));
	test_turn_for(loop, 10);
	side.ready_n = 0;
	peer_reset(&peer);
	WAIT_FOR(loop, side.ready_n > 0);
	assert_true(cg_conn_is_write_failed(side.conn));
	assert_false(cg_conn_has_pending(side.conn));
	side_close(&side, &peer);
	free(bytes);
}

static void test_abort_is_a_reset_and_close_is_an_end(void **state)
{
	struct side side;
	struct peer peer;
	char byte;

	(void)state;
	for (int i = 0; i < 4; i++) {
		bool is_aborted = (i & 1) != 0;
		ssize_t heard = -2;

		if (i & 2)
			tls_open(&side, &peer);
		else
			plain_open(&side, &peer);
		if (is_aborted)
			cg_conn_abort(side.conn);
		else
			cg_conn_close(side.conn);
		side.conn = NULL;
		WAIT_FOR(loop, (heard = peer_hear(&peer, &byte, 1)) != -2);
		assert_int_equal(heard, is_aborted ? -1 : 0);
		side_close(&side, &peer);
	}
}

static void test_shutdown_of_writing_leaves_reading(void **state)
{
	struct side side;
	struct peer peer;
	char text[8];

	(void)state;
	for (int tls = 0; tls < 2; tls++) {
		ssize_t heard = -2;

		if (tls)
			tls_open(&side, &peer);
		else
			plain_open(&side, &peer);
		assert_int_equal(cg_conn_write(side.conn, "bye", 3), CG_CONN_MOVED);
		cg_conn_shutdown_write(side.conn);
		cg_conn_shutdown_write(side.conn);
		WAIT_FOR(loop, peer_hear(&peer, text, sizeof(text)) == 3);
		WAIT_FOR(loop, (heard = peer_hear(&peer, text, 1)) != -2);
		assert_int_equal(heard, 0);
		peer_say(&peer, "answer", 6);
		wait_for_bytes(&side, 6);
		side_close(&side, &peer);
	}
}

/* ---- kept connections ---- */

static void test_fresh_idle_connection_is_usable(void **state)
{
	struct side side;
	struct peer peer;

	(void)state;
	plain_open(&side, &peer);
	assert_true(cg_conn_is_usable(side.conn));
	WAIT_FOR(loop, side.ready_n > 0);
	assert_true(cg_conn_is_usable(side.conn));
	assert_int_equal(env.bufs.used_n, 0);
	side_close(&side, &peer);
	tls_open(&side, &peer);
	assert_true(cg_conn_is_usable(side.conn));
	assert_int_equal(env.bufs.used_n, 0);
	side_close(&side, &peer);
}

/* The socket is asked: no event has told of it yet. */
static void test_closed_or_talking_peer_is_not_usable(void **state)
{
	struct side side;
	struct peer peer;

	(void)state;
	for (int i = 0; i < 8; i++) {
		bool is_told = (i & 4) != 0;

		plain_open(&side, &peer);
		WAIT_FOR(loop, side.ready_n > 0);
		side.ready_n = 0;
		switch (i & 3) {
		case 0:
			shutdown(peer.fd, SHUT_WR);
			peer_settle(&peer);
			break;
		case 1:
			peer_reset_and_settle(&side, &peer);
			break;
		case 2:
			peer_say(&peer, "408", 3);
			peer_settle(&peer);
			break;
		default:
			peer_say(&peer, "408", 3);
			shutdown(peer.fd, SHUT_WR);
			peer_settle(&peer);
		}
		if (is_told)
			WAIT_FOR(loop, side.ready_n > 0);
		assert_false(cg_conn_is_usable(side.conn));
		side_close(&side, &peer);
	}
}

static void test_connection_that_cannot_be_written_is_not_usable(void **state)
{
	struct side side;
	struct peer peer;

	(void)state;
	plain_open(&side, &peer);
	WAIT_FOR(loop, side.ready_n > 0);
	peer_reset_and_settle(&side, &peer);
	assert_int_equal(cg_conn_write(side.conn, "x", 1), CG_CONN_FAILED);
	assert_false(cg_conn_is_usable(side.conn));
	side_close(&side, &peer);
}

static void test_waiting_session_tickets_leave_it_usable(void **state)
{
	struct side side;
	struct peer peer;

	(void)state;
	tls_open_with(&side, &peer, TLS1_3_VERSION, 3);
	peer_settle(&peer);
	assert_int_equal(side.sessions_n, 0);
	assert_true(cg_conn_is_usable(side.conn));
	assert_int_equal(side.sessions_n, 3);
	assert_true(cg_conn_is_usable(side.conn));
	assert_int_equal(cg_conn_write(side.conn, "x", 1), CG_CONN_MOVED);
	assert_int_equal(env.bufs.used_n, 0);
	side_close(&side, &peer);
}

static void test_waiting_end_or_bytes_in_tls_are_not_usable(void **state)
{
	struct side side;
	struct peer peer;

	(void)state;
	for (int i = 0; i < 4; i++) {
		/* Behind tickets, too. */
		tls_open_with(&side, &peer, TLS1_3_VERSION, (i & 2) != 0 ? 2 : 0);
		if (i & 1)
			SSL_shutdown(peer.ssl);
		else
			peer_say(&peer, "408", 3);
		peer_settle(&peer);
		assert_false(cg_conn_is_usable(side.conn));
		side_close(&side, &peer);
	}
	tls_open(&side, &peer);
	shutdown(peer.fd, SHUT_WR);
	peer_settle(&peer);
	assert_false(cg_conn_is_usable(side.conn));
	side_close(&side, &peer);
}

static int setup_certs(void **state)
{
	(void)state;
	if (certs_setup() != 0)
		return -1;
	certs_make((struct certs_wish){.file = "good", .names = "DNS:peer.test", .ec = "P-256"});
	certs_make(
	        (struct certs_wish){.file = "stranger", .names = "DNS:peer.test", .ec = "P-256"});
	return 0;
}

static int teardown_certs(void **state)
{
	(void)state;
	return certs_teardown();
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_accepted_plain_connection_is_open_at_once),
	        TEST(test_connect_opens_and_carries_bytes_both_ways),
	        TEST(test_refused_connection_breaks_with_its_reason),
	        TEST(test_address_that_cannot_be_connected_is_an_error_at_once),
	        TEST(test_owner_may_close_in_its_callback),
	        TEST(test_events_go_to_the_new_owner),
	        TEST(test_tls_connection_opens_and_carries_bytes_both_ways),
	        TEST(test_accepted_tls_connection_opens_and_knows_the_name),
	        TEST(test_failed_verification_says_why),
	        TEST(test_peer_without_tls_breaks_the_handshake),
	        TEST(test_input_grows_up_to_its_limit_and_is_full_then),
	        TEST(test_one_buffer_is_enough_for_small_limits),
	        TEST(test_rest_of_a_record_is_there_without_an_event),
	        TEST(test_fin_is_an_end_and_stays_one),
	        TEST(test_bytes_before_a_fin_are_all_read),
	        TEST(test_close_notify_is_an_end_and_stays_one),
	        TEST(test_tls_cut_without_close_notify_has_failed),
	        TEST(test_reset_has_failed_and_is_no_end_later),
	        TEST(test_bytes_before_a_reset_are_read),
	        TEST(test_slow_reader_gets_all_as_it_reads),
	        TEST(test_write_after_a_reset_fails_and_reading_goes_on),
	        TEST(test_answer_and_fin_before_the_reset_is_an_orderly_end),
	        TEST(test_pending_bytes_that_fail_later_are_told),
	        TEST(test_abort_is_a_reset_and_close_is_an_end),
	        TEST(test_shutdown_of_writing_leaves_reading),
	        TEST(test_fresh_idle_connection_is_usable),
	        TEST(test_closed_or_talking_peer_is_not_usable),
	        TEST(test_connection_that_cannot_be_written_is_not_usable),
	        TEST(test_waiting_session_tickets_leave_it_usable),
	        TEST(test_waiting_end_or_bytes_in_tls_are_not_usable),
	};

	return cmocka_run_group_tests(tests, setup_certs, teardown_certs);
}
