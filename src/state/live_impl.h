/* SPDX-License-Identifier: BSD-2-Clause */
/* The inside of the live state, for live and live_pools alone. */
#ifndef CG_STATE_LIVE_IMPL_H
#define CG_STATE_LIVE_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "state/journal.h"
#include "state/live.h"

struct cg_live {
	struct cg_journal *journal;
	unsigned workers_n;
	cg_live_fn on_change;
	void *owner;
	/* all that were ever named; the index of a tenant is its id */
	struct cg_live_tenant *tenants[CG_LIVE_TENANTS_MAX];
	size_t tenants_n;
	struct cg_live_pool **pools;
	size_t pools_n;
	/* in use; NULL before the first apply */
	const struct cg_config *config;
	struct cg_live_tenant **used; /* as config->tenants */
	size_t used_n;
	struct cg_live_pool **used_pools; /* as config->pools */
};

/* Choose each pool's active tenant anew; log and journal what changes. CAUSE is the tenant whose
 * state changed; NULL: the configuration did, and then no change is a failover or failback. True if
 * any pool changed. */
bool cg_live_pools_review(struct cg_live *live, const struct cg_live_tenant *cause, int64_t now);

#endif
