/* SPDX-License-Identifier: BSD-2-Clause */
/* Tenants' live entries: results and time go into tenant/health, and what changes is logged,
 * journalled and published here. Operators' decisions are live_operate's, the pools' active tenants
 * live_pools'. */
#include "state/live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "state/live_impl.h"

struct cg_live *cg_live_new(struct cg_journal *journal, unsigned workers_n, cg_live_fn on_change,
                            void *owner)
{
	struct cg_live *live = cg_mem_alloc(sizeof(*live));

	live->journal = journal;
	live->workers_n = workers_n;
	live->on_change = on_change;
	live->owner = owner;
	return live;
}

void cg_live_free(struct cg_live *live)
{
	if (live == NULL)
		return;
	for (size_t i = 0; i < live->tenants_n; i++) {
		free(live->tenants[i]->name);
		free(live->tenants[i]->drain_note);
		free(live->tenants[i]->counters);
		free(live->tenants[i]);
	}
	for (size_t i = 0; i < live->pools_n; i++) {
		free(live->pools[i]->name);
		free(live->pools[i]->switch_note);
		free(live->pools[i]);
	}
	free(live->pools);
	free(live->used);
	free(live->used_pools);
	free(live);
}

static struct cg_tenant_counters *live_counters(unsigned workers_n)
{
	size_t size = CG_MAX(workers_n, 1U) * sizeof(struct cg_tenant_counters);
	struct cg_tenant_counters *counters = aligned_alloc(CG_CACHE_LINE, size);

	cg_assert(counters != NULL);
	memset(counters, 0, size);
	return counters;
}

static enum cg_health_state live_state_to_publish(const struct cg_live_tenant *tenant)
{
	return tenant->is_drained ? CG_HEALTH_DRAINED : tenant->health.state;
}

void cg_live_publish(struct cg_live_tenant *tenant)
{
	atomic_store_explicit(&tenant->word, (unsigned)live_state_to_publish(tenant),
	                      memory_order_release);
}

static void live_begin(struct cg_live_tenant *tenant, int64_t now)
{
	cg_health_init(&tenant->health, now);
	tenant->since = now;
	tenant->since_wall_ms = cg_clock_wall_ms();
	tenant->probes_n = 0;
	snprintf(tenant->reason, sizeof(tenant->reason), "not probed yet");
	snprintf(tenant->health_reason, sizeof(tenant->health_reason), "not probed yet");
	cg_live_publish(tenant);
}

struct cg_live_tenant *cg_live_find_tenant(struct cg_live *live, const char *name)
{
	for (size_t i = 0; i < live->tenants_n; i++)
		if (strcmp(live->tenants[i]->name, name) == 0)
			return live->tenants[i];
	return NULL;
}

struct cg_live_tenant *cg_live_tenant(struct cg_live *live, const char *name)
{
	struct cg_live_tenant *tenant = cg_live_find_tenant(live, name);

	if (tenant != NULL || live->tenants_n == CG_LIVE_TENANTS_MAX)
		return tenant;
	tenant = cg_mem_alloc(sizeof(*tenant));
	tenant->name = cg_mem_strdup(name);
	tenant->id = (unsigned)live->tenants_n;
	tenant->counters = live_counters(live->workers_n);
	live_begin(tenant, cg_clock_now_ms());
	live->tenants[live->tenants_n++] = tenant;
	return tenant;
}

struct cg_live_pool *cg_live_pool(struct cg_live *live, const char *name)
{
	struct cg_live_pool *pool;

	for (size_t i = 0; i < live->pools_n; i++)
		if (strcmp(live->pools[i]->name, name) == 0)
			return live->pools[i];
	pool = cg_mem_alloc(sizeof(*pool));
	pool->name = cg_mem_strdup(name);
	atomic_init(&pool->preferred, CG_LIVE_AUTO);
	live->pools =
	        cg_mem_realloc(live->pools, (live->pools_n + 1) * sizeof(struct cg_live_pool *));
	live->pools[live->pools_n++] = pool;
	return pool;
}

static bool live_has(struct cg_live_tenant *const *tenants, size_t n,
                     const struct cg_live_tenant *tenant)
{
	for (size_t i = 0; i < n; i++)
		if (tenants[i] == tenant)
			return true;
	return false;
}

bool cg_live_is_used(const struct cg_live *live, const struct cg_live_tenant *tenant)
{
	return live_has(live->used, live->used_n, tenant);
}

/* The first pool that has the tenant: config/check makes all of them say the same. */
static const struct cg_config_pool *live_pool_of(const struct cg_config *config, size_t tenant)
{
	for (size_t i = 0; i < config->pools_n; i++)
		for (size_t j = 0; j < config->pools[i].members_n; j++)
			if (config->pools[i].members[j] == tenant)
				return &config->pools[i];
	return NULL;
}

static struct cg_health_rules live_rules(const struct cg_config *config, size_t index)
{
	const struct cg_config_tenant *tenant = &config->tenants[index];
	const struct cg_config_probe *probe = &config->probes[tenant->probe_index];
	const struct cg_config_pool *pool = live_pool_of(config, index);
	struct cg_health_rules rules = {
	        .fall = probe->fall,
	        .rise = probe->rise,
	        .passive_fall = probe->passive_fall,
	        .interval_down_ms = probe->interval_down,
	        .has_failback_probe = tenant->failback_probe_index != SIZE_MAX,
	        /* of a tenant in no pool: the defaults of a pool's keys */
	        .has_flap_backoff = true,
	};

	if (rules.has_failback_probe)
		rules.failback_rise = config->probes[tenant->failback_probe_index].rise;
	if (pool == NULL)
		return rules;
	rules.failback_delay_ms = pool->failback_delay;
	rules.is_failback_manual = pool->failback == CG_FAILBACK_MANUAL;
	rules.has_flap_backoff = pool->flap_backoff;
	return rules;
}

void cg_live_notify(struct cg_live *live)
{
	if (live->on_change != NULL)
		live->on_change(live->owner);
}

void cg_live_apply(struct cg_live *live, const struct cg_config *config, int64_t now)
{
	struct cg_live_tenant **used = cg_mem_alloc_array(config->tenants_n, sizeof(*used));
	struct cg_live_pool **pools = cg_mem_alloc_array(config->pools_n, sizeof(*pools));

	for (size_t i = 0; i < config->tenants_n; i++) {
		used[i] = cg_live_tenant(live, config->tenants[i].name);
		cg_assert(used[i] != NULL);
		/* New, or back after a time without probes: what was known is stale. */
		if (!cg_live_is_used(live, used[i]))
			live_begin(used[i], now);
		used[i]->rules = live_rules(config, i);
	}
	for (size_t i = 0; i < config->pools_n; i++)
		pools[i] = cg_live_pool(live, config->pools[i].name);
	for (size_t i = 0; i < live->used_n; i++)
		if (!live_has(used, config->tenants_n, live->used[i]))
			cg_live_operate_forget_drain(live, live->used[i]);
	free(live->used);
	free(live->used_pools);
	live->config = config;
	live->used = used;
	live->used_n = config->tenants_n;
	live->used_pools = pools;
	cg_live_operate_forget_switches(live);
	cg_live_pools_review(live, NULL, now);
	cg_live_notify(live);
}

static void live_announce(struct cg_live *live, struct cg_live_tenant *tenant,
                          enum cg_health_state from, enum cg_health_state to, int64_t lasted_ms)
{
	char lasted[32];

	cg_clock_format_duration(lasted, sizeof(lasted), lasted_ms);
	cg_log(to == CG_HEALTH_DEGRADED ? CG_LOG_WARNING : CG_LOG_INFO,
	       "tenant %s: %s > %s: %s after %s", tenant->name, cg_health_state_name(from),
	       cg_health_state_name(to), tenant->reason, lasted);
	cg_journal_add(live->journal, &(struct cg_event){
	                                      .kind = CG_EVENT_STATE,
	                                      .tenant = tenant->name,
	                                      .from = (char *)cg_health_state_name(from),
	                                      .to = (char *)cg_health_state_name(to),
	                                      .reason = tenant->reason,
	                                      .lasted_ms = lasted_ms,
	                              });
}

void cg_live_review_tenant(struct cg_live *live, struct cg_live_tenant *tenant, int64_t now)
{
	enum cg_health_state from = cg_live_state(tenant);
	enum cg_health_state to = live_state_to_publish(tenant);

	if (from != to) {
		int64_t since = tenant->since;

		cg_live_publish(tenant);
		tenant->since = now;
		tenant->since_wall_ms = cg_clock_wall_ms();
		live_announce(live, tenant, from, to, now - since);
	}
	cg_live_pools_review(live, &(struct cg_live_cause){.tenant = tenant}, now);
	cg_live_notify(live);
}

/* After TENANT's health changed and its health_reason was written. What happens below a drain is
 * told, as the operator may wait for it, but it is no change of state. */
static void live_review_health(struct cg_live *live, struct cg_live_tenant *tenant,
                               enum cg_health_state from, int64_t now)
{
	if (tenant->is_drained)
		cg_log(CG_LOG_INFO, "tenant %s: drained, meanwhile %s > %s: %s", tenant->name,
		       cg_health_state_name(from), cg_health_state_name(tenant->health.state),
		       tenant->health_reason);
	else
		memcpy(tenant->reason, tenant->health_reason, sizeof(tenant->reason));
	cg_live_review_tenant(live, tenant, now);
}

static void live_remember(struct cg_live_tenant *tenant, const struct cg_probe_result *result)
{
	memmove(&tenant->probes[1], &tenant->probes[0],
	        (CG_LIVE_PROBES_KEPT - 1) * sizeof(tenant->probes[0]));
	tenant->probes[0] = *result;
	tenant->probes_n = CG_MIN(tenant->probes_n + 1, (size_t)CG_LIVE_PROBES_KEPT);
}

static unsigned live_results_in_row(const struct cg_live_tenant *tenant,
                                    const struct cg_probe_result *result)
{
	if (result->is_failback)
		return tenant->health.deep_good_n;
	return result->is_good ? tenant->health.good_n : tenant->health.bad_n;
}

/* "probe: status 500 is not expected (2 in a row)" */
static void live_explain_probe(struct cg_live_tenant *tenant, const struct cg_probe_result *result,
                               int64_t now)
{
	enum cg_health_wait wait = cg_health_waits_for(&tenant->health, &tenant->rules, now);
	const char *kind = result->is_failback ? "failback probe" : "probe";
	unsigned n = live_results_in_row(tenant, result);
	char text[sizeof(tenant->health_reason) - 80];
	char row[32] = "";

	cg_probe_result_text(result, text, sizeof(text));
	if (n > 1)
		snprintf(row, sizeof(row), " (%u in a row)", n);
	if (wait == CG_HEALTH_WAIT_NOTHING)
		snprintf(tenant->health_reason, sizeof(tenant->health_reason), "%s: %s%s", kind,
		         text, row);
	else
		snprintf(tenant->health_reason, sizeof(tenant->health_reason),
		         "%s: %s%s, waits for %s", kind, text, row, cg_health_wait_name(wait));
}

void cg_live_probe_result(struct cg_live *live, struct cg_live_tenant *tenant,
                          const struct cg_probe_result *result, int64_t now)
{
	enum cg_health_state from = tenant->health.state;
	bool is_changed;

	if (!cg_live_is_used(live, tenant))
		return;
	live_remember(tenant, result);
	if (result->is_failback)
		is_changed = cg_health_step_failback(&tenant->health, &tenant->rules,
		                                     result->is_good, now);
	else
		is_changed = cg_health_step(&tenant->health, &tenant->rules, result->is_good, now);
	if (!is_changed)
		return;
	live_explain_probe(tenant, result, now);
	live_review_health(live, tenant, from, now);
}

bool cg_live_passive(struct cg_live *live, struct cg_live_tenant *tenant, bool is_good,
                     const char *why, int64_t now)
{
	enum cg_health_state from = tenant->health.state;

	if (!cg_live_is_used(live, tenant) ||
	    !cg_health_step_passive(&tenant->health, &tenant->rules, is_good, now))
		return false;
	snprintf(tenant->health_reason, sizeof(tenant->health_reason), "requests: %s (%u in a row)",
	         why == NULL ? "failed" : why, tenant->rules.passive_fall);
	live_review_health(live, tenant, from, now);
	return true;
}

static void live_tick_health(struct cg_live *live, struct cg_live_tenant *tenant, int64_t now)
{
	enum cg_health_state from = tenant->health.state;
	char delay[32];

	if (!cg_health_tick(&tenant->health, &tenant->rules, now))
		return;
	cg_clock_format_duration(delay, sizeof(delay), tenant->health.delay_ms);
	snprintf(tenant->health_reason, sizeof(tenant->health_reason),
	         "failback delay of %s is over", delay);
	live_review_health(live, tenant, from, now);
}

void cg_live_tick(struct cg_live *live, int64_t now)
{
	for (size_t i = 0; i < live->used_n; i++) {
		live_tick_health(live, live->used[i], now);
		cg_live_operate_tick(live, live->used[i], now);
	}
}

int64_t cg_live_next_tick(const struct cg_live *live)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < live->used_n; i++) {
		const struct cg_live_tenant *tenant = live->used[i];

		next = CG_MIN(next, cg_health_next_tick(&tenant->health, &tenant->rules));
		if (tenant->is_drained)
			next = CG_MIN(next, tenant->drained_until);
	}
	return next;
}

bool cg_live_is_settled(const struct cg_live *live)
{
	if (live->config == NULL)
		return false;
	for (size_t i = 0; i < live->used_n; i++)
		if (live->used[i]->health.state == CG_HEALTH_CHECKING)
			return false;
	return true;
}

unsigned cg_live_in_flight(const struct cg_live *live, const struct cg_live_tenant *tenant)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < live->workers_n; i++)
		sum += CG_COUNTER_GET(tenant->counters[i].in_flight);
	return sum;
}

uint64_t cg_live_requests(const struct cg_live *live, const struct cg_live_tenant *tenant)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < live->workers_n; i++)
		sum += CG_COUNTER_GET(tenant->counters[i].requests);
	return sum;
}

uint64_t cg_live_failures(const struct cg_live *live, const struct cg_live_tenant *tenant)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < live->workers_n; i++)
		sum += CG_COUNTER_GET(tenant->counters[i].failures);
	return sum;
}
