/* SPDX-License-Identifier: BSD-2-Clause */
/* A hashed wheel of 1024 slots of 16 ms. A timer sits in the slot of the time at which the wheel
 * will look at it, which is its deadline or, if that is more than a round ahead or was put off
 * meanwhile, earlier: it is then placed again. A bit per slot finds the next one without walking.
 */
#include "net/timer.h"

#include <stdlib.h>

#include "base/defs.h"
#include "base/mem.h"

enum { TIMER_TICK_MS = 16, TIMER_SLOTS_N = 1024, TIMER_WORD_BITS = 64 };

struct cg_wheel {
	int64_t now;        /* of the last turn */
	int64_t tick;       /* the last one turned */
	int64_t next;       /* no slot is due before */
	struct cg_list due; /* set with a deadline that had passed already */
	struct cg_list slots[TIMER_SLOTS_N];
	/* A bit whose list is not empty is set; the reverse may be wrong after a cancel. */
	uint64_t used[TIMER_SLOTS_N / TIMER_WORD_BITS];
};

/* The first tick in [TICK, TICK + SLOTS_N) whose bit is set; INT64_MAX if there is none. */
static int64_t timer_find_tick(const struct cg_wheel *wheel, int64_t tick)
{
	int64_t end = tick + TIMER_SLOTS_N;

	while (tick < end) {
		unsigned slot = (unsigned)(tick % TIMER_SLOTS_N);
		unsigned shift = slot % TIMER_WORD_BITS;
		uint64_t word = wheel->used[slot / TIMER_WORD_BITS] >> shift;

		if (word != 0) {
			tick += __builtin_ctzll(word);
			return tick < end ? tick : INT64_MAX;
		}
		tick += TIMER_WORD_BITS - shift;
	}
	return INT64_MAX;
}

/* Put a timer that is on no list where its deadline wants it. */
static void timer_place(struct cg_wheel *wheel, struct cg_timer *timer)
{
	int64_t tick;

	if (timer->deadline <= wheel->now) {
		timer->slot_at = wheel->now;
		wheel->next = INT64_MIN;
		cg_list_push_back(&wheel->due, &timer->node);
		return;
	}
	/* Rounded up, so that no timer runs early; not before the last turn, not over a round. */
	tick = timer->deadline / TIMER_TICK_MS + (timer->deadline % TIMER_TICK_MS != 0);
	tick = CG_MAX(tick, wheel->tick + 1);
	tick = CG_MIN(tick, wheel->tick + TIMER_SLOTS_N);
	timer->slot_at = tick * TIMER_TICK_MS;
	wheel->next = CG_MIN(wheel->next, timer->slot_at);
	wheel->used[tick % TIMER_SLOTS_N / TIMER_WORD_BITS] |= UINT64_C(1)
	                                                       << tick % TIMER_WORD_BITS;
	cg_list_push_back(&wheel->slots[tick % TIMER_SLOTS_N], &timer->node);
}

/* Move all of FROM to the end of TO. */
static void timer_move_list(struct cg_list *to, struct cg_list *from)
{
	if (cg_list_is_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	cg_list_init(from);
}

/* Move what the wheel has to look at up to and including tick LAST to FIRING. */
static void timer_collect(struct cg_wheel *wheel, int64_t last, struct cg_list *firing)
{
	int64_t tick;

	timer_move_list(firing, &wheel->due);
	/* After a long stop one round finds everything. */
	tick = CG_MAX(wheel->tick + 1, last - TIMER_SLOTS_N + 1);
	while ((tick = timer_find_tick(wheel, tick)) <= last) {
		int64_t slot = tick % TIMER_SLOTS_N;

		wheel->used[slot / TIMER_WORD_BITS] &= ~(UINT64_C(1) << slot % TIMER_WORD_BITS);
		timer_move_list(firing, &wheel->slots[slot]);
		tick++;
	}
	wheel->next = tick == INT64_MAX ? INT64_MAX : tick * TIMER_TICK_MS;
}

static void timer_stop_list(struct cg_list *list)
{
	CG_LIST_FOREACH(node, following, list)
	cg_timer_cancel(CG_LIST_ENTRY(node, struct cg_timer, node));
}

struct cg_wheel *cg_wheel_new(int64_t now)
{
	struct cg_wheel *wheel = cg_mem_alloc(sizeof(*wheel));

	wheel->now = now;
	wheel->tick = now / TIMER_TICK_MS;
	wheel->next = INT64_MAX;
	cg_list_init(&wheel->due);
	for (size_t i = 0; i < CG_ARRAY_LEN(wheel->slots); i++)
		cg_list_init(&wheel->slots[i]);
	return wheel;
}

void cg_wheel_free(struct cg_wheel *wheel)
{
	if (wheel == NULL)
		return;
	timer_stop_list(&wheel->due);
	for (size_t i = 0; i < CG_ARRAY_LEN(wheel->slots); i++)
		timer_stop_list(&wheel->slots[i]);
	free(wheel);
}

void cg_wheel_turn(struct cg_wheel *wheel, int64_t now)
{
	int64_t last = now / TIMER_TICK_MS;
	struct cg_list firing;

	if (now < wheel->next) {
		wheel->now = now;
		wheel->tick = last;
		return;
	}
	cg_list_init(&firing);
	timer_collect(wheel, last, &firing);
	wheel->now = now;
	wheel->tick = last;
	/* A run may cancel or set any timer: those in FIRING leave it, or are only put off. */
	while (!cg_list_is_empty(&firing)) {
		struct cg_timer *timer = CG_LIST_ENTRY(firing.next, struct cg_timer, node);

		cg_list_remove(&timer->node);
		if (timer->deadline > now) {
			timer_place(wheel, timer);
			continue;
		}
		timer->deadline = INT64_MAX;
		timer->run(timer);
	}
}

int64_t cg_wheel_next(const struct cg_wheel *wheel)
{
	return wheel->next;
}

void cg_wheel_set(struct cg_wheel *wheel, struct cg_timer *timer, int64_t deadline)
{
	if (deadline == INT64_MAX) {
		cg_timer_cancel(timer);
		return;
	}
	timer->deadline = deadline;
	/* Looked at before that anyway: the lazy case, all that most calls do. */
	if (!cg_list_is_empty(&timer->node) && timer->slot_at <= deadline)
		return;
	cg_list_remove(&timer->node);
	timer_place(wheel, timer);
}

void cg_timer_init(struct cg_timer *timer, void (*run)(struct cg_timer *timer))
{
	cg_list_init(&timer->node);
	timer->deadline = INT64_MAX;
	timer->slot_at = INT64_MAX;
	timer->run = run;
}

void cg_timer_set(struct cg_loop *loop, struct cg_timer *timer, int64_t deadline)
{
	cg_wheel_set(cg_loop_wheel(loop), timer, deadline);
}

void cg_timer_cancel(struct cg_timer *timer)
{
	cg_list_remove(&timer->node);
	timer->deadline = INT64_MAX;
}

bool cg_timer_is_set(const struct cg_timer *timer)
{
	return timer->deadline != INT64_MAX;
}
