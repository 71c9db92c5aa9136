/* SPDX-License-Identifier: BSD-2-Clause */
/* net/takeover: sockets that share a port, as an old gateway and its successor have them. */
#include "net/takeover.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/listener.h"

enum { OLDER_N = 2, ALL_N = 4, CLIENTS_N = 200, LIMIT_MS = 20000 };

static int open_on(struct cg_addr *addr)
{
	struct cg_error err = {{0}};
	int fd = cg_listener_open_socket(addr, &err);

	assert_string_equal(err.text, "");
	return fd;
}

static struct cg_addr addr_of(const char *text)
{
	struct cg_addr addr;

	assert_true(cg_addr_parse(&addr, cg_str_from(text), 0));
	return addr;
}

static int client(const struct cg_addr *addr)
{
	int fd = socket(addr->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, &addr->sa, cg_addr_len(addr)), 0);
	return fd;
}

/* Accept WANTED connections at the sockets (-1: closed) and count them by socket. */
static void accept_all(const int fds[ALL_N], unsigned wanted, unsigned counts[ALL_N])
{
	struct pollfd polled[ALL_N];

	for (int i = 0; i < ALL_N; i++) {
		polled[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
		counts[i] = 0;
	}
	while (wanted > 0) {
		assert_true(poll(polled, ALL_N, LIMIT_MS) > 0);
		for (int i = 0; i < ALL_N; i++) {
			int fd = polled[i].revents & POLLIN ? accept(fds[i], NULL, NULL) : -1;

			if (fd < 0)
				continue;
			close(fd);
			counts[i]++;
			wanted--;
		}
	}
}

static void close_all(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* ---- counting ---- */

static void check_count(const char *text, const char *any)
{
	struct cg_addr addr = addr_of(text);
	struct cg_addr wild = addr_of(any);
	int fds[ALL_N], other, connected;

	for (unsigned i = 0; i < ALL_N; i++) {
		fds[i] = open_on(&addr);
		assert_int_equal(cg_takeover_count(&addr), i + 1);
	}
	/* Clients of it, and another address on the same port, are not of them. */
	connected = client(&addr);
	cg_addr_set_port(&wild, cg_addr_port(&addr));
	other = open_on(&wild);
	assert_int_equal(cg_takeover_count(&addr), ALL_N);
	assert_int_equal(cg_takeover_count(&wild), 1);
	close(other);
	close(connected);
	for (unsigned i = ALL_N; i-- > 0;) {
		close(fds[i]);
		assert_int_equal(cg_takeover_count(&addr), i);
	}
}

static void test_sockets_of_an_ipv4_address_are_counted(void **state)
{
	(void)state;
	check_count("127.0.0.1:0", "0.0.0.0:0");
}

static void test_sockets_of_an_ipv6_address_are_counted(void **state)
{
	struct cg_addr addr = addr_of("[::1]:0");
	int fd = cg_listener_open_socket(&addr, NULL);

	(void)state;
	if (fd < 0)
		skip();
	close(fd);
	check_count("[::1]:0", "[::]:0");
}

static void test_copies_of_a_descriptor_are_one_socket(void **state)
{
	struct cg_addr addr = addr_of("127.0.0.1:0");
	int fd = open_on(&addr);
	int copy = dup(fd);

	(void)state;
	/* Two descriptors, one socket: as workers have one from the service manager. */
	assert_int_equal(cg_takeover_count(&addr), 1);
	close(copy);
	close(fd);
	assert_int_equal(cg_takeover_count(&addr), 0);
}

/* ---- steering ---- */

static void open_shared(struct cg_addr *addr, int fds[ALL_N])
{
	for (int i = 0; i < ALL_N; i++)
		fds[i] = open_on(addr);
}

static void test_every_new_connection_reaches_the_place(void **state)
{
	struct cg_addr addr = addr_of("127.0.0.1:0");
	int fds[ALL_N], clients[CLIENTS_N];
	unsigned counts[ALL_N];

	(void)state;
	open_shared(&addr, fds);
	assert_true(cg_takeover_steer(fds[OLDER_N], OLDER_N));
	for (int i = 0; i < CLIENTS_N; i++)
		clients[i] = client(&addr);
	accept_all(fds, CLIENTS_N, counts);
	assert_int_equal(counts[OLDER_N], CLIENTS_N);
	close_all(clients, CLIENTS_N);
	close_all(fds, ALL_N);
}

/* The older process goes while clients come, in either order. */
static void check_older_ones_go(int first, int second)
{
	struct cg_addr addr = addr_of("127.0.0.1:0");
	int fds[ALL_N], clients[CLIENTS_N];
	unsigned counts[ALL_N];

	open_shared(&addr, fds);
	/* Each worker asks for the same. */
	for (int i = OLDER_N; i < ALL_N; i++)
		assert_true(cg_takeover_steer(fds[i], OLDER_N));
	for (int i = 0; i < CLIENTS_N; i++) {
		if (i == CLIENTS_N / 4 || i == CLIENTS_N / 2) {
			int old = i == CLIENTS_N / 4 ? first : second;

			close(fds[old]);
			fds[old] = -1;
		}
		clients[i] = client(&addr);
	}
	/* None was queued at a socket that closed. */
	accept_all(fds, CLIENTS_N, counts);
	assert_int_equal(counts[2] + counts[3], CLIENTS_N);
	/* The kernel's own choice again. */
	assert_true(counts[2] > 0 && counts[3] > 0);
	close_all(clients, CLIENTS_N);
	close_all(fds, ALL_N);
}

static void test_no_client_is_lost_when_the_older_ones_close(void **state)
{
	(void)state;
	check_older_ones_go(0, 1);
	check_older_ones_go(1, 0);
}

/* A third process after the second: the place is named anew. */
static void test_place_can_be_named_again(void **state)
{
	struct cg_addr addr = addr_of("127.0.0.1:0");
	int fds[ALL_N], clients[CLIENTS_N];
	unsigned counts[ALL_N];

	(void)state;
	open_shared(&addr, fds);
	assert_true(cg_takeover_steer(fds[1], 1));
	assert_true(cg_takeover_steer(fds[3], 3));
	for (int i = 0; i < CLIENTS_N; i++)
		clients[i] = client(&addr);
	accept_all(fds, CLIENTS_N, counts);
	assert_int_equal(counts[3], CLIENTS_N);
	close_all(clients, CLIENTS_N);
	close_all(fds, ALL_N);
}

static void test_refusal_is_told(void **state)
{
	(void)state;
	assert_false(cg_takeover_steer(-1, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_sockets_of_an_ipv4_address_are_counted),
	        cmocka_unit_test(test_sockets_of_an_ipv6_address_are_counted),
	        cmocka_unit_test(test_copies_of_a_descriptor_are_one_socket),
	        cmocka_unit_test(test_every_new_connection_reaches_the_place),
	        cmocka_unit_test(test_no_client_is_lost_when_the_older_ones_close),
	        cmocka_unit_test(test_place_can_be_named_again),
	        cmocka_unit_test(test_refusal_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
