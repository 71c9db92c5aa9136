/* SPDX-License-Identifier: BSD-2-Clause */
/* The plain-HTTP port on which a test switches the faults of the simulated tenant and reads its
 * counts:
 *
 *   GET /fault                     the faults in force as key=value lines
 *   POST /fault?KEY=VALUE&...      switch these, leave the others; or the same as key=value lines
 * in the body. clear=1 clears all first. All or nothing: 400 says which one is wrong. DELETE /fault
 * clear all GET /stats                     counts as JSON
 *
 * POST and DELETE answer with the faults in force. */
#ifndef CG_SIM_SIM_CONTROL_H
#define CG_SIM_SIM_CONTROL_H

#include "base/addr.h"
#include "base/err.h"
#include "sim/sim_server.h"

struct evhttp;

struct cg_sim_control {
	struct cg_sim_server *server;
	struct evhttp *http;
};

/* Listen on ADDRESS; a port of 0 is replaced by the one chosen. */
CG_MUST_USE int cg_sim_control_open(struct cg_sim_control *control, struct cg_sim_server *server,
                                    struct cg_addr *address, struct cg_error *err);
/* Also after a failed open. */
void cg_sim_control_close(struct cg_sim_control *control);

#endif
