/* SPDX-License-Identifier: BSD-2-Clause */
/* The admin port's place in the daemon: opened at the start and when a reload moves it. Inside of
 * daemon/. */
#ifndef CG_DAEMON_ADMIN_PORT_H
#define CG_DAEMON_ADMIN_PORT_H

#include <stdbool.h>

#include "base/err.h"
#include "daemon/control.h"

/* Open the port that CONFIG names; NULL with ERR. */
CG_MUST_USE struct cg_admin *cg_admin_port_open(struct cg_control *control,
                                                const struct cg_config *config,
                                                struct cg_error *err);
/* Whether CONFIG puts it elsewhere than the configuration in force. */
bool cg_admin_port_is_other(const struct cg_control *control, const struct cg_config *config);

#endif
