/* SPDX-License-Identifier: BSD-2-Clause */
/* What happened, newest first: state changes with the probe results behind them, failovers,
 * operators' acts. In memory, bounded; the oldest go. Control thread only. */
#ifndef CG_STATE_JOURNAL_H
#define CG_STATE_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/defs.h"

/* Each kind with its name in the API. */
#define CG_EVENT_KINDS(X)                                                                          \
	X(START, "start")                                                                          \
	X(READY, "ready")                                                                          \
	X(STATE, "state")       /* a tenant's */                                                   \
	X(FAILOVER, "failover") /* a pool's active tenant went to a lower priority, or to none */  \
	X(FAILBACK, "failback")                                                                    \
	X(RESUME, "resume") /* an operator's */                                                    \
	X(STOP, "stop")

enum cg_event_kind {
#define X(id, name) CG_EVENT_##id,
	CG_EVENT_KINDS(X)
#undef X
};

enum { CG_JOURNAL_SIZE = 1000 };

struct cg_event {
	int64_t wall_ms;
	enum cg_event_kind kind;
	char *tenant; /* these are NULL where they do not apply */
	char *pool;
	char *from;
	char *to;
	char *reason;
	char *note;        /* an operator's */
	int64_t lasted_ms; /* how long the old state lasted; -1: not told */
};

struct cg_journal;

CG_MUST_USE struct cg_journal *cg_journal_new(void);
void cg_journal_free(struct cg_journal *journal);
/* Copy EVENT with its texts; wall_ms 0 becomes now. */
void cg_journal_add(struct cg_journal *journal, const struct cg_event *event);
size_t cg_journal_count(const struct cg_journal *journal);
/* INDEX 0 is the newest; valid until the next add. */
const struct cg_event *cg_journal_at(const struct cg_journal *journal, size_t index);
const char *cg_event_kind_name(enum cg_event_kind kind);

#endif
