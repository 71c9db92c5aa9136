/* SPDX-License-Identifier: BSD-2-Clause */
/* One probe of one tenant, from its settings to a result. Control thread, or the only one of
 * cpigate check. */
#ifndef CG_PROBE_PROBE_RUN_H
#define CG_PROBE_PROBE_RUN_H

#include <stddef.h>

#include "base/addr.h"
#include "base/defs.h"
#include "config/config.h"
#include "fetch/fetch.h"
#include "net/loop.h"
#include "state/snapshot.h"
#include "tenant/probe_result.h"

struct cg_probe_run;

/* RESULT is lent for the call. Its is_failback is false: the caller knows. Afterwards the run is
 * gone. */
typedef void (*cg_probe_fn)(void *owner, const struct cg_probe_result *result);

/* Probe TENANT once, with PROBE's settings (both lent until the end), at ADDRS (none: a failure in
 * phase "name" with NAME_ERROR). The callback comes later, never from inside. */
CG_MUST_USE struct cg_probe_run *
cg_probe_run_start(struct cg_fetcher *fetcher, struct cg_loop *loop,
                   const struct cg_snapshot_tenant *tenant, const struct cg_config_probe *probe,
                   const struct cg_addr *addrs, size_t addrs_n, const char *name_error,
                   cg_probe_fn on_end, void *owner);
/* Drop it; its callback is not called. NULL is allowed. */
void cg_probe_run_cancel(struct cg_probe_run *run);

#endif
