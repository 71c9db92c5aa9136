/* SPDX-License-Identifier: BSD-2-Clause */
/* A new configuration for a running gateway: taken whole or not at all (SPEC section 9). Control
 * thread. */
#ifndef CG_DAEMON_RELOAD_H
#define CG_DAEMON_RELOAD_H

#include "base/defs.h"
#include "base/err.h"
#include "daemon/control.h"

/* Read the file again and take it: 0; or leave everything as it was: -1 with every problem in
 * REPORT. Logged and journalled. */
CG_MUST_USE int cg_reload(struct cg_control *control, struct cg_report *report);

#endif
