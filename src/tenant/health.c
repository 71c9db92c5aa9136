/* SPDX-License-Identifier: BSD-2-Clause */
/* The states of a tenant and what moves it between them:
 *
 *   checking --first result--> online | degraded
 *   online --fall failures--> degraded --rise successes--> recovering --nothing to wait for-->
 * online
 *                                 ^-------fall failures--------'
 *
 * Every entry into degraded is a down for flap_backoff: the first result after start and a recovery
 * that fails count like a fall from online. From online and recovering passive_fall failures of
 * real requests lead there too. Results and time come from state/live, which lays drained over all
 * this.
 */
#include "tenant/health.h"

#include <string.h>

const char *cg_health_state_name(enum cg_health_state state)
{
	static const char *const names[] = {
#define X(id, name) name,
	        CG_HEALTH_STATES(X)
#undef X
	};

	cg_assert((size_t)state < CG_ARRAY_LEN(names));
	return names[state];
}

const char *cg_health_wait_name(enum cg_health_wait wait)
{
	static const char *const names[] = {
#define X(id, name) name,
	        CG_HEALTH_WAITS(X)
#undef X
	};

	cg_assert((size_t)wait < CG_ARRAY_LEN(names));
	return names[wait];
}

static bool health_may_follow(enum cg_health_state from, enum cg_health_state to)
{
	switch (from) {
	case CG_HEALTH_CHECKING:
		return to == CG_HEALTH_ONLINE || to == CG_HEALTH_DEGRADED;
	case CG_HEALTH_ONLINE:
		return to == CG_HEALTH_DEGRADED;
	case CG_HEALTH_DEGRADED:
		return to == CG_HEALTH_RECOVERING || to == CG_HEALTH_ONLINE;
	case CG_HEALTH_RECOVERING:
		return to == CG_HEALTH_ONLINE || to == CG_HEALTH_DEGRADED;
	case CG_HEALTH_DRAINED:
		break;
	}
	return false;
}

/* The only writer of the state. */
static void health_enter(struct cg_health *health, enum cg_health_state state, int64_t now)
{
	cg_assert(health_may_follow(health->state, state));
	health->state = state;
	health->since = now;
	health->passive_bad_n = 0;
}

static void health_go_down(struct cg_health *health, int64_t now)
{
	memmove(&health->downs[1], &health->downs[0],
	        (CG_HEALTH_DOWNS_KEPT - 1) * sizeof(health->downs[0]));
	health->downs[0] = now;
	health->downs_n = CG_MIN(health->downs_n + 1, (unsigned)CG_HEALTH_DOWNS_KEPT);
	health_enter(health, CG_HEALTH_DEGRADED, now);
}

/* How many downs happened within the window that ends with the latest one: a long outage does not
 * shorten the delay that its own down earned. */
static unsigned health_flaps(const struct cg_health *health)
{
	unsigned n = 0;

	while (n < health->downs_n &&
	       health->downs[0] - health->downs[n] <= CG_HEALTH_FLAP_WINDOW_MS)
		n++;
	return n;
}

static int64_t health_delay(const struct cg_health *health, const struct cg_health_rules *rules)
{
	unsigned n = health_flaps(health);
	int64_t factor;

	if (!rules->has_flap_backoff || n < 2)
		return rules->failback_delay_ms;
	factor = INT64_C(1) << (n - 1);
	return CG_MAX(rules->failback_delay_ms, rules->interval_down_ms) *
	       CG_MIN(factor, (int64_t)CG_HEALTH_FLAP_FACTOR_MAX);
}

static bool health_come_up(struct cg_health *health, const struct cg_health_rules *rules,
                           int64_t now)
{
	bool has_to_wait;

	health->recovered_at = now;
	health->delay_ms = health_delay(health, rules);
	health->deep_good_n = 0;
	has_to_wait =
	        rules->has_failback_probe || health->delay_ms > 0 || rules->is_failback_manual;
	health_enter(health, has_to_wait ? CG_HEALTH_RECOVERING : CG_HEALTH_ONLINE, now);
	return true;
}

static bool health_end_recovery(struct cg_health *health, const struct cg_health_rules *rules,
                                int64_t now)
{
	if (health->state != CG_HEALTH_RECOVERING ||
	    cg_health_waits_for(health, rules, now) != CG_HEALTH_WAIT_NOTHING)
		return false;
	health_enter(health, CG_HEALTH_ONLINE, now);
	return true;
}

static bool health_on_good(struct cg_health *health, const struct cg_health_rules *rules,
                           int64_t now)
{
	switch (health->state) {
	case CG_HEALTH_CHECKING:
		/* Nothing was lost, so there is nothing to come back from: no failback rule
		 * applies. */
		health_enter(health, CG_HEALTH_ONLINE, now);
		return true;
	case CG_HEALTH_DEGRADED:
		return health->good_n >= rules->rise && health_come_up(health, rules, now);
	case CG_HEALTH_RECOVERING:
		return health_end_recovery(health, rules, now);
	case CG_HEALTH_ONLINE:
	case CG_HEALTH_DRAINED:
		break;
	}
	return false;
}

static bool health_on_bad(struct cg_health *health, const struct cg_health_rules *rules,
                          int64_t now)
{
	if (health->state == CG_HEALTH_DEGRADED)
		return false;
	if (health->state != CG_HEALTH_CHECKING && health->bad_n < rules->fall)
		return false;
	health_go_down(health, now);
	return true;
}

void cg_health_init(struct cg_health *health, int64_t now)
{
	*health = (struct cg_health){.state = CG_HEALTH_CHECKING, .since = now};
}

bool cg_health_step(struct cg_health *health, const struct cg_health_rules *rules, bool is_good,
                    int64_t now)
{
	if (is_good) {
		health->good_n++;
		health->bad_n = 0;
		return health_on_good(health, rules, now);
	}
	health->bad_n++;
	health->good_n = 0;
	return health_on_bad(health, rules, now);
}

bool cg_health_step_failback(struct cg_health *health, const struct cg_health_rules *rules,
                             bool is_good, int64_t now)
{
	if (health->state != CG_HEALTH_RECOVERING)
		return false;
	if (!is_good) {
		health->deep_good_n = 0;
		return false;
	}
	health->deep_good_n++;
	return health_end_recovery(health, rules, now);
}

bool cg_health_step_passive(struct cg_health *health, const struct cg_health_rules *rules,
                            bool is_good, int64_t now)
{
	if (is_good) {
		health->passive_bad_n = 0;
		return false;
	}
	if (rules->passive_fall == 0 ||
	    (health->state != CG_HEALTH_ONLINE && health->state != CG_HEALTH_RECOVERING))
		return false;
	health->passive_bad_n++;
	if (health->passive_bad_n < rules->passive_fall)
		return false;
	/* Successes from before would bring it up again with the next probe. */
	health->good_n = 0;
	health_go_down(health, now);
	return true;
}

bool cg_health_tick(struct cg_health *health, const struct cg_health_rules *rules, int64_t now)
{
	return health_end_recovery(health, rules, now);
}

bool cg_health_resume(struct cg_health *health, int64_t now)
{
	if (health->state != CG_HEALTH_RECOVERING)
		return false;
	health_enter(health, CG_HEALTH_ONLINE, now);
	return true;
}

static bool health_wants_failback_probe(const struct cg_health *health,
                                        const struct cg_health_rules *rules)
{
	return rules->has_failback_probe && health->deep_good_n < rules->failback_rise;
}

enum cg_health_wait cg_health_waits_for(const struct cg_health *health,
                                        const struct cg_health_rules *rules, int64_t now)
{
	if (health->state != CG_HEALTH_RECOVERING)
		return CG_HEALTH_WAIT_NOTHING;
	if (health_wants_failback_probe(health, rules))
		return CG_HEALTH_WAIT_FAILBACK_PROBE;
	if (now < health->recovered_at + health->delay_ms)
		return CG_HEALTH_WAIT_FAILBACK_DELAY;
	if (rules->is_failback_manual)
		return CG_HEALTH_WAIT_OPERATOR;
	return CG_HEALTH_WAIT_NOTHING;
}

int64_t cg_health_next_tick(const struct cg_health *health, const struct cg_health_rules *rules)
{
	if (health->state != CG_HEALTH_RECOVERING || rules->is_failback_manual ||
	    health_wants_failback_probe(health, rules))
		return INT64_MAX;
	return health->recovered_at + health->delay_ms;
}
