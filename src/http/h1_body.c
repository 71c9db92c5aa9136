/* SPDX-License-Identifier: BSD-2-Clause */
/* Chunked, counted and unbounded bodies (RFC 9112 sections 6 and 7) as a machine that takes framing
 * byte by byte and payload by slices. What the RFC lets a recipient overlook (white space around a
 * chunk-size, a lone LF) is refused: it is what request smuggling is made of. */
#include "http/h1_body.h"

#include <string.h>

#include "http/char_impl.h"

enum {
	BODY_DIGITS_MAX = 16,
	BODY_EXT_MAX = 8192,
};

enum body_quote {
	BODY_QUOTE_NONE,
	BODY_QUOTE_OPEN,
	BODY_QUOTE_ESCAPE, /* after a backslash in a quoted string */
};

enum body_line {
	BODY_LINE_START,
	BODY_LINE_NAME,
	BODY_LINE_VALUE,
	BODY_LINE_CR,   /* LF ends the field */
	BODY_LINE_LAST, /* LF ends the section */
};

static void body_refuse(struct cg_h1_body *body, enum cg_refusal refusal)
{
	body->state = CG_H1_BODY_BAD;
	body->refusal = refusal;
}

static unsigned body_hex(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
}

static void body_count_ext(struct cg_h1_body *body)
{
	if (++body->ext_bytes > BODY_EXT_MAX)
		body_refuse(body, CG_REFUSAL_CHUNK_EXT_TOO_LONG);
}

static void body_step_size(struct cg_h1_body *body, char c)
{
	if (cg_char_is(c, CG_CHAR_HEX)) {
		/* 16 digits hold 2^63 and more; BODY_DIGITS_MAX bounds leading zeros too. */
		if (++body->digits > BODY_DIGITS_MAX || body->left > INT64_MAX >> 4) {
			body_refuse(body, CG_REFUSAL_BAD_CHUNK);
			return;
		}
		body->left = body->left << 4 | body_hex(c);
	} else if (body->digits > 0 && c == ';') {
		body->line_state = BODY_QUOTE_NONE;
		body->state = CG_H1_BODY_EXT;
		body_count_ext(body);
	} else if (body->digits > 0 && c == '\r') {
		body->state = CG_H1_BODY_SIZE_LF;
	} else {
		body_refuse(body, CG_REFUSAL_BAD_CHUNK);
	}
}

/* Extensions mean nothing to us, but one that opens a quoted string must close it on its line: a
 * parser that looks for the quote first would go on into the data. */
static void body_step_ext(struct cg_h1_body *body, char c)
{
	if (c == '\r' && body->line_state == BODY_QUOTE_NONE) {
		body->state = CG_H1_BODY_SIZE_LF;
		return;
	}
	if (!cg_char_is(c, CG_CHAR_VALUE)) {
		body_refuse(body, CG_REFUSAL_BAD_CHUNK);
		return;
	}
	if (body->line_state == BODY_QUOTE_ESCAPE)
		body->line_state = BODY_QUOTE_OPEN;
	else if (c == '"')
		body->line_state ^= BODY_QUOTE_OPEN;
	else if (c == '\\' && body->line_state == BODY_QUOTE_OPEN)
		body->line_state = BODY_QUOTE_ESCAPE;
	body_count_ext(body);
}

static void body_step_size_lf(struct cg_h1_body *body, char c)
{
	if (c != '\n') {
		body_refuse(body, CG_REFUSAL_BAD_CHUNK);
	} else if (body->left == 0) {
		body->line_state = BODY_LINE_START;
		body->state = CG_H1_BODY_TRAILER;
	} else if (body->max_bytes > 0 && body->left > body->max_bytes - body->bytes) {
		body_refuse(body, CG_REFUSAL_BODY_TOO_LARGE);
	} else {
		body->state = CG_H1_BODY_DATA;
	}
}

static void body_step_data_cr(struct cg_h1_body *body, char c)
{
	body->state = CG_H1_BODY_DATA_LF;
	if (c != '\r')
		body_refuse(body, CG_REFUSAL_BAD_CHUNK);
}

static void body_step_data_lf(struct cg_h1_body *body, char c)
{
	body->state = CG_H1_BODY_SIZE;
	body->digits = 0;
	if (c != '\n')
		body_refuse(body, CG_REFUSAL_BAD_CHUNK);
}

/* The place after C in a trailer line, or -1. */
static int body_next_in_line(enum body_line line, char c)
{
	switch (line) {
	case BODY_LINE_START:
		if (c == '\r')
			return BODY_LINE_LAST;
		return cg_char_is(c, CG_CHAR_TOKEN) ? BODY_LINE_NAME : -1;
	case BODY_LINE_NAME:
		if (c == ':')
			return BODY_LINE_VALUE;
		return cg_char_is(c, CG_CHAR_TOKEN) ? BODY_LINE_NAME : -1;
	case BODY_LINE_VALUE:
		if (c == '\r')
			return BODY_LINE_CR;
		return cg_char_is(c, CG_CHAR_VALUE) ? BODY_LINE_VALUE : -1;
	case BODY_LINE_CR:
	case BODY_LINE_LAST:
		return c == '\n' ? BODY_LINE_START : -1;
	}
	return -1;
}

static void body_step_trailer(struct cg_h1_body *body, char c)
{
	int next = body_next_in_line(body->line_state, c);

	if (++body->trailer_bytes > body->max_trailer_bytes)
		body_refuse(body, CG_REFUSAL_HEAD_TOO_LARGE);
	else if (next < 0)
		body_refuse(body, CG_REFUSAL_BAD_TRAILER);
	else if (body->line_state == BODY_LINE_LAST)
		body->state = CG_H1_BODY_DONE;
	else if (body->line_state == BODY_LINE_START && next == BODY_LINE_NAME &&
	         ++body->trailer_fields > body->max_trailer_fields)
		body_refuse(body, CG_REFUSAL_TOO_MANY_FIELDS);
	else
		body->line_state = (unsigned)next;
}

static void body_step(struct cg_h1_body *body, char c)
{
	switch (body->state) {
	case CG_H1_BODY_SIZE:
		body_step_size(body, c);
		break;
	case CG_H1_BODY_EXT:
		body_step_ext(body, c);
		break;
	case CG_H1_BODY_SIZE_LF:
		body_step_size_lf(body, c);
		break;
	case CG_H1_BODY_DATA_CR:
		body_step_data_cr(body, c);
		break;
	case CG_H1_BODY_DATA_LF:
		body_step_data_lf(body, c);
		break;
	default:
		cg_assert(body->state == CG_H1_BODY_TRAILER);
		body_step_trailer(body, c);
	}
}

/* N > 0 bytes of payload stand at the front of IN. */
static enum cg_h1_body_result body_piece(struct cg_h1_body *body, struct cg_str in, size_t n,
                                         size_t *used, struct cg_str *piece)
{
	*piece = (struct cg_str){.ptr = in.ptr, .len = n};
	*used += n;
	body->bytes += n;
	return CG_H1_BODY_PIECE;
}

static enum cg_h1_body_result body_counted(struct cg_h1_body *body, struct cg_str in, size_t *used,
                                           struct cg_str *piece)
{
	size_t n = (size_t)CG_MIN((uint64_t)in.len, body->left);

	body->left -= n;
	if (body->left == 0)
		body->state = body->state == CG_H1_BODY_DATA ? CG_H1_BODY_DATA_CR : CG_H1_BODY_DONE;
	return body_piece(body, in, n, used, piece);
}

static enum cg_h1_body_result body_until_close(struct cg_h1_body *body, struct cg_str in,
                                               size_t *used, struct cg_str *piece)
{
	uint64_t room = body->max_bytes > 0 ? body->max_bytes - body->bytes : UINT64_MAX;

	if (room == 0) {
		body_refuse(body, CG_REFUSAL_BODY_TOO_LARGE);
		return CG_H1_BODY_ERROR;
	}
	return body_piece(body, in, (size_t)CG_MIN((uint64_t)in.len, room), used, piece);
}

enum cg_h1_body_result cg_h1_body_next(struct cg_h1_body *body, struct cg_str in, size_t *used,
                                       struct cg_str *piece)
{
	*used = 0;
	*piece = (struct cg_str){0};
	for (;;) {
		struct cg_str rest;

		if (body->state == CG_H1_BODY_DONE)
			return CG_H1_BODY_END;
		if (body->state == CG_H1_BODY_BAD)
			return CG_H1_BODY_ERROR;
		if (*used == in.len)
			return CG_H1_BODY_WANT;
		rest = (struct cg_str){.ptr = in.ptr + *used, .len = in.len - *used};
		switch (body->state) {
		case CG_H1_BODY_LENGTH:
		case CG_H1_BODY_DATA:
			return body_counted(body, rest, used, piece);
		case CG_H1_BODY_UNTIL_CLOSE:
			return body_until_close(body, rest, used, piece);
		default:
			body_step(body, rest.ptr[0]);
			++*used;
		}
	}
}

static enum cg_h1_body_state body_first_state(const struct cg_framing *framing)
{
	static const enum cg_h1_body_state states[] = {
	        [CG_FRAMING_NONE] = CG_H1_BODY_DONE,
	        [CG_FRAMING_LENGTH] = CG_H1_BODY_LENGTH,
	        [CG_FRAMING_CHUNKED] = CG_H1_BODY_SIZE,
	        [CG_FRAMING_CLOSE] = CG_H1_BODY_UNTIL_CLOSE,
	};

	cg_assert((size_t)framing->kind < CG_ARRAY_LEN(states));
	if (framing->kind == CG_FRAMING_LENGTH && framing->length == 0)
		return CG_H1_BODY_DONE;
	return states[framing->kind];
}

void cg_h1_body_init(struct cg_h1_body *body, const struct cg_framing *framing, uint64_t max_bytes,
                     size_t max_trailer_bytes, size_t max_trailer_fields)
{
	*body = (struct cg_h1_body){
	        .state = body_first_state(framing),
	        .left = framing->kind == CG_FRAMING_LENGTH ? framing->length : 0,
	        .max_bytes = max_bytes,
	        .max_trailer_bytes = max_trailer_bytes,
	        .max_trailer_fields = max_trailer_fields,
	};
}

bool cg_h1_body_may_end(const struct cg_h1_body *body)
{
	return body->state == CG_H1_BODY_UNTIL_CLOSE || body->state == CG_H1_BODY_DONE;
}
