/* SPDX-License-Identifier: BSD-2-Clause */
/* Names to addresses with c-ares on the control thread's loop: hosts file, then A and AAAA, TCP for
 * long answers. A watched name is resolved again when its TTL runs out; the last good answer is
 * kept when DNS fails. A changed /etc/resolv.conf is read at the next question. On the loop's
 * thread. */
#ifndef CG_NET_RESOLVE_H
#define CG_NET_RESOLVE_H

#include "base/addr.h"
#include "base/defs.h"
#include "base/err.h"
#include "net/loop.h"

enum {
	CG_RESOLVE_TTL_MIN_MS = 1000,   /* a TTL of 0 is asked for once a second */
	CG_RESOLVE_TTL_MAX_MS = 300000, /* also the time for hosts file entries */
	CG_RESOLVE_RETRY_MS = 1000,     /* after a failure, doubled up to RETRY_MAX */
	CG_RESOLVE_RETRY_MAX_MS = 30000,
	CG_RESOLVE_ADDRS_MAX = 16,
};

struct cg_resolver;
struct cg_resolve_name;

/* The answer: addresses with the port, IPv6 and IPv4 in the order to try them. Called when the set
 * changed (order alone is no change), and for the first answer, also if that is a failure (n = 0,
 * error text). A later failure is only logged: the old addresses stay in use. It may watch, unwatch
 * and refresh, not free the resolver. */
typedef void (*cg_resolve_fn)(void *owner, const struct cg_addr *addrs, size_t n,
                              const char *error);

CG_MUST_USE struct cg_resolver *cg_resolver_new(struct cg_loop *loop, struct cg_error *err);
/* Names still watched are dropped; nothing is called any more. NULL is allowed. */
void cg_resolver_free(struct cg_resolver *resolver);
/* Ask these servers ("127.0.0.1:5353,[::1]:53") and not those of /etc/resolv.conf: for tests. -1:
 * the text is malformed, the old ones stay. Not from inside a callback. */
CG_MUST_USE int cg_resolver_set_servers(struct cg_resolver *resolver, const char *servers,
                                        struct cg_error *err);

/* Watch HOST (name or IP literal, which is never asked for again); the first answer comes by
 * callback, never from inside this call. */
CG_MUST_USE struct cg_resolve_name *cg_resolver_watch(struct cg_resolver *resolver,
                                                      const char *host, uint16_t port,
                                                      cg_resolve_fn on_change, void *owner);
/* NULL is allowed. */
void cg_resolver_unwatch(struct cg_resolve_name *name);
/* Ask again now (a connect failed), at most once a second. */
void cg_resolver_refresh(struct cg_resolve_name *name);
/* The addresses known now; *n may be 0. Valid until the next callback. */
const struct cg_addr *cg_resolve_name_addrs(const struct cg_resolve_name *name, size_t *n);
/* Why the last try failed, or NULL. */
const char *cg_resolve_name_error(const struct cg_resolve_name *name);

#endif
