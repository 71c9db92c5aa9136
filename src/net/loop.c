/* SPDX-License-Identifier: BSD-2-Clause */
/* The turn: libevent waits and runs the events of descriptors, then come the wheel's timers, the
 * ready list and the discards. libevent knows one timer of ours, the wheel's next hour; it is armed
 * again only if that comes earlier, so that most turns do not touch libevent's heap. */
#include "net/loop.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/timer.h"

enum { LOOP_DISCARDS_FIRST = 64 };

struct loop_discard {
	void *object;
	cg_free_fn free_fn;
};

struct cg_loop {
	/* set at start, then read-only */
	struct event_base *base;
	struct cg_wheel *wheel;
	struct event *wake_event;
	struct event *stop_event;
	int stop_fd;

	/* the loop's thread only */
	int64_t now;
	bool has_now;    /* else the clock is to be read: the turn has waited since */
	int64_t wake_at; /* when wake_event fires; INT64_MAX: not armed */
	struct cg_list ready;
	struct cg_list running; /* the ready list of the turn that runs */
	struct loop_discard *discards;
	size_t discards_n;
	size_t discards_cap;

	/* shared, atomic */
	atomic_bool stop;
};

static void loop_on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct cg_loop *loop = arg;

	(void)fd;
	(void)what;
	loop->wake_at = INT64_MAX;
}

static void loop_on_stop(evutil_socket_t fd, short what, void *arg)
{
	eventfd_t count;

	(void)what;
	(void)arg;
	(void)!eventfd_read(fd, &count);
}

/* No locks: other threads never touch the base, they write to eventfds. Only epoll can tell a half
 * close from data (EV_CLOSED) and do edges. The environment has no say in it. */
static struct event_base *loop_new_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	cg_assert(config != NULL);
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV);
	event_config_require_features(config, EV_FEATURE_ET | EV_FEATURE_EARLY_CLOSE);
	base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

static void loop_unlink_all(struct cg_list *list)
{
	CG_LIST_FOREACH(node, following, list)
	cg_list_remove(node);
}

static void loop_run_discards(struct cg_loop *loop)
{
	/* A free function may discard more. */
	for (size_t i = 0; i < loop->discards_n; i++) {
		struct loop_discard discard = loop->discards[i];

		discard.free_fn(discard.object);
	}
	loop->discards_n = 0;
}

/* Each item that is there now runs once, so that none can starve the events. */
static void loop_run_ready(struct cg_loop *loop)
{
	CG_LIST_FOREACH(node, following, &loop->ready)
	{
		cg_list_remove(node);
		cg_list_push_back(&loop->running, node);
	}
	while (!cg_list_is_empty(&loop->running)) {
		struct cg_ready *ready = CG_LIST_ENTRY(loop->running.next, struct cg_ready, node);

		cg_list_remove(&ready->node);
		ready->run(ready);
	}
}

/* Make sure that the wait ends when the wheel wants it; false if it must not even begin. */
static bool loop_may_wait(struct cg_loop *loop)
{
	int64_t next = cg_wheel_next(loop->wheel);
	struct timeval delay;
	int64_t ms;

	if (!cg_list_is_empty(&loop->ready) || next == INT64_MIN)
		return false;
	if (next >= loop->wake_at)
		return true;
	ms = next - cg_clock_now_ms();
	if (ms <= 0)
		return false;
	delay.tv_sec = (time_t)(ms / 1000);
	delay.tv_usec = (suseconds_t)(ms % 1000 * 1000);
	cg_assert(event_add(loop->wake_event, &delay) == 0);
	loop->wake_at = next;
	return true;
}

struct cg_loop *cg_loop_new(void)
{
	struct cg_loop *loop;
	int stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	struct event_base *base;

	if (stop_fd < 0)
		return NULL;
	base = loop_new_base();
	if (base == NULL) {
		close(stop_fd);
		errno = EMFILE;
		return NULL;
	}
	loop = cg_mem_alloc(sizeof(*loop));
	loop->base = base;
	loop->stop_fd = stop_fd;
	loop->wheel = cg_wheel_new(cg_clock_now_ms());
	loop->wake_at = INT64_MAX;
	cg_list_init(&loop->ready);
	cg_list_init(&loop->running);
	atomic_init(&loop->stop, false);
	loop->wake_event = event_new(base, -1, 0, loop_on_wake, loop);
	loop->stop_event = event_new(base, stop_fd, EV_READ | EV_PERSIST, loop_on_stop, loop);
	cg_assert(loop->wake_event != NULL && loop->stop_event != NULL);
	cg_assert(event_add(loop->stop_event, NULL) == 0);
	return loop;
}

void cg_loop_free(struct cg_loop *loop)
{
	if (loop == NULL)
		return;
	loop_run_discards(loop);
	loop_unlink_all(&loop->ready);
	loop_unlink_all(&loop->running);
	cg_wheel_free(loop->wheel);
	event_free(loop->wake_event);
	event_free(loop->stop_event);
	event_base_free(loop->base);
	close(loop->stop_fd);
	free(loop->discards);
	free(loop);
}

struct event_base *cg_loop_base(struct cg_loop *loop)
{
	return loop->base;
}

struct cg_wheel *cg_loop_wheel(struct cg_loop *loop)
{
	return loop->wheel;
}

void cg_loop_turn(struct cg_loop *loop)
{
	int flags = EVLOOP_ONCE | (loop_may_wait(loop) ? 0 : EVLOOP_NONBLOCK);

	/* The first who asks for the time after the wait reads the clock. */
	loop->has_now = false;
	cg_assert(event_base_loop(loop->base, flags) >= 0);
	cg_wheel_turn(loop->wheel, cg_loop_now(loop));
	loop_run_ready(loop);
	loop_run_discards(loop);
}

void cg_loop_run(struct cg_loop *loop)
{
	while (!atomic_exchange(&loop->stop, false))
		cg_loop_turn(loop);
}

void cg_loop_stop(struct cg_loop *loop)
{
	atomic_store(&loop->stop, true);
	(void)!eventfd_write(loop->stop_fd, 1);
}

int64_t cg_loop_now(struct cg_loop *loop)
{
	return loop->has_now ? loop->now : cg_loop_update_now(loop);
}

int64_t cg_loop_update_now(struct cg_loop *loop)
{
	loop->now = cg_clock_now_ms();
	loop->has_now = true;
	return loop->now;
}

void cg_loop_discard(struct cg_loop *loop, void *object, cg_free_fn free_fn)
{
	if (loop->discards_n == loop->discards_cap) {
		loop->discards_cap = CG_MAX(loop->discards_cap * 2, (size_t)LOOP_DISCARDS_FIRST);
		loop->discards = cg_mem_realloc(loop->discards,
		                                loop->discards_cap * sizeof(*loop->discards));
	}
	loop->discards[loop->discards_n++] =
	        (struct loop_discard){.object = object, .free_fn = free_fn};
}

void cg_ready_init(struct cg_ready *ready, void (*run)(struct cg_ready *ready))
{
	cg_list_init(&ready->node);
	ready->run = run;
}

void cg_loop_ready(struct cg_loop *loop, struct cg_ready *ready)
{
	if (cg_list_is_empty(&ready->node))
		cg_list_push_back(&loop->ready, &ready->node);
}

void cg_ready_cancel(struct cg_ready *ready)
{
	cg_list_remove(&ready->node);
}
