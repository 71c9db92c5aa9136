/* SPDX-License-Identifier: BSD-2-Clause */
/* Listening sockets. Each worker has its own socket for an address (SO_REUSEPORT); the kernel
 * spreads connections. */
#ifndef CG_NET_LISTENER_H
#define CG_NET_LISTENER_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/defs.h"
#include "base/err.h"
#include "net/loop.h"

struct cg_listener;

/* Open, bind and listen: SO_REUSEPORT, SO_REUSEADDR, IPV6_V6ONLY, non-blocking, close-on-exec,
 * backlog as large as the system allows. Port 0 takes any free one and writes it back into ADDR.
 * The descriptor, or -1 with ERR saying address and reason. Any thread. */
CG_MUST_USE int cg_listener_open_socket(struct cg_addr *addr, struct cg_error *err);

/* A new connection: non-blocking, close-on-exec, TCP_NODELAY; FD is the callee's. */
typedef void (*cg_listener_fn)(void *owner, int fd, const struct cg_addr *peer);
/* accept failed for lack of descriptors or memory (errno): the listener pauses for 100 ms and then
 * goes on by itself. */
typedef void (*cg_listener_error_fn)(void *owner, int error);

/* Accept on FD (taken over) in LOOP, at most 64 connections a turn. ON_ERROR may be NULL. */
CG_MUST_USE struct cg_listener *cg_listener_new(struct cg_loop *loop, int fd,
                                                cg_listener_fn on_accept,
                                                cg_listener_error_fn on_error, void *owner);
/* Accepts what the kernel has queued already, so that no client is dropped, then closes. Not from
 * inside its own callbacks; NULL is allowed. */
void cg_listener_free(struct cg_listener *listener);

/* Another process may listen on the same port (an old gateway beside its successor). New
 * connections go to one socket of the process that came last, so that the older ones can be closed
 * without losing a client in their queues; once they are gone the kernel spreads connections again.
 * OWN_N: how many sockets of the port are this process'. True while there are others: call it again
 * then. */
bool cg_listener_take_over(struct cg_listener *listener, unsigned own_n);

#endif
