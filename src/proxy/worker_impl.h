/* SPDX-License-Identifier: BSD-2-Clause */
/* What worker.c lends to worker_reload.c. */
#ifndef CG_PROXY_WORKER_IMPL_H
#define CG_PROXY_WORKER_IMPL_H

#include "proxy/worker.h"

/* One counted reference to SNAPSHOT, with one user. */
CG_MUST_USE struct cg_hold *cg_hold_new(struct cg_snapshot *snapshot);
/* Close the socket; the entry goes with its last client. */
void cg_worker_remove_listener(struct cg_worker_listener *listener);

#endif
