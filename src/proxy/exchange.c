/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of an exchange. Each step is decided by a pure function elsewhere (route, select,
 * repeat) and carried out here. */
#include "proxy/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/target.h"
#include "proxy/access_log.h"
#include "proxy/exchange_impl.h"
#include "proxy/healthz.h"
#include "proxy/relay.h"
#include "proxy/respond.h"
#include "proxy/rewrite.h"

enum { EXCHANGE_ARENA = 4096, EXCHANGES_KEPT = 1024 };

/* ---- states ---- */

#define TO(state) (1u << CG_EXCHANGE_##state)
static const struct {
	const char *name;
	unsigned may_enter;
} exchange_states[] = {
#define X(id, name, to) [CG_EXCHANGE_##id] = {name, to},
        CG_EXCHANGE_STATES(X)
#undef X
};
#undef TO

void cg_exchange_enter(struct cg_exchange *x, enum cg_exchange_state state)
{
	cg_assert(exchange_states[x->state].may_enter & (1u << state));
	if (cg_log_is_on(CG_LOG_DEBUG))
		cg_log(CG_LOG_DEBUG, "request %.*s: %s > %s", CG_STR_ARGS(x->request_id),
		       exchange_states[x->state].name, exchange_states[state].name);
	if (x->state == CG_EXCHANGE_WAIT)
		cg_list_remove(&x->node);
	x->state = state;
	if (state == CG_EXCHANGE_WAIT)
		cg_list_push_back(&x->worker->waiting, &x->node);
}

const char *cg_delivery_name(enum cg_delivery delivery)
{
	static const char *const names[] = {"no", "unknown", "yes"};

	return names[delivery];
}

const struct cg_config *cg_exchange_config(const struct cg_exchange *x)
{
	return x->hold->snapshot->config;
}

/* ---- ends ---- */

static void exchange_recycle(void *object)
{
	struct cg_exchange *x = object;

	if (x->worker->free_exchanges_n >= EXCHANGES_KEPT) {
		cg_exchange_free(x);
		return;
	}
	cg_list_push_front(&x->worker->free_exchanges, &x->node);
	x->worker->free_exchanges_n++;
}

void cg_exchange_free(struct cg_exchange *x)
{
	cg_arena_fini(&x->arena);
	free(x);
}

void cg_exchange_finish(struct cg_exchange *x)
{
	struct cg_stream *stream = x->stream;

	cg_exchange_enter(x, CG_EXCHANGE_DONE);
	cg_timer_cancel(&x->timer);
	cg_ready_cancel(&x->ready);
	cg_attempt_end(x);
	cg_attempt_drop_held(x);
	cg_replay_fini(&x->replay);
	CG_COUNTER_ADD(x->worker->counters->requests, 1);
	cg_access_log(x);
	cg_hold_release(x->hold);
	cg_loop_discard(x->worker->loop, x, exchange_recycle);
	stream->ops->finish(stream);
}

static void exchange_make_request_id(struct cg_exchange *x)
{
	char *id;

	if (x->request_id.len > 0)
		return;
	x->request_id = cg_rewrite_kept_request_id(&x->request);
	if (x->request_id.len > 0)
		return;
	id = cg_arena_alloc(&x->arena, CG_RAND_UUID_SIZE);
	cg_rand_uuid(&x->worker->rand, id);
	x->request_id = cg_str_from(id);
}

/* Nothing of an attempt that the platform refused has reached an application. */
bool cg_exchange_is_unsure(const struct cg_exchange *x)
{
	const struct cg_attempt *attempt = &x->attempt;

	return attempt->tenant != NULL && cg_attempt_was_sent(attempt) &&
	       !(attempt->has_head && attempt->verdict == CG_VERDICT_REFUSED);
}

enum cg_delivery cg_exchange_delivery(const struct cg_exchange *x)
{
	return x->is_unsure || cg_exchange_is_unsure(x) ? CG_DELIVERY_UNKNOWN : CG_DELIVERY_NO;
}

/* What can no longer be answered is cut, so that it never looks whole. */
static void exchange_cut(struct cg_exchange *x, enum cg_failure failure)
{
	if (!x->is_head_sent)
		x->delivery = cg_exchange_delivery(x);
	x->error = cg_failure_name(failure);
	if (x->status == 0)
		x->status = cg_failure_status(failure);
	x->stream->ops->cut(x->stream);
	cg_exchange_finish(x);
}

/* An answer is better than an error of ours; but that one tenant's platform refused the request
 * says nothing of another that may have taken it. */
static bool exchange_is_held_better(const struct cg_exchange *x, enum cg_failure failure)
{
	return x->held.tenant != NULL && failure != CG_FAILURE_CLIENT_TIMEOUT &&
	       failure != CG_FAILURE_STOPPING &&
	       (x->held.verdict != CG_VERDICT_REFUSED || !cg_exchange_is_unsure(x));
}

static void exchange_pass_on_held(struct cg_exchange *x);

void cg_exchange_fail(struct cg_exchange *x, enum cg_failure failure)
{
	if (x->is_head_sent || failure == CG_FAILURE_CLIENT_GONE ||
	    failure == CG_FAILURE_CLIENT_WRITE_TIMEOUT) {
		exchange_cut(x, failure);
		return;
	}
	if (exchange_is_held_better(x, failure)) {
		exchange_pass_on_held(x);
		return;
	}
	x->delivery = cg_exchange_delivery(x);
	exchange_make_request_id(x);
	cg_attempt_end(x);
	CG_COUNTER_ADD(x->worker->counters->errors, 1);
	cg_respond_failure(x, failure);
	cg_exchange_finish(x);
}

void cg_exchange_refuse(struct cg_exchange *x, enum cg_refusal refusal)
{
	if (x->is_head_sent) {
		x->error = cg_refusal_name(refusal);
		x->stream->ops->cut(x->stream);
		cg_exchange_finish(x);
		return;
	}
	x->delivery = cg_exchange_delivery(x);
	exchange_make_request_id(x);
	cg_attempt_end(x);
	CG_COUNTER_ADD(x->worker->counters->errors, 1);
	cg_respond_refusal(x, refusal);
	cg_exchange_finish(x);
}

/* ---- moving bytes ---- */

/* While the client takes nothing, it is looked at more often than the deadline asks for. */
static int64_t exchange_look_at(const struct cg_exchange *x, int64_t deadline,
                                enum cg_failure failure)
{
	int64_t now = cg_loop_now(x->worker->loop);

	if (failure != CG_FAILURE_CLIENT_WRITE_TIMEOUT)
		return deadline;
	return CG_MIN(deadline, now + cg_exchange_config(x)->timeouts.client_write / 4);
}

static void exchange_arm(struct cg_exchange *x)
{
	enum cg_failure failure;
	int64_t deadline = cg_relay_deadline(x, &failure);

	cg_timer_set(x->worker->loop, &x->timer, exchange_look_at(x, deadline, failure));
}

/* The answer is worse than none: another tenant may have a better one. */
static void exchange_hold(struct cg_exchange *x)
{
	x->is_unsure = x->is_unsure || cg_exchange_is_unsure(x);
	cg_attempt_hold(x);
	cg_exchange_enter(x, CG_EXCHANGE_CHOOSE);
	cg_exchange_choose(x, CG_FAILURE_NONE);
}

static void exchange_relay(struct cg_exchange *x)
{
	struct cg_relay_end end = {0};

	switch (cg_relay_run(x, &end)) {
	case CG_RELAY_WAIT:
		exchange_arm(x);
		break;
	case CG_RELAY_MORE:
		exchange_arm(x);
		cg_loop_ready(x->worker->loop, &x->ready);
		break;
	case CG_RELAY_HOLD:
		exchange_hold(x);
		break;
	case CG_RELAY_COMPLETE:
		cg_exchange_finish(x);
		break;
	case CG_RELAY_REFUSED:
		cg_exchange_refuse(x, end.refusal);
		break;
	case CG_RELAY_FAILED:
		if (x->is_head_sent || end.failure == CG_FAILURE_CLIENT_GONE)
			cg_exchange_fail(x, end.failure);
		else
			cg_exchange_on_attempt_failed(x, end.failure);
		break;
	}
}

static bool exchange_is_moving(const struct cg_exchange *x)
{
	return x->state == CG_EXCHANGE_SEND || x->state == CG_EXCHANGE_RELAY;
}

static void exchange_on_ready(struct cg_ready *ready)
{
	struct cg_exchange *x = CG_CONTAINER_OF(ready, struct cg_exchange, ready);

	if (exchange_is_moving(x))
		exchange_relay(x);
}

/* Nothing better came. */
static void exchange_pass_on_held(struct cg_exchange *x)
{
	cg_attempt_take_held(x);
	cg_relay_pass_on(x);
	/* The buffer that holds the head is the request's way to the tenant, too. */
	x->stream->ops->flush(x->stream);
	exchange_relay(x);
}

/* ---- the tenant, the stream and time ---- */

void cg_exchange_on_attempt_open(struct cg_exchange *x)
{
	if (x->state == CG_EXCHANGE_CONNECT)
		cg_exchange_enter(x, CG_EXCHANGE_SEND);
	x->last_progress_ms = cg_loop_now(x->worker->loop);
	CG_COUNTER_ADD(x->attempt.origin->counters->requests, 1);
	cg_relay_start_request(x);
	exchange_relay(x);
}

void cg_exchange_on_tenant(struct cg_exchange *x)
{
	exchange_relay(x);
}

void cg_exchange_on_stream(struct cg_exchange *x)
{
	if (x->stream->ops->is_gone(x->stream))
		exchange_cut(x, CG_FAILURE_CLIENT_GONE);
	else if (exchange_is_moving(x))
		exchange_relay(x);
}

static void exchange_relay_timeout(struct cg_exchange *x)
{
	enum cg_failure failure;
	int64_t deadline = cg_relay_deadline(x, &failure);

	if (failure == CG_FAILURE_CLIENT_WRITE_TIMEOUT &&
	    x->stream->ops->took_more(x->stream, &x->outq_seen)) {
		x->last_progress_ms = cg_loop_now(x->worker->loop);
		deadline = cg_relay_deadline(x, &failure);
	}
	if (deadline > cg_loop_now(x->worker->loop)) {
		cg_timer_set(x->worker->loop, &x->timer, exchange_look_at(x, deadline, failure));
		return;
	}
	if (failure == CG_FAILURE_RESPONSE_TIMEOUT)
		cg_exchange_note_failure(x, failure);
	cg_exchange_fail(x, failure);
}

static void exchange_on_timer(struct cg_timer *timer)
{
	struct cg_exchange *x = CG_CONTAINER_OF(timer, struct cg_exchange, timer);

	switch (x->state) {
	case CG_EXCHANGE_WAIT:
		x->is_wait_over = true;
		cg_exchange_wake(x);
		break;
	case CG_EXCHANGE_CONNECT:
		cg_attempt_connect_timeout(x);
		break;
	case CG_EXCHANGE_SEND:
	case CG_EXCHANGE_RELAY:
		exchange_relay_timeout(x);
		break;
	case CG_EXCHANGE_CHOOSE:
	case CG_EXCHANGE_DONE:
		break;
	}
}

/* ---- begin ---- */

struct cg_exchange *cg_exchange_new(struct cg_worker *worker, struct cg_stream *stream)
{
	struct cg_exchange *x;
	struct cg_arena arena;

	if (cg_list_is_empty(&worker->free_exchanges)) {
		x = cg_mem_alloc(sizeof(*x));
		cg_arena_init(&x->arena, EXCHANGE_ARENA);
	} else {
		x = CG_LIST_ENTRY(worker->free_exchanges.next, struct cg_exchange, node);
		cg_list_remove(&x->node);
		worker->free_exchanges_n--;
		cg_arena_reset(&x->arena);
	}
	arena = x->arena;
	*x = (struct cg_exchange){
	        .worker = worker,
	        .hold = worker->hold,
	        .stream = stream,
	        .arena = arena,
	        .started_us = cg_clock_now_us(),
	        .started_wall_ms = cg_clock_wall_ms(),
	};
	cg_list_init(&x->node);
	cg_timer_init(&x->timer, exchange_on_timer);
	cg_ready_init(&x->ready, exchange_on_ready);
	x->hold->users++;
	return x;
}

void cg_exchange_unused(struct cg_exchange *x)
{
	cg_hold_release(x->hold);
	exchange_recycle(x);
}

/* RFC 9110 section 7.6.2, for OPTIONS (TRACE is refused). True if the request ends here. */
static bool exchange_count_forwards(struct cg_exchange *x)
{
	uint64_t left;
	struct cg_field *field;

	if (x->request.method != CG_METHOD_OPTIONS)
		return false;
	field = (struct cg_field *)cg_message_find(&x->request, CG_FIELD_MAX_FORWARDS);
	if (field == NULL || !cg_str_to_u64(field->value, INT64_MAX, &left))
		return false;
	if (left == 0)
		return true;
	field->value.len = 0;
	field->value.ptr = cg_arena_alloc(&x->arena, 24);
	field->value.len = (size_t)snprintf((char *)field->value.ptr, 24, "%llu",
	                                    (unsigned long long)(left - 1));
	return false;
}

/* What ends a request before any tenant is looked at. */
static bool exchange_is_ended_early(struct cg_exchange *x)
{
	const struct cg_config *config = cg_exchange_config(x);

	if (config->limits.body_bytes > 0 && x->framing.kind == CG_FRAMING_LENGTH &&
	    x->framing.length > config->limits.body_bytes) {
		cg_exchange_refuse(x, CG_REFUSAL_BODY_TOO_LARGE);
		return true;
	}
	if (cg_rewrite_is_loop(&x->request, cg_str_from(x->hold->snapshot->via))) {
		cg_exchange_fail(x, CG_FAILURE_LOOP);
		return true;
	}
	if (exchange_count_forwards(x)) {
		cg_respond_options(x);
		cg_exchange_finish(x);
		return true;
	}
	return false;
}

/* What can go nowhere else need not be kept. */
static void exchange_init_replay(struct cg_exchange *x)
{
	cg_replay_init(&x->replay, &x->worker->env.bufs, x->pool->config->retry_buffer);
	x->replay.is_lost = (!x->is_safe && x->pool->tenants_n == 1) ||
	                    (x->framing.kind == CG_FRAMING_LENGTH &&
	                     x->framing.length > x->pool->config->retry_buffer);
}

static bool exchange_route(struct cg_exchange *x)
{
	struct cg_snapshot *snapshot = x->hold->snapshot;
	struct cg_route_match match = cg_route_table_find(
	        snapshot->routes, cg_target_host_name(x->request.host), x->request.path);

	if (match.pool_index == SIZE_MAX)
		return false;
	x->pool = &snapshot->pools[match.pool_index];
	x->response_ms =
	        match.route != NULL ? match.route->response : snapshot->config->timeouts.response;
	x->is_safe = cg_repeat_is_safe(
	        &x->request, match.route != NULL ? match.route->repeat : CG_ROUTE_REPEAT_SAFE,
	        cg_str_from(x->pool->config->idempotency_header));
	exchange_init_replay(x);
	x->tried = cg_arena_alloc(&x->arena, x->pool->tenants_n * sizeof(*x->tried));
	memset(x->tried, 0, x->pool->tenants_n * sizeof(*x->tried));
	return true;
}

void cg_exchange_start(struct cg_exchange *x)
{
	exchange_make_request_id(x);
	if (cg_healthz_is_asked(x)) {
		cg_healthz_answer(x);
		return;
	}
	if (exchange_is_ended_early(x))
		return;
	if (!exchange_route(x)) {
		cg_exchange_fail(x, CG_FAILURE_NO_ROUTE);
		return;
	}
	cg_exchange_choose(x, CG_FAILURE_NONE);
}

void cg_exchange_start_health(struct cg_exchange *x)
{
	exchange_make_request_id(x);
	if (cg_healthz_is_asked(x))
		cg_healthz_answer(x);
	else
		cg_exchange_fail(x, CG_FAILURE_NO_ROUTE);
}
