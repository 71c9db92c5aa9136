/* SPDX-License-Identifier: BSD-2-Clause */
/* The gateway as a process: everything is made here in order, runs, and is taken down in reverse.
 */
#ifndef CG_DAEMON_DAEMON_H
#define CG_DAEMON_DAEMON_H

#include "base/defs.h"

/* Run with the configuration FILE in the foreground until a signal ends it. Returns the exit
 * status: 0 stopped as asked, 1 could not start (address in use, say), 2 wrong configuration. The
 * main thread becomes the control thread. */
CG_MUST_USE int cg_daemon_run(const char *file);

#endif
