/* SPDX-License-Identifier: BSD-2-Clause */
/* A parsed head: request or answer, whichever HTTP version it came in. Slices point into the bytes
 * that were parsed or into the exchange's arena, and live as long as those. Plain data; no I/O. */
#ifndef CG_HTTP_MESSAGE_H
#define CG_HTTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "http/field.h"

/* RFC 9110 section 9, PATCH (RFC 5789). Anything else: CG_METHOD_UNKNOWN. */
#define CG_METHODS(X)                                                                              \
	X(GET) X(HEAD) X(POST) X(PUT) X(DELETE) X(OPTIONS) X(PATCH) X(TRACE) X(CONNECT)

enum cg_method {
	CG_METHOD_UNKNOWN,
#define X(name) CG_METHOD_##name,
	CG_METHODS(X)
#undef X
};

struct cg_field {
	struct cg_str name;
	struct cg_str value; /* trimmed */
	enum cg_field_id id;
	bool is_dropped; /* not forwarded (rewrite) */
};

struct cg_message {
	/* request */
	enum cg_method method;
	struct cg_str method_text;
	struct cg_str target;    /* as received */
	struct cg_str authority; /* of an absolute-form target or :authority; else empty */
	struct cg_str
	        path; /* path and query in origin form; "*" for OPTIONS * ; "/" for an empty one */
	struct cg_str host; /* what routing goes by: authority, else the Host field */
	bool is_https;      /* scheme of an absolute-form target or :scheme was https */
	/* answer */
	int status;
	struct cg_str reason;
	/* both */
	int version_minor;       /* HTTP/1.x */
	struct cg_field *fields; /* in the order received; from the arena */
	size_t fields_n;
};

enum cg_method cg_method_find(struct cg_str text);
/* The first field with ID, or NULL. */
const struct cg_field *cg_message_find(const struct cg_message *message, enum cg_field_id id);
/* How many fields with ID. */
size_t cg_message_count(const struct cg_message *message, enum cg_field_id id);
/* Whether the comma-separated list in the fields with ID contains TOKEN (any case). */
bool cg_message_has_token(const struct cg_message *message, enum cg_field_id id,
                          struct cg_str token);

/* The bytes from FROM to FROM + N that MESSAGE's slices point into have been copied to TO: make
 * them point there. Slices elsewhere stay. */
void cg_message_rebase(struct cg_message *message, const char *from, size_t n, const char *to);

#endif
