/* SPDX-License-Identifier: BSD-2-Clause */
/* What an exchange sees of the client: one request's stream, whichever HTTP version carries it.
 * Each front implements the calls; the exchange never asks which front it is. On the worker's
 * thread. */
#ifndef CG_PROXY_STREAM_H
#define CG_PROXY_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/defs.h"
#include "base/str.h"
#include "http/framing.h"
#include "http/message.h"
#include "http/refusal.h"

enum { CG_CLIENT_LISTENER_SIZE = 65 }; /* a name has at most 64 bytes */

/* Facts about the client's connection, made once and read by each of its requests. */
struct cg_client {
	char listener[CG_CLIENT_LISTENER_SIZE]; /* its name when the client came */
	bool is_tls;
	uint16_t port; /* that the client connected to */
	char ip[CG_ADDR_TEXT_SIZE];
	const char *tls_version; /* "TLSv1.3"; NULL on plain connections */
	char sni[256];           /* "" if none came */
};

enum cg_stream_read {
	CG_STREAM_PIECE, /* a piece of the body, until consume_body */
	CG_STREAM_WANT,  /* nothing now: cg_exchange_on_stream follows */
	CG_STREAM_END,   /* the body is complete */
	CG_STREAM_BAD,   /* malformed or too large: refusal */
	CG_STREAM_GONE,  /* the client left before the body was complete */
};

struct cg_stream;

struct cg_stream_ops {
	/* ---- the request's body ---- */
	enum cg_stream_read (*read_body)(struct cg_stream *stream, struct cg_str *piece,
	                                 enum cg_refusal *refusal);
	void (*consume_body)(struct cg_stream *stream);
	/* ---- the answer; MESSAGE's dropped fields are left out, framing fields are the front's
	 * ---- */
	/* A 1xx; not sent where the client's version does not know it. */
	void (*send_interim)(struct cg_stream *stream, const struct cg_message *message);
	/* FRAMING as received: the front chooses its own way to carry it. Leaves with what follows,
	 * at the latest with flush. */
	void (*send_head)(struct cg_stream *stream, const struct cg_message *message,
	                  const struct cg_framing *framing);
	void (*send_body)(struct cg_stream *stream, struct cg_str piece);
	void (*send_end)(struct cg_stream *stream);
	void (*flush)(struct cg_stream *stream);
	/* False while the client does not take what was sent: cg_exchange_on_stream follows when it
	 * does. */
	bool (*may_send)(const struct cg_stream *stream);
	/* Whether the client has taken something since the last call; *SEEN as cg_conn_took_more.
	 */
	bool (*took_more)(const struct cg_stream *stream, int *seen);
	bool (*is_gone)(const struct cg_stream *stream);
	/* The answer's head was sent, its rest never will be: the client must see that. */
	void (*cut)(struct cg_stream *stream);
	/* The exchange is over, and its memory about to go: the front goes on with the next
	 * request. Last call. */
	void (*finish)(struct cg_stream *stream);
};

struct cg_stream {
	const struct cg_stream_ops *ops;
	const struct cg_client *client;
	const char *protocol; /* "HTTP/1.1", for the log */
};

#endif
