/* SPDX-License-Identifier: BSD-2-Clause */
/* What follows an attempt: the one place that decides whether a request may be sent again (the
 * table of SPEC section 4). Pure. */
#ifndef CG_PROXY_REPEAT_H
#define CG_PROXY_REPEAT_H

#include <stdbool.h>

#include "base/str.h"
#include "config/config.h"
#include "http/message.h"
#include "proxy/failure.h"

/* ---- the request ---- */

/* Whether the request may reach a tenant more than once: its method promises so (GET, HEAD,
 * OPTIONS; with the route's repeat = idempotent also PUT and DELETE), or its client does, by the
 * header named IDEMPOTENCY_HEADER. repeat = never outdoes both. */
bool cg_repeat_is_safe(const struct cg_message *request, enum cg_route_repeat rule,
                       struct cg_str idempotency_header);

/* ---- an attempt without an answer ---- */

struct cg_repeat_facts {
	enum cg_failure failure;
	bool is_safe;       /* cg_repeat_is_safe */
	bool has_body;      /* all of the body that has left is still here */
	bool was_reused;    /* the connection was a kept one */
	bool was_sent;      /* a byte of the request was written to it */
	bool has_next_addr; /* the tenant has an address that this attempt has not tried */
	bool has_attempt;   /* the pool's attempts are not used up */
};

enum cg_repeat {
	CG_REPEAT_NEVER,        /* the client gets the failure */
	CG_REPEAT_FRESH,        /* the same tenant on a fresh connection */
	CG_REPEAT_NEXT_ADDRESS, /* the same tenant at its next address */
	CG_REPEAT_NEXT_TENANT,
};

enum cg_repeat cg_repeat_decide(const struct cg_repeat_facts *facts);

/* ---- an answer ---- */

/* What an answer says about the request and its tenant. */
enum cg_verdict {
	CG_VERDICT_ANSWER,  /* the tenant's word, whatever its status: an iFlow's 500 and a 429 too
	                     */
	CG_VERDICT_SICK,    /* 502, 503, 504 */
	CG_VERDICT_REFUSED, /* the platform says that the request reached no application */
};

enum cg_verdict cg_repeat_judge(const struct cg_message *answer);

/* Whether the answer with VERDICT is held back to try another tenant (which there must be). */
bool cg_repeat_may_hold(enum cg_verdict verdict, bool is_safe, bool has_body);

#endif
