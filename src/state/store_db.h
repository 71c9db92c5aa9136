/* SPDX-License-Identifier: BSD-2-Clause */
/* The SQLite database in state_dir: opening with all checks, and the statements. Knows no threads:
 * state/store sees to it that one uses it at a time. */
#ifndef CG_STATE_STORE_DB_H
#define CG_STATE_STORE_DB_H

#include <stdbool.h>

#include "base/defs.h"
#include "base/err.h"
#include "state/decisions.h"
#include "state/journal.h"

enum { CG_STORE_DB_EVENTS_MAX = 10000 };

struct cg_store_db;

/* NULL with the reason in ERR; *IS_DAMAGED: the file itself is to blame, another one would do. */
CG_MUST_USE struct cg_store_db *cg_store_db_open(const char *path, bool *is_damaged,
                                                 struct cg_error *err);
void cg_store_db_close(struct cg_store_db *db);

/* The newest N events, the oldest of them first; each is lent to FN for the call. Unknown kinds are
 * left out. These two return 0, or -1 as cg_store_db_open. */
CG_MUST_USE int cg_store_db_read_events(struct cg_store_db *db, int n,
                                        void (*fn)(void *owner, const struct cg_event *event),
                                        void *owner, bool *is_damaged, struct cg_error *err);
CG_MUST_USE int cg_store_db_read_decisions(struct cg_store_db *db, struct cg_decisions *decisions,
                                           bool *is_damaged, struct cg_error *err);

/* All that follow return 0, or -1 with the reason in cg_store_db_error. */
CG_MUST_USE int cg_store_db_begin(struct cg_store_db *db);
/* With it events beyond the newest CG_STORE_DB_EVENTS_MAX go. */
CG_MUST_USE int cg_store_db_commit(struct cg_store_db *db);
/* After any failure; keeps its reason. */
void cg_store_db_rollback(struct cg_store_db *db);
CG_MUST_USE int cg_store_db_put_event(struct cg_store_db *db, const struct cg_event *event);
CG_MUST_USE int cg_store_db_put_drain(struct cg_store_db *db,
                                      const struct cg_decision_drain *drain);
CG_MUST_USE int cg_store_db_clear_drain(struct cg_store_db *db, const char *tenant);
CG_MUST_USE int cg_store_db_put_switch(struct cg_store_db *db,
                                       const struct cg_decision_switch *switched);
CG_MUST_USE int cg_store_db_clear_switch(struct cg_store_db *db, const char *pool);
const char *cg_store_db_error(const struct cg_store_db *db);

#endif
