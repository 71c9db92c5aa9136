/* SPDX-License-Identifier: BSD-2-Clause */
/* Tiny servers for tests: a plain one on the loop under test, a TLS one on a thread of its own. */
#ifndef CG_TESTS_TEST_PEER_H
#define CG_TESTS_TEST_PEER_H

#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <openssl/ssl.h>

#include "base/addr.h"
#include "base/clock.h"
#include "net/loop.h"

#define TEST_ANSWER(status) "HTTP/1.1 " status "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

static inline uint16_t test_port_of(int fd)
{
	struct sockaddr_in in;
	socklen_t len = sizeof(in);

	getsockname(fd, (struct sockaddr *)&in, &len);
	return ntohs(in.sin_port);
}

static inline int test_bind(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
	                         .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int failed = bind(fd, (struct sockaddr *)&in, sizeof(in));

	assert(failed == 0);
	(void)failed;
	return fd;
}

static inline int test_listen(void)
{
	int fd = test_bind();

	listen(fd, 64);
	return fd;
}

/* A loopback port that refuses: taken until the process ends, so that no other test gets it. */
static inline uint16_t test_dead_port(void)
{
	return test_port_of(test_bind());
}

static inline struct cg_addr test_addr(uint16_t port)
{
	struct cg_addr addr;
	bool ok = cg_addr_parse(&addr, CG_STR("127.0.0.1"), port);

	assert(ok);
	(void)ok;
	return addr;
}

/* ---- plain, on the loop ---- */

struct test_peer {
	struct evconnlistener *listener;
	uint16_t port;
	const char *answer; /* NULL: hang, "": close */
	unsigned requests_n;
	char head[4096]; /* of the latest request */
	struct bufferevent *conns[256];
	size_t conns_n;
};

static inline void test_peer_drop(struct test_peer *peer, struct bufferevent *conn)
{
	for (size_t i = 0; i < peer->conns_n; i++)
		if (peer->conns[i] == conn)
			peer->conns[i] = peer->conns[--peer->conns_n];
	bufferevent_free(conn);
}

static inline void test_peer_on_sent(struct bufferevent *conn, void *user)
{
	test_peer_drop(user, conn);
}

static inline void test_peer_on_event(struct bufferevent *conn, short what, void *user)
{
	(void)what;
	test_peer_drop(user, conn);
}

static inline void test_peer_on_read(struct bufferevent *conn, void *user)
{
	struct test_peer *peer = user;
	struct evbuffer *input = bufferevent_get_input(conn);
	size_t n = evbuffer_get_length(input);

	if (evbuffer_search(input, "\r\n\r\n", 4, NULL).pos < 0)
		return;
	n = n < sizeof(peer->head) ? n : sizeof(peer->head) - 1;
	evbuffer_remove(input, peer->head, n);
	peer->head[n] = '\0';
	peer->requests_n++;
	if (peer->answer == NULL)
		return;
	if (peer->answer[0] == '\0') {
		test_peer_drop(peer, conn);
		return;
	}
	bufferevent_setcb(conn, NULL, test_peer_on_sent, test_peer_on_event, peer);
	bufferevent_write(conn, peer->answer, strlen(peer->answer));
}

static inline void test_peer_on_accept(struct evconnlistener *listener, evutil_socket_t fd,
                                       struct sockaddr *sa, int len, void *user)
{
	struct test_peer *peer = user;
	struct bufferevent *conn = bufferevent_socket_new(evconnlistener_get_base(listener), fd,
	                                                  BEV_OPT_CLOSE_ON_FREE);

	(void)sa;
	(void)len;
	assert(peer->conns_n < 256);
	peer->conns[peer->conns_n++] = conn;
	bufferevent_setcb(conn, test_peer_on_read, NULL, test_peer_on_event, peer);
	bufferevent_enable(conn, EV_READ | EV_WRITE);
}

static inline void test_peer_open(struct test_peer *peer, struct cg_loop *loop, const char *answer)
{
	int fd = test_listen();

	memset(peer, 0, sizeof(*peer));
	evutil_make_socket_nonblocking(fd);
	peer->port = test_port_of(fd);
	peer->answer = answer;
	peer->listener = evconnlistener_new(cg_loop_base(loop), test_peer_on_accept, peer,
	                                    LEV_OPT_CLOSE_ON_FREE, 0, fd);
}

static inline void test_peer_close(struct test_peer *peer)
{
	while (peer->conns_n > 0)
		test_peer_drop(peer, peer->conns[0]);
	if (peer->listener != NULL)
		evconnlistener_free(peer->listener);
	peer->listener = NULL;
}

/* ---- TLS, on a thread ---- */

struct test_tls_peer {
	pthread_t thread;
	SSL_CTX *ctx;
	int fd;
	int stop[2];
	uint16_t port;
	const char *answer;
	char sni[256]; /* of the latest handshake */
	char head[4096];
	size_t head_n; /* 0: no request came */
};

static inline void test_tls_peer_serve(struct test_tls_peer *peer, int fd)
{
	SSL *ssl = SSL_new(peer->ctx);
	const char *sni;
	int n;

	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1) {
		sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
		snprintf(peer->sni, sizeof(peer->sni), "%s", sni == NULL ? "" : sni);
		n = SSL_read(ssl, peer->head, sizeof(peer->head) - 1);
		peer->head_n = n > 0 ? (size_t)n : 0;
		peer->head[peer->head_n] = '\0';
		if (n > 0)
			SSL_write(ssl, peer->answer, (int)strlen(peer->answer));
		SSL_shutdown(ssl);
	}
	SSL_free(ssl);
	close(fd);
}

static inline void *test_tls_peer_run(void *user)
{
	struct test_tls_peer *peer = user;
	struct pollfd fds[2] = {{.fd = peer->fd, .events = POLLIN},
	                        {.fd = peer->stop[0], .events = POLLIN}};

	while (poll(fds, 2, -1) > 0 && fds[1].revents == 0) {
		int fd = accept(peer->fd, NULL, NULL);

		if (fd >= 0)
			test_tls_peer_serve(peer, fd);
	}
	return NULL;
}

static inline void test_tls_peer_open(struct test_tls_peer *peer, const char *cert, const char *key,
                                      const char *answer)
{
	int ok;

	memset(peer, 0, sizeof(*peer));
	peer->answer = answer;
	peer->ctx = SSL_CTX_new(TLS_server_method());
	ok = SSL_CTX_use_certificate_file(peer->ctx, cert, SSL_FILETYPE_PEM) == 1 &&
	     SSL_CTX_use_PrivateKey_file(peer->ctx, key, SSL_FILETYPE_PEM) == 1;
	assert(ok);
	peer->fd = test_listen();
	peer->port = test_port_of(peer->fd);
	ok = pipe(peer->stop) == 0 &&
	     pthread_create(&peer->thread, NULL, test_tls_peer_run, peer) == 0;
	assert(ok);
	(void)ok;
}

/* What it has seen may be read afterwards. */
static inline void test_tls_peer_close(struct test_tls_peer *peer)
{
	(void)!write(peer->stop[1], "x", 1);
	pthread_join(peer->thread, NULL);
	close(peer->fd);
	close(peer->stop[0]);
	close(peer->stop[1]);
	SSL_CTX_free(peer->ctx);
}

/* ---- waiting ---- */

static inline void test_on_poll(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	(void)user;
}

/* Turn LOOP until CONDITION says so; false after LIMIT_MS. */
static inline bool test_wait(struct cg_loop *loop, bool (*condition)(void *user), void *user,
                             int64_t limit_ms)
{
	struct timeval tick = {.tv_usec = 5000};
	struct event *poll_event =
	        event_new(cg_loop_base(loop), -1, EV_PERSIST, test_on_poll, NULL);
	int64_t deadline = cg_clock_now_ms() + limit_ms;
	bool is_met;

	event_add(poll_event, &tick);
	while (!(is_met = condition(user)) && cg_clock_now_ms() < deadline)
		cg_loop_turn(loop);
	event_free(poll_event);
	return is_met;
}

static inline bool test_never(void *user)
{
	(void)user;
	return false;
}

/* Turn LOOP for a time: only to see that something does not happen meanwhile. */
static inline void test_turn_for(struct cg_loop *loop, int64_t ms)
{
	test_wait(loop, test_never, NULL, ms);
}

#endif
