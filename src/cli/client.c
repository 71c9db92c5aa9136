/* SPDX-License-Identifier: BSD-2-Clause */
/* The running gateway, as commands reach it. */
#include "cli/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/call.h"
#include "config/config.h"

#define CLIENT_ADMIN_DEFAULT "http://127.0.0.1:9090"

enum { CLIENT_TIMEOUT_MS = 10000, CLIENT_TOKEN_MAX = 4096 };

static int client_read_token(struct cg_client *client, const char *path, struct cg_error *err)
{
	char text[CLIENT_TOKEN_MAX] = "";
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return cg_error_set(err, "%s: %s", path, strerror(errno));
	bool is_read = fgets(text, sizeof(text), file) != NULL;
	fclose(file);
	text[strcspn(text, "\r\n")] = '\0';

	struct cg_str token = cg_str_trim(cg_str_from(text));
	if (is_read && token.len > 0)
		client->token = cg_str_dup(token);
	cg_mem_wipe(text, sizeof(text));
	return client->token != NULL ? 0 : cg_error_set(err, "%s: there is no token in it", path);
}

/* Where a gateway that listens on ADDR can be reached from this machine. */
static char *client_url(struct cg_addr addr)
{
	char text[CG_ADDR_TEXT_SIZE];

	if (addr.sa.sa_family == AF_INET && addr.in.sin_addr.s_addr == htonl(INADDR_ANY))
		addr.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else if (addr.sa.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&addr.in6.sin6_addr))
		addr.in6.sin6_addr = in6addr_loopback;
	cg_addr_format(&addr, text);
	return cg_str_printf("http://%s", text);
}

static int client_take_config(struct cg_client *client, const struct cg_config *config,
                              struct cg_error *err)
{
	if (!config->admin.is_on)
		return cg_error_set(err, "%s: the admin port is off", config->file);
	if (cg_addr_port(&config->admin.address) == 0)
		return cg_error_set(err,
		                    "%s: the admin port is any free one; its log line says which",
		                    config->file);
	client->url = client_url(config->admin.address);
	client->token = cg_mem_strdup(config->admin.token);
	return 0;
}

static int client_read_config(struct cg_client *client, const char *path, struct cg_error *err)
{
	struct cg_report report;
	int result = -1;

	cg_report_init(&report);
	struct cg_config *config = cg_config_load(path, &report);
	if (config != NULL)
		result = client_take_config(client, config, err);
	for (size_t i = 0; config == NULL && i < report.n; i++) {
		if (!report.items[i].is_error)
			continue;
		char *text = cg_problem_format(&report.items[i]);
		cg_error_set(err, "%s%s", text,
		             report.errors_n > 1 ? " (cpigate check shows all errors)" : "");
		free(text);
		break;
	}
	cg_config_free(config);
	cg_report_fini(&report);
	return result;
}

static int client_take_options(struct cg_client *client, const struct cg_client_options *options,
                               struct cg_error *err)
{
	const char *url = options->admin == NULL ? CLIENT_ADMIN_DEFAULT : options->admin;

	if (options->config != NULL) {
		if (options->admin != NULL || options->token_file != NULL)
			return cg_error_set(err, "-c goes without --admin and --token-file");
		return client_read_config(client, options->config, err);
	}
	if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
		return cg_error_set(err, "--admin %s: a URL begins with http:// or https://", url);

	struct cg_str trimmed = cg_str_from(url);
	while (trimmed.len > 0 && trimmed.ptr[trimmed.len - 1] == '/')
		trimmed.len--;
	client->url = cg_str_dup(trimmed);
	return options->token_file == NULL ? 0
	                                   : client_read_token(client, options->token_file, err);
}

int cg_client_init(struct cg_client *client, const struct cg_client_options *options,
                   struct cg_error *err)
{
	*client = (struct cg_client){0};
	if (client_take_options(client, options, err) == 0)
		return 0;
	cg_client_fini(client);
	return -1;
}

void cg_client_fini(struct cg_client *client)
{
	free(client->url);
	cg_mem_free_secret(client->token);
	*client = (struct cg_client){0};
}

/* The object in ANSWER, whatever its status; NULL if there is none. */
static json_t *client_read(const struct cg_call_answer *answer)
{
	struct cg_str body = cg_buf_str(&answer->body);
	json_t *json = json_loadb(body.len == 0 ? "" : body.ptr, body.len, 0, NULL);

	if (json_is_object(json) &&
	    (answer->status == 200 || json_is_string(json_object_get(json, "detail"))))
		return json;
	json_decref(json);
	return NULL;
}

/* The answer's object with its *STATUS; NULL with ERR. */
static json_t *client_run(const struct cg_client *client, struct cg_call *call, const char *path,
                          int *status, struct cg_error *err)
{
	struct cg_call_answer answer;
	struct cg_error reason;
	char *url = cg_str_printf("%s%s", client->url, path);
	json_t *json = NULL;

	call->url = url;
	call->token = client->token;
	call->timeout_ms = CLIENT_TIMEOUT_MS;
	if (cg_call_run(call, &answer, &reason) == -1) {
		cg_error_set(err, "the gateway cannot be reached: %s", reason.text);
	} else {
		json = client_read(&answer);
		*status = answer.status;
		if (json == NULL)
			cg_error_set(err,
			             "%s answered %d, and not as a cpigate would: is it its admin "
			             "port?",
			             client->url, answer.status);
		cg_call_answer_fini(&answer);
	}
	free(url);
	return json;
}

json_t *cg_client_call(const struct cg_client *client, const char *method, const char *path,
                       const char *body, struct cg_error *err)
{
	struct cg_call call = {.method = method, .body = body};
	int status;
	json_t *json = client_run(client, &call, path, &status, err);

	if (json == NULL || status == 200)
		return json;
	cg_error_set(err, "%s says %d: %s", client->url, status,
	             json_string_value(json_object_get(json, "detail")));
	json_decref(json);
	return NULL;
}

json_t *cg_client_post(const struct cg_client *client, const char *path, int *status,
                       struct cg_error *err)
{
	struct cg_call call = {.method = "POST"};

	return client_run(client, &call, path, status, err);
}
