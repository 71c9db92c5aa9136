/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands by which an operator changes something: one call to the admin port each. What may be
 * asked for is the gateway's to judge; its refusals are shown in its own words. */
#include "cli/cmd_operate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/client.h"

/* Names are [A-Za-z0-9_.-]: anything else would be another path. */
static bool cmd_operate_is_name(const char *name)
{
	const char *chars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";

	return name[0] != '\0' && name[strspn(name, chars)] == '\0';
}

/* Read ARGV, whose operands are names, and find the gateway; -1 after a message. */
static int cmd_operate_begin(const struct cg_args *args, const struct cg_client_options *options,
                             int argc, char **argv, struct cg_client *client)
{
	struct cg_error err;

	if (cg_args_parse(args, argc, argv) == -1)
		return -1;
	for (size_t i = 0; i < args->operands_n; i++) {
		if (cmd_operate_is_name(args->operands[i]))
			continue;
		fprintf(stderr, "cpigate %s: %s is no name of a %s\n", args->command,
		        args->operands[i],
		        strcmp(args->operand_names[i], "POOL") == 0 ? "pool" : "tenant");
		return -1;
	}
	if (cg_client_init(client, options, &err) == 0)
		return 0;
	fprintf(stderr, "cpigate %s: %s\n", args->command, err.text);
	return -1;
}

/* Post BODY (taken over; NULL: an option is not UTF-8) to PATH (taken over); *STATUS is the exit
 * status, and the answer NULL, if that went wrong. */
static json_t *cmd_operate_call(const struct cg_client *client, const char *command, char *path,
                                json_t *body, int *status)
{
	struct cg_error err;
	char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
	json_t *answer = NULL;

	*status = CG_CLI_DONE;
	if (text == NULL) {
		fprintf(stderr, "cpigate %s: an option is not UTF-8\n", command);
		*status = CG_CLI_WRONG;
	} else {
		answer = cg_client_call(client, "POST", path, text, &err);
		if (answer == NULL) {
			fprintf(stderr, "cpigate %s: %s\n", command, err.text);
			*status = CG_CLI_FAILED;
		}
	}
	json_decref(body);
	free(text);
	free(path);
	return answer;
}

/* A text of ANSWER; OTHERWISE if it has none. */
static const char *cmd_operate_text(const json_t *answer, const char *key, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(answer, key));

	return text == NULL ? otherwise : text;
}

/* ---- drain and resume ---- */

/* "eu20 is drained until 2026-11-21T07:28:00.000Z" */
static void cmd_operate_print_tenant(const char *tenant, const json_t *answer)
{
	const char *until = cmd_operate_text(answer, "drained_until", NULL);

	printf("%s is %s%s%s\n", tenant, cmd_operate_text(answer, "state", "in no known state"),
	       until == NULL ? "" : " until ", until == NULL ? "" : until);
}

static int cmd_operate_tenant(const struct cg_client *client, const char *command,
                              const char *tenant, json_t *body)
{
	int status;
	char *path = cg_str_printf("/api/v1/tenants/%s/%s", tenant, command);
	json_t *answer = cmd_operate_call(client, command, path, body, &status);

	if (answer != NULL)
		cmd_operate_print_tenant(tenant, answer);
	json_decref(answer);
	return status;
}

static const char *const cmd_operate_tenant_operands[] = {"TENANT"};

int cg_cmd_drain(int argc, char **argv)
{
	struct cg_client_options options = {0};
	const char *tenant = NULL;
	const char *time = NULL;
	const char *note = NULL;
	const struct cg_args_option rows[] = {
	        {.name = "for", .value = &time},
	        {.name = "note", .value = &note},
	        CG_CLIENT_ARGS(&options),
	};
	const struct cg_args args = {
	        .command = "drain",
	        .options = rows,
	        .options_n = CG_ARRAY_LEN(rows),
	        .operands = &tenant,
	        .operand_names = cmd_operate_tenant_operands,
	        .operands_n = 1,
	};
	struct cg_client client;

	if (cmd_operate_begin(&args, &options, argc, argv, &client) == -1)
		return CG_CLI_WRONG;
	int status = cmd_operate_tenant(&client, "drain", tenant,
	                                json_pack("{s:s*, s:s*}", "for", time, "note", note));
	cg_client_fini(&client);
	return status;
}

int cg_cmd_resume(int argc, char **argv)
{
	struct cg_client_options options = {0};
	const char *tenant = NULL;
	const char *note = NULL;
	const struct cg_args_option rows[] = {
	        {.name = "note", .value = &note},
	        CG_CLIENT_ARGS(&options),
	};
	const struct cg_args args = {
	        .command = "resume",
	        .options = rows,
	        .options_n = CG_ARRAY_LEN(rows),
	        .operands = &tenant,
	        .operand_names = cmd_operate_tenant_operands,
	        .operands_n = 1,
	};
	struct cg_client client;

	if (cmd_operate_begin(&args, &options, argc, argv, &client) == -1)
		return CG_CLI_WRONG;
	int status =
	        cmd_operate_tenant(&client, "resume", tenant, json_pack("{s:s*}", "note", note));
	cg_client_fini(&client);
	return status;
}

/* ---- switch ---- */

static int cmd_operate_switch(const struct cg_client *client, const char *pool, json_t *body)
{
	int status;
	char *path = cg_str_printf("/api/v1/pools/%s/switch", pool);
	json_t *answer = cmd_operate_call(client, "switch", path, body, &status);

	if (answer != NULL) {
		const char *first = cmd_operate_text(answer, "switched_to", NULL);
		printf("%s: the first choice is %s, and %s is active\n", pool,
		       first == NULL ? "by priority" : first,
		       cmd_operate_text(answer, "active", "none"));
	}
	json_decref(answer);
	return status;
}

int cg_cmd_switch(int argc, char **argv)
{
	static const char *const operand_names[] = {"POOL", "TENANT"};
	struct cg_client_options options = {0};
	const char *operands[] = {NULL, NULL};
	const char *note = NULL;
	const struct cg_args_option rows[] = {
	        {.name = "note", .value = &note},
	        CG_CLIENT_ARGS(&options),
	};
	const struct cg_args args = {
	        .command = "switch",
	        .options = rows,
	        .options_n = CG_ARRAY_LEN(rows),
	        .operands = operands,
	        .operand_names = operand_names,
	        .operands_n = CG_ARRAY_LEN(operands),
	};
	struct cg_client client;

	if (cmd_operate_begin(&args, &options, argc, argv, &client) == -1)
		return CG_CLI_WRONG;
	int status =
	        cmd_operate_switch(&client, operands[0],
	                           json_pack("{s:s, s:s*}", "tenant", operands[1], "note", note));
	cg_client_fini(&client);
	return status;
}

/* ---- reload ---- */

/* The texts of the array KEY, a line each. */
static void cmd_operate_print_lines(const json_t *answer, const char *key)
{
	size_t i;
	json_t *line;

	json_array_foreach(json_object_get(answer, key), i, line)
	{
		if (json_is_string(line))
			fprintf(stderr, "%s\n", json_string_value(line));
	}
}

static int cmd_operate_reload(const struct cg_client *client)
{
	struct cg_error err;
	int http_status;
	json_t *answer = cg_client_post(client, "/api/v1/reload", &http_status, &err);

	if (answer == NULL) {
		fprintf(stderr, "cpigate reload: %s\n", err.text);
		return CG_CLI_FAILED;
	}
	cmd_operate_print_lines(answer, "errors");
	cmd_operate_print_lines(answer, "warnings");
	if (http_status == 200)
		puts("the new configuration is in force");
	else
		fprintf(stderr, "cpigate reload: %s says %d: %s\n", client->url, http_status,
		        cmd_operate_text(answer, "detail", "-"));
	json_decref(answer);
	return http_status == 200 ? CG_CLI_DONE : CG_CLI_FAILED;
}

int cg_cmd_reload(int argc, char **argv)
{
	struct cg_client_options options = {0};
	const struct cg_args_option rows[] = {CG_CLIENT_ARGS(&options)};
	const struct cg_args args = {
	        .command = "reload", .options = rows, .options_n = CG_ARRAY_LEN(rows)};
	struct cg_client client;

	if (cmd_operate_begin(&args, &options, argc, argv, &client) == -1)
		return CG_CLI_WRONG;
	int status = cmd_operate_reload(&client);
	cg_client_fini(&client);
	return status;
}
