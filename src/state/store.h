/* SPDX-License-Identifier: BSD-2-Clause */
/* What survives a restart or a crash, in state_dir/cpigate.db: operators' decisions and the
 * journal. Everything is written by a thread of its own, at once and in order; who hands something
 * over never waits for a disk. A gateway and its successor may have the file open at the same time.
 */
#ifndef CG_STATE_STORE_H
#define CG_STATE_STORE_H

#include "base/defs.h"
#include "base/err.h"
#include "state/decisions.h"
#include "state/journal.h"

/* Changes that wait for the disk; beyond that the oldest events are lost. */
enum { CG_STORE_QUEUE_MAX = 10000 };

struct cg_store;

/* Open the file in DIR, which is made if only its last part is missing; read what is there; start
 * the thread. A damaged file, or one of a later version, is set aside as cpigate.db.damaged-TIME
 * with an error in the log, and an empty one takes its place. NULL with ERR: the directory cannot
 * be used. */
CG_MUST_USE struct cg_store *cg_store_open(const char *dir, struct cg_error *err);
/* Write what waits, for ten seconds at most; NULL is allowed. The journal must still be there. */
void cg_store_close(struct cg_store *store);

/* Load the newest events of earlier processes into JOURNAL, which is lent until cg_store_close, and
 * keep what is added to it from now on; the first to be added is the damage of the file, if any.
 * Before anything else is added; once. */
void cg_store_attach(struct cg_store *store, struct cg_journal *journal);
/* The decisions that were in force when the file was opened; the store's. */
const struct cg_decisions *cg_store_decisions(const struct cg_store *store);

/* Each copies what it is given; STORE NULL: nothing is kept. Any thread. */
void cg_store_put_event(struct cg_store *store, const struct cg_event *event);
void cg_store_put_drain(struct cg_store *store, const struct cg_decision_drain *drain);
void cg_store_clear_drain(struct cg_store *store, const char *tenant);
void cg_store_put_switch(struct cg_store *store, const struct cg_decision_switch *switched);
void cg_store_clear_switch(struct cg_store *store, const char *pool);

#endif
