/* SPDX-License-Identifier: BSD-2-Clause */
/* Moves an exchange's bytes: the request to the tenant, the answer to the client, each as fast as
 * its receiver takes them. On the worker's thread. */
#ifndef CG_PROXY_RELAY_H
#define CG_PROXY_RELAY_H

#include "proxy/exchange.h"

/* Bytes that one call moves in one direction before others get their turn. */
enum { CG_RELAY_BUDGET = 65536 };

enum cg_relay {
	CG_RELAY_WAIT,     /* all is done that can be done now; an event follows */
	CG_RELAY_MORE,     /* the budget is used up: call again in the next turn */
	CG_RELAY_HOLD,     /* the answer's head is there, and another tenant may do better */
	CG_RELAY_COMPLETE, /* the answer is passed on to its end */
	CG_RELAY_FAILED,   /* *failure */
	CG_RELAY_REFUSED,  /* the request's body is bad: *refusal */
};

struct cg_relay_end {
	enum cg_failure failure;
	enum cg_refusal refusal;
};

/* The request's head, and as much of the body as is there, to the tenant. */
void cg_relay_start_request(struct cg_exchange *x);
/* Pass on the head of the attempt's answer, which was held. */
void cg_relay_pass_on(struct cg_exchange *x);
/* Both directions as far as they go. */
enum cg_relay cg_relay_run(struct cg_exchange *x, struct cg_relay_end *end);
/* When the present wait has lasted too long, and what it is then. */
int64_t cg_relay_deadline(const struct cg_exchange *x, enum cg_failure *failure);

#endif
