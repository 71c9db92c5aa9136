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
#include "net/timer.h"
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
	/* evidence about a tenant from a request; WHY (a bad one's) is copied by the callee */
	void (*on_outcome)(void *owner, struct cg_live_tenant *tenant, bool is_good,
	                   const char *why);
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
	struct cg_addr addr;
	unsigned users;  /* clients, and the worker until the listener is removed */
	bool is_health;  /* serves only the health path, is not counted */
	bool is_removed; /* by a reload: its socket is closed, clients end after their answers */
};

/* One listening socket of a new configuration. */
struct cg_worker_plan {
	struct cg_addr addr;
	const char *name;
	size_t index; /* as in cg_worker_listener */
	bool is_health;
	int fd; /* to be accepted on (taken over); -1: the socket for ADDR that is there stays */
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
	struct cg_list retired;                         /* origins whose way has changed */
	struct cg_origin *origins[CG_LIVE_TENANTS_MAX]; /* by live id; made when first used */
	struct cg_buf log_line;
	bool is_lame; /* the health endpoint says 503 */
	bool is_draining;
	bool is_drained_told;
	int64_t refused_logged_at;
	struct cg_timer take_over_timer; /* while an older process listens beside this one */
	unsigned own_sockets_n;
	char date[30]; /* of the current second */
	int64_t date_s;
};

/* Made on the control thread, with its loop ready to run. */
CG_MUST_USE struct cg_worker *cg_worker_new(const struct cg_worker_setup *setup);
/* After its thread has ended. */
void cg_worker_free(struct cg_worker *worker);
/* Accept on plan->fd. Before the thread starts. */
void cg_worker_listen(struct cg_worker *worker, const struct cg_worker_plan *plan);
/* The thread's body: runs until cg_worker_stop. */
void cg_worker_run(struct cg_worker *worker);

/* ---- any thread ---- */

/* New addresses of a tenant (copied). */
void cg_worker_post_addrs(struct cg_worker *worker, struct cg_live_tenant *tenant,
                          const struct cg_addr *addrs, size_t n);
/* A tenant's state changed: waiting requests choose again. */
void cg_worker_post_wake(struct cg_worker *worker);
/* New requests use SNAPSHOT (a reference is taken). PLANS (copied with their names): every socket
 * of the new configuration; those that are not among them are closed. */
void cg_worker_post_snapshot(struct cg_worker *worker, struct cg_snapshot *snapshot,
                             const struct cg_worker_plan *plans, size_t n, _Atomic unsigned *taken);
/* The health endpoint says 503 from now on (lame duck). */
void cg_worker_post_lame(struct cg_worker *worker);
/* Answer the watchdog: HEARTBEATS is counted up when the message is read. */
void cg_worker_post_heartbeat(struct cg_worker *worker, _Atomic unsigned *heartbeats);
/* An older process may listen beside this one: new connections come here from now on. OWN_N:
 * sockets that this process has for each address. */
void cg_worker_post_take_over(struct cg_worker *worker, unsigned own_n);
/* A tenant went down: its kept connections are dropped; if it IS_UNREACHABLE, requests that wait
 * for its answer and may be sent again go to the next one. */
void cg_worker_post_down(struct cg_worker *worker, struct cg_live_tenant *tenant,
                         bool is_unreachable);
/* Close listeners and idle clients, let requests in flight end, then call on_drained. */
void cg_worker_post_drain(struct cg_worker *worker);
/* End at once: clients and tenants are closed as they are. */
void cg_worker_post_stop(struct cg_worker *worker);

/* ---- the worker's thread ---- */

/* A client went: tell the control thread if it was the last one of a draining worker. */
void cg_worker_client_closed(struct cg_worker *worker);
/* A client of LISTENER went. */
void cg_worker_listener_release(struct cg_worker_listener *listener);
void cg_hold_release(struct cg_hold *hold);
/* Date of now, as in the field. */
const char *cg_worker_date(struct cg_worker *worker);

#endif
