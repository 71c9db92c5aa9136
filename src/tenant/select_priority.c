/* SPDX-License-Identifier: BSD-2-Clause */
/* The method "priority". One pass finds the best candidate; a second one, only for people who ask,
 * names why each other one was passed over. */
#include "tenant/select_priority.h"

static bool select_priority_may_choose(const struct cg_candidate *candidate)
{
	return !candidate->is_tried && cg_select_rank(candidate->state) >= 0;
}

/* Equal ones are not better, so that the first in the list stays. */
static bool select_priority_is_better(const struct cg_candidate *a, const struct cg_candidate *b)
{
	int a_rank = cg_select_rank(a->state);
	int b_rank = cg_select_rank(b->state);

	if (a_rank != b_rank)
		return a_rank < b_rank;
	if (a->priority != b->priority)
		return a->priority < b->priority;
	return a->in_flight < b->in_flight;
}

static enum cg_select_reason select_priority_explain(const struct cg_candidate *candidate,
                                                     const struct cg_candidate *best)
{
	if (candidate == best)
		return CG_SELECT_CHOSEN;
	if (candidate->is_tried)
		return CG_SELECT_TRIED;
	if (candidate->state == CG_HEALTH_DEGRADED)
		return CG_SELECT_DEGRADED;
	cg_assert(best != NULL); /* this one could have been chosen otherwise */
	if (candidate->state != best->state)
		return candidate->state == CG_HEALTH_CHECKING ? CG_SELECT_CHECKING
		                                              : CG_SELECT_RECOVERING;
	if (candidate->priority != best->priority)
		return CG_SELECT_LOWER_PRIORITY;
	return CG_SELECT_MORE_IN_FLIGHT;
}

int cg_select_priority(struct cg_candidate *candidates, size_t n, bool wants_reasons)
{
	struct cg_candidate *best = NULL;

	for (size_t i = 0; i < n; i++) {
		struct cg_candidate *candidate = &candidates[i];

		if (select_priority_may_choose(candidate) &&
		    (best == NULL || select_priority_is_better(candidate, best)))
			best = candidate;
	}
	if (wants_reasons)
		for (size_t i = 0; i < n; i++)
			candidates[i].reason = select_priority_explain(&candidates[i], best);
	return best == NULL ? -1 : (int)(best - candidates);
}
