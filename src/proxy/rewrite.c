/* SPDX-License-Identifier: BSD-2-Clause */
/* Field rules, applied field by field. */
#include "proxy/rewrite.h"

#include <string.h>

#include "http/h1_write.h"
#include "http/target.h"

enum { REQUEST_ID_MAX = 128 };

static bool rewrite_is_dropped_kind(enum cg_field_id id, bool is_request)
{
	switch (cg_field_kind(id)) {
	case CG_FIELD_KIND_HOP:
	case CG_FIELD_KIND_FRAMING:
		return true;
	case CG_FIELD_KIND_CLIENT:
		return is_request;
	case CG_FIELD_KIND_NONE:
		break;
	}
	return is_request && id == CG_FIELD_FORGED;
}

/* Connection options that are no field names cost nothing. */
static bool rewrite_is_plain_option(struct cg_str option)
{
	return option.len == 0 || cg_str_ieq(option, CG_STR("keep-alive")) ||
	       cg_str_ieq(option, CG_STR("close"));
}

static void rewrite_drop_named(struct cg_message *message, struct cg_str options)
{
	struct cg_str option;

	while (cg_str_next(&options, ',', &option)) {
		if (rewrite_is_plain_option(option))
			continue;
		for (size_t i = 0; i < message->fields_n; i++)
			if (cg_str_ieq(message->fields[i].name, option))
				message->fields[i].is_dropped = true;
	}
}

void cg_rewrite_mark(struct cg_message *message, bool is_request)
{
	for (size_t i = 0; i < message->fields_n; i++) {
		struct cg_field *field = &message->fields[i];

		if (field->id == CG_FIELD_OTHER)
			continue;
		if (rewrite_is_dropped_kind(field->id, is_request))
			field->is_dropped = true;
		if (field->id == CG_FIELD_CONNECTION)
			rewrite_drop_named(message, field->value);
	}
}

static void rewrite_drop(struct cg_message *message, enum cg_field_id id)
{
	for (size_t i = 0; i < message->fields_n; i++)
		if (message->fields[i].id == id)
			message->fields[i].is_dropped = true;
}

/* ---- request ---- */

static void rewrite_write_forwarded(struct cg_buf *out, const struct cg_rewrite_request *values)
{
	char port[8];
	size_t at = sizeof(port);
	unsigned rest = values->port;

	do
		port[--at] = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	cg_h1_write_field(out, CG_STR("X-Forwarded-For"), values->client_ip);
	cg_h1_write_field(out, CG_STR("X-Forwarded-Proto"),
	                  values->is_tls ? CG_STR("https") : CG_STR("http"));
	if (values->said_host.len > 0)
		cg_h1_write_field(out, CG_STR("X-Forwarded-Host"), values->said_host);
	cg_h1_write_field(out, CG_STR("X-Forwarded-Port"),
	                  (struct cg_str){.ptr = port + at, .len = sizeof(port) - at});
}

void cg_rewrite_request(struct cg_buf *out, struct cg_message *request,
                        const struct cg_framing *framing, const struct cg_rewrite_request *values)
{
	cg_rewrite_mark(request, true);
	rewrite_drop(request, CG_FIELD_HOST);
	rewrite_drop(request, CG_FIELD_EXPECT); /* the gateway answers it */
	rewrite_drop(request, CG_FIELD_REQUEST_ID);
	cg_h1_write_request_line(out, request->method_text, request->path);
	cg_h1_write_field(out, CG_STR("Host"), values->host);
	cg_h1_write_fields(out, request);
	rewrite_write_forwarded(out, values);
	cg_h1_write_field(out, CG_STR("X-Request-Id"), values->request_id);
	cg_h1_write_field(out, CG_STR("Via"), values->via);
	cg_h1_write_framing(out, framing);
	cg_h1_write_end_of_head(out);
}

struct cg_str cg_rewrite_kept_request_id(const struct cg_message *request)
{
	const struct cg_field *field = cg_message_find(request, CG_FIELD_REQUEST_ID);

	if (field == NULL || field->value.len == 0 || field->value.len > REQUEST_ID_MAX ||
	    cg_message_count(request, CG_FIELD_REQUEST_ID) > 1)
		return (struct cg_str){0};
	for (size_t i = 0; i < field->value.len; i++)
		if (field->value.ptr[i] < 0x21 || field->value.ptr[i] > 0x7e)
			return (struct cg_str){0};
	return field->value;
}

/* "1.1 name (comment)": is the second word NAME? */
static bool rewrite_is_via_entry(struct cg_str entry, struct cg_str name)
{
	size_t at = 0;
	struct cg_str received_by;

	while (at < entry.len && entry.ptr[at] != ' ' && entry.ptr[at] != '\t')
		at++;
	received_by = cg_str_trim((struct cg_str){.ptr = entry.ptr + at, .len = entry.len - at});
	for (at = 0; at < received_by.len; at++)
		if (received_by.ptr[at] == ' ' || received_by.ptr[at] == '\t' ||
		    received_by.ptr[at] == '(')
			break;
	received_by.len = at;
	return cg_str_ieq(received_by, name);
}

bool cg_rewrite_is_loop(const struct cg_message *request, struct cg_str via)
{
	struct cg_str name = {.ptr = via.ptr + 4, .len = via.len - 4}; /* after "1.1 " */

	for (size_t i = 0; i < request->fields_n; i++) {
		struct cg_str rest = request->fields[i].value;
		struct cg_str entry;

		if (request->fields[i].id != CG_FIELD_VIA)
			continue;
		while (cg_str_next(&rest, ',', &entry))
			if (rewrite_is_via_entry(entry, name))
				return true;
	}
	return false;
}

/* ---- answer ---- */

static struct cg_str rewrite_join(struct cg_arena *arena, const struct cg_str *parts, size_t n)
{
	size_t len = 0;
	char *text;

	for (size_t i = 0; i < n; i++)
		len += parts[i].len;
	text = cg_arena_alloc(arena, len + 1);
	len = 0;
	for (size_t i = 0; i < n; i++) {
		if (parts[i].len > 0)
			memcpy(text + len, parts[i].ptr, parts[i].len);
		len += parts[i].len;
	}
	text[len] = '\0';
	return (struct cg_str){.ptr = text, .len = len};
}

/* Bytes of "https:" or "http:" at the start; 0 if neither. */
static size_t rewrite_scheme_len(struct cg_str url)
{
	if (url.len >= 6 && cg_str_ieq((struct cg_str){.ptr = url.ptr, .len = 6}, CG_STR("https:")))
		return 6;
	if (url.len >= 5 && cg_str_ieq((struct cg_str){.ptr = url.ptr, .len = 5}, CG_STR("http:")))
		return 5;
	return 0;
}

/* A URL that leads to the tenant's host leads back to where the client called; anything else stays.
 */
static void rewrite_location(struct cg_field *field, const struct cg_rewrite_answer *values,
                             struct cg_arena *arena)
{
	struct cg_str url = field->value;
	size_t scheme = rewrite_scheme_len(url);
	size_t start = scheme + 2;
	size_t end = start;
	struct cg_str host;

	if (url.len < start || url.ptr[scheme] != '/' || url.ptr[scheme + 1] != '/')
		return;
	while (end < url.len && strchr("/?#", url.ptr[end]) == NULL)
		if (url.ptr[end++] == '@') /* "tenant:443@other" is no URL of the tenant's */
			return;
	host = cg_target_host_name((struct cg_str){.ptr = url.ptr + start, .len = end - start});
	if (!cg_str_ieq(host, cg_target_host_name(values->tenant_host)))
		return;
	field->value = rewrite_join(
	        arena,
	        (struct cg_str[]){
	                scheme == 0 ? CG_STR("//")
	                            : (values->is_tls ? CG_STR("https://") : CG_STR("http://")),
	                values->said_host,
	                {.ptr = url.ptr + end, .len = url.len - end},
	        },
	        3);
}

/* Only the value of the attribute Domain changes; every other byte of a cookie stays. */
static void rewrite_set_cookie(struct cg_field *field, const struct cg_rewrite_answer *values,
                               struct cg_arena *arena)
{
	struct cg_str rest = field->value;
	const char *end = rest.ptr + rest.len;
	struct cg_str tenant = cg_target_host_name(values->tenant_host);
	struct cg_str part, name;

	/* What stands first is the cookie's own name and value, whatever it is called. */
	(void)cg_str_next(&rest, ';', &part);
	while (cg_str_next(&rest, ';', &part)) {
		struct cg_str domain;

		(void)cg_str_next(&part, '=', &name);
		domain = cg_str_trim(part);
		if (domain.len > 0 && domain.ptr[0] == '.') {
			domain.ptr++;
			domain.len--;
		}
		if (!cg_str_ieq(name, CG_STR("Domain")) || !cg_str_ieq(domain, tenant))
			continue;
		field->value =
		        rewrite_join(arena,
		                     (struct cg_str[]){
		                             {.ptr = field->value.ptr,
		                              .len = (size_t)(domain.ptr - field->value.ptr)},
		                             cg_target_host_name(values->said_host),
		                             {.ptr = domain.ptr + domain.len,
		                              .len = (size_t)(end - domain.ptr) - domain.len},
		                     },
		                     3);
		return;
	}
}

static void rewrite_change_back(struct cg_message *answer, const struct cg_rewrite_answer *values,
                                struct cg_arena *arena)
{
	for (size_t i = 0; i < answer->fields_n; i++) {
		struct cg_field *field = &answer->fields[i];

		if (field->id == CG_FIELD_LOCATION || field->id == CG_FIELD_CONTENT_LOCATION)
			rewrite_location(field, values, arena);
		else if (field->id == CG_FIELD_SET_COOKIE)
			rewrite_set_cookie(field, values, arena);
	}
}

/* Connection may have named it. */
static bool rewrite_has(const struct cg_message *answer, enum cg_field_id id)
{
	for (size_t i = 0; i < answer->fields_n; i++)
		if (answer->fields[i].id == id && !answer->fields[i].is_dropped)
			return true;
	return false;
}

void cg_rewrite_add(struct cg_message *answer, struct cg_str name, struct cg_str value)
{
	answer->fields[answer->fields_n++] = (struct cg_field){.name = name, .value = value};
}

void cg_rewrite_answer(struct cg_message *answer, const struct cg_rewrite_answer *values,
                       struct cg_arena *arena)
{
	enum { ADDED_MAX = 4 };
	struct cg_field *fields =
	        cg_arena_alloc(arena, (answer->fields_n + ADDED_MAX) * sizeof(*fields));

	if (answer->fields_n > 0)
		memcpy(fields, answer->fields, answer->fields_n * sizeof(*fields));
	answer->fields = fields;
	cg_rewrite_mark(answer, false);
	rewrite_drop(answer, CG_FIELD_CPIGATE_TENANT);
	rewrite_drop(answer, CG_FIELD_CPIGATE_DELIVERY);
	if (values->tenant_host.len > 0 && values->said_host.len > 0)
		rewrite_change_back(answer, values, arena);
	if (!rewrite_has(answer, CG_FIELD_DATE))
		cg_rewrite_add(answer, CG_STR("Date"), values->date);
	cg_rewrite_add(answer, CG_STR("Via"), values->via);
	if (values->tenant.len > 0)
		cg_rewrite_add(answer, CG_STR("X-Cpigate-Tenant"), values->tenant);
}
