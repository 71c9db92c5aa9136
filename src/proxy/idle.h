/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections to a tenant that are kept between requests: the last used is taken first, each is
 * closed after tenant_idle, and at once when the tenant closes it or speaks unasked. On the
 * worker's thread. */
#ifndef CG_PROXY_IDLE_H
#define CG_PROXY_IDLE_H

#include <stdint.h>

#include "net/conn.h"
#include "proxy/origin.h"

/* Keep CONN (open, nothing in flight; taken over) until NOW + IDLE_MS at the latest. */
void cg_idle_put(struct cg_origin *origin, struct cg_conn *conn, int64_t idle_ms);
/* A kept connection that its tenant has not closed (the socket is asked), with its owner to be set;
 * NULL if none is left. */
struct cg_conn *cg_idle_take(struct cg_origin *origin);
/* Bytes of one entry, for the slab of the worker. */
size_t cg_idle_conn_size(void);
/* Close all of them. */
void cg_idle_clear(struct cg_origin *origin);

#endif
