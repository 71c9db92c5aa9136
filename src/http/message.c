/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions about a parsed head. Nothing here knows where the head came from. */
#include "http/message.h"

#include <string.h>

static bool message_method_is(struct cg_str text, const char *name)
{
	return memcmp(text.ptr, name, text.len) == 0;
}

/* Method names are case-sensitive (RFC 9110 section 9.1). */
enum cg_method cg_method_find(struct cg_str text)
{
#define X(name)                                                                                    \
	if (text.len == sizeof(#name) - 1 && message_method_is(text, #name))                       \
		return CG_METHOD_##name;
	CG_METHODS(X)
#undef X
	return CG_METHOD_UNKNOWN;
}

const struct cg_field *cg_message_find(const struct cg_message *message, enum cg_field_id id)
{
	for (size_t i = 0; i < message->fields_n; i++)
		if (message->fields[i].id == id)
			return &message->fields[i];
	return NULL;
}

size_t cg_message_count(const struct cg_message *message, enum cg_field_id id)
{
	size_t n = 0;

	for (size_t i = 0; i < message->fields_n; i++)
		n += message->fields[i].id == id;
	return n;
}

static bool message_list_has(struct cg_str list, struct cg_str token)
{
	struct cg_str part;

	while (cg_str_next(&list, ',', &part))
		if (cg_str_ieq(part, token))
			return true;
	return false;
}

bool cg_message_has_token(const struct cg_message *message, enum cg_field_id id,
                          struct cg_str token)
{
	for (size_t i = 0; i < message->fields_n; i++)
		if (message->fields[i].id == id &&
		    message_list_has(message->fields[i].value, token))
			return true;
	return false;
}

static void message_rebase_slice(struct cg_str *slice, const char *from, size_t n, const char *to)
{
	if (slice->ptr >= from && slice->ptr <= from + n)
		slice->ptr = to + (slice->ptr - from);
}

void cg_message_rebase(struct cg_message *message, const char *from, size_t n, const char *to)
{
	struct cg_str *const slices[] = {&message->method_text, &message->target,
	                                 &message->authority,   &message->path,
	                                 &message->host,        &message->reason};

	for (size_t i = 0; i < CG_ARRAY_LEN(slices); i++)
		message_rebase_slice(slices[i], from, n, to);
	for (size_t i = 0; i < message->fields_n; i++) {
		message_rebase_slice(&message->fields[i].name, from, n, to);
		message_rebase_slice(&message->fields[i].value, from, n, to);
	}
}
