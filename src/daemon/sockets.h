/* SPDX-License-Identifier: BSD-2-Clause */
/* Which listening sockets a configuration needs: those that stay, those to be opened (or taken from
 * the service manager), each for every worker. Control thread. */
#ifndef CG_DAEMON_SOCKETS_H
#define CG_DAEMON_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"
#include "base/defs.h"
#include "base/err.h"
#include "proxy/worker.h"
#include "state/snapshot.h"

/* Sockets handed over by the service manager (sd_listen_fds(3)): LISTEN_PID, LISTEN_FDS. */
struct cg_inherited {
	struct cg_addr addr;
	int fd;
	bool is_used;
};

struct cg_sockets {
	/* addresses that the workers listen on now */
	struct cg_addr *addrs;
	size_t addrs_n;
	struct cg_inherited *inherited;
	size_t inherited_n;
	unsigned workers_n;
};

/* Reads and clears the environment's LISTEN_*. */
void cg_sockets_init(struct cg_sockets *sockets, unsigned workers_n);
void cg_sockets_fini(struct cg_sockets *sockets);

/* What one configuration needs: plans[worker * n + i], n for each worker; names are lent by the
 * snapshot. */
struct cg_sockets_plan {
	struct cg_worker_plan *plans;
	size_t n;
};

/* Open what is missing for SNAPSHOT, whose listeners' bound addresses are filled in. OLD: the
 * snapshot in force (its ports for port 0 stay), or NULL. On failure nothing stays open and REPORT
 * has an error with the address' place. */
CG_MUST_USE int cg_sockets_open(struct cg_sockets *sockets, struct cg_snapshot *snapshot,
                                const struct cg_snapshot *old, struct cg_sockets_plan *plan,
                                struct cg_report *report);
/* The workers have the plan now. */
void cg_sockets_taken(struct cg_sockets *sockets, struct cg_sockets_plan *plan);
/* Close what was opened for it. */
void cg_sockets_drop(struct cg_sockets *sockets, struct cg_sockets_plan *plan);

#endif
