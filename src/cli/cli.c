/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of commands, and the help that is made from it. Each command is in its own cmd_*.c and
 * reads its own options. */
#include "cli/cli.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/defs.h"
#include "cli/cmd_check.h"
#include "cli/cmd_demo.h"
#include "cli/cmd_operate.h"
#include "cli/cmd_run.h"
#include "cli/cmd_status.h"

#define CLI_ADMIN_HELP                                                                             \
	"  --admin URL        the admin port (default http://127.0.0.1:9090)\n"                    \
	"  --token-file FILE  a file that holds the admin port's bearer token\n"                   \
	"  -c, --config FILE  read both from this configuration instead\n"

#define CLI_NOTE_HELP "  --note TEXT        kept with the event\n"

struct cli_command {
	const char *name;
	/* Gets the arguments after the command's name. */
	int (*run)(int argc, char **argv);
	const char *synopsis;
	const char *summary;
	const char *help;
};

static const struct cli_command commands[] = {
        {"run", cg_cmd_run, "-c FILE", "Run the gateway in the foreground",
         "  -c, --config FILE  the configuration\n"},
        {"check", cg_cmd_check, "-c FILE [--probe]",
         "Check the configuration and show what it says",
         "  -c, --config FILE  the configuration\n"
         "  --probe            also probe each tenant once; exit status 1 if one fails\n"},
        {"status", cg_cmd_status, "[--json | --watch] [--admin URL] [--token-file FILE] [-c FILE]",
         "Show pools and tenants of the running gateway",
         "  --json             the admin port's JSON document instead of tables\n"
         "  --watch            draw again every 2 seconds, until Ctrl-C\n" CLI_ADMIN_HELP},
        {"drain", cg_cmd_drain,
         "TENANT [--for TIME] [--note TEXT] [--admin URL] [--token-file FILE] [-c FILE]",
         "Take a tenant out for new requests",
         "  --for TIME         it comes back by itself: 90s, 30m, 2h; at most 30 "
         "days\n" CLI_NOTE_HELP CLI_ADMIN_HELP},
        {"resume", cg_cmd_resume,
         "TENANT [--note TEXT] [--admin URL] [--token-file FILE] [-c FILE]",
         "Put a drained tenant back, or end the waiting of a recovering one",
         CLI_NOTE_HELP CLI_ADMIN_HELP},
        {"switch", cg_cmd_switch,
         "POOL TENANT|auto [--note TEXT] [--admin URL] [--token-file FILE] [-c FILE]",
         "Make a tenant the pool's first choice, or let the priorities decide again",
         "  POOL               \"default\" where the configuration names none\n"
         "  auto               ends the switch\n" CLI_NOTE_HELP CLI_ADMIN_HELP},
        {"reload", cg_cmd_reload, "[--admin URL] [--token-file FILE] [-c FILE]",
         "Have the running gateway read its configuration again", CLI_ADMIN_HELP},
        {"demo", cg_cmd_demo, "[--once]", "Try it all out on this machine, with simulated tenants",
         "  --once             check failover and failback by itself, then end\n"},
};

static void cli_print_help(FILE *out)
{
	fputs("usage: cpigate COMMAND [OPTIONS]\n"
	      "       cpigate COMMAND --help\n"
	      "       cpigate --help | --version\n\n"
	      "An edge gateway in front of SAP Cloud Integration tenants.\n\n",
	      out);
	for (size_t i = 0; i < CG_ARRAY_LEN(commands); i++)
		fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].summary);
	fputs("\nExit status: 0 done, 1 failed, 2 wrong usage or wrong configuration.\n", out);
}

static int cli_print_command(const struct cli_command *command)
{
	printf("usage: cpigate %s %s\n\n", command->name, command->synopsis);
	printf("%s.\n\n%s", command->summary, command->help);
	return CG_CLI_DONE;
}

static bool cli_wants_help(int argc, char **argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	}
	return false;
}

/* Output that did not arrive (a full disk, a closed pipe) is a failure, however well the rest went.
 */
static int cli_finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	perror("cpigate: standard output");
	return status == CG_CLI_DONE ? CG_CLI_FAILED : status;
}

static int cli_run(const struct cli_command *command, int argc, char **argv)
{
	if (cli_wants_help(argc, argv))
		return cli_print_command(command);
	return command->run(argc, argv);
}

int cg_cli_main(int argc, char **argv)
{
	if (argc < 2) {
		cli_print_help(stderr);
		return CG_CLI_WRONG;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		cli_print_help(stdout);
		return cli_finish(CG_CLI_DONE);
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts(PACKAGE_NAME " " PACKAGE_VERSION);
		return cli_finish(CG_CLI_DONE);
	}
	for (size_t i = 0; i < CG_ARRAY_LEN(commands); i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return cli_finish(cli_run(&commands[i], argc - 2, argv + 2));
	}
	fprintf(stderr, "cpigate: there is no command %s; cpigate --help lists them\n", argv[1]);
	return CG_CLI_WRONG;
}
