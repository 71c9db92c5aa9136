/* SPDX-License-Identifier: BSD-2-Clause */
/* What one worker knows of one tenant: its addresses, its last TLS session, connections kept for
 * reuse. On the worker's thread. */
#ifndef CG_PROXY_ORIGIN_H
#define CG_PROXY_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "net/tls_ctx.h"

#include "base/addr.h"
#include "base/defs.h"
#include "base/list.h"
#include "net/resolve.h"
#include "state/counters.h"
#include "state/live.h"

struct cg_worker;

struct cg_origin {
	struct cg_list node; /* worker->retired */
	struct cg_worker *worker;
	struct cg_live_tenant *live;
	struct cg_tenant_counters *counters; /* this worker's */
	struct cg_addr addrs[CG_RESOLVE_ADDRS_MAX];
	size_t addrs_n;
	size_t addr_first;     /* the one that worked last: tried first */
	int64_t told_at;       /* when the control thread was last told that a connection failed */
	SSL_SESSION *session;  /* for resumption; NULL: none */
	struct cg_list active; /* attempts without an answer yet */
	struct cg_list idle;   /* kept connections, the last used first (idle.c) */
	size_t idle_n;
};

/* This worker's entry for LIVE, made if it is new. */
struct cg_origin *cg_origin_get(struct cg_worker *worker, struct cg_live_tenant *live);
/* The way to the tenant has changed, or the tenant is gone: kept connections are closed, requests
 * in flight end on theirs, and nothing that comes of them (connections, TLS sessions) is used
 * again. The next get makes a fresh entry with the same addresses. Freed with the worker. */
void cg_origin_retire(struct cg_origin *origin);
void cg_origin_free(struct cg_origin *origin);
void cg_origin_set_addrs(struct cg_origin *origin, const struct cg_addr *addrs, size_t n);
/* Keep SESSION (taken over) in place of the one before. A cg_tls_session_fn. */
void cg_origin_on_session(void *origin, SSL_SESSION *session);

#endif
