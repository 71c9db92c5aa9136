/* SPDX-License-Identifier: BSD-2-Clause */
/* The command status: once or again and again, as tables or as JSON. */
#include "cli/cmd_status.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/client.h"
#include "cli/status_text.h"
#include "cli/table.h"

#define CMD_STATUS_CLEAR "\033[2J"
#define CMD_STATUS_HOME "\033[H"
#define CMD_STATUS_CLEAR_REST "\033[J"
#define CMD_STATUS_LINE_END "\033[K\n"

enum { CMD_STATUS_PERIOD_S = 2 };

static bool cmd_status_is_terminal(void)
{
	return isatty(STDOUT_FILENO) == 1;
}

static bool cmd_status_has_colour(void)
{
	const char *term = getenv("TERM");
	const char *no_colour = getenv("NO_COLOR");

	return cmd_status_is_terminal() && term != NULL && strcmp(term, "dumb") != 0 &&
	       (no_colour == NULL || no_colour[0] == '\0');
}

static json_t *cmd_status_ask(const struct cg_client *client, struct cg_error *err)
{
	return cg_client_call(client, "GET", "/api/v1/status", NULL, err);
}

static int cmd_status_once(const struct cg_client *client, bool is_json)
{
	struct cg_error err;
	struct cg_buf text = {0};
	json_t *status = cmd_status_ask(client, &err);

	if (status == NULL) {
		fprintf(stderr, "cpigate status: %s\n", err.text);
		return CG_CLI_FAILED;
	}
	if (is_json) {
		json_dumpf(status, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		cg_status_text(status, cmd_status_has_colour(), &text);
		fwrite(cg_buf_ptr(&text), 1, cg_buf_len(&text), stdout);
		cg_buf_fini(&text);
	}
	int result = cg_status_text_can_serve(status) ? CG_CLI_DONE : CG_CLI_FAILED;
	json_decref(status);
	return result;
}

/* Draw over what is there, line by line, so that nothing flickers. */
static void cmd_status_draw(const struct cg_buf *text)
{
	struct cg_str rest = cg_buf_str(text);

	fputs(CMD_STATUS_HOME, stdout);
	for (size_t i = 0; i < rest.len; i++) {
		if (rest.ptr[i] == '\n')
			fputs(CMD_STATUS_LINE_END, stdout);
		else
			putchar(rest.ptr[i]);
	}
	fputs(CMD_STATUS_CLEAR_REST, stdout);
}

static void cmd_status_show(const struct cg_client *client, bool is_terminal)
{
	struct cg_error err;
	struct cg_buf text = {0};
	json_t *status = cmd_status_ask(client, &err);

	if (status == NULL)
		cg_table_print_text(&text, err.text);
	else
		cg_status_text(status, cmd_status_has_colour(), &text);
	cg_buf_append_char(&text, '\n');
	if (is_terminal)
		cmd_status_draw(&text);
	else
		fwrite(cg_buf_ptr(&text), 1, cg_buf_len(&text), stdout);
	cg_buf_fini(&text);
	json_decref(status);
}

/* The signals stay blocked and are taken by sigtimedwait alone: no handler, no lost wake-up. */
static int cmd_status_watch(const struct cg_client *client)
{
	const struct timespec period = {.tv_sec = CMD_STATUS_PERIOD_S};
	bool is_terminal = cmd_status_is_terminal();
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	if (is_terminal)
		fputs(CMD_STATUS_CLEAR, stdout);
	do {
		cmd_status_show(client, is_terminal);
		if (fflush(stdout) != 0)
			return CG_CLI_FAILED;
	} while (sigtimedwait(&ends, NULL, &period) == -1);
	return CG_CLI_DONE;
}

int cg_cmd_status(int argc, char **argv)
{
	struct cg_client_options options = {0};
	bool is_json = false;
	bool is_watch = false;
	const struct cg_args_option rows[] = {
	        {.name = "json", .flag = &is_json},
	        {.name = "watch", .flag = &is_watch},
	        CG_CLIENT_ARGS(&options),
	};
	const struct cg_args args = {
	        .command = "status", .options = rows, .options_n = CG_ARRAY_LEN(rows)};
	struct cg_client client;
	struct cg_error err;

	if (cg_args_parse(&args, argc, argv) == -1)
		return CG_CLI_WRONG;
	if (is_json && is_watch) {
		fputs("cpigate status: --json and --watch do not go together\n", stderr);
		return CG_CLI_WRONG;
	}
	if (cg_client_init(&client, &options, &err) == -1) {
		fprintf(stderr, "cpigate status: %s\n", err.text);
		return CG_CLI_WRONG;
	}
	int result = is_watch ? cmd_status_watch(&client) : cmd_status_once(&client, is_json);
	cg_client_fini(&client);
	return result;
}
