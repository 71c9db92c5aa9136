/* SPDX-License-Identifier: BSD-2-Clause */
/* The admin port: libevent's HTTP server on the control thread, a table of calls, JSON by jansson
 * (SPEC section 7). */
#ifndef CG_ADMIN_ADMIN_H
#define CG_ADMIN_ADMIN_H

#include <stdint.h>

#include "base/defs.h"
#include "base/err.h"
#include "net/loop.h"
#include "state/counters.h"
#include "state/journal.h"
#include "state/live.h"
#include "state/snapshot.h"

/* How the last reload ended. */
struct cg_reload_outcome {
	int64_t wall_ms;
	bool is_taken;
	size_t errors_n;
	char text[256]; /* in words */
};

/* What the daemon lends to the admin port, until cg_admin_free. */
struct cg_admin_setup {
	struct cg_loop *loop;
	struct cg_live *live;
	struct cg_journal *journal;
	const struct cg_worker_counters *counters; /* one for each worker */
	unsigned workers_n;
	int64_t started_wall_ms;
	struct cg_addr address; /* to listen on */
	/* The snapshot in force; lent for the call. */
	struct cg_snapshot *(*snapshot)(void *owner);
	/* Read the configuration again: 0 taken; -1 refused, with every problem in REPORT. */
	int (*reload)(void *owner, struct cg_report *report);
	/* The last reload, for the status; wall_ms 0: none yet. */
	const struct cg_reload_outcome *(*last_reload)(void *owner);
	void *owner;
};

struct cg_admin;

/* Open the port that the snapshot's [admin] names; NULL with ERR if that fails. Not called where it
 * is off. */
CG_MUST_USE struct cg_admin *cg_admin_new(const struct cg_admin_setup *setup, struct cg_error *err);
void cg_admin_free(struct cg_admin *admin);
/* An older gateway may answer on the same port: calls come to this one from now on. */
void cg_admin_take_over(const struct cg_admin *admin);
/* The port it listens on (port 0 in the configuration takes any free one). */
void cg_admin_address(const struct cg_admin *admin, struct cg_addr *addr);

#endif
