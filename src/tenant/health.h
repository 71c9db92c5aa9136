/* SPDX-License-Identifier: BSD-2-Clause */
/* A tenant's state: a pure machine that is fed results and time and says which state follows. No
 * I/O, no clock. SPEC section 5 is its contract. What operators decide (drain, switch) lies over
 * it, not in it. */
#ifndef CG_TENANT_HEALTH_H
#define CG_TENANT_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/defs.h"

/* Each state with its name in the log, the metrics and the API. */
#define CG_HEALTH_STATES(X)                                                                        \
	X(CHECKING, "checking") /* no result yet; chosen only if nothing is online */              \
	X(ONLINE, "online")                                                                        \
	X(DEGRADED, "degraded")     /* probes or requests failed; not chosen */                    \
	X(RECOVERING, "recovering") /* good again, not yet trusted */                              \
	X(DRAINED, "drained")       /* taken out by an operator: lies over the others */

enum cg_health_state {
#define X(id, name) CG_HEALTH_##id,
	CG_HEALTH_STATES(X)
#undef X
};

/* What a recovering tenant waits for: named for status and explain. */
#define CG_HEALTH_WAITS(X)                                                                         \
	X(NOTHING, "nothing")                                                                      \
	X(FAILBACK_PROBE, "failback_probe")                                                        \
	X(FAILBACK_DELAY, "failback_delay")                                                        \
	X(OPERATOR, "operator")

enum cg_health_wait {
#define X(id, name) CG_HEALTH_WAIT_##id,
	CG_HEALTH_WAITS(X)
#undef X
};

enum {
	CG_HEALTH_FLAP_WINDOW_MS = 10 * 60 * 1000, /* downs counted together for flap_backoff */
	CG_HEALTH_FLAP_FACTOR_MAX = 16,
	CG_HEALTH_DOWNS_KEPT = 8, /* 2^(n-1) is capped at 16 with n = 5, so more would not matter */
};

/* From the configuration; may change at a reload while the tenant's state stays. */
struct cg_health_rules {
	unsigned fall;             /* 1.. */
	unsigned rise;             /* 1.. */
	int64_t failback_delay_ms; /* 0.. */
	int64_t interval_down_ms;
	unsigned failback_rise;  /* successes of the failback probe that are waited for; 1.. */
	bool has_failback_probe; /* it must succeed failback_rise times */
	bool is_failback_manual;
	bool has_flap_backoff;
	unsigned passive_fall; /* 0: real requests do not count */
};

struct cg_health {
	enum cg_health_state state;
	int64_t since;   /* when the state was entered */
	unsigned good_n; /* consecutive results of the probe */
	unsigned bad_n;
	unsigned passive_bad_n; /* consecutive failures of real requests in this state */
	unsigned deep_good_n;   /* consecutive successes of the failback probe since recovery */
	int64_t recovered_at;   /* when recovering was entered; failback_delay counts from here */
	int64_t delay_ms;       /* the delay of this recovery, flap back-off included */
	int64_t downs[CG_HEALTH_DOWNS_KEPT]; /* when it went down, newest first; only the first
	                                        downs_n count */
	unsigned downs_n;
};

const char *cg_health_state_name(enum cg_health_state state);
const char *cg_health_wait_name(enum cg_health_wait wait);

void cg_health_init(struct cg_health *health, int64_t now);

/* Feed one result of the tenant's probe. The first result after start alone decides; later fall and
 * rise count. A tenant that comes up from degraded passes through recovering unless nothing has to
 * be waited for. Each entry into degraded counts as a down for flap_backoff, that of the first
 * result and that of a failed recovery too. True if the state changed. */
bool cg_health_step(struct cg_health *health, const struct cg_health_rules *rules, bool is_good,
                    int64_t now);

/* Feed one result of the failback probe: counts only while recovering; a failure starts its count
 * again. True if the state changed. */
bool cg_health_step_failback(struct cg_health *health, const struct cg_health_rules *rules,
                             bool is_good, int64_t now);

/* Feed the outcome of a real request. passive_fall failures in a row take a tenant that is online
 * or recovering down at once, which counts as a down for flap_backoff; then rise successes of the
 * probe are asked for anew. A good one starts this count again and does nothing else: requests
 * never bring a tenant up, and the probe's own failures are counted apart. True if the state
 * changed. */
bool cg_health_step_passive(struct cg_health *health, const struct cg_health_rules *rules,
                            bool is_good, int64_t now);

/* Time has passed: end the failback delay if it is over and nothing else is waited for. True if the
 * state changed. */
bool cg_health_tick(struct cg_health *health, const struct cg_health_rules *rules, int64_t now);

/* An operator's resume: a recovering tenant is online at once (SPEC section 2). True if the state
 * changed. */
bool cg_health_resume(struct cg_health *health, int64_t now);

/* What is waited for now; NOTHING unless recovering. Failback probe first, then delay, then the
 * operator. */
enum cg_health_wait cg_health_waits_for(const struct cg_health *health,
                                        const struct cg_health_rules *rules, int64_t now);

/* When cg_health_tick has something to do; INT64_MAX if never by itself. */
int64_t cg_health_next_tick(const struct cg_health *health, const struct cg_health_rules *rules);

#endif
