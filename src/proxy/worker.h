/* SPDX-License-Identifier: BSD-2-Clause */
/* A worker: one thread with one loop that carries traffic, and what it owns: listening sockets,
 * clients, kept connections, buffers. It takes no lock; other threads reach it through its mailbox
 * by the calls marked "any thread". */
#ifndef CG_PROXY_WORKER_H
#define CG_PROXY_WORKER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/addr.h"
#include "base/defs.h"
#include "base/list.h"
#include "base/rand.h"
#include "base/ring.h"
#include "net/conn.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "proxy/access_writer.h"
#include "proxy/origin.h"
#include "state/counters.h"
#include "state/snapshot.h"

struct cg_worker;

/* What workers tell the control thread; called on the worker's thread, so the receiver posts it on.
 */
struct cg_worker_calls {
	void (*on_drained)(void *owner,
	                   unsigned worker); /* asked to drain, and no client is left */
	void (*on_unreachable)(void *owner,
	                       struct cg_live_tenant *tenant); /* a fresh connection failed */
	void *owner;
};

struct cg_worker_setup {
	unsigned index;
	struct cg_snapshot *snapshot;           /* a reference is taken */
	const struct cg_live *live;             /* lent */
	struct cg_worker_counters *counters;    /* this worker's; lent */
	_Atomic unsigned *clients_n;            /* client connections of all workers; lent */
	struct cg_access_writer *access_writer; /* lent; NULL: no access log */
	struct cg_worker_calls calls;
};

/* One listening socket of this worker. */
struct cg_worker_listener {
	struct cg_list node;
	struct cg_worker *worker;
	struct cg_listener *listener;
	char *name;
	size_t index; /* into the snapshot's listeners; SIZE_MAX: a health listener */
	uint16_t port;
	bool is_health; /* serves only the health path, is not counted */
};

/* A snapshot as one worker holds it: one counted reference for all its requests. */
struct cg_hold {
	struct cg_snapshot *snapshot;
	unsigned users; /* exchanges, and one while it is the current one */
};

/* Fields are for proxy/ alone. */
struct cg_worker {
	/* set at start, then read-only */
	unsigned index;
	struct cg_loop *loop;
	struct cg_mailbox *mailbox;
	struct cg_worker_calls calls;
	const struct cg_live *live;
	struct cg_worker_counters *counters;
	_Atomic unsigned *clients_n;
	struct cg_access_writer *access_writer;
	/* worker only */
	struct cg_conn_env env;
	struct cg_hold *hold; /* the current snapshot */
	struct cg_rand rand;
	struct cg_list listeners;
	struct cg_list fronts;         /* clients connected */
	struct cg_list free_exchanges; /* for reuse, with their arenas */
	size_t free_exchanges_n;
	struct cg_list waiting; /* exchanges that wait for a first verdict */
	struct cg_slab idle_slab;
	struct cg_origin *origins[CG_LIVE_TENANTS_MAX]; /* by live id; made when first used */
	struct cg_buf log_line;
	bool is_draining;
	bool is_drained_told;
	int64_t refused_logged_at;
	char date[30]; /* of the current second */
	int64_t date_s;
};

/* Made on the control thread, with its loop ready to run. */
CG_MUST_USE struct cg_worker *cg_worker_new(const struct cg_worker_setup *setup);
/* After its thread has ended. */
void cg_worker_free(struct cg_worker *worker);
/* Before its thread starts: accept on FD (taken over). LISTEN_INDEX into the snapshot's listeners,
 * or SIZE_MAX for a health listener with NAME "health". */
void cg_worker_listen(struct cg_worker *worker, int fd, const char *name, size_t listen_index,
                      uint16_t port);
/* The thread's body: runs until cg_worker_stop. */
void cg_worker_run(struct cg_worker *worker);

/* ---- any thread ---- */

/* New addresses of a tenant (copied). */
void cg_worker_post_addrs(struct cg_worker *worker, struct cg_live_tenant *tenant,
                          const struct cg_addr *addrs, size_t n);
/* A tenant's state changed: waiting requests choose again. */
void cg_worker_post_wake(struct cg_worker *worker);
/* Close listeners and idle clients, let requests in flight end, then call on_drained. */
void cg_worker_post_drain(struct cg_worker *worker);
/* End at once: clients and tenants are closed as they are. */
void cg_worker_post_stop(struct cg_worker *worker);

/* ---- the worker's thread ---- */

/* A client went: tell the control thread if it was the last one of a draining worker. */
void cg_worker_client_closed(struct cg_worker *worker);
void cg_hold_release(struct cg_hold *hold);
/* Date of now, as in the field. */
const char *cg_worker_date(struct cg_worker *worker);

#endif
