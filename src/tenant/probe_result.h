/* SPDX-License-Identifier: BSD-2-Clause */
/* What one probe found: plain data, kept in a tenant's history and shown everywhere a state is
 * explained. */
#ifndef CG_TENANT_PROBE_RESULT_H
#define CG_TENANT_PROBE_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/defs.h"

/* The step that a probe was in when it ended; "done" for a good one. */
#define CG_PROBE_PHASES(X)                                                                         \
	X(NAME, "name") /* resolving */                                                            \
	X(CONNECT, "connect")                                                                      \
	X(TLS, "tls")                                                                              \
	X(WAIT, "wait")     /* request sent, no answer yet */                                      \
	X(STATUS, "status") /* answered with a status that is not expected */                      \
	X(BODY, "body")     /* the body broke off, or lacks the expected text */                   \
	X(DONE, "done")

enum cg_probe_phase {
#define X(id, name) CG_PROBE_PHASE_##id,
	CG_PROBE_PHASES(X)
#undef X
};

struct cg_probe_result {
	int64_t wall_ms; /* when it ended */
	int64_t duration_ms;
	enum cg_probe_phase phase;
	int status; /* 0: none came */
	bool is_good;
	bool is_failback; /* of the failback_probe */
	char error[160];  /* "" for a good one */
};

const char *cg_probe_phase_name(enum cg_probe_phase phase);

/* In words for log lines and status: "GET /http/health answered 401", "connect: Connection
 * refused", "status 500 is not expected". */
void cg_probe_result_text(const struct cg_probe_result *result, char *out, size_t size);

#endif
