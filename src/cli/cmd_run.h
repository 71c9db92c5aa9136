/* SPDX-License-Identifier: BSD-2-Clause */
/* `cpigate run`: the gateway in the foreground. */
#ifndef CG_CLI_CMD_RUN_H
#define CG_CLI_CMD_RUN_H

#include "base/defs.h"

/* Returns the exit status. */
CG_MUST_USE int cg_cmd_run(int argc, char **argv);

#endif
