/* SPDX-License-Identifier: BSD-2-Clause */
/* The command demo: says what can be tried, brings killed tenants back, and ends with Ctrl-C. */
#include "cli/cmd_demo.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/demo.h"
#include "cli/demo_cert.h"
#include "cli/demo_once.h"

enum { CMD_DEMO_RESTART_S = 20, CMD_DEMO_STEP_MS = 1000, CMD_DEMO_LOG_LINES = 20 };

static void cmd_demo_print_calls(const struct cg_demo *demo)
{
	printf("Two simulated tenants and a gateway are running, all on this machine. Files: %s\n\n"
	       "Call an iFlow through the gateway; X-Cpigate-Tenant says who answered:\n"
	       "  curl -i --cacert %s/%s -u %s:%s https://%s:%u%s\n\n"
	       "Watch, in another terminal:\n"
	       "  %s status --admin http://127.0.0.1:%u --watch\n"
	       "  tail -f %s/access.log\n"
	       "  tail -f %s/gateway.log\n\n",
	       demo->dir, demo->dir, CG_DEMO_CERT_CA, CG_DEMO_USER, CG_DEMO_PASSWORD, CG_DEMO_HOST,
	       demo->port, CG_DEMO_PATH, demo->program, demo->admin_port, demo->dir, demo->dir);
}

static void cmd_demo_print_faults(const struct cg_demo *demo)
{
	const struct cg_demo_tenant *first = &demo->tenants[0];

	printf("Make %s, the first choice, sick, and well again:\n"
	       "  curl -X POST 'http://127.0.0.1:%u/fault?%s'\n"
	       "  curl -X POST 'http://127.0.0.1:%u/fault?%s'\n\n"
	       "Or crash it (it comes back by itself after %d seconds):\n"
	       "  kill -9 %d\n\n"
	       "Ctrl-C ends the demo and removes its files.\n",
	       first->name, first->control_port, CG_DEMO_SICK, first->control_port, CG_DEMO_WELL,
	       CMD_DEMO_RESTART_S, (int)first->child.pid);
	fflush(stdout);
}

/* Set RESTART_AT if TENANT was running before and is no more. */
static void cmd_demo_notice(struct cg_demo_tenant *tenant, int64_t *restart_at)
{
	char end[64];
	bool was_running = tenant->child.pid != 0;

	if (!was_running || cg_demo_child_runs(&tenant->child))
		return;
	cg_demo_child_end_text(&tenant->child, end, sizeof(end));
	char *command = cg_demo_child_command(&tenant->child);
	printf("\n%s %s. It is started again in %d seconds; or do it yourself, now:\n  %s\n",
	       tenant->name, end, CMD_DEMO_RESTART_S, command);
	fflush(stdout);
	free(command);
	*restart_at = cg_clock_now_ms() + CMD_DEMO_RESTART_S * 1000;
}

static void cmd_demo_restart(struct cg_demo *demo, struct cg_demo_tenant *tenant,
                             int64_t *restart_at)
{
	struct cg_error err;

	*restart_at = INT64_MAX;
	if (cg_demo_is_taken(tenant->port)) {
		printf("\n%s is running already, started by you: the demo leaves it to you.\n",
		       tenant->name);
	} else if (cg_demo_start_tenant(demo, tenant, &err) == 0) {
		printf("\n%s runs again; to crash it: kill -9 %d\n", tenant->name,
		       (int)tenant->child.pid);
	} else if (!demo->has_ended) {
		printf("\n%s: %s; the next try is in %d seconds\n", tenant->name, err.text,
		       CMD_DEMO_RESTART_S);
		cg_demo_child_stop(&tenant->child);
		*restart_at = cg_clock_now_ms() + CMD_DEMO_RESTART_S * 1000;
	}
	fflush(stdout);
}

static int cmd_demo_watch(struct cg_demo *demo)
{
	int64_t restart_at[CG_DEMO_TENANTS_N] = {INT64_MAX, INT64_MAX};
	char end[64];

	while (cg_demo_pause(demo, CMD_DEMO_STEP_MS)) {
		if (!cg_demo_child_runs(&demo->gateway)) {
			cg_demo_child_end_text(&demo->gateway, end, sizeof(end));
			fprintf(stderr, "\ncpigate demo: the gateway %s; its last log lines:\n",
			        end);
			cg_demo_child_print_log(&demo->gateway, CMD_DEMO_LOG_LINES);
			return CG_CLI_FAILED;
		}
		for (size_t i = 0; i < CG_DEMO_TENANTS_N; i++) {
			cmd_demo_notice(&demo->tenants[i], &restart_at[i]);
			if (cg_clock_now_ms() >= restart_at[i])
				cmd_demo_restart(demo, &demo->tenants[i], &restart_at[i]);
		}
	}
	puts("\nstopping");
	return CG_CLI_DONE;
}

static int cmd_demo_check(struct cg_demo *demo)
{
	struct cg_error err;

	if (cg_demo_once(demo, &err) == 0)
		return CG_CLI_DONE;
	fprintf(stderr, "cpigate demo: %s; the gateway's last log lines:\n", err.text);
	cg_demo_child_print_log(&demo->gateway, CMD_DEMO_LOG_LINES);
	return CG_CLI_FAILED;
}

static int cmd_demo_run(struct cg_demo *demo, bool is_once)
{
	if (is_once)
		return cmd_demo_check(demo);
	cmd_demo_print_calls(demo);
	cmd_demo_print_faults(demo);
	return cmd_demo_watch(demo);
}

int cg_cmd_demo(int argc, char **argv)
{
	bool is_once = false;
	const struct cg_args_option rows[] = {{.name = "once", .flag = &is_once}};
	const struct cg_args args = {
	        .command = "demo", .options = rows, .options_n = CG_ARRAY_LEN(rows)};
	struct cg_demo demo;
	struct cg_error err;
	int result = CG_CLI_FAILED;

	if (cg_args_parse(&args, argc, argv) == -1)
		return CG_CLI_WRONG;
	if (cg_demo_init(&demo, &err) == 0)
		result = cmd_demo_run(&demo, is_once);
	else
		fprintf(stderr, "cpigate demo: %s\n", err.text);
	cg_demo_fini(&demo);
	return result;
}
