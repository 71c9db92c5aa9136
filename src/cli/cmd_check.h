/* SPDX-License-Identifier: BSD-2-Clause */
/* The command check: whether a configuration is sound, and what it says. */
#ifndef CG_CLI_CMD_CHECK_H
#define CG_CLI_CMD_CHECK_H

/* ARGV begins after the command's name; returns the exit status. */
int cg_cmd_check(int argc, char **argv);

#endif
