/* SPDX-License-Identifier: BSD-2-Clause */
/* HTTP/1.x connections of clients: reads heads, begins exchanges, and after each answer keeps the
 * connection or ends it so that the answer arrives. A request's stream is in front_h1_stream.c. */
#include "proxy/front_h1.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "http/framing.h"
#include "http/target.h"
#include "proxy/front_h1_impl.h"

#define TO(state) (1u << CG_FRONT_##state)
static const unsigned front_may_enter[] = {
#define X(id, name, to) [CG_FRONT_##id] = to,
        CG_FRONT_STATES(X)
#undef X
};
#undef TO

static void front_run(struct cg_front_h1 *front);

static const struct cg_config *front_config(const struct cg_front_h1 *front)
{
	return front->worker->hold->snapshot->config;
}

/* How long a state may last; 0: another one's timer runs. */
static int64_t front_timeout(const struct cg_front_h1 *front, enum cg_front_state state)
{
	const struct cg_config_timeouts *timeouts = &front_config(front)->timeouts;

	switch (state) {
	case CG_FRONT_HANDSHAKE:
		return timeouts->tls_handshake;
	case CG_FRONT_IDLE:
		if (!cg_front_h1_is_ending(front))
			return timeouts->client_idle;
		return front->had_request ? CG_FRONT_LAST_CALL_MS : timeouts->client_header;
	case CG_FRONT_HEAD:
		return timeouts->client_header;
	case CG_FRONT_FLUSH:
		/* looked at more often than it ends */
		return CG_MAX(timeouts->client_write / 4, (int64_t)1);
	case CG_FRONT_DRAIN:
		return timeouts->client_body;
	case CG_FRONT_LINGER:
		return CG_FRONT_LINGER_MS;
	case CG_FRONT_EXCHANGE:
	case CG_FRONT_CLOSED:
		break;
	}
	return 0;
}

static void front_enter(struct cg_front_h1 *front, enum cg_front_state state)
{
	struct cg_loop *loop = front->worker->loop;
	int64_t timeout = front_timeout(front, state);

	cg_assert(front_may_enter[front->state] & (1u << state));
	front->state = state;
	if (timeout > 0)
		cg_timer_set(loop, &front->timer, cg_loop_now(loop) + timeout);
	else
		cg_timer_cancel(&front->timer);
}

/* ---- the end ---- */

static void front_free(void *object)
{
	free(object);
}

static void front_release_hold(struct cg_front_h1 *front)
{
	if (front->hold != NULL)
		cg_hold_release(front->hold);
	front->hold = NULL;
}

static void front_close(struct cg_front_h1 *front)
{
	struct cg_worker *worker = front->worker;

	front_enter(front, CG_FRONT_CLOSED);
	cg_ready_cancel(&front->ready);
	front_release_hold(front);
	/* Where no framing shows that something is missing, a reset must. */
	if (front->is_cut && front->ends_by_close)
		cg_conn_abort(front->conn);
	else
		cg_conn_close(front->conn);
	cg_list_remove(&front->node);
	cg_worker_listener_release(front->listener);
	CG_COUNTER_SUB(worker->counters->connections, 1);
	if (!front->is_health)
		atomic_fetch_sub_explicit(worker->clients_n, 1, memory_order_relaxed);
	cg_loop_discard(worker->loop, front, front_free);
	cg_worker_client_closed(worker);
}

/* ---- heads ---- */

static void front_begin_exchange(struct cg_front_h1 *front, struct cg_exchange *x)
{
	front->x = x;
	front->had_request = true;
	front->closes = false;
	front->is_chunked = false;
	front->drained = 0;
	front_enter(front, CG_FRONT_EXCHANGE);
}

/* A head that can't be understood ends the connection: nobody knows where its request ends. */
static void front_refuse(struct cg_front_h1 *front, struct cg_exchange *x, enum cg_refusal refusal)
{
	front->keeps_alive = false;
	front->is_last = false;
	front->version_minor = 1;
	front->body.state = CG_H1_BODY_DONE;
	front_begin_exchange(front, x);
	cg_exchange_refuse(x, refusal);
}

/* Slices point into the connection's input, which the body will use: move the head to the
 * exchange's arena. */
static void front_keep_head(struct cg_front_h1 *front, struct cg_exchange *x, size_t used)
{
	const char *from = cg_conn_in(front->conn).ptr;
	char *to = cg_arena_alloc(&x->arena, used);

	memcpy(to, from, used);
	cg_message_rebase(&x->request, from, used, to);
	cg_conn_consume(front->conn, used);
}

static bool front_is_misdirected(const struct cg_front_h1 *front, const struct cg_message *request)
{
	const struct cg_snapshot *snapshot = front->worker->hold->snapshot;
	const struct cg_tls_server *tls;

	/* A reload may have made something else of the address since the client came. */
	if (!front->client.is_tls || front->listener->is_removed || front->listener->is_health)
		return false;
	tls = cg_snapshot_tls(&snapshot->listeners[front->listener->index]);
	return tls != NULL && !cg_tls_server_may_serve(tls, cg_conn_ssl(front->conn),
	                                               cg_target_host_name(request->host));
}

static void front_start_exchange(struct cg_front_h1 *front, struct cg_exchange *x, size_t used)
{
	const struct cg_config_limits *limits = &front_config(front)->limits;
	enum cg_refusal refusal = cg_framing_of_request(&x->request, &x->framing);

	if (refusal == CG_REFUSAL_NONE)
		refusal = cg_framing_expects_continue(&x->request, &x->expects_continue);
	front->version_minor = x->request.version_minor;
	front->stream.protocol = front->version_minor == 0 ? "HTTP/1.0" : "HTTP/1.1";
	front_keep_head(front, x, used);
	if (refusal != CG_REFUSAL_NONE) {
		front_refuse(front, x, refusal);
		return;
	}
	front->keeps_alive = x->framing.keeps_alive;
	front->is_last = !front->keeps_alive;
	if (x->framing.kind == CG_FRAMING_NONE || cg_conn_in(front->conn).len > 0)
		x->expects_continue = false; /* nothing to wait for */
	front->expects = x->expects_continue;
	cg_h1_body_init(&front->body, &x->framing, limits->body_bytes, limits->header_bytes,
	                limits->header_count);
	front_begin_exchange(front, x);
	if (front_is_misdirected(front, &x->request))
		cg_exchange_fail(x, CG_FAILURE_MISDIRECTED);
	else if (front->is_health)
		cg_exchange_start_health(x);
	else
		cg_exchange_start(x);
}

/* True if the input held a whole head, sound or not. */
static bool front_parse_head(struct cg_front_h1 *front)
{
	const struct cg_config_limits *config = &front_config(front)->limits;
	struct cg_h1_limits limits = {
	        .line = config->request_line,
	        .bytes = config->header_bytes,
	        .fields = config->header_count,
	};
	struct cg_exchange *x;
	enum cg_refusal refusal = CG_REFUSAL_NONE;
	size_t used = 0;

	x = cg_exchange_new(front->worker, &front->stream);
	switch (cg_h1_parse_request(&front->scan, cg_conn_in(front->conn), &limits, &x->arena,
	                            &x->request, &used, &refusal)) {
	case CG_H1_MORE:
		cg_exchange_unused(x);
		return false;
	case CG_H1_REFUSED:
		front->scan = (struct cg_h1_scan){0};
		x->request.fields_n = 0; /* what the log tells is the request line */
		front_refuse(front, x, refusal);
		return true;
	case CG_H1_DONE:
		break;
	}
	front->scan = (struct cg_h1_scan){0};
	front_start_exchange(front, x, used);
	return true;
}

static enum cg_conn_io front_fill_head(struct cg_front_h1 *front)
{
	const struct cg_config_limits *limits = &front_config(front)->limits;
	size_t max = limits->request_line + limits->header_bytes + 2;

	return front->state == CG_FRONT_HEAD ? cg_conn_fill_more(front->conn, max)
	                                     : cg_conn_fill(front->conn, max);
}

/* In IDLE and HEAD. True if there may be more to do now. */
static bool front_read_head(struct cg_front_h1 *front)
{
	if (cg_conn_in(front->conn).len > 0) {
		if (front_parse_head(front))
			return true;
		if (front->state == CG_FRONT_IDLE)
			front_enter(front, CG_FRONT_HEAD);
	}
	switch (front_fill_head(front)) {
	case CG_CONN_MOVED:
		return true;
	case CG_CONN_AGAIN:
	case CG_CONN_FULL:
		return false;
	case CG_CONN_EOF:
	case CG_CONN_FAILED:
		break;
	}
	front_close(front);
	return false;
}

/* ---- after an answer ---- */

static void front_linger(struct cg_front_h1 *front)
{
	front_enter(front, CG_FRONT_LINGER);
	front->ends_at = cg_loop_now(front->worker->loop) + CG_FRONT_LINGER_MAX_MS;
	cg_conn_shutdown_write(front->conn);
}

/* Closing with input unread makes the kernel send a reset, which can overtake the answer. */
static void front_end(struct cg_front_h1 *front)
{
	if (front->is_last && front->body.state == CG_H1_BODY_DONE &&
	    cg_conn_in(front->conn).len == 0 && !cg_conn_may_read(front->conn))
		front_close(front);
	else
		front_linger(front);
}

/* The answer is in the connection's hands: what comes next? */
static bool front_after_flush(struct cg_front_h1 *front)
{
	if (front->is_cut || front->is_gone || cg_conn_is_write_failed(front->conn)) {
		front_close(front);
		return false;
	}
	if (cg_conn_has_pending(front->conn))
		return false;
	/* Only an end that was announced is taken at once: the next request may be on its way. */
	if (front->closes)
		front_end(front);
	else if (front->body.state != CG_H1_BODY_DONE)
		front_enter(front, CG_FRONT_DRAIN);
	else
		front_enter(front, CG_FRONT_IDLE);
	return true;
}

static bool front_drain_body(struct cg_front_h1 *front)
{
	struct cg_str piece;
	enum cg_refusal refusal;

	switch (front->stream.ops->read_body(&front->stream, &piece, &refusal)) {
	case CG_STREAM_PIECE:
		front->drained += piece.len;
		front->stream.ops->consume_body(&front->stream);
		if (front->drained > CG_FRONT_DRAIN_MAX)
			front_linger(front);
		return true;
	case CG_STREAM_WANT:
		return false;
	case CG_STREAM_END:
		front_enter(front, CG_FRONT_IDLE);
		return true;
	case CG_STREAM_BAD:
	case CG_STREAM_GONE:
		break;
	}
	front_linger(front);
	return true;
}

static bool front_linger_more(struct cg_front_h1 *front)
{
	struct cg_loop *loop = front->worker->loop;

	cg_conn_consume(front->conn, cg_conn_in(front->conn).len);
	switch (cg_conn_fill(front->conn, CG_CONN_BUF_SIZE)) {
	case CG_CONN_MOVED:
		cg_timer_set(loop, &front->timer,
		             CG_MIN(front->ends_at, cg_loop_now(loop) + CG_FRONT_LINGER_MS));
		return true;
	case CG_CONN_AGAIN:
		return false;
	default:
		front_close(front);
		return false;
	}
}

/* ---- events ---- */

/* While the exchange has the word: hand it body and room, and see a client that leaves. */
static void front_tell_exchange(struct cg_front_h1 *front)
{
	enum cg_conn_io io = CG_CONN_AGAIN;

	/* Behind a complete request only the next one's bytes or the end can come: read ahead by
	 * one buffer (SPEC section 4). */
	if (front->body.state == CG_H1_BODY_DONE)
		io = cg_conn_fill(front->conn, CG_CONN_BUF_SIZE);
	while (io == CG_CONN_MOVED)
		io = cg_conn_fill_more(front->conn, CG_CONN_BUF_SIZE);
	if (io == CG_CONN_FAILED || cg_conn_is_write_failed(front->conn))
		front->is_gone = true;
	cg_exchange_on_stream(front->x);
}

/* One step of the present state; true if the next one may follow at once. */
static bool front_step(struct cg_front_h1 *front)
{
	switch (front->state) {
	case CG_FRONT_IDLE:
	case CG_FRONT_HEAD:
		return front_read_head(front);
	case CG_FRONT_FLUSH:
		return front_after_flush(front);
	case CG_FRONT_DRAIN:
		return front_drain_body(front);
	case CG_FRONT_LINGER:
		return front_linger_more(front);
	case CG_FRONT_HANDSHAKE:
	case CG_FRONT_EXCHANGE:
	case CG_FRONT_CLOSED:
		break;
	}
	return false;
}

static void front_run(struct cg_front_h1 *front)
{
	unsigned steps = 0;

	front->is_running = true;
	while (steps < CG_FRONT_STEPS_MAX && front_step(front))
		steps++;
	front->is_running = false;
	if (steps == CG_FRONT_STEPS_MAX && front->state != CG_FRONT_CLOSED)
		cg_loop_ready(front->worker->loop, &front->ready);
}

static void front_on_turn(struct cg_ready *ready)
{
	front_run(CG_CONTAINER_OF(ready, struct cg_front_h1, ready));
}

static void front_note_tls(struct cg_front_h1 *front)
{
	front->client.tls_version = cg_conn_tls_version(front->conn);
	cg_conn_sni(front->conn, front->client.sni, sizeof(front->client.sni));
	front_release_hold(front);
}

static void front_on_event(void *owner, enum cg_conn_event event)
{
	struct cg_front_h1 *front = owner;

	if (event == CG_CONN_BROKEN) {
		front_close(front);
		return;
	}
	if (event == CG_CONN_OPENED) {
		front_note_tls(front);
		front_enter(front, CG_FRONT_IDLE);
	}
	if (front->state == CG_FRONT_EXCHANGE)
		front_tell_exchange(front);
	else
		front_run(front);
}

/* A client that takes the rest of its answer slowly takes it all the same. */
static void front_flush_timeout(struct cg_front_h1 *front)
{
	struct cg_loop *loop = front->worker->loop;
	int64_t now = cg_loop_now(loop);
	int64_t write_ms = front_config(front)->timeouts.client_write;

	if (cg_conn_took_more(front->conn, &front->outq_seen))
		front->ends_at = now + write_ms;
	if (now < front->ends_at) {
		cg_timer_set(loop, &front->timer, CG_MIN(front->ends_at, now + write_ms / 4));
		return;
	}
	front->is_cut = true;
	front_close(front);
}

static void front_on_timer(struct cg_timer *timer)
{
	struct cg_front_h1 *front = CG_CONTAINER_OF(timer, struct cg_front_h1, timer);
	struct cg_exchange *x;

	if (front->state == CG_FRONT_FLUSH) {
		front_flush_timeout(front);
		return;
	}
	if (front->state != CG_FRONT_HEAD) {
		front_close(front);
		return;
	}
	x = cg_exchange_new(front->worker, &front->stream);
	front->keeps_alive = false;
	front->version_minor = 1;
	front->body.state = CG_H1_BODY_DONE;
	front_begin_exchange(front, x);
	cg_exchange_fail(x, CG_FAILURE_CLIENT_TIMEOUT);
}

void cg_front_h1_finish(struct cg_stream *stream)
{
	struct cg_front_h1 *front = cg_front_h1_from(stream);

	front->x = NULL;
	front_enter(front, CG_FRONT_FLUSH);
	front->outq_seen = 0;
	front->ends_at =
	        cg_loop_now(front->worker->loop) + front_config(front)->timeouts.client_write;
	if (!front->is_running)
		front_run(front);
}

/* ---- begin ---- */

static SSL *front_ssl(struct cg_front_h1 *front, const struct cg_worker_listener *listener)
{
	struct cg_worker *worker = listener->worker;
	struct cg_tls_server *tls;

	if (listener->is_health)
		return NULL;
	tls = cg_snapshot_tls(&worker->hold->snapshot->listeners[listener->index]);
	if (tls == NULL)
		return NULL;
	/* The handshake reads the snapshot's certificates. */
	front->hold = worker->hold;
	front->hold->users++;
	return cg_tls_server_ssl(tls);
}

void cg_front_h1_accept(struct cg_worker_listener *listener, int fd, const struct cg_addr *peer)
{
	struct cg_worker *worker = listener->worker;
	struct cg_front_h1 *front = cg_mem_alloc(sizeof(*front));
	SSL *ssl = front_ssl(front, listener);

	front->stream = (struct cg_stream){
	        .ops = &cg_front_h1_stream_ops,
	        .client = &front->client,
	        .protocol = "HTTP/1.1",
	};
	front->worker = worker;
	front->is_health = listener->is_health;
	front->listener = listener;
	listener->users++;
	(void)snprintf(front->client.listener, sizeof(front->client.listener), "%s",
	               listener->name);
	front->client.port = cg_addr_port(&listener->addr);
	front->client.is_tls = ssl != NULL;
	cg_addr_format_ip(peer, front->client.ip);
	cg_timer_init(&front->timer, front_on_timer);
	cg_ready_init(&front->ready, front_on_turn);
	cg_list_push_back(&worker->fronts, &front->node);
	CG_COUNTER_ADD(worker->counters->connections, 1);
	front->conn = cg_conn_accepted(&worker->env, fd, ssl, front_on_event, front);
	front->state = CG_FRONT_HANDSHAKE;
	if (ssl == NULL)
		front_enter(front, CG_FRONT_IDLE);
	else
		cg_timer_set(worker->loop, &front->timer,
		             cg_loop_now(worker->loop) + front_timeout(front, CG_FRONT_HANDSHAKE));
}

void cg_front_h1_drain(struct cg_front_h1 *front)
{
	struct cg_loop *loop = front->worker->loop;

	if (front->state != CG_FRONT_IDLE)
		return;
	/* A request that is here already, or on its way, is served: its answer says that the
	 * connection ends. Closing at once would cross it. */
	cg_timer_set(loop, &front->timer, cg_loop_now(loop) + front_timeout(front, CG_FRONT_IDLE));
	front_run(front);
}

void cg_front_h1_stop(struct cg_front_h1 *front)
{
	front->is_running = true; /* nothing goes on after the exchange */
	if (front->x != NULL)
		cg_exchange_fail(front->x, CG_FAILURE_STOPPING);
	front_close(front);
}

struct cg_front_h1 *cg_front_h1_of(struct cg_list *node)
{
	return CG_LIST_ENTRY(node, struct cg_front_h1, node);
}

const struct cg_worker_listener *cg_front_h1_listener(const struct cg_front_h1 *front)
{
	return front->listener;
}
