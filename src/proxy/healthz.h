/* SPDX-License-Identifier: BSD-2-Clause */
/* The gateway's own health endpoint (SPEC section 6): answered from memory, before routing,
 * unlogged. On the worker's thread. */
#ifndef CG_PROXY_HEALTHZ_H
#define CG_PROXY_HEALTHZ_H

#include <stdbool.h>

#include "proxy/exchange.h"

/* Whether the request is for the health path. */
bool cg_healthz_is_asked(const struct cg_exchange *x);
/* Answer and finish. */
void cg_healthz_answer(struct cg_exchange *x);

#endif
