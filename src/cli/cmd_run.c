/* SPDX-License-Identifier: BSD-2-Clause */
/* `cpigate run`: the gateway in the foreground. */
#include "cli/cmd_run.h"

#include <stdio.h>

#include "cli/args.h"
#include "cli/cli.h"
#include "daemon/daemon.h"

int cg_cmd_run(int argc, char **argv)
{
	const char *file = NULL;
	const struct cg_args_option rows[] = {
	        {.name = "config", .letter = 'c', .value = &file},
	};
	const struct cg_args args = {
	        .command = "run", .options = rows, .options_n = CG_ARRAY_LEN(rows)};

	if (cg_args_parse(&args, argc, argv) == -1)
		return CG_CLI_WRONG;
	if (file == NULL) {
		(void)fputs("cpigate run: -c FILE is missing\n", stderr);
		return CG_CLI_WRONG;
	}
	return cg_daemon_run(file);
}
