/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections to a tenant that are kept between requests: the last used is taken first, each is
 * closed after tenant_idle, and at once when the tenant closes it or speaks unasked. On the
 * worker's thread. */
#ifndef CG_PROXY_IDLE_H
#define CG_PROXY_IDLE_H

#include <stdint.h>

#include "net/conn.h"
#include "proxy/origin.h"

/* Kept for one tenant by one worker; more are closed. */
enum { CG_IDLE_MAX = 512 };

/* Keep CONN (open, nothing in flight; taken over) until NOW + IDLE_MS at the latest. */
void cg_idle_put(struct cg_origin *origin, struct cg_conn *conn, int64_t idle_ms);
/* A kept connection, with its owner to be set; NULL if none is left. ASKS: the socket itself is
 * asked whether its tenant has closed it, one system call, for a request that can't be sent twice.
 */
struct cg_conn *cg_idle_take(struct cg_origin *origin, bool asks);
/* Bytes of one entry, for the slab of the worker. */
size_t cg_idle_conn_size(void);
/* The addresses changed: close those that lead elsewhere. */
void cg_idle_review(struct cg_origin *origin);
/* Close all of them. */
void cg_idle_clear(struct cg_origin *origin);

#endif
