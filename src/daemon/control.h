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

enum { CG_CONTROL_SIGNALS_N = 3 };

/* State, name, the states it may enter. */
#define CG_CONTROL_STATES(X)                                                                       \
	X(STARTING, "starting", TO(READY) | TO(DRAINING)) /* first round of probes */              \
	X(READY, "ready", TO(DRAINING))                                                            \
	X(DRAINING, "draining", TO(STOPPED)) /* requests in flight end */                          \
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
	int64_t started_wall_ms;
	struct cg_timer drain_timer;
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
void cg_control_on_unreachable(void *control, struct cg_live_tenant *tenant);
struct cg_snapshot *cg_control_snapshot(void *control);

#endif
