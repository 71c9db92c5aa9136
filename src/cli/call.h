/* SPDX-License-Identifier: BSD-2-Clause */
/* One HTTP call of a command, waited for (libcurl's easy interface): to the admin port, and in the
 * demo through the gateway. */
#ifndef CG_CLI_CALL_H
#define CG_CLI_CALL_H

#include <stdint.h>

#include "base/buf.h"
#include "base/defs.h"
#include "base/err.h"

/* Members that are NULL are left out. */
struct cg_call {
	const char *method;
	const char *url;        /* http:// or https:// */
	const char *body;       /* JSON */
	const char *token;      /* bearer */
	const char *user;       /* "NAME:PASSWORD" */
	const char *ca_file;    /* else the system's */
	const char *connect_to; /* "IP:PORT" instead of what the URL's host resolves to */
	int64_t timeout_ms;
};

enum { CG_CALL_TENANT_SIZE = 80, CG_CALL_BODY_MAX = 16 * 1024 * 1024 };

struct cg_call_answer {
	int status;
	struct cg_buf body;
	char tenant[CG_CALL_TENANT_SIZE]; /* X-Cpigate-Tenant; "" if there is none */
};

/* 0 with any answer, whatever its status; -1 with ERR if none came. No proxy, no redirects. */
CG_MUST_USE int cg_call_run(const struct cg_call *call, struct cg_call_answer *answer,
                            struct cg_error *err);
void cg_call_answer_fini(struct cg_call_answer *answer);

#endif
