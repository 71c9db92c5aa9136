/* SPDX-License-Identifier: BSD-2-Clause */
/* The method "priority". One pass finds the best candidate; a second one, only for people who ask,
 * names why each other one was passed over. */
#include "tenant/select_priority.h"

typedef int (*select_priority_rank_fn)(enum cg_health_state state);

static int select_priority_rank_any(enum cg_health_state state)
{
	return state == CG_HEALTH_DRAINED ? -1 : 0;
}

static bool select_priority_may_choose(const struct cg_candidate *candidate,
                                       select_priority_rank_fn rank)
{
	return !candidate->is_tried && !candidate->is_full && rank(candidate->state) >= 0;
}

/* Equal ones are not better, so that the first in the list stays. */
static bool select_priority_is_better(const struct cg_candidate *a, const struct cg_candidate *b,
                                      select_priority_rank_fn rank)
{
	int a_rank = rank(a->state);
	int b_rank = rank(b->state);

	if (a_rank != b_rank)
		return a_rank < b_rank;
	if (a->is_preferred != b->is_preferred)
		return a->is_preferred;
	if (a->priority != b->priority)
		return a->priority < b->priority;
	return a->in_flight < b->in_flight;
}

/* Of one that may not be chosen, whatever the others are. */
static enum cg_select_reason select_priority_explain_unfit(const struct cg_candidate *candidate,
                                                           select_priority_rank_fn rank)
{
	if (candidate->is_tried)
		return CG_SELECT_TRIED;
	if (candidate->state == CG_HEALTH_DRAINED)
		return CG_SELECT_DRAINED;
	return rank(candidate->state) < 0 ? CG_SELECT_DEGRADED : CG_SELECT_FULL;
}

static enum cg_select_reason select_priority_explain(const struct cg_candidate *candidate,
                                                     const struct cg_candidate *best,
                                                     select_priority_rank_fn rank)
{
	if (candidate == best)
		return CG_SELECT_CHOSEN;
	if (!select_priority_may_choose(candidate, rank))
		return select_priority_explain_unfit(candidate, rank);
	cg_assert(best != NULL); /* this one could have been chosen otherwise */
	if (rank(candidate->state) != rank(best->state))
		return candidate->state == CG_HEALTH_CHECKING ? CG_SELECT_CHECKING
		                                              : CG_SELECT_RECOVERING;
	if (candidate->is_preferred != best->is_preferred)
		return CG_SELECT_NOT_PREFERRED;
	if (candidate->priority != best->priority)
		return CG_SELECT_LOWER_PRIORITY;
	return CG_SELECT_MORE_IN_FLIGHT;
}

static int select_priority(struct cg_candidate *candidates, size_t n, bool wants_reasons,
                           select_priority_rank_fn rank)
{
	struct cg_candidate *best = NULL;

	for (size_t i = 0; i < n; i++) {
		struct cg_candidate *candidate = &candidates[i];

		if (!select_priority_may_choose(candidate, rank) ||
		    (best != NULL && !select_priority_is_better(candidate, best, rank)))
			continue;
		best = candidate;
		/* Nothing beats it: a pool has one preferred tenant at most. */
		if (best->is_preferred && rank(best->state) == 0)
			break;
	}
	if (wants_reasons)
		for (size_t i = 0; i < n; i++)
			candidates[i].reason = select_priority_explain(&candidates[i], best, rank);
	return best == NULL ? -1 : (int)(best - candidates);
}

int cg_select_priority(struct cg_candidate *candidates, size_t n, bool wants_reasons)
{
	return select_priority(candidates, n, wants_reasons, cg_select_rank);
}

int cg_select_priority_any(struct cg_candidate *candidates, size_t n, bool wants_reasons)
{
	return select_priority(candidates, n, wants_reasons, select_priority_rank_any);
}
