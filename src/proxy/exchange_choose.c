/* SPDX-License-Identifier: BSD-2-Clause */
/* Which tenant an exchange tries next, and what follows an attempt that gave no answer. select and
 * repeat decide; what they decide is done here. */
#include "base/log.h"
#include "proxy/exchange.h"
#include "proxy/exchange_impl.h"
#include "proxy/repeat.h"
#include "tenant/select_priority.h"

/* Candidates that fit on the stack; larger pools take the arena. */
enum { EXCHANGE_CANDIDATES = 16 };

/* ---- choosing ---- */

/* Only a choice among equals asks for it: it reads a line of each worker. */
static unsigned exchange_in_flight(const struct cg_exchange *x,
                                   const struct cg_snapshot_tenant *tenant)
{
	return x->pool->has_equals ? cg_live_in_flight(x->worker->live, tenant->live) : 0;
}

static bool exchange_is_full(const struct cg_snapshot_tenant *tenant)
{
	unsigned max = tenant->config->max_requests;

	return max > 0 &&
	       atomic_load_explicit(&tenant->live->limited_n, memory_order_relaxed) >= max;
}

static int exchange_select(const struct cg_exchange *x, struct cg_candidate *candidates)
{
	unsigned preferred = atomic_load_explicit(&x->pool->live->preferred, memory_order_relaxed);
	int index;

	for (size_t i = 0; i < x->pool->tenants_n; i++) {
		const struct cg_snapshot_tenant *tenant = x->pool->tenants[i];

		candidates[i] = (struct cg_candidate){
		        .priority = tenant->config->priority,
		        .state = cg_live_state(tenant->live),
		        .in_flight = exchange_in_flight(x, tenant),
		        .is_tried = x->tried[i],
		        .is_full = exchange_is_full(tenant),
		        .is_preferred = tenant->live->id == preferred,
		};
	}
	index = cg_select_priority(candidates, x->pool->tenants_n, false);
	if (index < 0 && x->pool->config->all_down == CG_ALL_DOWN_TRY)
		index = cg_select_priority_any(candidates, x->pool->tenants_n, false);
	return index;
}

static struct cg_candidate *exchange_candidates(const struct cg_exchange *x,
                                                struct cg_candidate *few, size_t few_n)
{
	if (x->pool->tenants_n <= few_n)
		return few;
	return cg_arena_alloc((struct cg_arena *)&x->arena, x->pool->tenants_n * sizeof(*few));
}

bool cg_exchange_has_other(const struct cg_exchange *x, enum cg_verdict verdict)
{
	struct cg_candidate few[EXCHANGE_CANDIDATES];
	struct cg_candidate *candidates = exchange_candidates(x, few, CG_ARRAY_LEN(few));
	int index;

	if (x->attempts_n >= x->pool->config->attempts)
		return false;
	index = exchange_select(x, candidates);
	if (index < 0)
		return false;
	return verdict == CG_VERDICT_REFUSED || candidates[index].state == CG_HEALTH_ONLINE;
}

/* Why nobody may be chosen. */
static enum cg_failure exchange_none(const struct cg_exchange *x,
                                     const struct cg_candidate *candidates)
{
	for (size_t i = 0; i < x->pool->tenants_n; i++)
		if (candidates[i].is_full && cg_select_rank(candidates[i].state) >= 0)
			return CG_FAILURE_FULL;
	return CG_FAILURE_NO_TENANT;
}

/* Once for a request, however often it is woken. */
static void exchange_wait(struct cg_exchange *x, const struct cg_snapshot_tenant *tenant)
{
	if (x->wait_until_ms == 0)
		x->wait_until_ms = cg_loop_now(x->worker->loop) + tenant->probe->timeout;
	cg_exchange_enter(x, CG_EXCHANGE_WAIT);
	cg_timer_set(x->worker->loop, &x->timer, x->wait_until_ms);
}

/* Count the request against max_requests; false if another worker was faster. */
static bool exchange_admit(const struct cg_snapshot_tenant *tenant)
{
	unsigned max = tenant->config->max_requests;
	_Atomic unsigned *n = &tenant->live->limited_n;

	if (max == 0 || atomic_fetch_add_explicit(n, 1, memory_order_relaxed) < max)
		return true;
	atomic_fetch_sub_explicit(n, 1, memory_order_relaxed);
	return false;
}

static void exchange_try(struct cg_exchange *x, size_t index, enum cg_failure last)
{
	const struct cg_snapshot_tenant *tenant = x->pool->tenants[index];

	if (!exchange_admit(tenant)) {
		cg_exchange_choose(x, last);
		return;
	}
	x->tried[index] = true;
	x->attempts_n++;
	x->last_tenant = tenant;
	cg_exchange_enter(x, CG_EXCHANGE_CONNECT);
	cg_attempt_start(x, tenant);
}

/* LAST: how the attempt before this one failed; NONE at the first. */
void cg_exchange_choose(struct cg_exchange *x, enum cg_failure last)
{
	struct cg_candidate few[EXCHANGE_CANDIDATES];
	struct cg_candidate *candidates = exchange_candidates(x, few, CG_ARRAY_LEN(few));
	int index = exchange_select(x, candidates);

	if (index < 0) {
		cg_exchange_fail(x, last == CG_FAILURE_NONE ? exchange_none(x, candidates) : last);
		return;
	}
	if (candidates[index].state == CG_HEALTH_CHECKING && !x->is_wait_over) {
		exchange_wait(x, x->pool->tenants[index]);
		return;
	}
	exchange_try(x, (size_t)index, last);
}

void cg_exchange_wake(struct cg_exchange *x)
{
	cg_exchange_enter(x, CG_EXCHANGE_CHOOSE);
	cg_exchange_choose(x, CG_FAILURE_NONE);
}

/* ---- attempts that ended ---- */

/* Evidence about the tenant for the control thread. A good one is news only after a bad one; of a
 * tenant that is down already, and where requests do not count, one message in 100 ms is enough. */
void cg_exchange_report(struct cg_exchange *x, bool is_good, const char *why)
{
	enum { APART_MS = 100 };
	struct cg_worker *worker = x->worker;
	struct cg_origin *origin = x->attempt.origin;
	int64_t now = cg_loop_now(worker->loop);
	bool counts = x->attempt.tenant->probe->passive_fall > 0 &&
	              cg_select_rank(cg_live_state(origin->live)) >= 0;

	if (is_good && !atomic_load_explicit(&origin->live->has_passive_bad, memory_order_relaxed))
		return;
	if (!counts && (is_good || (origin->told_at != 0 && now - origin->told_at < APART_MS)))
		return;
	origin->told_at = now;
	/* At once, not when the control thread has read of it: the next good one must not be lost.
	 */
	if (!is_good)
		atomic_store_explicit(&origin->live->has_passive_bad, true, memory_order_relaxed);
	worker->calls.on_outcome(worker->calls.owner, origin->live, is_good, why);
}

/* A failure of a fresh connection is evidence against the tenant; one of a kept connection is not.
 */
void cg_exchange_note_failure(struct cg_exchange *x, enum cg_failure failure)
{
	/* Our own lack says nothing about the tenant. */
	if (failure == CG_FAILURE_LOCAL)
		return;
	CG_COUNTER_ADD(x->attempt.origin->counters->failures, 1);
	if (!x->attempt.is_reused || failure == CG_FAILURE_RESPONSE_TIMEOUT ||
	    failure == CG_FAILURE_ACK_TIMEOUT)
		cg_exchange_report(x, false, cg_failure_name(failure));
}

static struct cg_repeat_facts exchange_facts(const struct cg_exchange *x, enum cg_failure failure)
{
	return (struct cg_repeat_facts){
	        .failure = failure,
	        .is_safe = x->is_safe,
	        .has_body = !x->replay.is_lost || x->bytes_in == 0,
	        .was_reused = x->attempt.is_reused,
	        .was_sent = cg_attempt_was_sent(&x->attempt),
	        .has_next_addr = cg_attempt_has_next_addr(&x->attempt),
	        .has_attempt = x->attempts_n < x->pool->config->attempts,
	};
}

static void exchange_next_tenant(struct cg_exchange *x, enum cg_failure failure)
{
	x->is_unsure = x->is_unsure || cg_exchange_is_unsure(x);
	cg_attempt_end(x);
	cg_exchange_enter(x, CG_EXCHANGE_CHOOSE);
	cg_exchange_choose(x, failure);
}

void cg_exchange_on_attempt_failed(struct cg_exchange *x, enum cg_failure failure)
{
	struct cg_repeat_facts facts = exchange_facts(x, failure);

	cg_exchange_note_failure(x, failure);
	switch (cg_repeat_decide(&facts)) {
	case CG_REPEAT_FRESH:
	case CG_REPEAT_NEXT_ADDRESS:
		x->is_unsure = x->is_unsure || cg_exchange_is_unsure(x);
		if (x->state != CG_EXCHANGE_CONNECT)
			cg_exchange_enter(x, CG_EXCHANGE_CONNECT);
		cg_attempt_continue(x);
		break;
	case CG_REPEAT_NEXT_TENANT:
		exchange_next_tenant(x, failure);
		break;
	case CG_REPEAT_NEVER:
		cg_exchange_fail(x, failure);
		break;
	}
}

/* What may have been taken goes on waiting. */
void cg_exchange_on_unreachable(struct cg_exchange *x)
{
	struct cg_repeat_facts facts = exchange_facts(x, CG_FAILURE_UNREACHABLE);

	facts.was_reused = false;
	if (cg_repeat_decide(&facts) == CG_REPEAT_NEXT_TENANT &&
	    cg_exchange_has_other(x, CG_VERDICT_REFUSED))
		exchange_next_tenant(x, CG_FAILURE_UNREACHABLE);
}
