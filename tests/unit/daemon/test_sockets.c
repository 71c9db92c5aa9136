/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/sockets: what a start and reloads open, keep and leave, on loopback. */
#include "daemon/sockets.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/listener.h"
#include "net/takeover.h"

#include "../test_config.h"

enum { WORKERS_N = 2, FIRST_FD = 3, HIGH_FD = 100 };

static char dir[] = "/tmp/test_sockets.XXXXXX";
static char config_path[64];

/* A snapshot of [listen a] on the ADDRESSES of A and, if not NULL, [listen b], [health]. */
static struct cg_snapshot *snapshot_of(const char *a, const char *b, const char *health)
{
	struct cg_snapshot *snapshot;
	struct cg_report report;
	char text[1024];
	int n = snprintf(text, sizeof(text),
	                 "[tenant t]\nurl = http://127.0.0.1:1\n[pool p]\ntenants = t\n"
	                 "[listen a]\ntls = off\naddress = %s\n",
	                 a);

	if (b != NULL)
		n += snprintf(text + n, sizeof(text) - (size_t)n,
		              "[listen b]\ntls = off\naddress = %s\n", b);
	if (health != NULL)
		(void)snprintf(text + n, sizeof(text) - (size_t)n, "[health]\naddress = %s\n",
		               health);
	cg_report_init(&report);
	snapshot = cg_snapshot_new(test_config_load(config_path, text), NULL, &report);
	assert_non_null(snapshot);
	cg_report_fini(&report);
	return snapshot;
}

static struct cg_sockets_plan open_all(struct cg_sockets *sockets, struct cg_snapshot *snapshot,
                                       const struct cg_snapshot *old)
{
	struct cg_sockets_plan plan;
	struct cg_report report;

	cg_report_init(&report);
	assert_int_equal(cg_sockets_open(sockets, snapshot, old, &plan, &report), 0);
	assert_int_equal(report.n, 0);
	cg_report_fini(&report);
	return plan;
}

static struct cg_worker_plan *plan_at(const struct cg_sockets_plan *plan, unsigned worker, size_t i)
{
	return &plan->plans[worker * plan->n + i];
}

/* The workers' part: keep the descriptors in FDS, of which there are N; returns how many now. */
static size_t take(struct cg_sockets *sockets, struct cg_sockets_plan *plan, int *fds, size_t n)
{
	for (size_t i = 0; i < plan->n * WORKERS_N; i++)
		if (plan->plans[i].fd >= 0)
			fds[n++] = plan->plans[i].fd;
	cg_sockets_taken(sockets, plan);
	assert_null(plan->plans);
	return n;
}

static void close_all(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
}

static unsigned listening(const struct cg_addr *addr)
{
	return cg_takeover_count(addr);
}

/* "127.0.0.1:PORT" that is free now. */
static void free_address(char text[CG_ADDR_TEXT_SIZE])
{
	struct cg_addr addr;
	int fd;

	assert_true(cg_addr_parse(&addr, CG_STR("127.0.0.1:0"), 0));
	fd = cg_listener_open_socket(&addr, NULL);
	assert_true(fd >= 0);
	cg_addr_format(&addr, text);
	close(fd);
}

static void test_start_opens_one_for_each_worker(void **state)
{
	struct cg_snapshot *snapshot = snapshot_of("127.0.0.1:0, 127.0.0.1:0", "127.0.0.1:0", NULL);
	struct cg_sockets sockets;
	struct cg_sockets_plan plan;
	int fds[16];
	size_t n;

	(void)state;
	cg_sockets_init(&sockets, WORKERS_N);
	plan = open_all(&sockets, snapshot, NULL);
	assert_int_equal(plan.n, 3);
	for (size_t i = 0; i < plan.n; i++) {
		const struct cg_worker_plan *one = plan_at(&plan, 0, i);

		assert_int_not_equal(cg_addr_port(&one->addr), 0);
		assert_true(cg_addr_eq(&one->addr, &plan_at(&plan, 1, i)->addr));
		assert_int_not_equal(one->fd, plan_at(&plan, 1, i)->fd);
		assert_int_equal(listening(&one->addr), WORKERS_N);
		assert_string_equal(one->name, i < 2 ? "a" : "b");
		assert_int_equal(one->index, i < 2 ? 0 : 1);
		assert_false(one->is_health);
	}
	assert_true(cg_addr_eq(&snapshot->listeners[0].bound[1], &plan_at(&plan, 0, 1)->addr));
	assert_false(cg_addr_eq(&plan_at(&plan, 0, 0)->addr, &plan_at(&plan, 0, 1)->addr));
	n = take(&sockets, &plan, fds, 0);
	assert_int_equal(n, 6);
	assert_int_equal(sockets.addrs_n, 3);
	close_all(fds, n);
	cg_sockets_fini(&sockets);
	cg_snapshot_unref(snapshot);
}

static void test_reload_keeps_what_stays_and_opens_what_is_new(void **state)
{
	char kept[CG_ADDR_TEXT_SIZE], removed[CG_ADDR_TEXT_SIZE], added[CG_ADDR_TEXT_SIZE];
	char text[3 * CG_ADDR_TEXT_SIZE];
	struct cg_snapshot *old, *fresh;
	struct cg_sockets sockets;
	struct cg_sockets_plan plan;
	int fds[16];
	size_t n;

	(void)state;
	free_address(kept);
	free_address(removed);
	free_address(added);
	snprintf(text, sizeof(text), "%s, %s", kept, removed);
	old = snapshot_of(text, NULL, NULL);
	cg_sockets_init(&sockets, WORKERS_N);
	plan = open_all(&sockets, old, NULL);
	n = take(&sockets, &plan, fds, 0);
	/* Even under another listener's name. */
	fresh = snapshot_of(added, kept, NULL);
	plan = open_all(&sockets, fresh, old);
	assert_int_equal(plan.n, 2);
	for (unsigned w = 0; w < WORKERS_N; w++) {
		assert_true(plan_at(&plan, w, 0)->fd >= 0);
		assert_int_equal(plan_at(&plan, w, 1)->fd, -1);
		assert_string_equal(plan_at(&plan, w, 1)->name, "b");
		assert_true(cg_addr_eq(&plan_at(&plan, w, 1)->addr, &old->listeners[0].bound[0]));
	}
	n = take(&sockets, &plan, fds, n);
	assert_int_equal(listening(&old->listeners[0].bound[0]), WORKERS_N);
	/* What is not in the plan is the workers' to close; it is opened again when it is back. */
	cg_snapshot_unref(old);
	old = snapshot_of(removed, kept, NULL);
	plan = open_all(&sockets, old, fresh);
	assert_true(plan_at(&plan, 0, 0)->fd >= 0);
	assert_int_equal(plan_at(&plan, 0, 1)->fd, -1);
	cg_sockets_drop(&sockets, &plan);
	assert_int_equal(listening(&fresh->listeners[0].bound[0]), WORKERS_N);
	close_all(fds, n);
	cg_sockets_fini(&sockets);
	cg_snapshot_unref(old);
	cg_snapshot_unref(fresh);
}

static void test_port_0_stays_over_a_reload(void **state)
{
	struct cg_snapshot *old = snapshot_of("127.0.0.1:0, 127.0.0.1:0", "127.0.0.1:0", NULL);
	struct cg_snapshot *fresh = snapshot_of("127.0.0.1:0, 127.0.0.1:0", "127.0.0.1:0", NULL);
	struct cg_sockets sockets;
	struct cg_sockets_plan plan;
	int fds[16];
	size_t n;

	(void)state;
	cg_sockets_init(&sockets, WORKERS_N);
	plan = open_all(&sockets, old, NULL);
	n = take(&sockets, &plan, fds, 0);
	plan = open_all(&sockets, fresh, old);
	for (size_t i = 0; i < plan.n * WORKERS_N; i++)
		assert_int_equal(plan.plans[i].fd, -1);
	for (size_t i = 0; i < 2; i++)
		assert_true(cg_addr_eq(&fresh->listeners[0].bound[i], &old->listeners[0].bound[i]));
	assert_true(cg_addr_eq(&fresh->listeners[1].bound[0], &old->listeners[1].bound[0]));
	n = take(&sockets, &plan, fds, n);
	assert_int_equal(n, 6);
	close_all(fds, n);
	cg_sockets_fini(&sockets);
	cg_snapshot_unref(old);
	cg_snapshot_unref(fresh);
}

static void test_health_has_sockets_of_its_own(void **state)
{
	char health[CG_ADDR_TEXT_SIZE];
	struct cg_snapshot *snapshot;
	struct cg_sockets sockets;
	struct cg_sockets_plan plan;

	(void)state;
	free_address(health);
	snapshot = snapshot_of("127.0.0.1:0", NULL, health);
	cg_sockets_init(&sockets, WORKERS_N);
	plan = open_all(&sockets, snapshot, NULL);
	assert_int_equal(plan.n, 2);
	assert_true(plan_at(&plan, 1, 1)->is_health);
	assert_int_equal(plan_at(&plan, 1, 1)->index, SIZE_MAX);
	assert_true(plan_at(&plan, 1, 1)->fd >= 0);
	cg_sockets_drop(&sockets, &plan);
	cg_sockets_fini(&sockets);
	cg_snapshot_unref(snapshot);
}

static int lowest_fd(void)
{
	int fd = open("/dev/null", O_RDONLY);

	close(fd);
	return fd;
}

static void test_failure_leaves_nothing_open(void **state)
{
	char good[CG_ADDR_TEXT_SIZE];
	struct cg_snapshot *snapshot;
	struct cg_sockets sockets;
	struct cg_sockets_plan plan;
	struct cg_report report;
	struct cg_addr addr;
	int before = lowest_fd();

	(void)state;
	free_address(good);
	assert_true(cg_addr_parse(&addr, cg_str_from(good), 0));
	/* Two addresses of no interface here (RFC 5737), one of health. */
	snapshot = snapshot_of(good, "203.0.113.1:4711", "203.0.113.2:4712");
	cg_sockets_init(&sockets, WORKERS_N);
	cg_report_init(&report);
	assert_int_equal(cg_sockets_open(&sockets, snapshot, NULL, &plan, &report), -1);
	assert_int_equal(report.errors_n, 2);
	assert_non_null(strstr(report.items[0].text, "203.0.113.1:4711"));
	assert_string_equal(report.items[0].file, config_path);
	assert_int_equal(report.items[0].line, 10);
	assert_non_null(strstr(report.items[1].text, "203.0.113.2:4712"));
	assert_int_equal(report.items[1].line, 12);
	assert_null(plan.plans);
	assert_int_equal(listening(&addr), 0);
	assert_int_equal(lowest_fd(), before);
	cg_report_fini(&report);
	cg_sockets_fini(&sockets);
	cg_snapshot_unref(snapshot);
}

/* ---- from the service manager ---- */

/* In a child: descriptors from 3 on are FDS, said to be for PID. The status is a line that found
 * something wrong. */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			return __LINE__ % 256;                                                     \
	} while (0)

static void hand_over(const int *fds, int n, pid_t pid)
{
	char text[32];

	for (int i = 0; i < n; i++)
		(void)fcntl(fds[i], F_DUPFD, HIGH_FD);
	for (int i = 0; i < n; i++)
		(void)dup2(HIGH_FD + i, FIRST_FD + i);
	for (int i = 0; i < n; i++)
		(void)close(HIGH_FD + i);
	snprintf(text, sizeof(text), "%d", n);
	setenv("LISTEN_FDS", text, 1);
	snprintf(text, sizeof(text), "%d", (int)pid);
	setenv("LISTEN_PID", text, 1);
	setenv("LISTEN_FDNAMES", "https:file", 1);
}

static int child_inherits(const char *address, int fd)
{
	struct cg_snapshot *snapshot = snapshot_of(address, "127.0.0.1:0", NULL);
	struct cg_sockets sockets;
	struct cg_sockets_plan plan;
	struct cg_report report;
	int no_socket = open("/dev/null", O_RDONLY);

	hand_over((int[]){fd, no_socket}, 2, getpid());
	cg_sockets_init(&sockets, WORKERS_N);
	CHECK(getenv("LISTEN_FDS") == NULL && getenv("LISTEN_PID") == NULL &&
	      getenv("LISTEN_FDNAMES") == NULL);
	CHECK(sockets.inherited_n == 1 && sockets.inherited[0].fd == FIRST_FD);
	CHECK(fcntl(FIRST_FD, F_GETFD) & FD_CLOEXEC);
	CHECK(fcntl(FIRST_FD, F_GETFL) & O_NONBLOCK);
	CHECK(fcntl(FIRST_FD + 1, F_GETFD) == -1); /* no IP socket */
	cg_report_init(&report);
	CHECK(cg_sockets_open(&sockets, snapshot, NULL, &plan, &report) == 0);
	CHECK(plan.n == 2 && sockets.inherited[0].is_used);
	for (unsigned w = 0; w < WORKERS_N; w++) {
		struct cg_addr addr = {0};
		socklen_t len = sizeof(addr);

		CHECK(getsockname(plan_at(&plan, w, 0)->fd, &addr.sa, &len) == 0);
		CHECK(cg_addr_eq(&addr, &sockets.inherited[0].addr));
		CHECK(fcntl(plan_at(&plan, w, 0)->fd, F_GETFD) & FD_CLOEXEC);
	}
	/* Copies of the one, none beside it. */
	CHECK(listening(&sockets.inherited[0].addr) == 1);
	CHECK(listening(&plan_at(&plan, 0, 1)->addr) == WORKERS_N);
	cg_sockets_drop(&sockets, &plan);
	CHECK(listening(&sockets.inherited[0].addr) == 1);
	cg_sockets_fini(&sockets);
	CHECK(fcntl(FIRST_FD, F_GETFD) == -1);
	cg_snapshot_unref(snapshot);
	cg_report_fini(&report);
	return 0;
}

static int child_of_another(const char *address, int fd)
{
	struct cg_sockets sockets;

	(void)address;
	hand_over((int[]){fd}, 1, getppid());
	cg_sockets_init(&sockets, WORKERS_N);
	CHECK(sockets.inherited_n == 0);
	CHECK(fcntl(FIRST_FD, F_GETFD) != -1);
	CHECK(getenv("LISTEN_FDS") == NULL);
	cg_sockets_fini(&sockets);
	return 0;
}

static void check_child(int (*run)(const char *address, int fd))
{
	struct cg_addr addr;
	char text[CG_ADDR_TEXT_SIZE];
	int status, fd;
	pid_t pid;

	assert_true(cg_addr_parse(&addr, CG_STR("127.0.0.1:0"), 0));
	fd = socket(AF_INET, SOCK_STREAM, 0); /* as systemd has it: no SO_REUSEPORT */
	assert_int_equal(bind(fd, &addr.sa, cg_addr_len(&addr)), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, &addr.sa, &(socklen_t){sizeof(addr)}), 0);
	cg_addr_format(&addr, text);
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		_exit(run(text, fd));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	close(fd);
}

static void test_sockets_of_the_service_manager_are_used(void **state)
{
	(void)state;
	check_child(child_inherits);
}

static void test_sockets_for_another_process_are_left(void **state)
{
	(void)state;
	check_child(child_of_another);
}

static int setup(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(config_path, sizeof(config_path), "%s/gw.ini", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)unlink(config_path);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_start_opens_one_for_each_worker),
	        cmocka_unit_test(test_reload_keeps_what_stays_and_opens_what_is_new),
	        cmocka_unit_test(test_port_0_stays_over_a_reload),
	        cmocka_unit_test(test_health_has_sockets_of_its_own),
	        cmocka_unit_test(test_failure_leaves_nothing_open),
	        cmocka_unit_test(test_sockets_of_the_service_manager_are_used),
	        cmocka_unit_test(test_sockets_for_another_process_are_left),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
