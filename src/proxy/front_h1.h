/* SPDX-License-Identifier: BSD-2-Clause */
/* An HTTP/1.x client connection: requests in order, one exchange at a time, each spoken to as a
 * stream. On the worker's thread. */
#ifndef CG_PROXY_FRONT_H1_H
#define CG_PROXY_FRONT_H1_H

#include "base/addr.h"
#include "proxy/worker.h"

struct cg_front_h1;

/* Serve the connection FD (taken over) that LISTENER accepted from PEER. */
void cg_front_h1_accept(struct cg_worker_listener *listener, int fd, const struct cg_addr *peer);
/* Draining: an idle client is closed now, a busy one after its answer. */
void cg_front_h1_drain(struct cg_front_h1 *front);
/* The listener that accepted it. */
const struct cg_worker_listener *cg_front_h1_listener(const struct cg_front_h1 *front);
/* Close as it is. */
void cg_front_h1_stop(struct cg_front_h1 *front);

/* Of an entry of worker->fronts. */
struct cg_front_h1 *cg_front_h1_of(struct cg_list *node);

#endif
