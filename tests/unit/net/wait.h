/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests turn a loop until something has come about, with a limit, and never sleep to be right. */
#ifndef CG_TESTS_NET_WAIT_H
#define CG_TESTS_NET_WAIT_H

#include "net/loop.h"
#include "net/timer.h"

enum { WAIT_LIMIT_MS = 20000, WAIT_TICK_MS = 20 };

static inline void wait_on_tick(struct cg_timer *timer)
{
	(void)timer;
}

#define WAIT_FOR(loop, condition)                                                                  \
	do {                                                                                       \
		struct cg_timer wait_tick;                                                         \
		int64_t wait_end = cg_loop_update_now(loop) + WAIT_LIMIT_MS;                       \
                                                                                                   \
		cg_timer_init(&wait_tick, wait_on_tick);                                           \
		while (!(condition)) {                                                             \
			assert_true(cg_loop_update_now(loop) < wait_end);                          \
			cg_timer_set(loop, &wait_tick, cg_loop_now(loop) + WAIT_TICK_MS);          \
			cg_loop_turn(loop);                                                        \
		}                                                                                  \
		cg_timer_cancel(&wait_tick);                                                       \
	} while (0)

#endif
