/* SPDX-License-Identifier: BSD-2-Clause */
/* The command check: problems to stderr, the summary to stdout. What is shown of a sound
 * configuration is check_text's, probing is check_probe's. */
#include "cli/cmd_check.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/args.h"
#include "cli/check_probe.h"
#include "cli/check_text.h"
#include "cli/cli.h"
#include "config/config.h"
#include "state/snapshot.h"

static void cmd_check_print_report(const struct cg_report *report)
{
	for (size_t i = 0; i < report->n; i++) {
		char *text = cg_problem_format(&report->items[i]);
		fprintf(stderr, "%s\n", text);
		free(text);
	}
}

/* All that running with FILE would read; NULL with any error. */
static struct cg_snapshot *cmd_check_load(const char *file)
{
	struct cg_snapshot *snapshot = NULL;
	struct cg_report report;

	cg_report_init(&report);
	struct cg_config *config = cg_config_load(file, &report);
	if (config != NULL)
		snapshot = cg_snapshot_new(config, NULL, &report);
	cmd_check_print_report(&report);
	if (snapshot == NULL)
		fprintf(stderr, "cpigate check: %zu error%s\n", report.errors_n,
		        report.errors_n == 1 ? "" : "s");
	cg_report_fini(&report);
	return snapshot;
}

static void cmd_check_print(const struct cg_snapshot *snapshot)
{
	struct cg_buf text = {0};

	cg_check_text(snapshot, &text);
	fwrite(cg_buf_ptr(&text), 1, cg_buf_len(&text), stdout);
	cg_buf_fini(&text);
}

int cg_cmd_check(int argc, char **argv)
{
	const char *file = NULL;
	bool is_probe = false;
	const struct cg_args_option rows[] = {
	        {.name = "config", .letter = 'c', .value = &file},
	        {.name = "probe", .flag = &is_probe},
	};
	const struct cg_args args = {
	        .command = "check", .options = rows, .options_n = CG_ARRAY_LEN(rows)};
	int result = CG_CLI_DONE;

	if (cg_args_parse(&args, argc, argv) == -1)
		return CG_CLI_WRONG;
	if (file == NULL) {
		fputs("cpigate check: -c FILE is missing\n", stderr);
		return CG_CLI_WRONG;
	}

	struct cg_snapshot *snapshot = cmd_check_load(file);
	if (snapshot == NULL)
		return CG_CLI_WRONG;
	cmd_check_print(snapshot);
	if (is_probe)
		result = cg_check_probe(snapshot);
	cg_snapshot_unref(snapshot);
	return result;
}
