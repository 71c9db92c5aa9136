/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line: which command is meant (SPEC section 2). */
#ifndef CG_CLI_CLI_H
#define CG_CLI_CLI_H

/* How every command ends. */
enum cg_cli_exit {
	CG_CLI_DONE = 0,
	CG_CLI_FAILED = 1,
	CG_CLI_WRONG = 2, /* usage or configuration */
};

/* Run the command that ARGV names; returns the exit status. */
int cg_cli_main(int argc, char **argv);

#endif
