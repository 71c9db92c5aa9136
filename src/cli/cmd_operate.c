/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands by which an operator changes something: one call to the admin port each. */
#include "cli/cmd_operate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/client.h"

/* NULL: the note is no UTF-8. */
static char *cmd_operate_body(const char *note)
{
	json_t *json = json_pack("{s:s}", "note", note);
	char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);

	json_decref(json);
	return text;
}

/* Names are [A-Za-z0-9_.-]: anything else would be another path. */
static bool cmd_operate_is_name(const char *name)
{
	const char *chars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";

	return name[0] != '\0' && name[strspn(name, chars)] == '\0';
}

static const char *cmd_operate_state(const json_t *tenant)
{
	const char *state = json_string_value(json_object_get(tenant, "state"));

	return state == NULL ? "in no known state" : state;
}

static int cmd_operate_resume(const struct cg_client *client, const char *tenant, const char *note)
{
	struct cg_error err;
	char *body = note == NULL ? NULL : cmd_operate_body(note);

	if (note != NULL && body == NULL) {
		fputs("cpigate resume: the note is not UTF-8\n", stderr);
		return CG_CLI_WRONG;
	}

	char *path = cg_str_printf("/api/v1/tenants/%s/resume", tenant);
	json_t *answer = cg_client_call(client, "POST", path, body, &err);

	if (answer == NULL)
		fprintf(stderr, "cpigate resume: %s\n", err.text);
	else
		printf("%s is %s\n", tenant, cmd_operate_state(answer));
	int result = answer == NULL ? CG_CLI_FAILED : CG_CLI_DONE;
	json_decref(answer);
	free(body);
	free(path);
	return result;
}

int cg_cmd_resume(int argc, char **argv)
{
	static const char *const operand_names[] = {"TENANT"};
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
	        .operand_names = operand_names,
	        .operands_n = 1,
	};
	struct cg_client client;
	struct cg_error err;

	if (cg_args_parse(&args, argc, argv) == -1)
		return CG_CLI_WRONG;
	if (!cmd_operate_is_name(tenant)) {
		fprintf(stderr, "cpigate resume: %s is no name of a tenant\n", tenant);
		return CG_CLI_WRONG;
	}
	if (cg_client_init(&client, &options, &err) == -1) {
		fprintf(stderr, "cpigate resume: %s\n", err.text);
		return CG_CLI_WRONG;
	}
	int result = cmd_operate_resume(&client, tenant, note);
	cg_client_fini(&client);
	return result;
}
