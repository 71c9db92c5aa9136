/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes answers out of failures and refusals. */
#include "proxy/respond.h"

#include <stdio.h>

#include "base/escape.h"
#include "http/h1_write.h"
#include "http/phrase.h"

enum { RESPOND_FIELDS_MAX = 8 };

/* A head under construction. */
struct respond_head {
	struct cg_message message;
	struct cg_field fields[RESPOND_FIELDS_MAX];
};

static void respond_begin(struct respond_head *head, struct cg_exchange *x, int status)
{
	*head = (struct respond_head){.message = {.status = status, .version_minor = 1}};
	head->message.fields = head->fields;
	x->status = status;
}

static void respond_add(struct respond_head *head, const char *name, struct cg_str value)
{
	cg_assert(head->message.fields_n < RESPOND_FIELDS_MAX);
	head->fields[head->message.fields_n++] =
	        (struct cg_field){.name = cg_str_from(name), .value = value};
}

static void respond_send(struct respond_head *head, struct cg_exchange *x, struct cg_str body)
{
	const struct cg_stream_ops *ops = x->stream->ops;
	struct cg_framing framing = {.kind = CG_FRAMING_LENGTH, .length = body.len};

	respond_add(head, "Date", cg_str_from(cg_worker_date(x->worker)));
	x->is_head_sent = true;
	ops->send_head(x->stream, &head->message, &framing);
	if (x->request.method != CG_METHOD_HEAD && body.len > 0) {
		ops->send_body(x->stream, body);
		x->bytes_out += body.len;
	}
	ops->send_end(x->stream);
	ops->flush(x->stream);
}

/* An sf-token if the name can be one (RFC 8941 section 3.3.4), else an sf-string. */
static void respond_write_name(struct cg_buf *out, struct cg_str name)
{
	char first = name.len > 0 ? cg_char_lower(name.ptr[0]) : '0';

	if (cg_field_is_token(name) && ((first >= 'a' && first <= 'z') || first == '*')) {
		cg_buf_append_str(out, name);
		return;
	}
	cg_buf_append_char(out, '"');
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] >= 0x20 && name.ptr[i] < 0x7f && name.ptr[i] != '"' &&
		    name.ptr[i] != '\\')
			cg_buf_append_char(out, name.ptr[i]);
	cg_buf_append_char(out, '"');
}

static struct cg_str respond_keep(struct cg_exchange *x, struct cg_buf *text)
{
	struct cg_str kept = cg_str_from(cg_arena_dup(&x->arena, cg_buf_str(text)));

	cg_buf_clear(text);
	return kept;
}

static struct cg_str respond_proxy_status(struct cg_exchange *x, const char *error,
                                          const char *details)
{
	struct cg_buf *out = &x->worker->log_line;

	cg_buf_clear(out);
	respond_write_name(out, cg_str_from(cg_exchange_config(x)->gateway.name));
	cg_buf_appendf(out, "; error=%s; details=\"%s\"", error, details);
	return respond_keep(x, out);
}

static struct cg_str respond_problem_body(struct cg_exchange *x, int status, const char *text)
{
	struct cg_buf *out = &x->worker->log_line;

	cg_buf_clear(out);
	cg_buf_append_str(out, CG_STR("{\"title\":\""));
	cg_escape_json(out, cg_str_from(cg_phrase(status)));
	cg_buf_appendf(out, "\",\"status\":%d,\"detail\":\"", status);
	cg_escape_json(out, cg_str_from(text));
	cg_buf_appendf(out, "\",\"error\":\"%s\",\"request_id\":\"", x->error);
	cg_escape_json(out, x->request_id);
	cg_buf_appendf(out, "\",\"delivery\":\"%s\"}\n", cg_delivery_name(x->delivery));
	return respond_keep(x, out);
}

/* When a tenant can be back at the earliest: that many probes must succeed. */
static struct cg_str respond_retry_after(struct cg_exchange *x)
{
	struct cg_buf *out = &x->worker->log_line;
	int64_t ms = 1000;

	for (size_t i = 0; x->pool != NULL && i < x->pool->tenants_n; i++) {
		const struct cg_config_probe *probe = x->pool->tenants[i]->probe;

		ms = CG_MAX(ms, probe->interval_down * (int64_t)probe->rise);
	}
	cg_buf_clear(out);
	cg_buf_append_u64(out, (uint64_t)((ms + 999) / 1000));
	return respond_keep(x, out);
}

static void respond_problem(struct cg_exchange *x, int status, const char *proxy_error,
                            const char *text)
{
	struct respond_head head;

	respond_begin(&head, x, status);
	respond_add(&head, "Content-Type", CG_STR("application/problem+json"));
	respond_add(&head, "Cache-Control", CG_STR("no-store"));
	respond_add(&head, "Proxy-Status", respond_proxy_status(x, proxy_error, text));
	respond_add(&head, "X-Cpigate-Delivery", cg_str_from(cg_delivery_name(x->delivery)));
	if (status == 503)
		respond_add(&head, "Retry-After", respond_retry_after(x));
	if (status == 405)
		respond_add(&head, "Allow", CG_STR("GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH"));
	respond_send(&head, x, respond_problem_body(x, status, text));
}

void cg_respond_failure(struct cg_exchange *x, enum cg_failure failure)
{
	x->error = cg_failure_name(failure);
	respond_problem(x, cg_failure_status(failure), cg_failure_proxy_error(failure),
	                cg_failure_text(failure));
}

void cg_respond_refusal(struct cg_exchange *x, enum cg_refusal refusal)
{
	x->error = cg_refusal_name(refusal);
	respond_problem(x, cg_refusal_status(refusal), "http_request_error",
	                cg_refusal_text(refusal));
}

void cg_respond_options(struct cg_exchange *x)
{
	struct respond_head head;

	respond_begin(&head, x, 200);
	respond_add(&head, "Allow", CG_STR("GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH"));
	respond_send(&head, x, (struct cg_str){0});
}

void cg_respond_text(struct cg_exchange *x, int status, struct cg_str text)
{
	struct respond_head head;

	respond_begin(&head, x, status);
	respond_add(&head, "Content-Type", CG_STR("text/plain; charset=utf-8"));
	respond_add(&head, "Cache-Control", CG_STR("no-store"));
	respond_send(&head, x, text);
}
