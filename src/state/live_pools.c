/* SPDX-License-Identifier: BSD-2-Clause */
/* Which tenant is a pool's active one, and what a change of it is called:
 *
 *   failover   to a higher number of priority (a lower priority), or to none
 *   failback   to a lower number, or from none to the last active one's number
 *   neither    the first choice after start, and what a new configuration changes
 *
 * The tenant that an operator switched to counts as the best of all numbers, but not for the switch
 * itself: that one is told by the numbers. Between equal numbers the state decides: away from a
 * tenant that is less fit than the new one is a failover, else the old one could have stayed and
 * the change is a failback. The first choice is made when each member has had its first verdict:
 * until then the active one follows the verdicts without a word, or every start would tell a
 * failback only because the lower priority answered first. If there is none at that moment, this is
 * told but not counted. */
#include "state/live_impl.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "tenant/select.h"
#include "tenant/select_priority.h"

enum { LIVE_POOLS_CAUSE_SIZE = 512 };

/* What one review of one pool works with. */
struct live_pools_turn {
	struct cg_live *live;
	const struct cg_config_pool *config;
	struct cg_live_pool *pool;
	const struct cg_live_cause *cause; /* NULL: the configuration */
	int64_t now;
};

static struct cg_live_tenant *live_pools_member(const struct live_pools_turn *turn, size_t index)
{
	return turn->live->used[turn->config->members[index]];
}

static bool live_pools_has_member(const struct live_pools_turn *turn,
                                  const struct cg_live_tenant *tenant)
{
	for (size_t i = 0; i < turn->config->members_n; i++)
		if (live_pools_member(turn, i) == tenant)
			return true;
	return false;
}

static bool live_pools_has_checking(const struct live_pools_turn *turn)
{
	for (size_t i = 0; i < turn->config->members_n; i++)
		if (live_pools_member(turn, i)->health.state == CG_HEALTH_CHECKING)
			return true;
	return false;
}

static bool live_pools_is_preferred(const struct live_pools_turn *turn,
                                    const struct cg_live_tenant *tenant)
{
	return atomic_load_explicit(&turn->pool->preferred, memory_order_relaxed) == tenant->id;
}

/* 0 is better than all numbers of the configuration. */
static unsigned live_pools_priority(const struct live_pools_turn *turn,
                                    const struct cg_live_tenant *tenant)
{
	if (turn->cause->switched == NULL && live_pools_is_preferred(turn, tenant))
		return 0;
	for (size_t i = 0; i < turn->config->members_n; i++)
		if (live_pools_member(turn, i) == tenant)
			return turn->live->config->tenants[turn->config->members[i]].priority;
	return UINT_MAX;
}

/* NULL if none may be chosen. */
static struct cg_live_tenant *live_pools_choose(const struct live_pools_turn *turn)
{
	size_t n = turn->config->members_n;
	struct cg_candidate *candidates = cg_mem_alloc_array(n, sizeof(*candidates));
	int chosen;

	for (size_t i = 0; i < n; i++) {
		const struct cg_live_tenant *tenant = live_pools_member(turn, i);

		candidates[i].priority =
		        turn->live->config->tenants[turn->config->members[i]].priority;
		candidates[i].state = cg_live_state(tenant);
		candidates[i].is_preferred = live_pools_is_preferred(turn, tenant);
	}
	chosen = cg_select_priority(candidates, n, false);
	free(candidates);
	return chosen < 0 ? NULL : live_pools_member(turn, (size_t)chosen);
}

static void live_pools_switch_text(const struct live_pools_turn *turn, char *out, size_t size)
{
	unsigned id = atomic_load_explicit(&turn->pool->preferred, memory_order_relaxed);
	const char *to = id == CG_LIVE_AUTO ? "auto" : turn->live->tenants[id]->name;
	const char *note = turn->pool->switch_note;

	if (note == NULL)
		snprintf(out, size, "operator: switch to %s", to);
	else
		snprintf(out, size, "operator: switch to %s (%s)", to, note);
}

static void live_pools_cause_text(const struct live_pools_turn *turn, char *out, size_t size)
{
	const struct cg_live_cause *cause = turn->cause;

	if (cause == NULL)
		snprintf(out, size, "configuration");
	else if (cause->switched != NULL)
		live_pools_switch_text(turn, out, size);
	else
		snprintf(out, size, "%s %s: %s", cause->tenant->name,
		         cg_health_state_name(cg_live_state(cause->tenant)), cause->tenant->reason);
}

static enum cg_event_kind live_pools_kind(const struct live_pools_turn *turn,
                                          const struct cg_live_tenant *to)
{
	const struct cg_live_tenant *from = turn->pool->last_active;
	unsigned old = live_pools_priority(turn, from);
	unsigned new = live_pools_priority(turn, to);
	int old_rank = cg_select_rank(cg_live_state(from));

	if (new != old)
		return new > old ? CG_EVENT_FAILOVER : CG_EVENT_FAILBACK;
	if (turn->pool->active == NULL)
		return CG_EVENT_FAILBACK;
	if (turn->cause->switched != NULL)
		return live_pools_is_preferred(turn, to) ? CG_EVENT_FAILOVER : CG_EVENT_FAILBACK;
	if (old_rank < 0 || old_rank > cg_select_rank(cg_live_state(to)))
		return CG_EVENT_FAILOVER;
	return CG_EVENT_FAILBACK;
}

static void live_pools_set(const struct live_pools_turn *turn, struct cg_live_tenant *to)
{
	struct cg_live_pool *pool = turn->pool;

	pool->active = to;
	pool->active_since = turn->now;
	pool->active_since_wall_ms = cg_clock_wall_ms();
	pool->is_none_logged = to == NULL;
	if (to == NULL)
		return;
	pool->had_active = true;
	pool->last_active = to;
}

static void live_pools_journal(const struct live_pools_turn *turn, enum cg_event_kind kind,
                               struct cg_live_tenant *to, char *reason)
{
	const struct cg_live_pool *pool = turn->pool;

	cg_journal_add(turn->live->journal,
	               &(struct cg_event){
	                       .kind = kind,
	                       .pool = pool->name,
	                       .from = pool->active == NULL ? NULL : pool->active->name,
	                       .to = to == NULL ? NULL : to->name,
	                       .reason = reason,
	                       .lasted_ms = pool->active_since_wall_ms == 0
	                                            ? -1
	                                            : turn->now - pool->active_since,
	               });
}

static void live_pools_lose(const struct live_pools_turn *turn)
{
	char reason[LIVE_POOLS_CAUSE_SIZE];

	live_pools_cause_text(turn, reason, sizeof(reason));
	cg_log(CG_LOG_ERROR, "pool %s: no tenant may be chosen: %s", turn->pool->name, reason);
	live_pools_journal(turn, CG_EVENT_FAILOVER, NULL, reason);
	if (turn->pool->active != NULL)
		turn->pool->failovers++;
	live_pools_set(turn, NULL);
}

static void live_pools_move(const struct live_pools_turn *turn, struct cg_live_tenant *to)
{
	struct cg_live_pool *pool = turn->pool;
	enum cg_event_kind kind = live_pools_kind(turn, to);
	const char *from = pool->active == NULL ? "none" : pool->active->name;
	char reason[LIVE_POOLS_CAUSE_SIZE];
	char lasted[32];

	live_pools_cause_text(turn, reason, sizeof(reason));
	cg_clock_format_duration(lasted, sizeof(lasted), turn->now - pool->active_since);
	cg_log(kind == CG_EVENT_FAILOVER ? CG_LOG_WARNING : CG_LOG_INFO,
	       "pool %s: %s: %s > %s: %s after %s", pool->name, cg_event_kind_name(kind), from,
	       to->name, reason, lasted);
	live_pools_journal(turn, kind, to, reason);
	if (kind == CG_EVENT_FAILOVER)
		pool->failovers++;
	else
		pool->failbacks++;
	live_pools_set(turn, to);
}

/* A new configuration took the active one away: its pool begins anew. */
static void live_pools_forget(struct cg_live_pool *pool)
{
	pool->active = NULL;
	pool->last_active = NULL;
	pool->had_active = false;
	pool->active_since_wall_ms = 0;
	pool->is_none_logged = false;
}

static bool live_pools_follow(struct cg_live_pool *pool, struct cg_live_tenant *best)
{
	const struct cg_live_tenant *old = pool->active;

	/* One without a verdict is no news. */
	pool->active = best == NULL || cg_live_state(best) == CG_HEALTH_CHECKING ? NULL : best;
	return pool->active != old;
}

/* True if it changed. */
static bool live_pools_review_one(const struct live_pools_turn *turn)
{
	struct cg_live_pool *pool = turn->pool;
	struct cg_live_tenant *best = live_pools_choose(turn);

	if (turn->cause == NULL && !live_pools_has_member(turn, pool->last_active))
		live_pools_forget(pool);
	if (!pool->had_active && live_pools_has_checking(turn))
		return live_pools_follow(pool, best);
	if (best == NULL) {
		if (pool->is_none_logged)
			return false;
		live_pools_lose(turn);
		return true;
	}
	if (pool->had_active && pool->active == best)
		return false;
	if (pool->had_active && turn->cause != NULL) {
		live_pools_move(turn, best);
		return true;
	}
	cg_log(CG_LOG_INFO, "pool %s: active %s", pool->name, best->name);
	live_pools_set(turn, best);
	return true;
}

bool cg_live_pools_review(struct cg_live *live, const struct cg_live_cause *cause, int64_t now)
{
	bool is_changed = false;

	for (size_t i = 0; i < live->config->pools_n; i++) {
		struct live_pools_turn turn = {
		        .live = live,
		        .config = &live->config->pools[i],
		        .pool = live->used_pools[i],
		        .cause = cause,
		        .now = now,
		};

		if (live_pools_review_one(&turn))
			is_changed = true;
	}
	return is_changed;
}
