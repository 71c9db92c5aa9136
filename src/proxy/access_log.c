/* SPDX-License-Identifier: BSD-2-Clause */
/* The two formats of the access log. */
#include "proxy/access_log.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/escape.h"

static void access_log_text(struct cg_buf *out, const char *key, struct cg_str value)
{
	cg_buf_append_str(out, cg_str_from(key));
	cg_escape_json(out, value);
	cg_buf_append_char(out, '"');
}

static void access_log_number(struct cg_buf *out, const char *key, uint64_t value)
{
	cg_buf_append_str(out, cg_str_from(key));
	cg_buf_append_u64(out, value);
}

/* Milliseconds with three places. */
static void access_log_ms(struct cg_buf *out, const char *key, int64_t us)
{
	uint64_t value = us > 0 ? (uint64_t)us : 0;
	unsigned rest = (unsigned)(value % 1000);

	access_log_number(out, key, value / 1000);
	cg_buf_append_char(out, '.');
	cg_buf_append_char(out, (char)('0' + rest / 100));
	cg_buf_append_char(out, (char)('0' + rest / 10 % 10));
	cg_buf_append_char(out, (char)('0' + rest % 10));
}

static struct cg_str access_log_field(const struct cg_exchange *x, enum cg_field_id id)
{
	const struct cg_field *field = cg_message_find(&x->request, id);

	if (field == NULL)
		return (struct cg_str){0};
	return field->value;
}

static struct cg_str access_log_tenant(const struct cg_exchange *x)
{
	return cg_str_from(x->last_tenant == NULL ? NULL : x->last_tenant->config->name);
}

/* The target with secrets in its query hidden, made safe for JSON. */
static void access_log_path(struct cg_buf *out, struct cg_exchange *x)
{
	struct cg_buf hidden = {0};

	cg_buf_append_str(out, CG_STR(",\"path\":\""));
	if (x->request.path.len > 0 && memchr(x->request.path.ptr, '?', x->request.path.len)) {
		cg_escape_query(&hidden, x->request.path);
		cg_escape_json(out, cg_buf_str(&hidden));
		cg_buf_fini(&hidden);
	} else {
		cg_escape_json(out, x->request.path);
	}
	cg_buf_append_char(out, '"');
}

static void access_log_request(struct cg_buf *out, const struct cg_exchange *x)
{
	const struct cg_client *client = x->stream->client;
	char time[CG_CLOCK_RFC3339_SIZE];

	cg_clock_format_rfc3339(time, x->started_wall_ms);
	access_log_text(out, "{\"time\":\"", cg_str_from(time));
	access_log_text(out, ",\"listener\":\"", cg_str_from(client->listener));
	access_log_text(out, ",\"client\":\"", cg_str_from(client->ip));
	access_log_text(out, ",\"method\":\"", x->request.method_text);
	access_log_text(out, ",\"host\":\"", x->request.host);
	access_log_path(out, (struct cg_exchange *)x);
	access_log_text(out, ",\"protocol\":\"", cg_str_from(x->stream->protocol));
}

void cg_access_log_json(struct cg_buf *out, const struct cg_exchange *x)
{
	const struct cg_client *client = x->stream->client;

	access_log_request(out, x);
	access_log_number(out, ",\"status\":", (uint64_t)x->status);
	access_log_number(out, ",\"bytes_in\":", x->bytes_in);
	access_log_number(out, ",\"bytes_out\":", x->bytes_out);
	access_log_ms(out, ",\"duration_ms\":", cg_clock_now_us() - x->started_us);
	access_log_text(out, ",\"tenant\":\"", access_log_tenant(x));
	access_log_number(out, ",\"attempts\":", x->attempts_n);
	access_log_ms(out, ",\"tenant_ms\":", x->tenant_us);
	access_log_text(out, ",\"tls\":\"", cg_str_from(client->tls_version));
	access_log_text(out, ",\"sni\":\"", cg_str_from(client->sni));
	access_log_text(out, ",\"delivery\":\"", cg_str_from(cg_delivery_name(x->delivery)));
	access_log_text(out, ",\"user_agent\":\"", access_log_field(x, CG_FIELD_USER_AGENT));
	access_log_text(out, ",\"request_id\":\"", x->request_id);
	access_log_text(out, ",\"mpl_id\":\"", x->mpl_id);
	access_log_text(out, ",\"correlation_id\":\"", x->correlation_id);
	access_log_text(out, ",\"error\":\"", cg_str_from(x->error));
	cg_buf_append_str(out, CG_STR("}\n"));
}

static void access_log_quoted(struct cg_buf *out, struct cg_str text)
{
	cg_buf_append_char(out, '"');
	if (text.len == 0)
		cg_buf_append_char(out, '-');
	else
		cg_escape_log(out, text);
	cg_buf_append_char(out, '"');
}

/* As Apache's and nginx's "combined", without a user name: credentials never appear in a log. */
void cg_access_log_combined(struct cg_buf *out, const struct cg_exchange *x)
{
	time_t seconds = (time_t)(x->started_wall_ms / 1000);
	struct cg_buf hidden = {0};
	struct tm utc;
	char time[40];

	(void)gmtime_r(&seconds, &utc);
	(void)strftime(time, sizeof(time), "%d/%b/%Y:%H:%M:%S +0000", &utc);
	cg_escape_query(&hidden, x->request.path);
	cg_buf_appendf(out, "%s - - [%s] \"", x->stream->client->ip, time);
	cg_escape_log(out, x->request.method_text);
	cg_buf_append_char(out, ' ');
	cg_escape_log(out, cg_buf_str(&hidden));
	cg_buf_appendf(out, " %s\" %d %llu ", x->stream->protocol, x->status,
	               (unsigned long long)x->bytes_out);
	cg_buf_clear(&hidden);
	cg_escape_query(&hidden, access_log_field(x, CG_FIELD_REFERER));
	access_log_quoted(out, cg_buf_str(&hidden));
	cg_buf_append_char(out, ' ');
	access_log_quoted(out, access_log_field(x, CG_FIELD_USER_AGENT));
	cg_buf_append_char(out, '\n');
	cg_buf_fini(&hidden);
}

void cg_access_log(struct cg_exchange *x)
{
	struct cg_worker *worker = x->worker;
	struct cg_buf *line = &worker->log_line;

	if (cg_exchange_config(x)->log.access == NULL || x->is_unlogged)
		return;
	cg_buf_clear(line);
	if (cg_exchange_config(x)->log.access_format == CG_ACCESS_JSON)
		cg_access_log_json(line, x);
	else
		cg_access_log_combined(line, x);
	if (!cg_access_writer_put(worker->access_writer, worker->index, cg_buf_str(line)))
		CG_COUNTER_ADD(worker->counters->log_lines_lost, 1);
}
