/* SPDX-License-Identifier: BSD-2-Clause */
/* The rule in force: what was not sent may go elsewhere, whatever its method; what was sent stays
 * where it is. */
#include "proxy/repeat.h"

enum cg_repeat cg_repeat_decide(const struct cg_repeat_facts *facts)
{
	if (facts->was_sent)
		return CG_REPEAT_NEVER;
	/* The pool was stale: that says nothing about the tenant, and is not another attempt. */
	if (facts->was_reused)
		return CG_REPEAT_FRESH;
	switch (facts->failure) {
	case CG_FAILURE_CONNECT:
	case CG_FAILURE_CONNECT_TIMEOUT:
	case CG_FAILURE_TLS:
	case CG_FAILURE_CLOSED:
		if (facts->has_next_addr)
			return CG_REPEAT_NEXT_ADDRESS;
		return facts->has_attempt ? CG_REPEAT_NEXT_TENANT : CG_REPEAT_NEVER;
	case CG_FAILURE_NAME:
		return facts->has_attempt ? CG_REPEAT_NEXT_TENANT : CG_REPEAT_NEVER;
	default:
		return CG_REPEAT_NEVER;
	}
}
