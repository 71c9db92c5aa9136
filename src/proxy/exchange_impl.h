/* SPDX-License-Identifier: BSD-2-Clause */
/* Between exchange.c (life, bytes, time) and exchange_choose.c (tenants) only. */
#ifndef CG_PROXY_EXCHANGE_IMPL_H
#define CG_PROXY_EXCHANGE_IMPL_H

#include "proxy/exchange.h"

/* Find a tenant and begin an attempt, or fail. LAST: how the attempt before ended; NONE at the
 * first. */
void cg_exchange_choose(struct cg_exchange *x, enum cg_failure last);
/* Whether the present attempt may have reached its tenant. */
bool cg_exchange_is_unsure(const struct cg_exchange *x);
/* Count a failed attempt, as evidence too where it is any. */
void cg_exchange_note_failure(struct cg_exchange *x, enum cg_failure failure);

#endif
