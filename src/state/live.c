/* SPDX-License-Identifier: BSD-2-Clause */
/* Tenants' live entries: results and time go into tenant/health, and what changes is logged,
 * journalled and published here. The pools' active tenants are live_pools'. */
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
		free(live->tenants[i]->counters);
		free(live->tenants[i]);
	}
	for (size_t i = 0; i < live->pools_n; i++) {
		free(live->pools[i]->name);
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

static void live_publish(struct cg_live_tenant *tenant)
{
	atomic_store_explicit(&tenant->word, (unsigned)tenant->health.state, memory_order_release);
}

static void live_begin(struct cg_live_tenant *tenant, int64_t now)
{
	cg_health_init(&tenant->health, now);
	tenant->since_wall_ms = cg_clock_wall_ms();
	tenant->probes_n = 0;
	snprintf(tenant->reason, sizeof(tenant->reason), "not probed yet");
	live_publish(tenant);
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
	live->pools =
	        cg_mem_realloc(live->pools, (live->pools_n + 1) * sizeof(struct cg_live_pool *));
	live->pools[live->pools_n++] = pool;
	return pool;
}

static bool live_is_used(const struct cg_live *live, const struct cg_live_tenant *tenant)
{
	for (size_t i = 0; i < live->used_n; i++)
		if (live->used[i] == tenant)
			return true;
	return false;
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

static void live_notify(struct cg_live *live)
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
		if (!live_is_used(live, used[i]))
			live_begin(used[i], now);
		used[i]->rules = live_rules(config, i);
	}
	for (size_t i = 0; i < config->pools_n; i++)
		pools[i] = cg_live_pool(live, config->pools[i].name);
	free(live->used);
	free(live->used_pools);
	live->config = config;
	live->used = used;
	live->used_n = config->tenants_n;
	live->used_pools = pools;
	cg_live_pools_review(live, NULL, now);
	live_notify(live);
}

/* After TENANT's health changed and its reason was written: tell everyone who is to know. */
static void live_announce(struct cg_live *live, struct cg_live_tenant *tenant,
                          enum cg_health_state from, int64_t since, int64_t now)
{
	enum cg_health_state to = tenant->health.state;
	char lasted[32];

	live_publish(tenant);
	tenant->since_wall_ms = cg_clock_wall_ms();
	cg_clock_format_duration(lasted, sizeof(lasted), now - since);
	cg_log(to == CG_HEALTH_DEGRADED ? CG_LOG_WARNING : CG_LOG_INFO,
	       "tenant %s: %s > %s: %s after %s", tenant->name, cg_health_state_name(from),
	       cg_health_state_name(to), tenant->reason, lasted);
	cg_journal_add(live->journal, &(struct cg_event){
	                                      .kind = CG_EVENT_STATE,
	                                      .tenant = tenant->name,
	                                      .from = (char *)cg_health_state_name(from),
	                                      .to = (char *)cg_health_state_name(to),
	                                      .reason = tenant->reason,
	                                      .lasted_ms = now - since,
	                              });
	cg_live_pools_review(live, tenant, now);
	live_notify(live);
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
	char text[sizeof(tenant->reason) - 80];
	char row[32] = "";

	cg_probe_result_text(result, text, sizeof(text));
	if (n > 1)
		snprintf(row, sizeof(row), " (%u in a row)", n);
	if (wait == CG_HEALTH_WAIT_NOTHING)
		snprintf(tenant->reason, sizeof(tenant->reason), "%s: %s%s", kind, text, row);
	else
		snprintf(tenant->reason, sizeof(tenant->reason), "%s: %s%s, waits for %s", kind,
		         text, row, cg_health_wait_name(wait));
}

void cg_live_probe_result(struct cg_live *live, struct cg_live_tenant *tenant,
                          const struct cg_probe_result *result, int64_t now)
{
	enum cg_health_state from = tenant->health.state;
	int64_t since = tenant->health.since;
	bool is_changed;

	if (!live_is_used(live, tenant))
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
	live_announce(live, tenant, from, since, now);
}

void cg_live_tick(struct cg_live *live, int64_t now)
{
	for (size_t i = 0; i < live->used_n; i++) {
		struct cg_live_tenant *tenant = live->used[i];
		enum cg_health_state from = tenant->health.state;
		int64_t since = tenant->health.since;
		char delay[32];

		if (!cg_health_tick(&tenant->health, &tenant->rules, now))
			continue;
		cg_clock_format_duration(delay, sizeof(delay), tenant->health.delay_ms);
		snprintf(tenant->reason, sizeof(tenant->reason), "failback delay of %s is over",
		         delay);
		live_announce(live, tenant, from, since, now);
	}
}

int64_t cg_live_next_tick(const struct cg_live *live)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < live->used_n; i++) {
		const struct cg_live_tenant *tenant = live->used[i];

		next = CG_MIN(next, cg_health_next_tick(&tenant->health, &tenant->rules));
	}
	return next;
}

bool cg_live_resume(struct cg_live *live, struct cg_live_tenant *tenant, const char *note,
                    int64_t now)
{
	enum cg_health_state from = tenant->health.state;
	int64_t since = tenant->health.since;
	bool is_changed = cg_health_resume(&tenant->health, now);

	cg_journal_add(live->journal, &(struct cg_event){
	                                      .kind = CG_EVENT_RESUME,
	                                      .tenant = tenant->name,
	                                      .note = (char *)note,
	                                      .lasted_ms = -1,
	                              });
	if (!is_changed) {
		cg_log(CG_LOG_INFO, "tenant %s: resume changes nothing, it is %s", tenant->name,
		       cg_health_state_name(from));
		return false;
	}
	if (note != NULL && note[0] != '\0')
		snprintf(tenant->reason, sizeof(tenant->reason), "operator: resume (%s)", note);
	else
		snprintf(tenant->reason, sizeof(tenant->reason), "operator: resume");
	live_announce(live, tenant, from, since, now);
	return true;
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
