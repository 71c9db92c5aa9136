/* SPDX-License-Identifier: BSD-2-Clause */
/* What operators decided and a restart must not forget, as plain data: on its way between
 * state/live, which carries decisions out, and state/store, which keeps them. */
#ifndef CG_STATE_DECISIONS_H
#define CG_STATE_DECISIONS_H

#include <stddef.h>
#include <stdint.h>

/* Times are of the wall clock, as they outlive the process. */
struct cg_decision_drain {
	char *tenant;
	int64_t since_wall_ms;
	int64_t until_wall_ms; /* 0: until resumed */
	char *note;            /* NULL: none */
};

struct cg_decision_switch {
	char *pool;
	char *tenant; /* the first choice */
	int64_t since_wall_ms;
	char *note; /* NULL: none */
};

/* All that are in force. */
struct cg_decisions {
	struct cg_decision_drain *drains;
	size_t drains_n;
	struct cg_decision_switch *switches;
	size_t switches_n;
};

/* A copy with texts of its own, for the function below it. */
struct cg_decision_drain cg_decision_drain_copy(const struct cg_decision_drain *drain);
void cg_decision_drain_fini(struct cg_decision_drain *drain);
struct cg_decision_switch cg_decision_switch_copy(const struct cg_decision_switch *switched);
void cg_decision_switch_fini(struct cg_decision_switch *switched);

/* Append a copy. */
void cg_decisions_add_drain(struct cg_decisions *decisions, const struct cg_decision_drain *drain);
void cg_decisions_add_switch(struct cg_decisions *decisions,
                             const struct cg_decision_switch *switched);
void cg_decisions_fini(struct cg_decisions *decisions);

#endif
