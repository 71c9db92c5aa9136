/* SPDX-License-Identifier: BSD-2-Clause */
/* The inside of the live state, for live, live_operate and live_pools alone. */
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
	struct cg_store *store; /* NULL: decisions are not kept */
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

/* Why the pools are looked at: one of the two. */
struct cg_live_cause {
	const struct cg_live_tenant *tenant; /* its published state changed */
	const struct cg_live_pool *switched; /* an operator switched it */
};

/* Choose each pool's active tenant anew; log and journal what changes. CAUSE NULL: the
 * configuration changed, and then no change is a failover or failback. True if any pool changed. */
bool cg_live_pools_review(struct cg_live *live, const struct cg_live_cause *cause, int64_t now);

/* After TENANT's health or its drain changed, and its reason was written: publish, tell everyone if
 * the published state is another, look at the pools. */
void cg_live_review_tenant(struct cg_live *live, struct cg_live_tenant *tenant, int64_t now);
/* Write the word as it is now. */
void cg_live_publish(struct cg_live_tenant *tenant);
void cg_live_notify(struct cg_live *live);
bool cg_live_is_used(const struct cg_live *live, const struct cg_live_tenant *tenant);

/* The configuration took the tenant, or one of the pool's members, away: end what operators decided
 * about it. */
void cg_live_operate_forget_drain(struct cg_live *live, struct cg_live_tenant *tenant);
void cg_live_operate_forget_switches(struct cg_live *live);
/* End the tenant's drain if its time is over. */
void cg_live_operate_tick(struct cg_live *live, struct cg_live_tenant *tenant, int64_t now);

#endif
