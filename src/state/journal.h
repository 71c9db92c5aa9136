/* SPDX-License-Identifier: BSD-2-Clause */
/* What happened, newest first: state changes with the probe results behind them, failovers,
 * operators' acts. In memory, bounded; the oldest go. state/store keeps them beyond. Control thread
 * only. */
#ifndef CG_STATE_JOURNAL_H
#define CG_STATE_JOURNAL_H

#include <stdbool.h>
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
	X(DRAIN, "drain")             /* an operator's, or its end by time */                      \
	X(SWITCH, "switch")           /* an operator's */                                          \
	X(RELOAD, "reload")           /* taken or refused */                                       \
	X(CERTIFICATE, "certificate") /* a new pair taken or left alone */                         \
	X(STORE, "store")             /* what was kept in state_dir is damaged */                  \
	X(RESUME, "resume")           /* an operator's */                                          \
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
/* Add one of an earlier process, without telling the sink: oldest first, before all others. */
void cg_journal_load(struct cg_journal *journal, const struct cg_event *event);
/* FN is told of each event that is added from now on; the event is lent for the call. */
void cg_journal_set_sink(struct cg_journal *journal,
                         void (*fn)(void *owner, const struct cg_event *event), void *owner);
/* INDEX 0 is the newest; valid until the next add. */
const struct cg_event *cg_journal_at(const struct cg_journal *journal, size_t index);
const char *cg_event_kind_name(enum cg_event_kind kind);
/* False if there is no such kind. */
bool cg_event_kind_find(const char *name, enum cg_event_kind *kind);

/* A copy with texts of its own, for cg_event_fini. */
struct cg_event cg_event_copy(const struct cg_event *event);
void cg_event_fini(struct cg_event *event);

#endif
