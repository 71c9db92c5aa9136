/* SPDX-License-Identifier: BSD-2-Clause */
/* The control thread while the gateway runs: signals, what workers report, readiness, the graceful
 * stop. Inside of daemon/. */
#ifndef CG_DAEMON_CONTROL_H
#define CG_DAEMON_CONTROL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <event2/event.h>

#include "admin/admin.h"
#include "daemon/cert_watch.h"
#include "daemon/sockets.h"
#include "daemon/watchdog.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "net/resolve.h"
#include "net/timer.h"
#include "probe/probe.h"
#include "proxy/access_writer.h"
#include "proxy/worker.h"
#include "state/journal.h"
#include "state/live.h"
#include "state/snapshot.h"
#include "state/store.h"

enum { CG_CONTROL_SIGNALS_N = 4 };

/* State, name, the states it may enter. */
#define CG_CONTROL_STATES(X)                                                                       \
	X(STARTING, "starting", TO(READY) | TO(LAME) | TO(STOPPED)) /* first round of probes */    \
	X(READY, "ready", TO(LAME) | TO(STOPPED))                                                  \
	X(LAME, "lame", TO(DRAINING) | TO(STOPPED)) /* serves, but the health endpoint says 503 */ \
	X(DRAINING, "draining", TO(STOPPED))        /* requests in flight end */                   \
	X(STOPPED, "stopped", 0)

enum cg_control_state {
#define X(id, name, to) CG_CONTROL_##id,
	CG_CONTROL_STATES(X)
#undef X
};

struct cg_control {
	enum cg_control_state state;
	struct cg_loop *loop;
	struct cg_mailbox *mailbox;
	struct cg_journal *journal;
	struct cg_live *live;
	struct cg_snapshot *snapshot;
	struct cg_resolver *resolver;
	struct cg_prober *prober;
	struct cg_admin *admin; /* NULL: off */
	struct cg_access_writer *access_writer;
	struct cg_worker **workers;
	struct cg_worker_counters *counters;
	pthread_t *threads;
	unsigned workers_n;
	unsigned threads_n; /* started */
	unsigned drained_n;
	_Atomic unsigned clients_n;
	struct cg_sockets sockets;
	struct cg_cert_watch cert_watch;
	struct cg_watchdog watchdog;
	struct cg_store *store; /* NULL: no state_dir */
	struct cg_reload_outcome last_reload;
	_Atomic unsigned reloads_taken; /* by workers, over all reloads */
	unsigned reloads_posted;
	struct cg_admin **retired_admins; /* their last answers are on their way */
	size_t retired_admins_n;
	struct cg_timer retire_timer;
	bool is_down[CG_LIVE_TENANTS_MAX];        /* workers know; by live id */
	const struct cg_live_tenant *unreachable; /* its failed requests could not even connect */
	int64_t started_wall_ms;
	struct cg_timer stop_timer; /* lame_duck, then drain_timeout */
	struct event *signals[CG_CONTROL_SIGNALS_N];
};

/* Begin to watch signals. */
void cg_control_start(struct cg_control *control);
void cg_control_fini(struct cg_control *control);

/* ---- callbacks for the parts ---- */
void cg_control_on_live(void *control);
void cg_control_on_addrs(void *control, struct cg_live_tenant *tenant, const struct cg_addr *addrs,
                         size_t n);
/* On a worker's thread. */
void cg_control_on_drained(void *control, unsigned worker);
void cg_control_on_outcome(void *control, struct cg_live_tenant *tenant, bool is_good,
                           const char *why);

/* Let the admin port finish its last answers, then free it. */
void cg_control_retire_admin(struct cg_control *control);

#endif
