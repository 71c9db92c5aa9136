/* SPDX-License-Identifier: BSD-2-Clause */
/* The tenants of a pool in the order in which one request would try them now, and why each is or is
 * not the first: decided by the same functions as for a real request. */
#ifndef CG_ADMIN_API_CANDIDATES_H
#define CG_ADMIN_API_CANDIDATES_H

#include <jansson.h>

#include "admin/admin_impl.h"
#include "base/defs.h"

/* An array of objects: those that would be tried, then the others as the pool lists them. A new
 * reference. */
CG_MUST_USE json_t *cg_api_candidates(const struct cg_admin *admin,
                                      const struct cg_snapshot_pool *pool);

#endif
