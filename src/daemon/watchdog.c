/* SPDX-License-Identifier: BSD-2-Clause */
/* Each period every worker is asked by its mailbox; the next period is announced only if all have
 * answered. */
#include "daemon/watchdog.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/notify.h"

static void watchdog_ask(struct cg_watchdog *watchdog)
{
	for (unsigned i = 0; i < watchdog->workers_n; i++)
		cg_worker_post_heartbeat(watchdog->workers[i], &watchdog->heard_n);
	watchdog->asked_n += watchdog->workers_n;
}

static void watchdog_on_timer(struct cg_timer *timer)
{
	struct cg_watchdog *watchdog = CG_CONTAINER_OF(timer, struct cg_watchdog, timer);
	int64_t now = cg_loop_now(watchdog->loop);

	if (atomic_load(&watchdog->heard_n) == watchdog->asked_n) {
		cg_notify("WATCHDOG=1");
		watchdog->stuck_since = 0;
		watchdog_ask(watchdog);
	} else if (watchdog->stuck_since == 0) {
		watchdog->stuck_since = now;
		cg_log(CG_LOG_ERROR, "watchdog: workers that do not answer: %u",
		       watchdog->asked_n - atomic_load(&watchdog->heard_n));
	}
	cg_timer_set(watchdog->loop, timer, now + watchdog->period_ms);
}

void cg_watchdog_start(struct cg_watchdog *watchdog, struct cg_loop *loop,
                       struct cg_worker **workers, unsigned workers_n)
{
	uint64_t us;
	uint64_t pid;

	if (!cg_str_to_u64(cg_str_from(getenv("WATCHDOG_USEC")), INT64_MAX, &us) || us < 3000)
		return;
	if (getenv("WATCHDOG_PID") != NULL &&
	    (!cg_str_to_u64(cg_str_from(getenv("WATCHDOG_PID")), INT32_MAX, &pid) ||
	     pid != (uint64_t)getpid()))
		return;
	watchdog->loop = loop;
	watchdog->workers = workers;
	watchdog->workers_n = workers_n;
	/* Thrice in the time allowed: one late answer is no alarm. */
	watchdog->period_ms = (int64_t)(us / 1000 / 3);
	cg_timer_init(&watchdog->timer, watchdog_on_timer);
	watchdog_ask(watchdog);
	cg_timer_set(loop, &watchdog->timer, cg_loop_now(loop) + watchdog->period_ms);
}

void cg_watchdog_fini(struct cg_watchdog *watchdog)
{
	if (watchdog->loop != NULL)
		cg_timer_cancel(&watchdog->timer);
	watchdog->loop = NULL;
}
