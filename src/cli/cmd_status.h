/* SPDX-License-Identifier: BSD-2-Clause */
/* The command status: what the running gateway says of itself. */
#ifndef CG_CLI_CMD_STATUS_H
#define CG_CLI_CMD_STATUS_H

/* ARGV begins after the command's name; returns the exit status. */
int cg_cmd_status(int argc, char **argv);

#endif
