/* SPDX-License-Identifier: BSD-2-Clause */
/* The request log of the simulated tenant. */
#include "sim/sim_log.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/escape.h"

static void log_append_text(struct cg_buf *out, struct cg_str text)
{
	cg_buf_append_char(out, '"');
	cg_escape_json(out, text);
	cg_buf_append_char(out, '"');
}

static void log_append_member(struct cg_buf *out, const char *key, struct cg_str value)
{
	cg_buf_appendf(out, ",\"%s\":", key);
	if (value.ptr == NULL)
		cg_buf_appendf(out, "null");
	else
		log_append_text(out, value);
}

/* Pairs in the order they came; a name may come twice. */
static void log_append_fields(struct cg_buf *out, const struct cg_sim_request *request)
{
	cg_buf_appendf(out, ",\"headers\":[");
	for (size_t i = 0; i < request->fields_n; i++) {
		cg_buf_appendf(out, "%s[", i > 0 ? "," : "");
		log_append_text(out, request->fields[i].name);
		cg_buf_append_char(out, ',');
		log_append_text(out, request->fields[i].value);
		cg_buf_append_char(out, ']');
	}
	cg_buf_append_char(out, ']');
}

void cg_sim_log_write(FILE *file, const struct cg_sim_log_entry *entry)
{
	const struct cg_sim_request *request = entry->request;
	char time[CG_CLOCK_RFC3339_SIZE];
	struct cg_buf out;

	cg_buf_init(&out);
	cg_clock_format_rfc3339(time, cg_clock_wall_ms());
	cg_buf_appendf(&out, "{\"time\":\"%s\",\"connection\":%" PRIu64 ",\"number\":%" PRIu64,
	               time, entry->connection, entry->number);
	log_append_member(&out, "method", request->method);
	log_append_member(&out, "path", request->target);
	log_append_member(&out, "protocol",
	                  request->is_http10 ? CG_STR("HTTP/1.0") : CG_STR("HTTP/1.1"));
	log_append_member(&out, "host", cg_sim_request_field(request, CG_STR("Host")));
	log_append_member(&out, "request_id",
	                  cg_sim_request_field(request, CG_STR("X-Request-Id")));
	cg_buf_appendf(&out,
	               ",\"status\":%u,\"body_bytes\":%" PRIu64
	               ",\"body_sha256\":\"%s\",\"complete\":%s",
	               entry->status, entry->body_bytes, entry->body_sha256,
	               entry->is_complete ? "true" : "false");
	log_append_fields(&out, request);
	cg_buf_appendf(&out, "}\n");
	fwrite(cg_buf_ptr(&out), 1, cg_buf_len(&out), file);
	fflush(file);
	cg_buf_fini(&out);
}
