/* SPDX-License-Identifier: BSD-2-Clause */
/* New connections to a shared port go to the newest process that listens on it. Any thread. */
#ifndef CG_NET_TAKEOVER_H
#define CG_NET_TAKEOVER_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/defs.h"

/* How many sockets of this host (network namespace) listen on exactly ADDR; 0 also if that can't be
 * read. */
unsigned cg_takeover_count(const struct cg_addr *addr);

/* Let the kernel hand each new connection to the socket at PLACE of those that share FD's port;
 * false if it refuses. */
CG_MUST_USE bool cg_takeover_steer(int fd, unsigned place);

/* Leave the choice to the kernel again. */
void cg_takeover_unsteer(int fd);

#endif
