/* SPDX-License-Identifier: BSD-2-Clause */
/* net/listener: real sockets on loopback. */
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/wait.h"

enum { CLIENTS_MAX = 256 };

struct door {
	struct cg_loop *loop;
	struct cg_listener *listener;
	struct cg_addr addr;
	int accepted_n;
	int fds[CLIENTS_MAX];
	struct cg_addr peers[CLIENTS_MAX];
	int error;
	int errors_n;
};

static void on_accept(void *owner, int fd, const struct cg_addr *peer)
{
	struct door *door = owner;

	door->fds[door->accepted_n] = fd;
	door->peers[door->accepted_n++] = *peer;
}

static void on_error(void *owner, int error)
{
	struct door *door = owner;

	door->error = error;
	door->errors_n++;
}

static int open_on(struct cg_addr *addr, const char *text)
{
	struct cg_error err = {{0}};
	int fd;

	assert_true(cg_addr_parse(addr, cg_str_from(text), 0));
	fd = cg_listener_open_socket(addr, &err);
	assert_string_equal(err.text, "");
	assert_true(fd >= 0);
	return fd;
}

static void door_open(struct door *door, const char *text)
{
	int fd = open_on(&door->addr, text);

	door->listener = cg_listener_new(door->loop, fd, on_accept, on_error, door);
}

static void door_close(struct door *door)
{
	cg_listener_free(door->listener);
	door->listener = NULL;
	for (int i = 0; i < door->accepted_n; i++)
		close(door->fds[i]);
	door->accepted_n = 0;
}

static int client(const struct cg_addr *addr)
{
	int fd = socket(addr->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, &addr->sa, cg_addr_len(addr)), 0);
	return fd;
}

static void test_port_0_is_written_back(void **state)
{
	struct cg_addr addr;
	int on = 0;
	socklen_t len = sizeof(on);
	int fd = open_on(&addr, "127.0.0.1:0");

	(void)state;
	assert_int_not_equal(cg_addr_port(&addr), 0);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, &len), 0);
	assert_int_equal(on, 1);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
}

static void test_error_names_address_and_reason(void **state)
{
	struct cg_addr addr;
	struct cg_error err;

	(void)state;
	assert_true(cg_addr_parse(&addr, CG_STR("192.0.2.1:4711"), 0));
	assert_int_equal(cg_listener_open_socket(&addr, &err), -1);
	assert_non_null(strstr(err.text, "192.0.2.1:4711: "));
	assert_non_null(strstr(err.text, strerror(EADDRNOTAVAIL)));
}

static void test_accepted_connection_is_set_up(void **state)
{
	struct door door = {.loop = cg_loop_new()};
	struct cg_addr self = {0};
	socklen_t len = sizeof(self);
	int on = 0;
	int fd;

	(void)state;
	door_open(&door, "127.0.0.1:0");
	fd = client(&door.addr);
	WAIT_FOR(door.loop, door.accepted_n == 1);
	assert_int_equal(getsockname(fd, &self.sa, &len), 0);
	assert_true(cg_addr_eq(&self, &door.peers[0]));
	assert_true(fcntl(door.fds[0], F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(door.fds[0], F_GETFD) & FD_CLOEXEC);
	len = sizeof(on);
	assert_int_equal(getsockopt(door.fds[0], IPPROTO_TCP, TCP_NODELAY, &on, &len), 0);
	assert_true(on);
	close(fd);
	door_close(&door);
	cg_loop_free(door.loop);
}

static void test_sockets_share_an_address(void **state)
{
	struct door a = {.loop = cg_loop_new()};
	struct door b = {.loop = a.loop};
	char text[CG_ADDR_TEXT_SIZE];
	int fds[100];

	(void)state;
	door_open(&a, "127.0.0.1:0");
	cg_addr_format(&a.addr, text);
	door_open(&b, text);
	for (int i = 0; i < 100; i++)
		fds[i] = client(&a.addr);
	WAIT_FOR(a.loop, a.accepted_n + b.accepted_n == 100);
	for (int i = 0; i < 100; i++)
		close(fds[i]);
	door_close(&a);
	door_close(&b);
	cg_loop_free(a.loop);
}

static void test_free_accepts_what_is_queued(void **state)
{
	struct door door = {.loop = cg_loop_new()};
	int fds[100];

	(void)state;
	door_open(&door, "127.0.0.1:0");
	for (int i = 0; i < 100; i++)
		fds[i] = client(&door.addr);
	/* One turn takes 64 at most. */
	cg_loop_turn(door.loop);
	assert_in_range(door.accepted_n, 1, 64);
	cg_listener_free(door.listener);
	door.listener = NULL;
	assert_int_equal(door.accepted_n, 100);
	for (int i = 0; i < 100; i++)
		close(fds[i]);
	door_close(&door);
	cg_loop_free(door.loop);
}

static void test_ipv6_alone(void **state)
{
	struct door door = {.loop = cg_loop_new()};
	struct cg_addr v4;
	int probe = socket(AF_INET6, SOCK_STREAM, 0);
	int fd;

	(void)state;
	if (probe < 0) {
		cg_loop_free(door.loop);
		skip();
	}
	close(probe);
	door_open(&door, "[::1]:0");
	/* V6ONLY: the same port is free in IPv4. */
	assert_true(cg_addr_parse(&v4, CG_STR("0.0.0.0"), cg_addr_port(&door.addr)));
	fd = cg_listener_open_socket(&v4, NULL);
	assert_true(fd >= 0);
	close(fd);
	fd = client(&door.addr);
	WAIT_FOR(door.loop, door.accepted_n == 1);
	assert_int_equal(door.peers[0].sa.sa_family, AF_INET6);
	close(fd);
	door_close(&door);
	cg_loop_free(door.loop);
}

/* Whether the other side has ended it. */
static bool is_closed(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) == 0 || errno == ECONNRESET;
}

/* No descriptor is left beyond those below LAST_FD. */
static void limit_to(struct rlimit *old, int last_fd)
{
	struct rlimit tight;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, old), 0);
	tight = *old;
	tight.rlim_cur = (rlim_t)last_fd + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
}

static void test_out_of_descriptors_closes_those_who_wait_and_goes_on(void **state)
{
	enum { QUEUED_N = 5 };
	struct door door = {.loop = cg_loop_new()};
	struct rlimit old;
	int64_t began;
	int fds[QUEUED_N];
	int fd;

	(void)state;
	door_open(&door, "127.0.0.1:0");
	/* Twice: the descriptor in reserve must be had back. */
	for (int round = 1; round <= 2; round++) {
		for (int i = 0; i < QUEUED_N; i++)
			fds[i] = client(&door.addr);
		limit_to(&old, fds[QUEUED_N - 1]);
		WAIT_FOR(door.loop, door.errors_n == round);
		began = cg_loop_now(door.loop);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
		assert_int_equal(door.error, EMFILE);
		for (int i = 0; i < QUEUED_N; i++) {
			WAIT_FOR(door.loop, is_closed(fds[i]));
			close(fds[i]);
		}
		assert_int_equal(door.accepted_n, round - 1);
		fd = client(&door.addr);
		WAIT_FOR(door.loop, door.accepted_n == round);
		assert_true(cg_loop_now(door.loop) >= began + 100);
		assert_false(is_closed(fd));
		assert_int_equal(door.errors_n, round);
		close(fd);
	}
	door_close(&door);
	cg_loop_free(door.loop);
}

static void test_newest_takes_over_every_new_connection(void **state)
{
	enum { CLIENTS_N = 50 };
	struct door older = {.loop = cg_loop_new()};
	struct door newer = {.loop = older.loop};
	char text[CG_ADDR_TEXT_SIZE];
	int fds[CLIENTS_N];

	(void)state;
	door_open(&older, "127.0.0.1:0");
	cg_listener_take_over(older.listener, 1); /* alone: no effect */
	cg_addr_format(&older.addr, text);
	door_open(&newer, text);
	cg_listener_take_over(newer.listener, 1);
	for (int i = 0; i < CLIENTS_N; i++)
		fds[i] = client(&older.addr);
	WAIT_FOR(newer.loop, newer.accepted_n == CLIENTS_N);
	assert_int_equal(older.accepted_n, 0);
	for (int i = 0; i < CLIENTS_N; i++)
		close(fds[i]);
	door_close(&older);
	fds[0] = client(&newer.addr);
	WAIT_FOR(newer.loop, newer.accepted_n == CLIENTS_N + 1);
	close(fds[0]);
	door_close(&newer);
	cg_loop_free(newer.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_port_0_is_written_back),
	        cmocka_unit_test(test_error_names_address_and_reason),
	        cmocka_unit_test(test_accepted_connection_is_set_up),
	        cmocka_unit_test(test_sockets_share_an_address),
	        cmocka_unit_test(test_free_accepts_what_is_queued),
	        cmocka_unit_test(test_ipv6_alone),
	        cmocka_unit_test(test_out_of_descriptors_closes_those_who_wait_and_goes_on),
	        cmocka_unit_test(test_newest_takes_over_every_new_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
