/* SPDX-License-Identifier: BSD-2-Clause */
/* GET /api/v1/explain?host=H&path=P&method=M: what the gateway would do now with such a request,
 * and why (SPEC section 7). Nothing is sent. */
#ifndef CG_ADMIN_API_EXPLAIN_H
#define CG_ADMIN_API_EXPLAIN_H

#include "admin/admin_impl.h"

/* The method is GET and the path "/" unless given; without a host only routes for any host fit. */
void cg_api_explain(struct cg_admin_call *call);

#endif
