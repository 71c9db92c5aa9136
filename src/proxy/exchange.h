/* SPDX-License-Identifier: BSD-2-Clause */
/* One request and its answer, from head to log line: finds the pool, chooses tenants, runs attempts
 * one after the other, passes the answer on or makes one. It knows the client only as a stream. On
 * the worker's thread. */
#ifndef CG_PROXY_EXCHANGE_H
#define CG_PROXY_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/list.h"
#include "base/rand.h"
#include "http/framing.h"
#include "http/message.h"
#include "http/refusal.h"
#include "net/timer.h"
#include "proxy/attempt.h"
#include "proxy/failure.h"
#include "proxy/replay.h"
#include "proxy/stream.h"
#include "proxy/worker.h"

/* State, its name, the states it may enter. */
#define CG_EXCHANGE_STATES(X)                                                                      \
	/* No I/O; the pool's method names a tenant or none. */                                    \
	X(CHOOSE, "choose", TO(WAIT) | TO(CONNECT) | TO(RELAY) | TO(DONE))                         \
	/* No tenant has a verdict yet: until one has, or the probe's time-out. */                 \
	X(WAIT, "wait", TO(CHOOSE) | TO(DONE))                                                     \
	/* The attempt gets a connection; a failure goes back to CHOOSE or ends. */                \
	X(CONNECT, "connect", TO(SEND) | TO(CHOOSE) | TO(RELAY) | TO(DONE))                        \
	/* The request is on its way; nothing of a final answer has come. */                       \
	X(SEND, "send", TO(RELAY) | TO(CHOOSE) | TO(CONNECT) | TO(DONE))                           \
	/* The answer's head was passed on; bodies move. */                                        \
	X(RELAY, "relay", TO(DONE))                                                                \
	/* Logged and counted; the stream may have bytes left to write. */                         \
	X(DONE, "done", 0)

enum cg_exchange_state {
#define X(id, name, to) CG_EXCHANGE_##id,
	CG_EXCHANGE_STATES(X)
#undef X
};

/* Whether a tenant may have got the request (SPEC section 4, delivery verdict). */
enum cg_delivery { CG_DELIVERY_NO, CG_DELIVERY_UNKNOWN, CG_DELIVERY_YES };

struct cg_exchange {
	struct cg_list node; /* worker->waiting in WAIT, worker->free_exchanges between uses */
	struct cg_worker *worker;
	struct cg_hold *hold;
	struct cg_stream *stream;
	struct cg_arena arena;
	struct cg_timer timer;
	struct cg_ready ready; /* the byte budget of a turn was used up */
	enum cg_exchange_state state;

	/* the request */
	struct cg_message request;
	struct cg_framing framing;
	bool expects_continue;
	bool is_request_read; /* its body is complete */
	bool is_safe;         /* may be sent more than once (repeat) */
	struct cg_replay replay;
	struct cg_str request_id;
	int64_t started_us;
	int64_t started_wall_ms;

	/* where it goes */
	const struct cg_snapshot_pool *pool;
	int64_t response_ms; /* of the route */
	bool *tried;         /* by place in the pool; from the arena */
	unsigned attempts_n;
	bool is_wait_over;
	struct cg_attempt attempt;
	struct cg_attempt held; /* has an answer that nobody wants yet */
	const struct cg_snapshot_tenant *last_tenant;

	/* the answer */
	int status; /* sent to the client; 0: none */
	bool is_head_sent;
	int64_t last_progress_ms;
	int64_t request_ended_ms; /* when the tenant had all of it */
	int64_t wait_until_ms;    /* for a first verdict; 0: not waited yet */
	int outq_seen;            /* cg_conn_took_more */
	const char *error;        /* name of a refusal or a failure; NULL: none */
	enum cg_delivery delivery;
	bool is_unsure; /* an earlier attempt may have reached its tenant */
	struct cg_str mpl_id;
	struct cg_str correlation_id;
	uint64_t bytes_in; /* payload */
	uint64_t bytes_out;
	int64_t tenant_us; /* from the attempt's start to the answer's head */
	bool is_unlogged;  /* the health path */
};

/* A fresh exchange of the worker with its arena empty; it holds the current snapshot. */
CG_MUST_USE struct cg_exchange *cg_exchange_new(struct cg_worker *worker, struct cg_stream *stream);

/* Give a fresh one back that no request came for. */
void cg_exchange_unused(struct cg_exchange *x);

/* The head was parsed into x->request (slices into the arena) and x->framing. Runs on by itself;
 * the stream's finish is the last that is called. */
void cg_exchange_start(struct cg_exchange *x);
/* The same on a health listener, where all but the health path is 404. */
void cg_exchange_start_health(struct cg_exchange *x);
/* The head was refused; as much of it as was understood is in x->request. */
void cg_exchange_refuse(struct cg_exchange *x, enum cg_refusal refusal);
/* Answer with the gateway's own error for FAILURE (time-outs while the front still reads the head).
 */
void cg_exchange_fail(struct cg_exchange *x, enum cg_failure failure);

/* ---- from the stream ---- */
/* More of the body has come, or the client takes bytes again, or it has left. */
void cg_exchange_on_stream(struct cg_exchange *x);

/* ---- from the attempt ---- */
void cg_exchange_on_attempt_open(struct cg_exchange *x);
void cg_exchange_on_attempt_failed(struct cg_exchange *x, enum cg_failure failure);
void cg_exchange_on_tenant(struct cg_exchange *x);

/* ---- from the worker ---- */
/* The tenant of the present attempt can no longer be reached: move on if the table allows it. */
void cg_exchange_on_unreachable(struct cg_exchange *x);
/* A tenant's state changed, in WAIT. */
void cg_exchange_wake(struct cg_exchange *x);

/* ---- for relay and respond ---- */
/* Whether another tenant could still be tried, after an answer with VERDICT. */
bool cg_exchange_has_other(const struct cg_exchange *x, enum cg_verdict verdict);
/* The answer's head tells how its tenant is. WHY in words, where it is bad. */
void cg_exchange_report(struct cg_exchange *x, bool is_good, const char *why);
/* The verdict at this moment, for an error of the gateway's own. */
enum cg_delivery cg_exchange_delivery(const struct cg_exchange *x);
void cg_exchange_enter(struct cg_exchange *x, enum cg_exchange_state state);
/* The client got all it will get: log, count, give back. The exchange is gone afterwards. */
void cg_exchange_finish(struct cg_exchange *x);
const struct cg_config *cg_exchange_config(const struct cg_exchange *x);
const char *cg_delivery_name(enum cg_delivery delivery);

/* Free the memory of a kept one (the worker's end). */
void cg_exchange_free(struct cg_exchange *x);

#endif
