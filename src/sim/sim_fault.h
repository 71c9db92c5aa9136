/* SPDX-License-Identifier: BSD-2-Clause */
/* The faults that can be switched on in the simulated tenant, and how they are spelled.
 * doc/cpigate-sim.1 describes each. */
#ifndef CG_SIM_SIM_FAULT_H
#define CG_SIM_SIM_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/defs.h"
#include "base/err.h"
#include "base/str.h"

/* Each fault with its key and the kind of its value. */
#define CG_SIM_FAULTS(X)                                                                           \
	X(HEALTH, "health", STATUS)           /* the health iFlow's status, with credentials */    \
	X(STATUS, "status", STATUS)           /* of every /http call, before credentials */        \
	X(ROUTERERROR, "routererror", ROUTER) /* the platform's own error instead */               \
	X(REFUSE, "refuse", FLAG)             /* no listening socket, no idle connections */       \
	X(HANG, "hang", FLAG)                 /* the request is read and never answered */         \
	X(CLOSE_AFTER_BODY, "close_after_body", FLAG)                                              \
	X(RESET, "reset", FLAG)         /* as close_after_body, but by RST */                      \
	X(DELAY_MS, "delay_ms", NUMBER) /* before the answer's first byte */                       \
	X(TRUNCATE, "truncate", NUMBER) /* bytes of the body sent before closing */                \
	X(MALFORMED, "malformed", FLAG) /* bad status line */                                      \
	X(DUPLICATE_LENGTH, "duplicate_length", FLAG)                                              \
	X(TIMES, "times", NUMBER) /* requests until all but refuse is cleared */

enum cg_sim_fault_id {
#define X(id, key, kind) CG_SIM_FAULT_##id,
	CG_SIM_FAULTS(X)
#undef X
	        CG_SIM_FAULT_N
};

/* What the Cloud Foundry router says in X-Cf-RouterError, with its status. */
#define CG_SIM_ROUTER_ERRORS(X)                                                                    \
	X(UNKNOWN_ROUTE, "unknown_route", 404)                                                     \
	X(NO_ENDPOINTS, "no_endpoints", 503)                                                       \
	X(ENDPOINT_FAILURE, "endpoint_failure", 502)

enum { CG_SIM_FAULT_PATH_SIZE = 256, CG_SIM_FAULT_HEADER_SIZE = 2048 };

struct cg_sim_fault {
	bool is_on[CG_SIM_FAULT_N];
	uint64_t value[CG_SIM_FAULT_N];
	char path[CG_SIM_FAULT_PATH_SIZE];     /* only requests whose path begins so; "": all */
	char header[CG_SIM_FAULT_HEADER_SIZE]; /* complete lines added to each answer */
};

/* Switch one fault: "1", "on", a number or a name as its kind wants; "off" for any, "0" for a flag.
 * The keys "path" and "header" (a further line each time; empty: none) are taken too. Nothing is
 * changed on failure. */
CG_MUST_USE int cg_sim_fault_set(struct cg_sim_fault *fault, struct cg_str key, struct cg_str value,
                                 struct cg_error *err);
void cg_sim_fault_clear(struct cg_sim_fault *fault);
/* Append "key=value" lines, as cg_sim_fault_set takes them. */
void cg_sim_fault_show(const struct cg_sim_fault *fault, struct cg_buf *out);
/* The faults for a request to PATH (none if the path does not fit), counting "times" down. */
struct cg_sim_fault cg_sim_fault_take(struct cg_sim_fault *fault, struct cg_str path);
/* For a value of ROUTERERROR. */
const char *cg_sim_fault_router_name(uint64_t value);
unsigned cg_sim_fault_router_status(uint64_t value);

#endif
