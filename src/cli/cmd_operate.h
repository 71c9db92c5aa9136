/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands by which an operator changes something in the running gateway. */
#ifndef CG_CLI_CMD_OPERATE_H
#define CG_CLI_CMD_OPERATE_H

/* Each: ARGV begins after the command's name; returns the exit status. */
int cg_cmd_drain(int argc, char **argv);
int cg_cmd_resume(int argc, char **argv);
int cg_cmd_switch(int argc, char **argv);
int cg_cmd_reload(int argc, char **argv);

#endif
