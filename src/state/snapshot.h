/* SPDX-License-Identifier: BSD-2-Clause */
/* One loaded configuration with all that is built from it (TLS contexts, routes, links to live
 * entries); never changed afterwards. Requests run to their end under the snapshot that they began
 * under. */
#ifndef CG_STATE_SNAPSHOT_H
#define CG_STATE_SNAPSHOT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/defs.h"
#include "base/err.h"
#include "config/config.h"
#include "config/route.h"
#include "net/tls_ctx.h"
#include "state/live.h"

struct cg_snapshot_listener {
	const struct cg_config_listen *config;
	/* NULL: plain. Only a renewed certificate replaces it; read it by cg_snapshot_tls. */
	_Atomic(struct cg_tls_server *) tls;
	struct cg_tls_server **retired; /* replaced ones, which a worker may still be reading */
	size_t retired_n;
	/* As config->address, with the ports that were taken for port 0: the daemon fills them in
	 * before it publishes the snapshot. */
	struct cg_addr *bound;
};

struct cg_snapshot_tenant {
	const struct cg_config_tenant *config;
	const struct cg_config_probe *probe;
	const struct cg_config_probe *failback_probe; /* NULL: none */
	struct cg_live_tenant *live;
	struct cg_tls_client *tls; /* NULL: http:// */
	char *authority; /* host of the URL as it goes into Host: port if it is not the scheme's
	                    own, IPv6 in brackets */
};

struct cg_snapshot_pool {
	const struct cg_config_pool *config;
	struct cg_live_pool *live;
	struct cg_snapshot_tenant **tenants;
	size_t tenants_n;
	bool has_equals; /* two of them have the same priority */
};

struct cg_snapshot {
	unsigned generation; /* 0 until who publishes it sets it */
	_Atomic unsigned refs;
	struct cg_config *config;
	struct cg_route_table *routes;
	struct cg_snapshot_listener *listeners;
	size_t listeners_n;
	struct cg_snapshot_tenant *tenants; /* as config->tenants */
	size_t tenants_n;
	struct cg_snapshot_pool *pools; /* as config->pools */
	size_t pools_n;
	char *via; /* "1.1 NAME": this gateway's entry in Via; characters of the name that are no
	              tchar are '_' */
};

/* Build everything; reads the certificates. Takes CONFIG over in every case. LIVE may be NULL
 * (cpigate check): then live links stay NULL. One reference is the caller's. NULL with errors in
 * REPORT. Control. */
CG_MUST_USE struct cg_snapshot *cg_snapshot_new(struct cg_config *config, struct cg_live *live,
                                                struct cg_report *report);
/* The listener's contexts now; NULL: plain. Valid as long as the snapshot. Any thread. */
static inline struct cg_tls_server *cg_snapshot_tls(const struct cg_snapshot_listener *listener)
{
	return atomic_load_explicit(&listener->tls, memory_order_acquire);
}

/* New connections get TLS (taken over), which understands the tickets of the one before.
 * Control. */
void cg_snapshot_replace_tls(struct cg_snapshot *snapshot, size_t listener,
                             struct cg_tls_server *tls);

/* Any thread; the last unref frees, NULL is allowed. */
struct cg_snapshot *cg_snapshot_ref(struct cg_snapshot *snapshot);
void cg_snapshot_unref(struct cg_snapshot *snapshot);

#endif
