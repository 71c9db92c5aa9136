/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/watchdog: what the service manager hears while workers turn, and while one does not. Both
 * loops are turned by hand. */
#include "daemon/watchdog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/wait.h"

enum { WORKERS_N = 2 };

struct scene {
	struct cg_loop *loop;
	struct cg_worker *workers[WORKERS_N]; /* with a mailbox, and no more */
	struct cg_watchdog watchdog;
	int manager;
	char dir[32];
	char path[64];
	unsigned heard_n; /* WATCHDOG=1 so far */
};

static int setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	*state = s;
	s->loop = cg_loop_new();
	for (int i = 0; i < WORKERS_N; i++) {
		s->workers[i] = calloc(1, sizeof(*s->workers[i]));
		s->workers[i]->loop = cg_loop_new();
		s->workers[i]->mailbox = cg_mailbox_new(s->workers[i]->loop, s->workers[i]);
	}
	snprintf(s->dir, sizeof(s->dir), "/tmp/test_watchdog.XXXXXX");
	if (mkdtemp(s->dir) == NULL)
		return -1;
	snprintf(s->path, sizeof(s->path), "%s/notify", s->dir);
	memcpy(addr.sun_path, s->path, sizeof(s->path));
	s->manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setenv("NOTIFY_SOCKET", s->path, 1);
	setenv("WATCHDOG_USEC", "60000", 1);
	unsetenv("WATCHDOG_PID");
	return bind(s->manager, (const struct sockaddr *)&addr, sizeof(addr));
}

static int teardown(void **state)
{
	struct scene *s = *state;

	cg_watchdog_fini(&s->watchdog);
	for (int i = 0; i < WORKERS_N; i++) {
		cg_mailbox_free(s->workers[i]->mailbox);
		cg_loop_free(s->workers[i]->loop);
		free(s->workers[i]);
	}
	cg_loop_free(s->loop);
	close(s->manager);
	(void)unlink(s->path);
	(void)rmdir(s->dir);
	free(s);
	return 0;
}

static void turn_worker(struct scene *s, int i)
{
	struct cg_timer tick;

	cg_timer_init(&tick, wait_on_tick);
	cg_timer_set(s->workers[i]->loop, &tick, cg_loop_update_now(s->workers[i]->loop));
	cg_loop_turn(s->workers[i]->loop);
	cg_timer_cancel(&tick);
}

/* Whether the manager has heard of us N times; the workers below TURNING are alive. */
static bool has_heard(struct scene *s, unsigned n, int turning)
{
	char text[64];
	ssize_t len;

	for (int i = 0; i < turning; i++)
		turn_worker(s, i);
	while ((len = recv(s->manager, text, sizeof(text), 0)) > 0) {
		assert_int_equal(len, strlen("WATCHDOG=1"));
		assert_memory_equal(text, "WATCHDOG=1", strlen("WATCHDOG=1"));
		s->heard_n++;
	}
	return s->heard_n >= n;
}

static void start(struct scene *s)
{
	cg_watchdog_start(&s->watchdog, s->loop, s->workers, WORKERS_N);
}

static void test_manager_hears_while_all_workers_turn(void **state)
{
	struct scene *s = *state;

	start(s);
	assert_int_equal(s->watchdog.period_ms, 20);
	WAIT_FOR(s->loop, has_heard(s, 5, WORKERS_N));
	assert_int_equal(s->watchdog.stuck_since, 0);
}

static void test_one_stuck_worker_silences_it_until_it_turns_again(void **state)
{
	struct scene *s = *state;
	unsigned before;
	int64_t end;

	start(s);
	WAIT_FOR(s->loop, has_heard(s, 1, WORKERS_N));
	WAIT_FOR(s->loop, has_heard(s, 0, 1) && s->watchdog.stuck_since != 0);
	before = s->heard_n;
	end = cg_loop_update_now(s->loop) + 5 * s->watchdog.period_ms;
	WAIT_FOR(s->loop, has_heard(s, 0, 1) && cg_loop_now(s->loop) > end);
	assert_int_equal(s->heard_n, before);
	WAIT_FOR(s->loop, has_heard(s, before + 3, WORKERS_N));
	assert_int_equal(s->watchdog.stuck_since, 0);
}

static void test_nothing_is_sent_unless_asked_for(void **state)
{
	static const char *const values[] = {"", "0", "2999", "x", "-1"};
	struct scene *s = *state;

	unsetenv("WATCHDOG_USEC");
	start(s);
	assert_null(s->watchdog.loop);
	for (size_t i = 0; i < CG_ARRAY_LEN(values); i++) {
		setenv("WATCHDOG_USEC", values[i], 1);
		start(s);
		assert_null(s->watchdog.loop);
	}
	setenv("WATCHDOG_USEC", "60000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	start(s);
	assert_null(s->watchdog.loop);
	cg_watchdog_fini(&s->watchdog);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_manager_hears_while_all_workers_turn),
	        TEST(test_one_stuck_worker_silences_it_until_it_turns_again),
	        TEST(test_nothing_is_sent_unless_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
