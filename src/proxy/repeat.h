/* SPDX-License-Identifier: BSD-2-Clause */
/* What follows a failed attempt: the one place that decides whether a request may be sent again
 * (SPEC section 4). Pure. */
#ifndef CG_PROXY_REPEAT_H
#define CG_PROXY_REPEAT_H

#include <stdbool.h>

#include "base/defs.h"
#include "proxy/failure.h"

struct cg_repeat_facts {
	enum cg_failure failure;
	bool was_reused;    /* the connection was a kept one */
	bool was_sent;      /* a byte of the request was written to it */
	bool has_next_addr; /* the tenant has an address that this attempt has not tried */
	bool has_attempt;   /* the pool's attempts are not used up */
};

enum cg_repeat {
	CG_REPEAT_NEVER,        /* the client gets the failure */
	CG_REPEAT_FRESH,        /* the same tenant on a fresh connection */
	CG_REPEAT_NEXT_ADDRESS, /* the same tenant at its next address */
	CG_REPEAT_NEXT_TENANT,
};

enum cg_repeat cg_repeat_decide(const struct cg_repeat_facts *facts);

#endif
