/* SPDX-License-Identifier: BSD-2-Clause */
/* What operators decide about tenants and pools: drain, resume, switch. It lies over the tenants'
 * health, ends by itself where it cannot be meant any longer, and is kept in the store. */
#include "state/live_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "state/store.h"

/* "operator: drain for 2h (a note)" */
static void live_operate_text(char *out, size_t size, const char *what, const char *note)
{
	if (note == NULL)
		snprintf(out, size, "operator: %s", what);
	else
		snprintf(out, size, "operator: %s (%s)", what, note);
}

/* An empty note is none. */
static char *live_operate_note(const char *note)
{
	return note == NULL || note[0] == '\0' ? NULL : cg_mem_strdup(note);
}

/* ---- drain and resume ---- */

static void live_operate_journal_drain(struct cg_live *live, const struct cg_live_tenant *tenant,
                                       const char *reason, const char *note)
{
	cg_journal_add(live->journal, &(struct cg_event){
	                                      .kind = CG_EVENT_DRAIN,
	                                      .tenant = tenant->name,
	                                      .reason = (char *)(uintptr_t)reason,
	                                      .note = (char *)(uintptr_t)note,
	                                      .lasted_ms = -1,
	                              });
}

static void live_operate_undrain(struct cg_live *live, struct cg_live_tenant *tenant)
{
	tenant->is_drained = false;
	tenant->drained_until_wall_ms = 0;
	free(tenant->drain_note);
	tenant->drain_note = NULL;
	cg_store_clear_drain(live->store, tenant->name);
}

/* The tenant takes the state that its probes gave it meanwhile; if that is not good, both WHY and
 * its reason explain it. */
static void live_operate_lift(struct cg_live *live, struct cg_live_tenant *tenant, const char *why,
                              int64_t now)
{
	live_operate_undrain(live, tenant);
	if (tenant->health.state == CG_HEALTH_ONLINE)
		snprintf(tenant->reason, sizeof(tenant->reason), "%s", why);
	else
		snprintf(tenant->reason, sizeof(tenant->reason), "%.120s; meanwhile %.120s", why,
		         tenant->health_reason);
	cg_live_review_tenant(live, tenant, now);
}

static void live_operate_keep_drain(struct cg_live *live, const struct cg_live_tenant *tenant)
{
	cg_store_put_drain(live->store, &(struct cg_decision_drain){
	                                        .tenant = tenant->name,
	                                        .since_wall_ms = tenant->since_wall_ms,
	                                        .until_wall_ms = tenant->drained_until_wall_ms,
	                                        .note = tenant->drain_note,
	                                });
}

static void live_operate_set_drain(struct cg_live_tenant *tenant, int64_t for_ms, const char *note,
                                   int64_t now)
{
	char *copy = live_operate_note(note);

	free(tenant->drain_note);
	tenant->drain_note = copy;
	tenant->is_drained = true;
	tenant->drained_until = for_ms == 0 ? INT64_MAX : now + for_ms;
	tenant->drained_until_wall_ms = for_ms == 0 ? 0 : cg_clock_wall_ms() + for_ms;
}

void cg_live_drain(struct cg_live *live, struct cg_live_tenant *tenant, int64_t for_ms,
                   const char *note, int64_t now)
{
	bool was_drained = tenant->is_drained;
	char what[64] = "until resumed";
	char length[32];

	if (!cg_live_is_used(live, tenant))
		return;
	live_operate_set_drain(tenant, for_ms, note, now);
	if (for_ms > 0) {
		cg_clock_format_duration(length, sizeof(length), for_ms);
		snprintf(what, sizeof(what), "for %s", length);
	}
	live_operate_journal_drain(live, tenant, what, tenant->drain_note);
	if (for_ms > 0)
		snprintf(what, sizeof(what), "drain for %s", length);
	else
		snprintf(what, sizeof(what), "drain");
	live_operate_text(tenant->reason, sizeof(tenant->reason), what, tenant->drain_note);
	if (was_drained)
		cg_log(CG_LOG_INFO, "tenant %s: drained anew: %s", tenant->name, tenant->reason);
	cg_live_review_tenant(live, tenant, now);
	live_operate_keep_drain(live, tenant);
}

void cg_live_operate_tick(struct cg_live *live, struct cg_live_tenant *tenant, int64_t now)
{
	if (!tenant->is_drained || now < tenant->drained_until)
		return;
	live_operate_journal_drain(live, tenant, "its time is over", tenant->drain_note);
	live_operate_lift(live, tenant, "the time of its drain is over", now);
}

void cg_live_operate_forget_drain(struct cg_live *live, struct cg_live_tenant *tenant)
{
	if (!tenant->is_drained)
		return;
	cg_log(CG_LOG_INFO, "tenant %s: drain ends: it left the configuration", tenant->name);
	live_operate_journal_drain(live, tenant, "it left the configuration", NULL);
	/* Its word stays: requests that began before may still choose. */
	live_operate_undrain(live, tenant);
}

static bool live_operate_end_recovery(struct cg_live *live, struct cg_live_tenant *tenant,
                                      const char *why, int64_t now)
{
	if (!cg_health_resume(&tenant->health, now)) {
		cg_log(CG_LOG_INFO, "tenant %s: resume changes nothing, it is %s", tenant->name,
		       cg_health_state_name(tenant->health.state));
		return false;
	}
	snprintf(tenant->reason, sizeof(tenant->reason), "%s", why);
	memcpy(tenant->health_reason, tenant->reason, sizeof(tenant->health_reason));
	cg_live_review_tenant(live, tenant, now);
	return true;
}

bool cg_live_resume(struct cg_live *live, struct cg_live_tenant *tenant, const char *note,
                    int64_t now)
{
	char *own_note = live_operate_note(note);
	char why[sizeof(tenant->reason) / 2];
	bool is_changed = true;

	live_operate_text(why, sizeof(why), "resume", own_note);
	cg_journal_add(live->journal, &(struct cg_event){
	                                      .kind = CG_EVENT_RESUME,
	                                      .tenant = tenant->name,
	                                      .note = own_note,
	                                      .lasted_ms = -1,
	                              });
	if (tenant->is_drained)
		live_operate_lift(live, tenant, why, now);
	else
		is_changed = live_operate_end_recovery(live, tenant, why, now);
	free(own_note);
	return is_changed;
}

/* ---- switch ---- */

static const char *live_operate_preferred_name(const struct cg_live *live,
                                               const struct cg_live_pool *pool)
{
	unsigned id = atomic_load_explicit(&pool->preferred, memory_order_relaxed);

	return id == CG_LIVE_AUTO ? "auto" : live->tenants[id]->name;
}

/* TENANT NULL: the priority order. */
static void live_operate_set_switch(struct cg_live *live, struct cg_live_pool *pool,
                                    const struct cg_live_tenant *tenant, const char *note,
                                    int64_t wall_ms)
{
	char *copy = live_operate_note(note);

	free(pool->switch_note);
	pool->switch_note = copy;
	pool->switched_wall_ms = wall_ms;
	atomic_store_explicit(&pool->preferred, tenant == NULL ? CG_LIVE_AUTO : tenant->id,
	                      memory_order_relaxed);
	if (tenant == NULL)
		cg_store_clear_switch(live->store, pool->name);
	else
		cg_store_put_switch(live->store, &(struct cg_decision_switch){
		                                         .pool = pool->name,
		                                         .tenant = tenant->name,
		                                         .since_wall_ms = wall_ms,
		                                         .note = pool->switch_note,
		                                 });
}

static void live_operate_tell_switch(struct cg_live *live, const struct cg_live_pool *pool,
                                     const char *from, const char *reason)
{
	const char *to = live_operate_preferred_name(live, pool);

	cg_log(CG_LOG_INFO, "pool %s: switch: %s > %s: %s", pool->name, from, to, reason);
	cg_journal_add(live->journal, &(struct cg_event){
	                                      .kind = CG_EVENT_SWITCH,
	                                      .pool = pool->name,
	                                      .from = (char *)(uintptr_t)from,
	                                      .to = (char *)(uintptr_t)to,
	                                      .reason = (char *)(uintptr_t)reason,
	                                      .note = pool->switch_note,
	                                      .lasted_ms = -1,
	                              });
}

void cg_live_switch(struct cg_live *live, struct cg_live_pool *pool, struct cg_live_tenant *tenant,
                    const char *note, int64_t now)
{
	const char *from = live_operate_preferred_name(live, pool);
	char why[256];

	live_operate_set_switch(live, pool, tenant, note, cg_clock_wall_ms());
	live_operate_text(why, sizeof(why), "switch", pool->switch_note);
	live_operate_tell_switch(live, pool, from, why);
	cg_live_pools_review(live, &(struct cg_live_cause){.switched = pool}, now);
	cg_live_notify(live);
}

static bool live_operate_has_member(const struct cg_live *live, const struct cg_live_pool *pool,
                                    unsigned id)
{
	for (size_t i = 0; i < live->config->pools_n; i++) {
		const struct cg_config_pool *config = &live->config->pools[i];

		if (live->used_pools[i] != pool)
			continue;
		for (size_t k = 0; k < config->members_n; k++)
			if (live->used[config->members[k]]->id == id)
				return true;
	}
	return false;
}

void cg_live_operate_forget_switches(struct cg_live *live)
{
	for (size_t i = 0; i < live->pools_n; i++) {
		struct cg_live_pool *pool = live->pools[i];
		unsigned id = atomic_load_explicit(&pool->preferred, memory_order_relaxed);
		const char *from = live_operate_preferred_name(live, pool);

		if (id == CG_LIVE_AUTO || live_operate_has_member(live, pool, id))
			continue;
		live_operate_set_switch(live, pool, NULL, NULL, 0);
		live_operate_tell_switch(live, pool, from, "it left the pool");
	}
}

/* ---- from before the start ---- */

/* How long a drain goes on. A clock that is not set yet must not make it longer than it was meant.
 */
static int64_t live_operate_left(const struct cg_decision_drain *drain, int64_t wall_ms)
{
	if (drain->until_wall_ms == 0)
		return 0;
	return CG_MIN(drain->until_wall_ms - wall_ms, drain->until_wall_ms - drain->since_wall_ms);
}

static void live_operate_restore_drain(struct cg_live *live, const struct cg_decision_drain *drain,
                                       int64_t now)
{
	struct cg_live_tenant *tenant = cg_live_find_tenant(live, drain->tenant);
	int64_t wall_ms = cg_clock_wall_ms();
	int64_t left_ms = live_operate_left(drain, wall_ms);

	if (tenant == NULL || !cg_live_is_used(live, tenant)) {
		cg_log(CG_LOG_INFO, "tenant %s: drain ends: it left the configuration",
		       drain->tenant);
		cg_store_clear_drain(live->store, drain->tenant);
		return;
	}
	if (drain->until_wall_ms != 0 && left_ms <= 0) {
		cg_log(CG_LOG_INFO, "tenant %s: the time of its drain was over before the start",
		       tenant->name);
		live_operate_journal_drain(live, tenant, "its time is over", drain->note);
		cg_store_clear_drain(live->store, tenant->name);
		return;
	}
	live_operate_set_drain(tenant, left_ms, drain->note, now);
	tenant->drained_until_wall_ms = drain->until_wall_ms;
	tenant->since_wall_ms = drain->since_wall_ms;
	tenant->since = now - CG_MAX(wall_ms - drain->since_wall_ms, INT64_C(0));
	live_operate_text(tenant->reason, sizeof(tenant->reason), "drain before the start",
	                  tenant->drain_note);
	cg_live_publish(tenant);
	cg_log(CG_LOG_INFO, "tenant %s: drained: %s", tenant->name, tenant->reason);
}

static void live_operate_restore_switch(struct cg_live *live,
                                        const struct cg_decision_switch *switched)
{
	struct cg_live_tenant *tenant = cg_live_find_tenant(live, switched->tenant);
	struct cg_live_pool *pool = cg_live_pool(live, switched->pool);

	if (tenant == NULL || !live_operate_has_member(live, pool, tenant->id)) {
		cg_log(CG_LOG_INFO, "pool %s: switch to %s ends: it left the pool", switched->pool,
		       switched->tenant);
		cg_store_clear_switch(live->store, switched->pool);
		return;
	}
	live_operate_set_switch(live, pool, tenant, switched->note, switched->since_wall_ms);
	cg_log(CG_LOG_INFO, "pool %s: still switched to %s", pool->name, tenant->name);
}

void cg_live_restore(struct cg_live *live, struct cg_store *store, int64_t now)
{
	const struct cg_decisions *decisions;

	live->store = store;
	if (store == NULL)
		return;
	decisions = cg_store_decisions(store);
	for (size_t i = 0; i < decisions->drains_n; i++)
		live_operate_restore_drain(live, &decisions->drains[i], now);
	for (size_t i = 0; i < decisions->switches_n; i++)
		live_operate_restore_switch(live, &decisions->switches[i]);
	cg_live_pools_review(live, NULL, now);
	cg_live_notify(live);
}
