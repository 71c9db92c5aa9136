/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers of the admin port: headers and bodies. What is answered is decided elsewhere. */
#include "admin/admin_reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>

#include "admin/api_json.h"
#include "base/str.h"

static const struct {
	int status;
	const char *title;
} titles[] = {
        {400, "Bad Request"},       {401, "Unauthorized"},       {403, "Forbidden"},
        {404, "Not Found"},         {405, "Method Not Allowed"}, {409, "Conflict"},
        {413, "Content Too Large"},
};

static const char *admin_reply_title(int status)
{
	for (size_t i = 0; i < CG_ARRAY_LEN(titles); i++) {
		if (titles[i].status == status)
			return titles[i].title;
	}
	return status < 400 ? "OK" : "Error";
}

static void admin_reply_send(struct evhttp_request *req, int status, const char *type,
                             const char *text)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
	struct evbuffer *body = evhttp_request_get_output_buffer(req);
	char length[24];

	evhttp_add_header(headers, "Content-Type", type);
	evhttp_add_header(headers, "Cache-Control", "no-store");
	evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
	/* For HEAD evhttp neither counts the body nor leaves it out. */
	snprintf(length, sizeof(length), "%zu", strlen(text));
	evhttp_add_header(headers, "Content-Length", length);
	if (evhttp_request_get_command(req) != EVHTTP_REQ_HEAD)
		evbuffer_add(body, text, strlen(text));
	evhttp_send_reply(req, status, admin_reply_title(status), NULL);
}

static void admin_reply_dump(struct evhttp_request *req, int status, const char *type, json_t *json)
{
	char *dump = json_dumps(json, JSON_INDENT(1));

	cg_assert(dump != NULL);
	char *text = cg_str_printf("%s\n", dump);
	admin_reply_send(req, status, type, text);
	free(text);
	free(dump);
	json_decref(json);
}

void cg_admin_reply_json(struct evhttp_request *req, int status, json_t *json)
{
	admin_reply_dump(req, status, "application/json", json);
}

/* Takes MEMBERS over. */
static void admin_reply_problem(struct evhttp_request *req, int status, json_t *members,
                                const char *format, va_list args)
{
	char detail[512];
	json_t *json = json_object();

	vsnprintf(detail, sizeof(detail), format, args);
	json_object_set_new(json, "title", json_string(admin_reply_title(status)));
	json_object_set_new(json, "status", json_integer(status));
	json_object_set_new(json, "detail", cg_api_json_text(detail));
	if (members != NULL)
		json_object_update(json, members);
	json_decref(members);
	admin_reply_dump(req, status, "application/problem+json", json);
}

void cg_admin_reply_problem(struct evhttp_request *req, int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	admin_reply_problem(req, status, NULL, format, args);
	va_end(args);
}

void cg_admin_reply_problem_with(struct evhttp_request *req, int status, json_t *members,
                                 const char *format, ...)
{
	va_list args;

	va_start(args, format);
	admin_reply_problem(req, status, members, format, args);
	va_end(args);
}

void cg_admin_reply_text(struct evhttp_request *req, int status, const char *text)
{
	admin_reply_send(req, status, "text/plain; charset=utf-8", text);
}
