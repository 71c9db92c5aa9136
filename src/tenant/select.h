/* SPDX-License-Identifier: BSD-2-Clause */
/* Which tenant of a pool gets the next attempt, and why each other one does not. Values in, index
 * out. */
#ifndef CG_TENANT_SELECT_H
#define CG_TENANT_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/defs.h"
#include "tenant/health.h"

/* Why a candidate is not chosen now, or that it is; with the name used in explain and the debug
 * log. */
#define CG_SELECT_REASONS(X)                                                                       \
	X(CHOSEN, "chosen")                                                                        \
	X(LOWER_PRIORITY, "lower_priority") /* fit, but a better priority is chosen */             \
	X(NOT_PREFERRED, "not_preferred")   /* fit, but an operator switched to the chosen one */  \
	X(MORE_IN_FLIGHT, "more_in_flight") /* same priority, more in flight or later in list */   \
	X(TRIED, "tried")                   /* this request has been there */                      \
	X(CHECKING, "checking")             /* not probed yet, and a fitter one is left */         \
	X(DRAINED, "drained")               /* by an operator */                                   \
	X(FULL, "full")                     /* max_requests are in flight */                       \
	X(DEGRADED, "degraded")                                                                    \
	X(RECOVERING, "recovering") /* and an online one is left */

enum cg_select_reason {
#define X(id, name) CG_SELECT_##id,
	CG_SELECT_REASONS(X)
#undef X
};

struct cg_candidate {
	/* in */
	unsigned priority;
	enum cg_health_state state;
	unsigned in_flight;
	bool is_tried;
	bool is_full;      /* max_requests are in flight */
	bool is_preferred; /* an operator made it the first choice: before any priority, but not
	                      before a fitter state */
	/* out */
	enum cg_select_reason reason;
};

const char *cg_select_reason_name(enum cg_select_reason reason);

/* How fit a state is: 0 online, 1 recovering, 2 checking, -1 not at all (degraded, drained).
 * Recovering and checking tenants are chosen only if no online one is left for this request (SPEC
 * section 5). */
int cg_select_rank(enum cg_health_state state);

#endif
