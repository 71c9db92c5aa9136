/* SPDX-License-Identifier: BSD-2-Clause */
/* HTTP/1.x as a stream: the request's body out of its framing, the answer into the framing that the
 * client knows. */
#include "proxy/front_h1_impl.h"

#include "http/framing.h"
#include "http/h1_write.h"

/* ---- stream: the request's body ---- */

/* More input; what came of it as the body's reader sees it. */
static enum cg_stream_read front_fill_body(struct cg_front_h1 *front)
{
	switch (cg_conn_fill_more(front->conn, CG_CONN_BUF_SIZE)) {
	case CG_CONN_MOVED:
		return CG_STREAM_PIECE;
	case CG_CONN_AGAIN:
	case CG_CONN_FULL:
		return CG_STREAM_WANT;
	case CG_CONN_EOF:
	case CG_CONN_FAILED:
		break;
	}
	return CG_STREAM_GONE;
}

static enum cg_stream_read front_read_body(struct cg_stream *stream, struct cg_str *piece,
                                           enum cg_refusal *refusal)
{
	struct cg_front_h1 *front = cg_front_h1_from(stream);
	enum cg_stream_read filled = CG_STREAM_PIECE;
	size_t used;

	while (filled == CG_STREAM_PIECE) {
		switch (cg_h1_body_next(&front->body, cg_conn_in(front->conn), &used, piece)) {
		case CG_H1_BODY_PIECE:
			front->piece_used = used;
			return CG_STREAM_PIECE;
		case CG_H1_BODY_END:
			cg_conn_consume(front->conn, used);
			return CG_STREAM_END;
		case CG_H1_BODY_ERROR:
			*refusal = front->body.refusal;
			return CG_STREAM_BAD;
		case CG_H1_BODY_WANT:
			cg_conn_consume(front->conn, used);
			filled = front_fill_body(front);
			break;
		}
	}
	return filled;
}

static void front_consume_body(struct cg_stream *stream)
{
	struct cg_front_h1 *front = cg_front_h1_from(stream);

	cg_conn_consume(front->conn, front->piece_used);
	front->piece_used = 0;
}

/* ---- stream: the answer ---- */

static void front_write(struct cg_front_h1 *front, const void *ptr, size_t n)
{
	if (n > 0 && cg_conn_write(front->conn, ptr, n) == CG_CONN_FAILED)
		front->is_gone = true;
}

static void front_flush(struct cg_stream *stream)
{
	struct cg_front_h1 *front = cg_front_h1_from(stream);
	struct cg_buf *scratch = &front->worker->env.scratch;

	front_write(front, cg_buf_ptr(scratch), cg_buf_len(scratch));
	cg_buf_clear(scratch);
}

/* HTTP/1.0 does not know 1xx (RFC 9110 section 15.2). */
static void front_send_interim(struct cg_stream *stream, const struct cg_message *message)
{
	struct cg_front_h1 *front = cg_front_h1_from(stream);
	struct cg_buf *scratch = &front->worker->env.scratch;

	if (message->status == 100)
		front->expects = false;
	if (front->version_minor == 0)
		return;
	cg_h1_write_status_line(scratch, message->status, message->reason);
	cg_h1_write_fields(scratch, message);
	cg_h1_write_end_of_head(scratch);
	front_flush(stream);
}

/* Whether so little of the request's body is left that reading it is cheaper than a new connection.
 */
static bool front_may_drain(const struct cg_front_h1 *front)
{
	switch (front->body.state) {
	case CG_H1_BODY_DONE:
		return true;
	case CG_H1_BODY_LENGTH:
		return !front->expects && front->body.left <= CG_FRONT_DRAIN_MAX;
	default:
		/* A tenant's answer may come while the body is still on its way. */
		return !front->expects && front->x->last_tenant != NULL &&
		       front->x->delivery == CG_DELIVERY_YES;
	}
}

/* The tenant's framing in the words that this client knows; returns what to write. */
static struct cg_framing front_frame(struct cg_front_h1 *front, const struct cg_framing *framing)
{
	struct cg_framing mine = *framing;

	front->is_chunked = false;
	if (framing->kind == CG_FRAMING_CHUNKED || framing->kind == CG_FRAMING_CLOSE) {
		front->is_chunked = front->version_minor > 0;
		front->closes |= !front->is_chunked;
		mine.kind = front->is_chunked ? CG_FRAMING_CHUNKED : CG_FRAMING_CLOSE;
	}
	front->ends_by_close = mine.kind == CG_FRAMING_CLOSE;
	return mine;
}

/* An answer without a body may still tell its length: to HEAD, and in a 304 (RFC 9110 section 8.6).
 */
static void front_write_framing(struct cg_buf *out, const struct cg_message *message,
                                const struct cg_framing *framing)
{
	const struct cg_field *length = cg_message_find(message, CG_FIELD_CONTENT_LENGTH);

	if (framing->kind == CG_FRAMING_NONE && length != NULL && message->status != 204)
		cg_h1_write_field(out, CG_STR("Content-Length"), length->value);
	else
		cg_h1_write_framing(out, framing);
}

static void front_send_head(struct cg_stream *stream, const struct cg_message *message,
                            const struct cg_framing *framing)
{
	struct cg_front_h1 *front = cg_front_h1_from(stream);
	struct cg_buf *scratch = &front->worker->env.scratch;
	struct cg_framing mine = front_frame(front, framing);

	if (!front->keeps_alive || cg_front_h1_is_ending(front) || message->status == 408 ||
	    !front_may_drain(front))
		front->closes = true;
	cg_h1_write_status_line(scratch, message->status, message->reason);
	cg_h1_write_fields(scratch, message);
	front_write_framing(scratch, message, &mine);
	if (front->closes)
		cg_h1_write_field(scratch, CG_STR("Connection"), CG_STR("close"));
	else if (front->version_minor == 0)
		cg_h1_write_field(scratch, CG_STR("Connection"), CG_STR("keep-alive"));
	cg_h1_write_end_of_head(scratch);
}

static void front_send_body(struct cg_stream *stream, struct cg_str piece)
{
	struct cg_front_h1 *front = cg_front_h1_from(stream);
	struct cg_buf *scratch = &front->worker->env.scratch;
	char head[CG_H1_CHUNK_HEAD_SIZE];

	if (!front->is_chunked && cg_buf_is_empty(scratch) && piece.len >= CG_FRONT_WRITE_DIRECT) {
		front_write(front, piece.ptr, piece.len);
		return;
	}
	if (front->is_chunked)
		cg_buf_append(scratch, head, cg_h1_write_chunk_head(head, piece.len));
	cg_buf_append_str(scratch, piece);
	if (front->is_chunked)
		cg_buf_append_str(scratch, CG_STR("\r\n"));
	if (cg_buf_len(scratch) >= CG_CONN_BUF_SIZE)
		front_flush(stream);
}

static void front_send_end(struct cg_stream *stream)
{
	struct cg_front_h1 *front = cg_front_h1_from(stream);

	if (front->is_chunked)
		cg_buf_append_str(&front->worker->env.scratch, cg_h1_last_chunk());
}

static bool front_may_send(const struct cg_stream *stream)
{
	const struct cg_front_h1 *front = cg_front_h1_from(stream);

	return !cg_conn_has_pending(front->conn);
}

static bool front_took_more(const struct cg_stream *stream, int *seen)
{
	return cg_conn_took_more(cg_front_h1_from(stream)->conn, seen);
}

static bool front_is_gone(const struct cg_stream *stream)
{
	return cg_front_h1_from(stream)->is_gone;
}

static void front_cut(struct cg_stream *stream)
{
	struct cg_front_h1 *front = cg_front_h1_from(stream);

	cg_buf_clear(&front->worker->env.scratch);
	front->is_cut = true;
}

const struct cg_stream_ops cg_front_h1_stream_ops = {
        .read_body = front_read_body,
        .consume_body = front_consume_body,
        .send_interim = front_send_interim,
        .send_head = front_send_head,
        .send_body = front_send_body,
        .send_end = front_send_end,
        .flush = front_flush,
        .may_send = front_may_send,
        .took_more = front_took_more,
        .is_gone = front_is_gone,
        .cut = front_cut,
        .finish = cg_front_h1_finish,
};
