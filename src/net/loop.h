/* SPDX-License-Identifier: BSD-2-Clause */
/* One thread's event loop on libevent: time, timers, work for the end of the turn. Everything here
 * is called on the loop's own thread, except cg_loop_stop. A turn is: wait, events, timers, ready
 * list, discards. */
#ifndef CG_NET_LOOP_H
#define CG_NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include <event2/event.h>

#include "base/defs.h"
#include "base/list.h"

struct cg_loop;

/* NULL if the system is out of descriptors (errno). Any thread. */
CG_MUST_USE struct cg_loop *cg_loop_new(void);
/* Runs what was discarded, frees the rest; timers and ready items still there are taken off. Not
 * from inside a turn; NULL is allowed. */
void cg_loop_free(struct cg_loop *loop);
struct event_base *cg_loop_base(struct cg_loop *loop);
/* Until cg_loop_stop. */
void cg_loop_run(struct cg_loop *loop);
/* One turn; waits until there is something to do. */
void cg_loop_turn(struct cg_loop *loop);
/* Make run return after the current turn, or at once if it has not begun. Any thread, also from a
 * signal handler. */
void cg_loop_stop(struct cg_loop *loop);

/* Monotonic ms, read once a turn. */
int64_t cg_loop_now(struct cg_loop *loop);
/* Read the clock again (after long work). */
int64_t cg_loop_update_now(struct cg_loop *loop);

/* Call FREE_FN(object) at the end of this turn: nobody frees in a callback. */
typedef void (*cg_free_fn)(void *object);
void cg_loop_discard(struct cg_loop *loop, void *object, cg_free_fn free_fn);

/* Work that goes on although no event will say so (a byte budget used up, data held by OpenSSL).
 * Added by an event or a timer it runs at the end of the same turn; added while the list runs, in
 * the next turn. */
struct cg_ready {
	struct cg_list node;
	void (*run)(struct cg_ready *ready);
};

void cg_ready_init(struct cg_ready *ready, void (*run)(struct cg_ready *ready));
/* At the end of the list; already there: no effect. */
void cg_loop_ready(struct cg_loop *loop, struct cg_ready *ready);
void cg_ready_cancel(struct cg_ready *ready);

/* For timer.c alone. */
struct cg_wheel *cg_loop_wheel(struct cg_loop *loop);

#endif
