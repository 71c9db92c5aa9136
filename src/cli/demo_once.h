/* SPDX-License-Identifier: BSD-2-Clause */
/* The demo without a person: failover and failback seen from a client, step by step. */
#ifndef CG_CLI_DEMO_ONCE_H
#define CG_CLI_DEMO_ONCE_H

#include "base/defs.h"
#include "base/err.h"
#include "cli/demo.h"

/* Call, make the first tenant sick, see the second one serve, make the first well, see it serve
 * again. Each step is printed; -1 with ERR at the first that fails. */
CG_MUST_USE int cg_demo_once(struct cg_demo *demo, struct cg_error *err);

#endif
