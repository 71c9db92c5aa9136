/* SPDX-License-Identifier: BSD-2-Clause */
/* When tenants are probed: the schedule of all of them. One probe is probe_run's. Control thread.
 */
#ifndef CG_PROBE_PROBE_H
#define CG_PROBE_PROBE_H

#include <stdint.h>

#include "base/addr.h"
#include "base/defs.h"
#include "net/loop.h"
#include "net/resolve.h"
#include "probe/probe_run.h"
#include "state/live.h"
#include "state/snapshot.h"

struct cg_prober;

/* A tenant's addresses changed (or became known): the daemon passes them on to the workers. */
typedef void (*cg_prober_addrs_fn)(void *owner, struct cg_live_tenant *tenant,
                                   const struct cg_addr *addrs, size_t n);

/* Owns the resolver's watches of the tenants' names and a fetcher. Feeds cg_live_probe_result and
 * cg_live_tick on time. */
CG_MUST_USE struct cg_prober *cg_prober_new(struct cg_loop *loop, struct cg_live *live,
                                            struct cg_resolver *resolver,
                                            cg_prober_addrs_fn on_addrs, void *owner);
void cg_prober_free(struct cg_prober *prober);

/* Take SNAPSHOT (a reference is held): tenants that stay keep their place in the schedule, new ones
 * are probed at once, gone ones are dropped. A tenant with configured addresses uses these; else
 * its URL's host is watched. The first probe of a tenant waits for its name's first answer, at most
 * the probe's time-out. Interval while online, interval_down in other states, each spread by +-10
 * %; the failback probe runs only while recovering, until it has succeeded often enough. A probe
 * still running when the next is due is not doubled; one that runs at this moment is started again
 * with the new settings. */
void cg_prober_apply(struct cg_prober *prober, struct cg_snapshot *snapshot);

/* Probe this tenant now, and ask DNS again (a worker could not connect); at most once a second. */
void cg_prober_hint(struct cg_prober *prober, struct cg_live_tenant *tenant);

/* An operator or a request changed when cg_live_tick is due. */
void cg_prober_set_tick(struct cg_prober *prober);

/* Calls in 30 days for a tenant that is online (and failback_probe excluded): 30 days / interval.
 */
uint64_t cg_probe_calls_in_30_days(const struct cg_config_probe *probe);

#endif
