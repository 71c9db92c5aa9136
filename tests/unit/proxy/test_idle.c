/* SPDX-License-Identifier: BSD-2-Clause */
/* proxy/idle: kept connections of a worker that has only what they need. */
#include "proxy/idle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/listener.h"
#include "net/wait.h"
#include "proxy/worker.h"

enum { LONG_MS = 60000 };

struct scene {
	struct cg_worker *worker;
	struct cg_worker_counters counters;
	struct cg_tenant_counters tenant_counters;
	struct cg_live_tenant live;
	struct cg_origin *origin;
	int listen_fd; /* the tenant's, at ADDR */
	struct cg_addr addr;
	unsigned events_n; /* told to whoever took a connection */
};

static int setup(void **state)
{
	struct scene *s = aligned_alloc(CG_CACHE_LINE, sizeof(*s));

	memset(s, 0, sizeof(*s));
	s->worker = calloc(1, sizeof(*s->worker));
	s->worker->loop = cg_loop_new();
	s->worker->counters = &s->counters;
	cg_conn_env_init(&s->worker->env, s->worker->loop);
	cg_slab_init(&s->worker->idle_slab, cg_idle_conn_size(), 8);
	s->live = (struct cg_live_tenant){.id = 7, .counters = &s->tenant_counters};
	s->origin = cg_origin_get(s->worker, &s->live);
	*state = s;
	if (!cg_addr_parse(&s->addr, CG_STR("127.0.0.1:0"), 0))
		return -1;
	s->listen_fd = cg_listener_open_socket(&s->addr, NULL);
	cg_origin_set_addrs(s->origin, &s->addr, 1);
	return s->listen_fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	cg_origin_free(s->origin);
	cg_loop_free(s->worker->loop);
	cg_conn_env_fini(&s->worker->env);
	cg_slab_fini(&s->worker->idle_slab);
	close(s->listen_fd);
	free(s->worker);
	free(s);
	return 0;
}

static void on_event(void *owner, enum cg_conn_event event)
{
	struct scene *s = owner;

	(void)event;
	s->events_n++;
}

/* A connection as an attempt leaves it; PEER is its other end. */
static struct cg_conn *conn_new(struct scene *s, int *peer)
{
	struct cg_conn *conn = cg_conn_connect(&s->worker->env, &s->addr, NULL, on_event, s, NULL);

	assert_non_null(conn);
	WAIT_FOR(s->worker->loop, cg_conn_is_open(conn));
	*peer = accept4(s->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	assert_true(*peer >= 0);
	CG_COUNTER_ADD(s->counters.tenant_connections, 1);
	return conn;
}

static void assert_counts(const struct scene *s, unsigned all, unsigned idle)
{
	assert_int_equal(CG_COUNTER_GET(s->counters.tenant_connections), all);
	assert_int_equal(CG_COUNTER_GET(s->counters.tenant_connections_idle), idle);
	assert_int_equal(s->origin->idle_n, idle);
	assert_int_equal(cg_list_is_empty(&s->origin->idle), idle == 0);
}

/* The gateway's end of PEER is closed. */
static bool is_closed(int peer)
{
	char byte;

	return recv(peer, &byte, 1, 0) == 0;
}

static void test_last_used_is_taken_first(void **state)
{
	struct scene *s = *state;
	struct cg_conn *conns[3];
	int peers[3];

	assert_null(cg_idle_take(s->origin, true));
	for (int i = 0; i < 3; i++) {
		conns[i] = conn_new(s, &peers[i]);
		cg_idle_put(s->origin, conns[i], LONG_MS);
	}
	assert_counts(s, 3, 3);
	for (int i = 3; i-- > 0;)
		assert_ptr_equal(cg_idle_take(s->origin, true), conns[i]);
	assert_null(cg_idle_take(s->origin, true));
	assert_counts(s, 3, 0); /* the takers count them out */
	for (int i = 0; i < 3; i++) {
		cg_conn_close(conns[i]);
		close(peers[i]);
	}
}

static void test_taken_connection_belongs_to_its_taker(void **state)
{
	struct scene *s = *state;
	struct cg_conn *conn;
	int peer, other;

	conn = conn_new(s, &peer);
	cg_idle_put(s->origin, conn, 1);
	assert_ptr_equal(cg_idle_take(s->origin, true), conn);
	cg_conn_set_owner(conn, on_event, s);
	s->events_n = 0;
	assert_int_equal(send(peer, "x", 1, 0), 1);
	WAIT_FOR(s->worker->loop, s->events_n > 0);
	/* Its time is no longer counted: the timer of another one runs out instead. */
	cg_idle_put(s->origin, conn_new(s, &other), 1);
	WAIT_FOR(s->worker->loop, s->origin->idle_n == 0);
	assert_true(cg_conn_is_open(conn));
	assert_int_equal(cg_conn_fill(conn, 1), CG_CONN_MOVED);
	cg_conn_close(conn);
	close(other);
	close(peer);
}

static void test_time_ends_it(void **state)
{
	struct scene *s = *state;
	int early, late;

	cg_idle_put(s->origin, conn_new(s, &early), 30);
	cg_idle_put(s->origin, conn_new(s, &late), LONG_MS);
	assert_counts(s, 2, 2);
	WAIT_FOR(s->worker->loop, is_closed(early));
	assert_counts(s, 1, 1);
	assert_false(is_closed(late));
	close(early);
	close(late);
}

static void test_tenant_that_closes_or_speaks_ends_it(void **state)
{
	struct scene *s = *state;
	int closing, half, speaking, quiet;

	cg_idle_put(s->origin, conn_new(s, &closing), LONG_MS);
	cg_idle_put(s->origin, conn_new(s, &half), LONG_MS);
	cg_idle_put(s->origin, conn_new(s, &speaking), LONG_MS);
	cg_idle_put(s->origin, conn_new(s, &quiet), LONG_MS);
	close(closing);
	shutdown(half, SHUT_WR);
	assert_int_equal(send(speaking, "HTTP/1.1 408", 12, 0), 12);
	WAIT_FOR(s->worker->loop, s->origin->idle_n == 1);
	assert_counts(s, 1, 1);
	assert_true(is_closed(half));
	assert_false(is_closed(quiet));
	close(half);
	close(speaking);
	close(quiet);
}

/* No turn of the loop has told of it. */
static void test_dead_ones_are_passed_over(void **state)
{
	struct scene *s = *state;
	struct cg_conn *good;
	int peers[3], spare;

	good = conn_new(s, &spare);
	cg_idle_put(s->origin, good, LONG_MS);
	for (int i = 0; i < 3; i++)
		cg_idle_put(s->origin, conn_new(s, &peers[i]), LONG_MS);
	close(peers[0]);
	assert_int_equal(send(peers[1], "x", 1, 0), 1);
	shutdown(peers[2], SHUT_WR);
	assert_ptr_equal(cg_idle_take(s->origin, true), good);
	assert_counts(s, 1, 0);
	cg_conn_close(good);
	close(peers[1]);
	close(peers[2]);
	close(spare);
}

/* For a request that can be sent twice the system call is saved; what the loop has told is known.
 */
static void test_unasked_socket_is_taken_as_it_is(void **state)
{
	struct scene *s = *state;
	struct cg_conn *conn;
	int peer;

	conn = conn_new(s, &peer);
	cg_idle_put(s->origin, conn, LONG_MS);
	close(peer);
	assert_ptr_equal(cg_idle_take(s->origin, false), conn);
	cg_conn_close(conn);
	conn = conn_new(s, &peer);
	cg_idle_put(s->origin, conn, LONG_MS);
	close(peer);
	WAIT_FOR(s->worker->loop, s->origin->idle_n == 0);
	assert_null(cg_idle_take(s->origin, false));
}

static void test_none_is_left_when_all_are_dead(void **state)
{
	struct scene *s = *state;
	int peers[2];

	for (int i = 0; i < 2; i++) {
		cg_idle_put(s->origin, conn_new(s, &peers[i]), LONG_MS);
		close(peers[i]);
	}
	assert_null(cg_idle_take(s->origin, true));
	assert_counts(s, 0, 0);
}

/* Traffic follows the name: a connection to an address that it has no more is not kept. */
static void test_connection_to_a_former_address_is_closed(void **state)
{
	struct scene *s = *state;
	struct cg_addr other;
	struct cg_conn *conn;
	int peer;

	conn = conn_new(s, &peer);
	assert_true(cg_addr_parse(&other, CG_STR("127.0.0.2:443"), 0));
	cg_origin_set_addrs(s->origin, &other, 1);
	cg_idle_put(s->origin, conn, LONG_MS);
	assert_counts(s, 0, 0);
	WAIT_FOR(s->worker->loop, is_closed(peer));
	close(peer);
}

static void test_clear_closes_all(void **state)
{
	struct scene *s = *state;
	int peers[3];

	for (int i = 0; i < 3; i++)
		cg_idle_put(s->origin, conn_new(s, &peers[i]), LONG_MS);
	cg_idle_clear(s->origin);
	assert_counts(s, 0, 0);
	for (int i = 0; i < 3; i++) {
		WAIT_FOR(s->worker->loop, is_closed(peers[i]));
		close(peers[i]);
	}
	cg_idle_clear(s->origin);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_last_used_is_taken_first),
	        TEST(test_taken_connection_belongs_to_its_taker),
	        TEST(test_time_ends_it),
	        TEST(test_tenant_that_closes_or_speaks_ends_it),
	        TEST(test_dead_ones_are_passed_over),
	        TEST(test_unasked_socket_is_taken_as_it_is),
	        TEST(test_none_is_left_when_all_are_dead),
	        TEST(test_connection_to_a_former_address_is_closed),
	        TEST(test_clear_closes_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
