/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls that only look: what is known of gateway, listeners, pools and tenants, and what happened
 * (SPEC section 7). */
#ifndef CG_ADMIN_API_STATUS_H
#define CG_ADMIN_API_STATUS_H

#include <jansson.h>

#include "admin/admin_impl.h"
#include "base/defs.h"

/* GET /api/v1/status, /api/v1/events. */
void cg_api_status(struct cg_admin_call *call);
void cg_api_events(struct cg_admin_call *call);

/* One pool as in `pools` of the status; a new reference. */
CG_MUST_USE json_t *cg_api_status_pool(const struct cg_snapshot_pool *pool);
/* The name of the tenant that an operator made POOL's first choice; NULL: none, or it has left the
 * pool. */
const char *cg_api_status_switched_to(const struct cg_snapshot_pool *pool);

/* One tenant as in `tenants` of the status; a new reference. */
CG_MUST_USE json_t *cg_api_status_tenant(const struct cg_admin *admin,
                                         const struct cg_snapshot_tenant *tenant);
/* What a tenant waits for, by name; null if nothing. A new reference. */
CG_MUST_USE json_t *cg_api_status_wait(const struct cg_admin *admin,
                                       const struct cg_live_tenant *tenant);

#endif
