/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers that the gateway makes itself: problem+json (RFC 9457) with Proxy-Status (RFC 9209) and
 * the delivery verdict. They go out by the same stream calls as a tenant's. Each sets x->status;
 * the caller finishes the exchange. */
#ifndef CG_PROXY_RESPOND_H
#define CG_PROXY_RESPOND_H

#include "proxy/exchange.h"

void cg_respond_failure(struct cg_exchange *x, enum cg_failure failure);
void cg_respond_refusal(struct cg_exchange *x, enum cg_refusal refusal);
/* To OPTIONS with Max-Forwards: 0. */
void cg_respond_options(struct cg_exchange *x);
/* A short text, not to be cached. */
void cg_respond_text(struct cg_exchange *x, int status, struct cg_str text);

#endif
