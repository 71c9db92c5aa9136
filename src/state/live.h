/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known now about tenants and pools: lives as long as the process and is found by name
 * across configurations. The control thread feeds results into each tenant's health, logs and
 * journals what changes, and publishes one word for each tenant that workers read. */
#ifndef CG_STATE_LIVE_H
#define CG_STATE_LIVE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/defs.h"
#include "config/config.h"
#include "state/counters.h"
#include "state/journal.h"
#include "tenant/health.h"
#include "tenant/probe_result.h"

enum { CG_LIVE_AUTO = 0xffff };

enum { CG_LIVE_PROBES_KEPT = 16, CG_LIVE_TENANTS_MAX = 1024 };

struct cg_live_tenant {
	/* set when it is made, then read-only */
	char *name;
	unsigned id; /* 0 .. CG_LIVE_TENANTS_MAX-1, never used again for another name; workers index
	                by it */
	/* control only */
	struct cg_health health;
	struct cg_health_rules rules;
	int64_t since; /* when the published state was entered; health has its own */
	int64_t since_wall_ms;
	char reason[256];        /* of the published state, in words */
	char health_reason[256]; /* of the state that a drain hides, or the same */
	struct cg_probe_result probes[CG_LIVE_PROBES_KEPT]; /* newest first */
	size_t probes_n;
	bool is_drained;               /* over whatever health says */
	int64_t drained_until;         /* monotonic, so that a step of the clock does not matter */
	int64_t drained_until_wall_ms; /* 0: until resumed */
	char *drain_note;              /* NULL: none */
	/* shared, atomic */
	_Atomic unsigned
	        limited_n; /* in flight over all workers, counted where max_requests is set */
	_Atomic bool
	        has_passive_bad; /* the next good request is worth telling the control thread */
	_Atomic unsigned word;   /* enum cg_health_state */
	struct cg_tenant_counters *counters; /* one for each worker, written by it */
};

/* What counts as failover and failback is told in live_pools. */
struct cg_live_pool {
	char *name;
	/* shared, atomic: live id of the tenant that an operator made the first choice;
	 * CG_LIVE_AUTO: none */
	_Atomic unsigned preferred;
	/* control only */
	int64_t switched_wall_ms;           /* when it was preferred */
	char *switch_note;                  /* NULL: none */
	struct cg_live_tenant *active;      /* NULL: none may be chosen, or no verdict yet */
	bool had_active;                    /* the first choice at start is no failover */
	struct cg_live_tenant *last_active; /* the active one, or the one before there was none */
	bool is_none_logged;
	int64_t active_since;
	int64_t active_since_wall_ms; /* 0: never */
	uint64_t failovers;
	uint64_t failbacks;
};

struct cg_live;
struct cg_store;

/* Called after a tenant's published word or a pool's active tenant changed: the daemon wakes the
 * workers' waiting requests. */
typedef void (*cg_live_fn)(void *owner);

/* JOURNAL is lent. WORKERS_N for the counters. */
CG_MUST_USE struct cg_live *cg_live_new(struct cg_journal *journal, unsigned workers_n,
                                        cg_live_fn on_change, void *owner);
void cg_live_free(struct cg_live *live);

/* The entry with NAME, made if it is new. Control. NULL if CG_LIVE_TENANTS_MAX is reached. */
struct cg_live_tenant *cg_live_tenant(struct cg_live *live, const char *name);
struct cg_live_pool *cg_live_pool(struct cg_live *live, const char *name);
/* NULL if there is none. */
struct cg_live_tenant *cg_live_find_tenant(struct cg_live *live, const char *name);

/* Which tenants and pools count now, and with which rules: after a configuration was taken. CONFIG
 * is lent until the next call. */
void cg_live_apply(struct cg_live *live, const struct cg_config *config, int64_t now);

/* A probe has ended: remember, step, log, journal, publish, look at the pools. NOW is monotonic ms.
 */
void cg_live_probe_result(struct cg_live *live, struct cg_live_tenant *tenant,
                          const struct cg_probe_result *result, int64_t now);
/* Time has passed (failback delays, ends of drains). */
void cg_live_tick(struct cg_live *live, int64_t now);
/* When tick has something to do; INT64_MAX if never by itself. */
int64_t cg_live_next_tick(const struct cg_live *live);
/* An operator's resume, with an optional note: a drained tenant takes the state that its probes
 * gave it meanwhile, a recovering one is online. Journalled even if it changes nothing. True if the
 * state changed. */
bool cg_live_resume(struct cg_live *live, struct cg_live_tenant *tenant, const char *note,
                    int64_t now);
/* An operator takes TENANT out for new requests, for FOR_MS (0: until resume), with an optional
 * note. Draining again replaces end and note. */
void cg_live_drain(struct cg_live *live, struct cg_live_tenant *tenant, int64_t for_ms,
                   const char *note, int64_t now);
/* An operator makes TENANT, a member, the first choice of POOL; NULL: the priority order again. */
void cg_live_switch(struct cg_live *live, struct cg_live_pool *pool, struct cg_live_tenant *tenant,
                    const char *note, int64_t now);
/* A real request's outcome: passive_fall bad ones in a row take the tenant down at once, a good one
 * starts the count again. WHY in words, for a bad one. True if the state changed, so that the
 * caller has it probed. */
bool cg_live_passive(struct cg_live *live, struct cg_live_tenant *tenant, bool is_good,
                     const char *why, int64_t now);
/* Keep operators' decisions in STORE (lent until live is freed, or NULL) from now on, and take up
 * those that it has from before the start: after the first apply. */
void cg_live_restore(struct cg_live *live, struct cg_store *store, int64_t now);
/* Whether every tenant in use has had its first verdict. */
bool cg_live_is_settled(const struct cg_live *live);

/* Sums over the workers. Any thread. */
unsigned cg_live_in_flight(const struct cg_live *live, const struct cg_live_tenant *tenant);
uint64_t cg_live_requests(const struct cg_live *live, const struct cg_live_tenant *tenant);
uint64_t cg_live_failures(const struct cg_live *live, const struct cg_live_tenant *tenant);

/* The word as a state. Any thread. */
static inline enum cg_health_state cg_live_state(const struct cg_live_tenant *tenant)
{
	return (enum cg_health_state)atomic_load_explicit(&tenant->word, memory_order_acquire);
}

#endif
