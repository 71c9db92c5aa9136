/* SPDX-License-Identifier: BSD-2-Clause */
/* Copies and ends of decisions. There are few: the lists grow by one. */
#include "state/decisions.h"

#include <stdlib.h>

#include "base/mem.h"

struct cg_decision_drain cg_decision_drain_copy(const struct cg_decision_drain *drain)
{
	struct cg_decision_drain copy = *drain;

	copy.tenant = cg_mem_strdup(drain->tenant);
	copy.note = cg_mem_strdup(drain->note);
	return copy;
}

void cg_decision_drain_fini(struct cg_decision_drain *drain)
{
	free(drain->tenant);
	free(drain->note);
}

struct cg_decision_switch cg_decision_switch_copy(const struct cg_decision_switch *switched)
{
	struct cg_decision_switch copy = *switched;

	copy.pool = cg_mem_strdup(switched->pool);
	copy.tenant = cg_mem_strdup(switched->tenant);
	copy.note = cg_mem_strdup(switched->note);
	return copy;
}

void cg_decision_switch_fini(struct cg_decision_switch *switched)
{
	free(switched->pool);
	free(switched->tenant);
	free(switched->note);
}

void cg_decisions_add_drain(struct cg_decisions *decisions, const struct cg_decision_drain *drain)
{
	decisions->drains = cg_mem_realloc(decisions->drains,
	                                   (decisions->drains_n + 1) * sizeof(*decisions->drains));
	decisions->drains[decisions->drains_n++] = cg_decision_drain_copy(drain);
}

void cg_decisions_add_switch(struct cg_decisions *decisions,
                             const struct cg_decision_switch *switched)
{
	decisions->switches = cg_mem_realloc(
	        decisions->switches, (decisions->switches_n + 1) * sizeof(*decisions->switches));
	decisions->switches[decisions->switches_n++] = cg_decision_switch_copy(switched);
}

void cg_decisions_fini(struct cg_decisions *decisions)
{
	for (size_t i = 0; i < decisions->drains_n; i++)
		cg_decision_drain_fini(&decisions->drains[i]);
	for (size_t i = 0; i < decisions->switches_n; i++)
		cg_decision_switch_fini(&decisions->switches[i]);
	free(decisions->drains);
	free(decisions->switches);
	*decisions = (struct cg_decisions){.drains_n = 0};
}
