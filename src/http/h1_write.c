/* SPDX-License-Identifier: BSD-2-Clause */
/* Heads and chunk framing as bytes. Room is made once for each call, then bytes are only copied. */
#include "http/h1_write.h"

#include <string.h>

#include "http/phrase.h"

enum {
	WRITE_COLON_SPACE = 2,
	WRITE_CRLF = 2,
	WRITE_U64_SIZE = 20,
};

static char *write_bytes(char *at, const void *ptr, size_t len)
{
	if (len > 0)
		memcpy(at, ptr, len);
	return at + len;
}

static char *write_str(char *at, struct cg_str str)
{
	return write_bytes(at, str.ptr, str.len);
}

static char *write_field(char *at, struct cg_str name, struct cg_str value)
{
	at = write_str(at, name);
	at = write_bytes(at, ": ", WRITE_COLON_SPACE);
	at = write_str(at, value);
	return write_bytes(at, "\r\n", WRITE_CRLF);
}

static char *write_begin(struct cg_buf *out, size_t room)
{
	cg_buf_reserve(out, room);
	return out->data + out->end;
}

static void write_end(struct cg_buf *out, const char *at)
{
	out->end = (size_t)(at - out->data);
	cg_assert(out->end <= out->cap);
}

void cg_h1_write_request_line(struct cg_buf *out, struct cg_str method, struct cg_str path)
{
	const struct cg_str version = CG_STR(" HTTP/1.1\r\n");
	char *at = write_begin(out, method.len + 1 + path.len + version.len);

	at = write_str(at, method);
	*at++ = ' ';
	at = write_str(at, path);
	write_end(out, write_str(at, version));
}

void cg_h1_write_status_line(struct cg_buf *out, int status, struct cg_str reason)
{
	const struct cg_str version = CG_STR("HTTP/1.1 ");
	char *at;

	cg_assert(status >= 100 && status <= 999);
	if (reason.len == 0)
		reason = cg_str_from(cg_phrase(status));
	at = write_begin(out, version.len + 4 + reason.len + WRITE_CRLF);
	at = write_str(at, version);
	*at++ = (char)('0' + status / 100);
	*at++ = (char)('0' + status / 10 % 10);
	*at++ = (char)('0' + status % 10);
	*at++ = ' ';
	at = write_str(at, reason);
	write_end(out, write_bytes(at, "\r\n", WRITE_CRLF));
}

void cg_h1_write_field(struct cg_buf *out, struct cg_str name, struct cg_str value)
{
	char *at = write_begin(out, name.len + WRITE_COLON_SPACE + value.len + WRITE_CRLF);

	write_end(out, write_field(at, name, value));
}

void cg_h1_write_fields(struct cg_buf *out, const struct cg_message *message)
{
	const struct cg_field *field = message->fields;
	const struct cg_field *end = field + message->fields_n;
	size_t room = 0;
	char *at;

	if (message->fields_n == 0)
		return;
	for (; field < end; field++)
		room += field->name.len + WRITE_COLON_SPACE + field->value.len + WRITE_CRLF;
	at = write_begin(out, room);
	for (field = message->fields; field < end; field++)
		if (!field->is_dropped)
			at = write_field(at, field->name, field->value);
	write_end(out, at);
}

static struct cg_str write_decimal(char digits[WRITE_U64_SIZE], uint64_t value)
{
	/* One past the end, where writing backwards begins. */
	/* cppcheck-suppress ctuPointerArith */
	char *end = digits + WRITE_U64_SIZE, *at = end;

	do
		*--at = (char)('0' + value % 10);
	while ((value /= 10) > 0);
	return (struct cg_str){.ptr = at, .len = (size_t)(end - at)};
}

void cg_h1_write_framing(struct cg_buf *out, const struct cg_framing *framing)
{
	char digits[WRITE_U64_SIZE];

	if (framing->kind == CG_FRAMING_LENGTH)
		cg_h1_write_field(out, CG_STR("Content-Length"),
		                  write_decimal(digits, framing->length));
	else if (framing->kind == CG_FRAMING_CHUNKED)
		cg_h1_write_field(out, CG_STR("Transfer-Encoding"), CG_STR("chunked"));
}

void cg_h1_write_end_of_head(struct cg_buf *out)
{
	cg_buf_append_str(out, CG_STR("\r\n"));
}

size_t cg_h1_write_chunk_head(char out[CG_H1_CHUNK_HEAD_SIZE], size_t len)
{
	size_t digits_n = 1;

	/* A size of 0 would end the body. */
	cg_assert(len > 0);
	while (digits_n < 2 * sizeof(len) && len >> (4 * digits_n) != 0)
		digits_n++;
	for (size_t i = 0; i < digits_n; i++)
		out[i] = "0123456789abcdef"[len >> (4 * (digits_n - 1 - i)) & 15];
	out[digits_n] = '\r';
	out[digits_n + 1] = '\n';
	return digits_n + 2;
}

struct cg_str cg_h1_last_chunk(void)
{
	return CG_STR("0\r\n\r\n");
}
