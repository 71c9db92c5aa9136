/* SPDX-License-Identifier: BSD-2-Clause */
/* Which fields of a request and an answer are passed on, changed, dropped or added (SPEC section
 * 4). No I/O. */
#ifndef CG_PROXY_REWRITE_H
#define CG_PROXY_REWRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "http/framing.h"
#include "http/message.h"

/* What goes into a request that its head does not say. */
struct cg_rewrite_request {
	struct cg_str host; /* of the tenant, as sent in Host */
	struct cg_str client_ip;
	struct cg_str said_host; /* the client's Host */
	uint16_t port;           /* that the client connected to */
	bool is_tls;
	struct cg_str via; /* "1.1 NAME" */
	struct cg_str request_id;
};

/* Write the whole head of REQUEST as HTTP/1.1 into OUT. Marks REQUEST's fields; may be called again
 * for another tenant. */
void cg_rewrite_request(struct cg_buf *out, struct cg_message *request,
                        const struct cg_framing *framing, const struct cg_rewrite_request *values);

/* The request's own id if it is 1 to 128 visible characters; else an empty slice. */
struct cg_str cg_rewrite_kept_request_id(const struct cg_message *request);

/* Whether Via names this gateway already. VIA: "1.1 NAME". */
bool cg_rewrite_is_loop(const struct cg_message *request, struct cg_str via);

struct cg_rewrite_answer {
	struct cg_str tenant_host; /* sent in Host to the tenant; empty: it was the client's own,
	                              nothing to change back */
	struct cg_str said_host;   /* the client's */
	bool is_tls;               /* the client's side */
	struct cg_str via;
	struct cg_str date;   /* for an answer that has none */
	struct cg_str tenant; /* for X-Cpigate-Tenant; empty: not sent */
};

/* Mark, change and add fields of ANSWER in place; new values come from ARENA. */
void cg_rewrite_answer(struct cg_message *answer, const struct cg_rewrite_answer *values,
                       struct cg_arena *arena);

/* One more field on an answer that cg_rewrite_answer has made; there is room for one. */
void cg_rewrite_add(struct cg_message *answer, struct cg_str name, struct cg_str value);

/* Mark hop-by-hop fields, fields named in Connection, framing fields, and (of a request) those that
 * only a gateway may set. */
void cg_rewrite_mark(struct cg_message *message, bool is_request);

#endif
