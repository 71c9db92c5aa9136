/* SPDX-License-Identifier: BSD-2-Clause */
/* A rehearsal: a request that every tenant fails is sent through the pool's method, without being
 * sent. */
#include "admin/api_candidates.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/api_json.h"
#include "admin/api_status.h"
#include "base/clock.h"
#include "base/mem.h"
#include "tenant/select_priority.h"

struct candidates {
	const struct cg_admin *admin;
	const struct cg_snapshot_pool *pool;
	struct cg_candidate *items; /* as the pool's tenants */
	size_t *order;              /* indices of those that would be tried */
	size_t order_n;
};

static void candidates_fill(struct candidates *c)
{
	unsigned preferred = atomic_load_explicit(&c->pool->live->preferred, memory_order_relaxed);

	for (size_t i = 0; i < c->pool->tenants_n; i++) {
		const struct cg_snapshot_tenant *tenant = c->pool->tenants[i];
		unsigned max = tenant->config->max_requests;
		c->items[i] = (struct cg_candidate){
		        .priority = tenant->config->priority,
		        .state = cg_live_state(tenant->live),
		        .in_flight = cg_live_in_flight(c->admin->setup.live, tenant->live),
		        .is_full = max > 0 && atomic_load(&tenant->live->limited_n) >= max,
		        .is_preferred = tenant->live->id == preferred,
		};
	}
}

/* The reasons stay those of the first choice. */
static void candidates_rehearse(struct candidates *c)
{
	bool may_try_any = c->pool->config->all_down == CG_ALL_DOWN_TRY;
	size_t n = c->pool->tenants_n;

	while (c->order_n < c->pool->config->attempts) {
		bool is_first = c->order_n == 0;
		int index = cg_select_priority(c->items, n, is_first);
		if (index == -1 && may_try_any)
			index = cg_select_priority_any(c->items, n, is_first);
		if (index == -1)
			break;
		c->items[index].is_tried = true;
		c->order[c->order_n++] = (size_t)index;
	}
}

/* ---- why, in words ---- */

static const char *candidates_why_chosen(const struct cg_candidate *item)
{
	if (item->is_preferred)
		return "an operator made it the pool's first choice";
	switch (item->state) {
	case CG_HEALTH_ONLINE:
		return "it is online, and first by priority and requests in flight";
	case CG_HEALTH_RECOVERING:
		return "it is recovering, and none is online";
	case CG_HEALTH_CHECKING:
		return "it is not probed yet, and none is known to be better";
	case CG_HEALTH_DEGRADED:
	case CG_HEALTH_DRAINED:
		break;
	}
	return "all are down, and the pool says all_down = try";
}

static void candidates_why_drained(const struct cg_live_tenant *tenant, char *out, size_t size)
{
	char until[CG_CLOCK_RFC3339_SIZE];
	bool has_note = tenant->drain_note != NULL;

	cg_clock_format_rfc3339(until, tenant->drained_until_wall_ms);
	snprintf(out, size, "an operator took it out until %s%s%s",
	         tenant->drained_until_wall_ms == 0 ? "a resume" : until, has_note ? ": " : "",
	         has_note ? tenant->drain_note : "");
}

/* Of tenants that could be chosen, if it were not for a better one. */
static void candidates_why_later(const struct candidates *c, size_t index, const char *text,
                                 char *out, size_t size)
{
	const char *first = c->pool->tenants[c->order[0]]->config->name;

	if (c->items[index].is_tried)
		snprintf(out, size, "%s, and %s is tried before it", text, first);
	else
		snprintf(out, size, "%s, %s is tried before it, and attempts = %u", text, first,
		         c->pool->config->attempts);
}

static void candidates_why(const struct candidates *c, size_t index, char *out, size_t size)
{
	const struct cg_candidate *item = &c->items[index];
	const struct cg_snapshot_tenant *tenant = c->pool->tenants[index];

	switch (item->reason) {
	case CG_SELECT_CHOSEN:
		snprintf(out, size, "%s", candidates_why_chosen(item));
		break;
	case CG_SELECT_LOWER_PRIORITY:
		candidates_why_later(c, index, "its turn comes later by priority", out, size);
		break;
	case CG_SELECT_NOT_PREFERRED:
		candidates_why_later(c, index, "it is not the one that an operator switched to",
		                     out, size);
		break;
	case CG_SELECT_MORE_IN_FLIGHT:
		candidates_why_later(c, index,
		                     "of equal priority, it has more requests in flight or is "
		                     "later in the list",
		                     out, size);
		break;
	case CG_SELECT_CHECKING:
		candidates_why_later(c, index, "it is not probed yet", out, size);
		break;
	case CG_SELECT_RECOVERING:
		candidates_why_later(c, index, "it is recovering", out, size);
		break;
	case CG_SELECT_DRAINED:
		candidates_why_drained(tenant->live, out, size);
		break;
	case CG_SELECT_FULL:
		snprintf(out, size, "its max_requests of %u are in flight",
		         tenant->config->max_requests);
		break;
	case CG_SELECT_DEGRADED:
		snprintf(out, size, "it is down: %s%s", tenant->live->reason,
		         item->is_tried ? "; tried in the end, as all_down = try" : "");
		break;
	case CG_SELECT_TRIED:
		cg_assert(false); /* not at the first choice */
	}
}

/* ---- JSON ---- */

/* Seconds until what is waited for happens by itself, rounded up; null if it does not. */
static json_t *candidates_next_change(const struct candidates *c,
                                      const struct cg_live_tenant *tenant)
{
	int64_t now = cg_loop_now(c->admin->setup.loop);
	int64_t left_ms;

	if (tenant->is_drained && tenant->drained_until_wall_ms == 0)
		return json_null();
	if (tenant->is_drained)
		left_ms = tenant->drained_until - now;
	else if (cg_health_waits_for(&tenant->health, &tenant->rules, now) ==
	         CG_HEALTH_WAIT_FAILBACK_DELAY)
		left_ms = tenant->health.recovered_at + tenant->health.delay_ms - now;
	else
		return json_null();
	return json_integer((CG_MAX(left_ms, 0) + 999) / 1000);
}

/* TRY: which one it is, from 1; 0: it would not be tried. */
static json_t *candidates_json(const struct candidates *c, size_t index, size_t try)
{
	const struct cg_snapshot_tenant *tenant = c->pool->tenants[index];
	const struct cg_candidate *item = &c->items[index];
	json_t *json = json_object();
	char why[1280];

	candidates_why(c, index, why, sizeof(why));
	json_object_set_new(json, "tenant", cg_api_json_text(tenant->config->name));
	json_object_set_new(json, "priority", json_integer(item->priority));
	json_object_set_new(json, "state", json_string(cg_health_state_name(item->state)));
	json_object_set_new(json, "reason", json_string(cg_select_reason_name(item->reason)));
	json_object_set_new(json, "why", cg_api_json_text(why));
	json_object_set_new(json, "in_flight", json_integer(item->in_flight));
	json_object_set_new(json, "max_requests", json_integer(tenant->config->max_requests));
	json_object_set_new(json, "waits_for", cg_api_status_wait(c->admin, tenant->live));
	json_object_set_new(json, "next_change", candidates_next_change(c, tenant->live));
	json_object_set_new(json, "would_be_tried",
	                    try == 0 ? json_null() : json_integer((json_int_t)try));
	return json;
}

json_t *cg_api_candidates(const struct cg_admin *admin, const struct cg_snapshot_pool *pool)
{
	struct candidates c = {
	        .admin = admin,
	        .pool = pool,
	        .items = cg_mem_alloc_array(pool->tenants_n, sizeof(*c.items)),
	        .order = cg_mem_alloc_array(pool->tenants_n, sizeof(*c.order)),
	};
	json_t *array = json_array();

	candidates_fill(&c);
	candidates_rehearse(&c);
	for (size_t i = 0; i < c.order_n; i++)
		json_array_append_new(array, candidates_json(&c, c.order[i], i + 1));
	for (size_t i = 0; i < pool->tenants_n; i++)
		if (!c.items[i].is_tried)
			json_array_append_new(array, candidates_json(&c, i, 0));
	free(c.order);
	free(c.items);
	return array;
}
