/* SPDX-License-Identifier: BSD-2-Clause */
/* Each tenant probed once, from here and now. */
#ifndef CG_CLI_CHECK_PROBE_H
#define CG_CLI_CHECK_PROBE_H

#include "base/defs.h"
#include "state/snapshot.h"

/* Print a line for each tenant; the exit status, CG_CLI_FAILED if one failed. */
CG_MUST_USE int cg_check_probe(const struct cg_snapshot *snapshot);

#endif
