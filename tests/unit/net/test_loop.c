/* SPDX-License-Identifier: BSD-2-Clause */
/* net/loop: the order within a turn, the ready list, discards, and being stopped by others. */
#include "net/loop.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "net/timer.h"

/* What ran, in order. */
static char trace[64];
static size_t trace_n;
static struct cg_loop *loop;

static void note(char c)
{
	assert_true(trace_n < sizeof(trace) - 1);
	trace[trace_n++] = c;
	trace[trace_n] = '\0';
}

struct item {
	struct cg_ready ready;
	char name;
	struct item *adds;    /* made ready when this runs */
	struct item *cancels; /* taken off when this runs */
};

static void item_run(struct cg_ready *ready)
{
	struct item *item = CG_CONTAINER_OF(ready, struct item, ready);

	note(item->name);
	if (item->adds != NULL)
		cg_loop_ready(loop, &item->adds->ready);
	if (item->cancels != NULL)
		cg_ready_cancel(&item->cancels->ready);
}

static void item_init(struct item *item, char name)
{
	*item = (struct item){.name = name};
	cg_ready_init(&item->ready, item_run);
}

static int setup(void **state)
{
	(void)state;
	trace_n = 0;
	trace[0] = '\0';
	loop = cg_loop_new();
	return loop == NULL ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	cg_loop_free(loop);
	return 0;
}

static void test_ready_runs_in_order_and_once(void **state)
{
	struct item a, b, c;

	(void)state;
	item_init(&a, 'a');
	item_init(&b, 'b');
	item_init(&c, 'c');
	cg_loop_ready(loop, &b.ready);
	cg_loop_ready(loop, &a.ready);
	cg_loop_ready(loop, &b.ready);
	cg_loop_ready(loop, &c.ready);
	cg_ready_cancel(&c.ready);
	cg_loop_turn(loop);
	assert_string_equal(trace, "ba");
}

static void test_ready_added_while_running_waits_for_the_next_turn(void **state)
{
	struct item a, b;

	(void)state;
	item_init(&a, 'a');
	item_init(&b, 'b');
	a.adds = &a;
	b.adds = &b;
	cg_loop_ready(loop, &a.ready);
	cg_loop_ready(loop, &b.ready);
	cg_loop_turn(loop);
	assert_string_equal(trace, "ab");
	cg_loop_turn(loop);
	assert_string_equal(trace, "abab");
	cg_ready_cancel(&a.ready);
	cg_loop_turn(loop);
	assert_string_equal(trace, "ababb");
	cg_ready_cancel(&b.ready);
}

static void test_ready_cancelled_by_the_one_before(void **state)
{
	struct item a, b, c;

	(void)state;
	item_init(&a, 'a');
	item_init(&b, 'b');
	item_init(&c, 'c');
	a.cancels = &b;
	cg_loop_ready(loop, &a.ready);
	cg_loop_ready(loop, &b.ready);
	cg_loop_ready(loop, &c.ready);
	cg_loop_turn(loop);
	assert_string_equal(trace, "ac");
}

static char y = 'y';
static char z = 'z';

static void discard_run(void *object)
{
	note(*(char *)object);
	if (*(char *)object == 'x')
		cg_loop_discard(loop, &y, discard_run);
}

static void on_timer(struct cg_timer *timer)
{
	(void)timer;
	note('t');
	cg_loop_discard(loop, &z, discard_run);
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	note('e');
	cg_loop_ready(loop, arg);
}

static void test_turn_is_events_timers_ready_discards(void **state)
{
	struct item a;
	struct cg_timer timer;
	struct event *event;
	char x = 'x';
	int fds[2];

	(void)state;
	item_init(&a, 'r');
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "1", 1), 1);
	event = event_new(cg_loop_base(loop), fds[0], EV_READ, on_event, &a.ready);
	event_add(event, NULL);
	cg_timer_init(&timer, on_timer);
	cg_timer_set(loop, &timer, cg_loop_now(loop));
	cg_loop_discard(loop, &x, discard_run);
	cg_loop_turn(loop);
	assert_string_equal(trace, "etrxzy");
	event_free(event);
	close(fds[0]);
	close(fds[1]);
}

static void test_free_runs_discards_and_lets_go_of_the_rest(void **state)
{
	struct item a;
	struct cg_timer timer;

	(void)state;
	item_init(&a, 'a');
	cg_timer_init(&timer, on_timer);
	cg_timer_set(loop, &timer, cg_loop_now(loop) + 60000);
	cg_loop_ready(loop, &a.ready);
	cg_loop_discard(loop, &z, discard_run);
	cg_loop_free(loop);
	loop = NULL;
	assert_string_equal(trace, "z");
	assert_false(cg_timer_is_set(&timer));
	cg_timer_cancel(&timer);
	cg_ready_cancel(&a.ready);
}

static void count(void *object)
{
	++*(int *)object;
}

static void test_many_discards(void **state)
{
	struct item a;
	int n = 0;

	(void)state;
	item_init(&a, 'a');
	for (int i = 0; i < 1000; i++)
		cg_loop_discard(loop, &n, count);
	cg_loop_ready(loop, &a.ready);
	cg_loop_turn(loop);
	assert_int_equal(n, 1000);
}

static void *stop_it(void *arg)
{
	cg_loop_stop(arg);
	return NULL;
}

static void test_stop_from_another_thread_ends_the_wait(void **state)
{
	pthread_t thread;

	(void)state;
	for (int i = 0; i < 50; i++) {
		assert_int_equal(pthread_create(&thread, NULL, stop_it, loop), 0);
		cg_loop_run(loop);
		assert_int_equal(pthread_join(thread, NULL), 0);
	}
}

static void test_stop_before_run(void **state)
{
	(void)state;
	cg_loop_stop(loop);
	cg_loop_run(loop);
}

static void on_late_event(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	*(int64_t *)arg = cg_loop_now(loop);
}

static void test_now_is_read_after_the_wait(void **state)
{
	const struct timeval delay = {.tv_usec = 60000};
	int64_t seen = 0;
	int64_t begin = cg_loop_now(loop);

	(void)state;
	event_base_once(cg_loop_base(loop), -1, EV_TIMEOUT, on_late_event, &seen, &delay);
	while (seen == 0)
		cg_loop_turn(loop);
	assert_true(seen >= begin + 50);
	assert_int_equal(seen, cg_loop_now(loop));
	assert_true(cg_clock_now_ms() >= seen);
}

static void test_timer_wakes_an_idle_loop(void **state)
{
	struct cg_timer timer;
	int64_t deadline = cg_loop_now(loop) + 50;
	int turns = 0;

	(void)state;
	cg_timer_init(&timer, on_timer);
	cg_timer_set(loop, &timer, deadline);
	for (; cg_timer_is_set(&timer); turns++)
		cg_loop_turn(loop);
	assert_true(cg_loop_now(loop) >= deadline);
	/* It slept; a few early wakes come of the coarse clock that libevent uses. */
	assert_true(turns < 12);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_ready_runs_in_order_and_once),
	        TEST(test_ready_added_while_running_waits_for_the_next_turn),
	        TEST(test_ready_cancelled_by_the_one_before),
	        TEST(test_turn_is_events_timers_ready_discards),
	        TEST(test_free_runs_discards_and_lets_go_of_the_rest),
	        TEST(test_many_discards),
	        TEST(test_stop_from_another_thread_ends_the_wait),
	        TEST(test_stop_before_run),
	        TEST(test_now_is_read_after_the_wait),
	        TEST(test_timer_wakes_an_idle_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
