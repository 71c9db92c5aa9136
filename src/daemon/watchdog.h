/* SPDX-License-Identifier: BSD-2-Clause */
/* The service manager's watchdog (sd_watchdog_enabled(3)): WATCHDOG=1 is sent only while every
 * worker's loop turns, so that a stuck one ends in a restart. Control thread. */
#ifndef CG_DAEMON_WATCHDOG_H
#define CG_DAEMON_WATCHDOG_H

#include <stdatomic.h>
#include <stdint.h>

#include "net/loop.h"
#include "net/timer.h"
#include "proxy/worker.h"

struct cg_watchdog {
	struct cg_loop *loop; /* NULL: not asked for */
	struct cg_worker **workers;
	unsigned workers_n;
	int64_t period_ms;
	unsigned asked_n;         /* answers that should be there by now */
	int64_t stuck_since;      /* 0: all turn */
	_Atomic unsigned heard_n; /* answers so far */
	struct cg_timer timer;
};

/* Starts if the environment asks for it (WATCHDOG_USEC). WORKERS are lent until fini. */
void cg_watchdog_start(struct cg_watchdog *watchdog, struct cg_loop *loop,
                       struct cg_worker **workers, unsigned workers_n);
void cg_watchdog_fini(struct cg_watchdog *watchdog);

#endif
