/* SPDX-License-Identifier: BSD-2-Clause */
/* The command demo: everything on one machine, to try out. */
#ifndef CG_CLI_CMD_DEMO_H
#define CG_CLI_CMD_DEMO_H

/* ARGV begins after the command's name; returns the exit status. */
int cg_cmd_demo(int argc, char **argv);

#endif
