/* SPDX-License-Identifier: BSD-2-Clause */
/* The two directions of an exchange. Nothing is read from one side while the other one holds unsent
 * bytes, which bounds what is kept. */
#include "proxy/relay.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "http/h1_write.h"
#include "proxy/access_log.h"
#include "proxy/rewrite.h"

/* SPEC section 4. */
enum { RELAY_INTERIMS_MAX = 16 };

/* Below this, a copy behind what waits in the scratch buffer is cheaper than a write of its own. */
enum { RELAY_GATHER = 4096 };

static void relay_progress(struct cg_exchange *x)
{
	x->last_progress_ms = cg_loop_now(x->worker->loop);
}

/* ---- the request ---- */

static void relay_write(struct cg_exchange *x, const void *ptr, size_t n)
{
	if (n == 0)
		return;
	/* A failed write shows again when the answer is read, which may have come before. */
	if (cg_conn_write(x->attempt.conn, ptr, n) == CG_CONN_MOVED)
		relay_progress(x);
}

static void relay_flush_request(struct cg_exchange *x)
{
	struct cg_buf *scratch = &x->worker->env.scratch;

	relay_write(x, cg_buf_ptr(scratch), cg_buf_len(scratch));
	cg_buf_clear(scratch);
}

static void relay_put_piece(struct cg_exchange *x, struct cg_str piece)
{
	struct cg_buf *scratch = &x->worker->env.scratch;
	char head[CG_H1_CHUNK_HEAD_SIZE];

	if (x->framing.kind != CG_FRAMING_CHUNKED && cg_buf_is_empty(scratch) &&
	    piece.len >= RELAY_GATHER) {
		relay_write(x, piece.ptr, piece.len);
		return;
	}
	if (x->framing.kind == CG_FRAMING_CHUNKED)
		cg_buf_append(scratch, head, cg_h1_write_chunk_head(head, piece.len));
	cg_buf_append_str(scratch, piece);
	if (x->framing.kind == CG_FRAMING_CHUNKED)
		cg_buf_append_str(scratch, CG_STR("\r\n"));
	if (cg_buf_len(scratch) >= CG_CONN_BUF_SIZE)
		relay_flush_request(x);
}

static void relay_end_request(struct cg_exchange *x)
{
	if (x->framing.kind == CG_FRAMING_CHUNKED)
		cg_buf_append_str(&x->worker->env.scratch, cg_h1_last_chunk());
	relay_flush_request(x);
	relay_progress(x);
	x->request_ended_ms = x->last_progress_ms;
}

/* The body, from wherever it stands, behind what is in the scratch buffer. */
static enum cg_relay relay_request(struct cg_exchange *x, struct cg_relay_end *end)
{
	struct cg_stream *stream = x->stream;
	uint64_t limit = x->bytes_in + CG_RELAY_BUDGET;
	enum cg_relay relay = CG_RELAY_WAIT;
	struct cg_str piece;

	while (!x->is_request_read && !x->attempt.is_upload_over && relay == CG_RELAY_WAIT) {
		if (cg_conn_has_pending(x->attempt.conn) ||
		    cg_conn_is_write_failed(x->attempt.conn))
			break;
		switch (stream->ops->read_body(stream, &piece, &end->refusal)) {
		case CG_STREAM_PIECE:
			x->bytes_in += piece.len;
			cg_replay_add(&x->replay, piece);
			relay_put_piece(x, piece);
			stream->ops->consume_body(stream);
			if (x->bytes_in >= limit)
				relay = CG_RELAY_MORE;
			break;
		case CG_STREAM_WANT:
			relay_flush_request(x);
			return CG_RELAY_WAIT;
		case CG_STREAM_END:
			x->is_request_read = true;
			relay_end_request(x);
			break;
		case CG_STREAM_BAD:
			cg_buf_clear(&x->worker->env.scratch);
			return CG_RELAY_REFUSED;
		case CG_STREAM_GONE:
			cg_buf_clear(&x->worker->env.scratch);
			end->failure = CG_FAILURE_CLIENT_GONE;
			return CG_RELAY_FAILED;
		}
	}
	relay_flush_request(x);
	return relay;
}

static struct cg_str relay_host(const struct cg_exchange *x)
{
	const struct cg_snapshot_tenant *tenant = x->attempt.tenant;

	switch (tenant->config->host_header) {
	case CG_HOST_PRESERVE:
		if (x->request.host.len > 0)
			return x->request.host;
		break;
	case CG_HOST_LITERAL:
		return cg_str_from(tenant->config->host_header_text);
	case CG_HOST_TENANT:
		break;
	}
	return cg_str_from(tenant->authority);
}

/* What an earlier attempt has sent of the body. */
static void relay_replay(struct cg_exchange *x)
{
	const struct cg_replay_part *at = NULL;
	struct cg_str piece;

	while (cg_replay_next(&x->replay, &at, &piece))
		relay_put_piece(x, piece);
	if (x->is_request_read)
		relay_end_request(x);
}

void cg_relay_start_request(struct cg_exchange *x)
{
	const struct cg_client *client = x->stream->client;
	struct cg_buf *scratch = &x->worker->env.scratch;
	struct cg_rewrite_request values = {
	        .host = relay_host(x),
	        .client_ip = cg_str_from(client->ip),
	        .said_host = x->request.host,
	        .port = client->port,
	        .is_tls = client->is_tls,
	        .via = cg_str_from(x->hold->snapshot->via),
	        .request_id = x->request_id,
	};

	cg_assert(cg_buf_is_empty(scratch));
	cg_rewrite_request(scratch, &x->request, &x->framing, &values);
	relay_replay(x);
	if (!x->expects_continue)
		return;
	/* The tenant is there: now the client may send (RFC 9110 section 10.1.1). The head leaves
	 * first, as the body is not there yet. */
	relay_flush_request(x);
	x->expects_continue = false;
	x->stream->ops->send_interim(x->stream, &(struct cg_message){.status = 100});
}

/* ---- the answer ---- */

static void relay_keep_ids(struct cg_exchange *x)
{
	const struct cg_field *mpl = cg_message_find(&x->attempt.answer, CG_FIELD_SAP_MPL_ID);
	const struct cg_field *correlation =
	        cg_message_find(&x->attempt.answer, CG_FIELD_SAP_MPL_CORRELATION_ID);

	if (mpl != NULL)
		x->mpl_id = cg_str_from(cg_arena_dup(&x->arena, mpl->value));
	if (correlation != NULL)
		x->correlation_id = cg_str_from(cg_arena_dup(&x->arena, correlation->value));
}

static void relay_rewrite_answer(struct cg_exchange *x)
{
	const struct cg_config *config = cg_exchange_config(x);
	const struct cg_snapshot_tenant *tenant = x->attempt.tenant;
	bool is_host_kept = tenant->config->host_header == CG_HOST_PRESERVE;
	struct cg_rewrite_answer values = {
	        .said_host = x->request.host,
	        .is_tls = x->stream->client->is_tls,
	        .via = cg_str_from(x->hold->snapshot->via),
	        .date = cg_str_from(cg_worker_date(x->worker)),
	};

	if (!is_host_kept)
		values.tenant_host = relay_host(x);
	if (config->gateway.expose_tenant)
		values.tenant = cg_str_from(tenant->config->name);
	cg_rewrite_answer(&x->attempt.answer, &values, &x->arena);
}

static enum cg_relay relay_fail(struct cg_relay_end *end, enum cg_failure failure)
{
	end->failure = failure;
	return CG_RELAY_FAILED;
}

static enum cg_relay relay_interim(struct cg_exchange *x, struct cg_relay_end *end)
{
	struct cg_attempt *attempt = &x->attempt;

	/* 101: nobody asked to upgrade, as Upgrade is not passed on. */
	if (attempt->answer.status == 101 || ++attempt->interims_n > RELAY_INTERIMS_MAX)
		return relay_fail(end, CG_FAILURE_MALFORMED);
	cg_rewrite_mark(&attempt->answer, false);
	x->stream->ops->send_interim(x->stream, &attempt->answer);
	cg_conn_consume(attempt->conn, attempt->head_used);
	attempt->scan = (struct cg_h1_scan){0};
	return CG_RELAY_MORE;
}

/* The final head is there: what it says about the tenant. */
static void relay_judge(struct cg_exchange *x)
{
	struct cg_attempt *attempt = &x->attempt;
	const struct cg_field *error = cg_message_find(&attempt->answer, CG_FIELD_CF_ROUTER_ERROR);
	char why[96];

	attempt->has_head = true;
	cg_list_remove(&attempt->node);
	attempt->verdict = cg_repeat_judge(&attempt->answer);
	if (attempt->verdict == CG_VERDICT_ANSWER && error == NULL) {
		cg_exchange_report(x, true, NULL);
		return;
	}
	if (error != NULL)
		(void)snprintf(why, sizeof(why), "status %d, X-Cf-RouterError: %.*s",
		               attempt->answer.status, (int)CG_MIN(error->value.len, (size_t)40),
		               error->value.ptr);
	else
		(void)snprintf(why, sizeof(why), "status %d", attempt->answer.status);
	cg_exchange_report(x, false, why);
}

/* The platform's refusal tells the sender that sending again can't double the request (unless an
 * earlier attempt could). */
static void relay_settle_delivery(struct cg_exchange *x)
{
	struct cg_attempt *attempt = &x->attempt;

	if (attempt->verdict != CG_VERDICT_REFUSED) {
		x->delivery = CG_DELIVERY_YES;
		return;
	}
	x->delivery = x->is_unsure ? CG_DELIVERY_UNKNOWN : CG_DELIVERY_NO;
	cg_rewrite_add(&attempt->answer, CG_STR("X-Cpigate-Delivery"),
	               cg_str_from(cg_delivery_name(x->delivery)));
}

void cg_relay_pass_on(struct cg_exchange *x)
{
	struct cg_attempt *attempt = &x->attempt;
	const struct cg_config_limits *limits = &cg_exchange_config(x)->limits;

	x->last_tenant = attempt->tenant;
	x->tenant_us = cg_clock_now_us() - attempt->started_us;
	x->status = attempt->answer.status;
	relay_keep_ids(x);
	cg_h1_body_init(&attempt->body, &attempt->framing, 0, limits->header_bytes,
	                limits->header_count);
	relay_rewrite_answer(x);
	relay_settle_delivery(x);
	cg_exchange_enter(x, CG_EXCHANGE_RELAY);
	x->is_head_sent = true;
	cg_attempt_drop_held(x);
	x->stream->ops->send_head(x->stream, &attempt->answer, &attempt->framing);
	cg_conn_consume(attempt->conn, attempt->head_used);
	relay_progress(x);
}

/* A 1xx, or the final head. */
static enum cg_relay relay_take_head(struct cg_exchange *x, struct cg_relay_end *end)
{
	struct cg_attempt *attempt = &x->attempt;

	if (cg_framing_of_response(&attempt->answer, x->request.method, &attempt->framing) !=
	    CG_REFUSAL_NONE)
		return relay_fail(end, CG_FAILURE_MALFORMED);
	if (attempt->answer.status < 200)
		return relay_interim(x, end);
	relay_judge(x);
	if (cg_repeat_may_hold(attempt->verdict, x->is_safe,
	                       !x->replay.is_lost || x->bytes_in == 0) &&
	    cg_exchange_has_other(x, attempt->verdict))
		return CG_RELAY_HOLD;
	cg_relay_pass_on(x);
	return CG_RELAY_MORE;
}

static enum cg_relay relay_no_more(struct cg_exchange *x, struct cg_relay_end *end)
{
	struct cg_attempt *attempt = &x->attempt;

	if (!attempt->has_head && cg_conn_errno(attempt->conn) == ETIMEDOUT)
		return relay_fail(end, CG_FAILURE_ACK_TIMEOUT);
	if (!attempt->has_head)
		return relay_fail(end, cg_conn_in(attempt->conn).len > 0 ? CG_FAILURE_MALFORMED
		                                                         : CG_FAILURE_CLOSED);
	if (!cg_h1_body_may_end(&attempt->body))
		return relay_fail(end, CG_FAILURE_TRUNCATED);
	attempt->is_answered = true;
	return CG_RELAY_COMPLETE;
}

/* More bytes from the tenant; MORE when some came. */
static enum cg_relay relay_fill(struct cg_exchange *x, struct cg_relay_end *end)
{
	const struct cg_config_limits *limits = &cg_exchange_config(x)->limits;
	struct cg_conn *conn = x->attempt.conn;
	bool has_begun = x->attempt.has_head || cg_conn_in(conn).len > 0;
	size_t max = x->attempt.has_head ? CG_CONN_BUF_SIZE
	                                 : limits->request_line + limits->header_bytes;

	switch (has_begun ? cg_conn_fill_more(conn, max) : cg_conn_fill(conn, max)) {
	case CG_CONN_MOVED:
		/* What comes before the answer's head is complete puts nothing off. */
		if (x->attempt.has_head)
			relay_progress(x);
		return CG_RELAY_MORE;
	case CG_CONN_AGAIN:
		return CG_RELAY_WAIT;
	case CG_CONN_EOF:
		return relay_no_more(x, end);
	case CG_CONN_FULL:
		return relay_fail(end, CG_FAILURE_MALFORMED);
	case CG_CONN_FAILED:
		break;
	}
	/* A reset or a cut TLS connection is no end of a body. */
	if (x->attempt.has_head)
		return relay_fail(end, CG_FAILURE_TRUNCATED);
	return relay_no_more(x, end);
}

static enum cg_relay relay_head(struct cg_exchange *x, struct cg_relay_end *end)
{
	struct cg_attempt *attempt = &x->attempt;
	const struct cg_config_limits *config = &cg_exchange_config(x)->limits;
	struct cg_h1_limits limits = {
	        .line = config->request_line,
	        .bytes = config->header_bytes,
	        .fields = config->header_count,
	};
	struct cg_str in = cg_conn_in(attempt->conn);
	enum cg_refusal refusal = CG_REFUSAL_NONE;

	if (in.len == 0)
		return relay_fill(x, end);
	switch (cg_h1_parse_response(&attempt->scan, in, &limits, &x->arena, &attempt->answer,
	                             &attempt->head_used, &refusal)) {
	case CG_H1_MORE:
		return relay_fill(x, end);
	case CG_H1_REFUSED:
		return relay_fail(end, CG_FAILURE_MALFORMED);
	case CG_H1_DONE:
		break;
	}
	return relay_take_head(x, end);
}

static enum cg_relay relay_body(struct cg_exchange *x, struct cg_relay_end *end)
{
	struct cg_attempt *attempt = &x->attempt;
	struct cg_str piece;
	size_t used = 0;

	switch (cg_h1_body_next(&attempt->body, cg_conn_in(attempt->conn), &used, &piece)) {
	case CG_H1_BODY_PIECE:
		x->stream->ops->send_body(x->stream, piece);
		x->bytes_out += piece.len;
		relay_progress(x);
		cg_conn_consume(attempt->conn, used);
		return CG_RELAY_MORE;
	case CG_H1_BODY_WANT:
		cg_conn_consume(attempt->conn, used);
		return relay_fill(x, end);
	case CG_H1_BODY_END:
		cg_conn_consume(attempt->conn, used);
		attempt->is_answered = true;
		return CG_RELAY_COMPLETE;
	case CG_H1_BODY_ERROR:
		break;
	}
	return relay_fail(end, CG_FAILURE_TRUNCATED);
}

static enum cg_relay relay_answer(struct cg_exchange *x, struct cg_relay_end *end)
{
	uint64_t limit = x->bytes_out + CG_RELAY_BUDGET;
	enum cg_relay relay = CG_RELAY_MORE;

	while (relay == CG_RELAY_MORE) {
		if (x->bytes_out >= limit)
			break;
		if (!x->stream->ops->may_send(x->stream)) {
			relay = CG_RELAY_WAIT;
			break;
		}
		relay = x->attempt.has_head ? relay_body(x, end) : relay_head(x, end);
	}
	if (relay == CG_RELAY_COMPLETE)
		x->stream->ops->send_end(x->stream);
	x->stream->ops->flush(x->stream);
	if (x->stream->ops->is_gone(x->stream) && relay != CG_RELAY_COMPLETE)
		return relay_fail(end, CG_FAILURE_CLIENT_GONE);
	return relay;
}

enum cg_relay cg_relay_run(struct cg_exchange *x, struct cg_relay_end *end)
{
	enum cg_relay request = relay_request(x, end);
	enum cg_relay answer;

	if (request == CG_RELAY_FAILED || request == CG_RELAY_REFUSED)
		return request;
	if (x->is_request_read && !cg_conn_has_pending(x->attempt.conn))
		x->attempt.is_body_sent = true;
	answer = relay_answer(x, end);
	return answer == CG_RELAY_WAIT ? request : answer;
}

int64_t cg_relay_deadline(const struct cg_exchange *x, enum cg_failure *failure)
{
	const struct cg_config_timeouts *timeouts = &cg_exchange_config(x)->timeouts;

	if (x->attempt.has_head && !x->stream->ops->may_send(x->stream)) {
		*failure = CG_FAILURE_CLIENT_WRITE_TIMEOUT;
		return x->last_progress_ms + timeouts->client_write;
	}
	if (x->attempt.has_head) {
		*failure = CG_FAILURE_TENANT_READ_TIMEOUT;
		return x->last_progress_ms + timeouts->tenant_read;
	}
	if (!x->is_request_read && !cg_conn_has_pending(x->attempt.conn)) {
		*failure = CG_FAILURE_CLIENT_TIMEOUT;
		return x->last_progress_ms + timeouts->client_body;
	}
	*failure = CG_FAILURE_RESPONSE_TIMEOUT;
	return (x->is_request_read ? x->request_ended_ms : x->last_progress_ms) + x->response_ms;
}
