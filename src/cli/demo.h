/* SPDX-License-Identifier: BSD-2-Clause */
/* The demo's world: a temporary folder, two simulated tenants and a gateway on free loopback ports.
 * What is done with it is cmd_demo's (for a person) and demo_once's (for a script). */
#ifndef CG_CLI_DEMO_H
#define CG_CLI_DEMO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/defs.h"
#include "base/err.h"
#include "cli/call.h"
#include "cli/demo_child.h"

#define CG_DEMO_USER "demo"
#define CG_DEMO_PASSWORD "demo"
#define CG_DEMO_HOST "demo.cpi.localhost"
#define CG_DEMO_PATH "/http/demo"

/* What to ask of a simulated tenant's control port. */
#define CG_DEMO_SICK "health=500"
#define CG_DEMO_WELL "health=off"

enum { CG_DEMO_TENANTS_N = 2 };

struct cg_demo_tenant {
	const char *name;
	const char *region;
	uint16_t port;
	uint16_t control_port;
	struct cg_demo_child child;
};

struct cg_demo {
	char *dir;
	char *program; /* this one */
	char *sim;     /* the simulated tenant's program */
	uint16_t port;
	uint16_t admin_port;
	struct cg_demo_tenant tenants[CG_DEMO_TENANTS_N]; /* in order of priority */
	struct cg_demo_child gateway;
	bool has_ended; /* a signal said so */
};

/* Everything up and answering, or -1 with ERR. cg_demo_fini is due in both cases. */
CG_MUST_USE int cg_demo_init(struct cg_demo *demo, struct cg_error *err);
/* Stop the children, remove the folder. */
void cg_demo_fini(struct cg_demo *demo);

/* Start TENANT's process and wait until it listens. */
CG_MUST_USE int cg_demo_start_tenant(struct cg_demo *demo, struct cg_demo_tenant *tenant,
                                     struct cg_error *err);
/* Sleep so long, or until a child ends; false once SIGINT, SIGTERM or SIGHUP came (they are blocked
 * while a demo lives). */
bool cg_demo_pause(struct cg_demo *demo, int64_t ms);
/* GET PATH through the gateway with the demo's credentials. */
CG_MUST_USE int cg_demo_call(const struct cg_demo *demo, const char *path,
                             struct cg_call_answer *answer, struct cg_error *err);
/* Whether somebody listens on this loopback port. */
CG_MUST_USE bool cg_demo_is_taken(uint16_t port);

#endif
