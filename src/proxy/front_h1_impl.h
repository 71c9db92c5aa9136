/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside of an HTTP/1.x front, for front_h1.c (the connection, heads) and front_h1_stream.c (one
 * request's stream) only. */
#ifndef CG_PROXY_FRONT_H1_IMPL_H
#define CG_PROXY_FRONT_H1_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/h1_body.h"
#include "http/h1_head.h"
#include "net/conn.h"
#include "net/timer.h"
#include "proxy/exchange.h"
#include "proxy/stream.h"

/* State, its name, the states it may enter. */
#define CG_FRONT_STATES(X)                                                                         \
	/* TLS; ends with the handshake or its time-out. */                                        \
	X(HANDSHAKE, "handshake", TO(IDLE) | TO(CLOSED))                                           \
	/* No byte of a next request; ends with one, or with client_idle. */                       \
	X(IDLE, "idle", TO(HEAD) | TO(EXCHANGE) | TO(LINGER) | TO(CLOSED))                         \
	/* A head has begun; ends complete, refused, or with client_header. */                     \
	X(HEAD, "head", TO(EXCHANGE) | TO(LINGER) | TO(CLOSED))                                    \
	/* The exchange has the word. */                                                           \
	X(EXCHANGE, "exchange", TO(FLUSH) | TO(CLOSED))                                            \
	/* The answer is complete, the client has not taken all of it yet. */                      \
	X(FLUSH, "flush", TO(DRAIN) | TO(IDLE) | TO(LINGER) | TO(CLOSED))                          \
	/* What is left of the last request's body is read and dropped. */                         \
	X(DRAIN, "drain", TO(IDLE) | TO(LINGER) | TO(CLOSED))                                      \
	/* Our side has ended; input is dropped so that no reset overtakes the answer. */          \
	X(LINGER, "linger", TO(CLOSED))                                                            \
	X(CLOSED, "closed", 0)

enum cg_front_state {
#define X(id, name, to) CG_FRONT_##id,
	CG_FRONT_STATES(X)
#undef X
};

enum {
	CG_FRONT_DRAIN_MAX = 65536,   /* SPEC section 4: what may be left of a body */
	CG_FRONT_LINGER_MS = 5000,    /* since the last bytes of a client that is still sending */
	CG_FRONT_LAST_CALL_MS = 1000, /* how long an idle client may still ask when its connection
	                                 is about to end */
	CG_FRONT_LINGER_MAX_MS = 30000,
	CG_FRONT_WRITE_DIRECT = 4096, /* larger pieces are not copied to stand behind others */
	CG_FRONT_STEPS_MAX = 32,      /* of one client in one turn */
};

struct cg_front_h1 {
	struct cg_stream stream; /* first: the exchange's view */
	struct cg_list node;     /* worker->fronts */
	struct cg_worker *worker;
	struct cg_conn *conn;
	struct cg_client client;
	struct cg_timer timer;
	enum cg_front_state state;
	bool is_health;   /* a health listener's */
	bool is_tls_hold; /* hold is kept during the handshake */
	struct cg_hold *hold;
	struct cg_worker_listener *listener; /* counted */
	/* the request */
	struct cg_exchange *x; /* in EXCHANGE */
	struct cg_h1_scan scan;
	struct cg_h1_body body;
	size_t piece_used; /* input to consume once the piece is done with */
	uint64_t drained;
	int version_minor;
	bool keeps_alive; /* as far as the request goes */
	bool expects;     /* 100-continue was not sent yet */
	bool is_gone;     /* reset, or cut TLS */
	bool had_request; /* at least one */
	bool is_last;     /* the client said that it sends no other request */
	/* the answer */
	bool closes; /* it says Connection: close, or its end is the connection's */
	bool is_chunked;
	bool ends_by_close; /* only the connection's end tells where it ends */
	bool is_cut;
	int64_t ends_at; /* FLUSH: when nothing taken is too long; LINGER: at the latest */
	int outq_seen;   /* cg_conn_took_more */
	bool is_running; /* an exchange that ends within a call is gone on with by the loop above it
	                  */
	struct cg_ready ready; /* others get their turn */
};

/* What an exchange calls. */
extern const struct cg_stream_ops cg_front_h1_stream_ops;

/* What the stream's last call does to the connection: the answer is in the connection's hands. */
void cg_front_h1_finish(struct cg_stream *stream);

/* Whether the connection ends after the present answer: the gateway stops, or a reload took the
 * listener away. */
static inline bool cg_front_h1_is_ending(const struct cg_front_h1 *front)
{
	return front->worker->is_draining || front->listener->is_removed;
}

static inline struct cg_front_h1 *cg_front_h1_from(const struct cg_stream *stream)
{
	return CG_CONTAINER_OF(stream, struct cg_front_h1, stream);
}

#endif
