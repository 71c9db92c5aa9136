/* SPDX-License-Identifier: BSD-2-Clause */
/* One try of an exchange at one tenant: getting a connection (kept, or fresh at one address after
 * the other), and what has gone over it. It judges nothing: how it ended goes to the exchange. On
 * the worker's thread. */
#ifndef CG_PROXY_ATTEMPT_H
#define CG_PROXY_ATTEMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/framing.h"
#include "http/h1_body.h"
#include "http/h1_head.h"
#include "http/message.h"
#include "net/conn.h"
#include "proxy/failure.h"
#include "proxy/origin.h"
#include "proxy/repeat.h"
#include "state/snapshot.h"

struct cg_exchange;

struct cg_attempt {
	struct cg_list node; /* origin->active until the answer's head is there */
	const struct cg_snapshot_tenant *tenant; /* NULL: no attempt runs */
	struct cg_origin *origin;
	struct cg_conn *conn;
	struct cg_addr addr; /* of a fresh connection */
	size_t addrs_tried;  /* in this attempt, before this one */
	bool is_reused;      /* a kept connection */
	bool is_open;
	uint64_t sent_before; /* by the connection, when the attempt took it */
	bool is_limited;      /* counted in the tenant's limited_n */
	bool is_upload_over;  /* the rest of the body went elsewhere */
	bool is_body_sent;    /* the whole request was */
	int64_t started_us;
	/* the answer */
	struct cg_h1_scan scan;
	struct cg_message answer; /* slices into the connection's input: used at once */
	struct cg_framing framing;
	struct cg_h1_body body;
	size_t head_used; /* its bytes in the input, until it is passed on */
	enum cg_verdict verdict;
	bool has_head;
	bool is_answered; /* the answer is complete */
	unsigned interims_n;
};

/* Begin at TENANT. Ends in cg_exchange_on_attempt_open or cg_exchange_on_attempt_failed, possibly
 * from inside this call. */
void cg_attempt_start(struct cg_exchange *x, const struct cg_snapshot_tenant *tenant);
/* Go on at the same tenant: FRESH: without kept connections; else at its next address. */
void cg_attempt_continue(struct cg_exchange *x);
/* Whether a byte of the request may have left. */
bool cg_attempt_was_sent(const struct cg_attempt *attempt);
/* Whether the tenant has an address that this attempt has not tried. */
bool cg_attempt_has_next_addr(const struct cg_attempt *attempt);
/* The connection's time to connect is over. */
void cg_attempt_connect_timeout(struct cg_exchange *x);
/* Keep the attempt, whose answer's head is there, aside while another tenant is tried; one held
 * before is dropped. */
void cg_attempt_hold(struct cg_exchange *x);
/* The held attempt is the current one again, ready to be passed on; the one that ran is ended. */
void cg_attempt_take_held(struct cg_exchange *x);
/* Forget the held one, if there is one. */
void cg_attempt_drop_held(struct cg_exchange *x);
/* End: the connection is kept for reuse where the answer came whole and both sides allow it, else
 * closed. */
void cg_attempt_end(struct cg_exchange *x);

#endif
