/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers on a wheel, lazy: putting a deadline off only writes it down, so that a kept-alive
 * connection pays nothing per request. Granularity 16 ms, never early. On the loop's thread. */
#ifndef CG_NET_TIMER_H
#define CG_NET_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "net/loop.h"

struct cg_timer {
	struct cg_list node;
	int64_t deadline; /* INT64_MAX: not running */
	int64_t slot_at;  /* when the wheel will look at it */
	void (*run)(struct cg_timer *timer);
};

void cg_timer_init(struct cg_timer *timer, void (*run)(struct cg_timer *timer));
/* Run at DEADLINE (loop's ms) or shortly after, once; replaces an earlier setting. A past deadline
 * runs in the next turn; INT64_MAX is as cancel. */
void cg_timer_set(struct cg_loop *loop, struct cg_timer *timer, int64_t deadline);
/* Stop it; harmless if it does not run. The node is off the wheel at once, and must be before the
 * timer's memory goes. */
void cg_timer_cancel(struct cg_timer *timer);
bool cg_timer_is_set(const struct cg_timer *timer);

/* For the loop and tests alone: the wheel itself. */
CG_MUST_USE struct cg_wheel *cg_wheel_new(int64_t now);
/* Timers still on it are stopped. */
void cg_wheel_free(struct cg_wheel *wheel);
/* cg_timer_set on a wheel without loop. */
void cg_wheel_set(struct cg_wheel *wheel, struct cg_timer *timer, int64_t deadline);
/* Run what is due at NOW, which never goes back. Not from inside a timer's run. */
void cg_wheel_turn(struct cg_wheel *wheel, int64_t now);
/* When the wheel wants to be turned next, or earlier (a cancelled timer leaves its hour behind);
 * INT64_MIN if something is overdue, INT64_MAX if it is empty. */
int64_t cg_wheel_next(const struct cg_wheel *wheel);

#endif
