/* SPDX-License-Identifier: BSD-2-Clause */
/* One connection to the simulated tenant: reads requests one after another, answers each, and
 * misbehaves as the faults say. Memory is bounded whatever the bodies' size. A connection owns
 * itself: it is freed when it ends, or by the calls below, which take its node on the server's
 * list. */
#ifndef CG_SIM_SIM_CONN_H
#define CG_SIM_SIM_CONN_H

#include "base/list.h"

struct cg_sim_server;

/* Takes FD, which was just accepted. */
void cg_sim_conn_open(struct cg_sim_server *server, int fd);
/* Close it if no request is in progress; a busy one closes after its answer. */
void cg_sim_conn_close_idle(struct cg_list *node);
void cg_sim_conn_close(struct cg_list *node);

#endif
