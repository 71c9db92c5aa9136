/* SPDX-License-Identifier: BSD-2-Clause */
/* HTTP/1.x heads, line by line. Each line is judged strictly from left to right: the first byte
 * that can't stand where it stands names the refusal, and no judgement looks further ahead than the
 * LF after a CR. So what was decided on a part of a line holds for the whole of it, and how the
 * bytes were cut into reads shows nowhere. A limit is a fence: a line is judged up to it, and is
 * too long only if it is sound so far and goes on behind it.
 *
 * A head that comes in one piece is walked once. If not, lines are judged as they are completed,
 * and when the last one is there the whole head is walked again to fill the message. */
#include "http/h1_head.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "http/char_impl.h"
#include "http/target.h"

enum { HEAD_FIELDS_LOCAL = 32 };

struct head_walk {
	struct cg_str data;
	const struct cg_h1_limits *limits;
	struct cg_arena *arena;
	struct cg_message *message;
	enum cg_refusal refusal;
	unsigned classes; /* where the bytes ended: what more of them says nothing new */
	bool is_request;
	bool keeps; /* store what is parsed; else only judge */
	struct cg_field *fields;
	size_t fields_n;
	size_t fields_cap;
	struct cg_field local[HEAD_FIELDS_LOCAL];
};

/* The functions that read a part of a line return the place after it, or NULL: refused if
 * walk->refusal is set, else the bytes ended before a verdict. */

static const char *head_refuse(struct head_walk *walk, enum cg_refusal refusal)
{
	walk->refusal = refusal;
	return NULL;
}

static const char *head_want(struct head_walk *walk, unsigned classes)
{
	walk->classes = classes;
	return NULL;
}

/* A part made of CLASSES ends at AT, and not as it should: OTHERWISE, unless the byte there is bad
 * everywhere. */
static const char *head_stop(struct head_walk *walk, const char *at, const char *end,
                             unsigned classes, enum cg_refusal otherwise)
{
	if (at == end)
		return head_want(walk, classes);
	if (*at == '\n')
		return head_refuse(walk, CG_REFUSAL_BARE_LF);
	if (*at == '\r' && at + 1 == end)
		return head_want(walk, 0);
	if (*at == '\r')
		return head_refuse(walk, at[1] == '\n' ? otherwise : CG_REFUSAL_BARE_CR);
	if ((uint8_t)*at < 0x20 || *at == 0x7f)
		return head_refuse(walk, CG_REFUSAL_BAD_BYTE);
	return head_refuse(walk, otherwise);
}

static const char *head_line_end(struct head_walk *walk, const char *at, const char *end,
                                 unsigned classes, enum cg_refusal otherwise)
{
	if (end - at >= 2 && at[0] == '\r' && at[1] == '\n')
		return at + 2;
	return head_stop(walk, at, end, classes, otherwise);
}

/* "HTTP/1.0", "HTTP/1.1". A higher minor version is read as 1.1 (RFC 9110 section 2.5). "HTTP/2"
 * without a minor part is what people write, so it gets the same 505 as "HTTP/2.0". */
static enum cg_refusal head_parse_version(struct cg_str text, int *minor, enum cg_refusal otherwise)
{
	const struct cg_str name = CG_STR("HTTP/");
	const char *digits = text.ptr + name.len;

	if ((text.len != name.len + 3 && text.len != name.len + 1) ||
	    memcmp(text.ptr, name.ptr, name.len) != 0 || digits[0] < '0' || digits[0] > '9')
		return otherwise;
	if (text.len == name.len + 1)
		return digits[0] > '1' ? CG_REFUSAL_VERSION : otherwise;
	if (digits[1] != '.' || digits[2] < '0' || digits[2] > '9')
		return otherwise;
	*minor = digits[2] > '0';
	return digits[0] == '1' ? CG_REFUSAL_NONE : CG_REFUSAL_VERSION;
}

/* What a well-formed request line asks for: version, method, target, in this order. */
static enum cg_refusal head_judge_request(struct cg_message *message, struct cg_str version)
{
	enum cg_refusal refusal =
	        head_parse_version(version, &message->version_minor, CG_REFUSAL_BAD_VERSION);

	if (refusal != CG_REFUSAL_NONE)
		return refusal;
	message->method = cg_method_find(message->method_text);
	switch (message->method) {
	case CG_METHOD_UNKNOWN:
		return CG_REFUSAL_METHOD_UNKNOWN;
	case CG_METHOD_TRACE:
	case CG_METHOD_CONNECT:
		return CG_REFUSAL_METHOD_REFUSED;
	default:
		return cg_target_parse(message);
	}
}

/* method SP target SP version CRLF (RFC 9112 section 3), nothing else: HTTP/0.9's "GET /" and runs
 * of spaces, which the RFC lets a lenient parser take, are refused. */
static const char *head_request_line(struct head_walk *walk, const char *at, const char *end)
{
	struct cg_message *message = walk->message;
	const char *target, *version, *stop, *next;

	stop = cg_char_skip(at, end, CG_CHAR_TOKEN);
	if (stop == at || stop == end || *stop != ' ')
		return head_stop(walk, stop, end, CG_CHAR_TOKEN, CG_REFUSAL_BAD_REQUEST_LINE);
	message->method_text = (struct cg_str){.ptr = at, .len = (size_t)(stop - at)};

	target = stop + 1;
	stop = cg_char_skip(target, end, CG_CHAR_TARGET);
	if (stop == end || *stop != ' ')
		return head_stop(walk, stop, end, CG_CHAR_TARGET,
		                 stop < end && *stop != '\r' ? CG_REFUSAL_BAD_TARGET
		                                             : CG_REFUSAL_BAD_REQUEST_LINE);
	if (stop == target)
		return head_refuse(walk, CG_REFUSAL_BAD_REQUEST_LINE);
	message->target = (struct cg_str){.ptr = target, .len = (size_t)(stop - target)};

	version = stop + 1;
	stop = cg_char_skip(version, end, CG_CHAR_TARGET);
	next = head_line_end(walk, stop, end, CG_CHAR_TARGET, CG_REFUSAL_BAD_REQUEST_LINE);
	if (next == NULL)
		return NULL;
	walk->refusal = head_judge_request(
	        message, (struct cg_str){.ptr = version, .len = (size_t)(stop - version)});
	return walk->refusal == CG_REFUSAL_NONE ? next : NULL;
}

static bool head_parse_status(const char digits[3], int *status)
{
	int value = 0;

	for (int i = 0; i < 3; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return false;
		value = value * 10 + (digits[i] - '0');
	}
	*status = value;
	return value >= 100 && value <= 599;
}

/* version SP status SP [reason] CRLF (RFC 9112 section 4); the second SP may be missing with the
 * reason, as some servers write it. */
static const char *head_status_line(struct head_walk *walk, const char *at, const char *end)
{
	const enum cg_refusal bad = CG_REFUSAL_BAD_STATUS_LINE;
	struct cg_message *message = walk->message;
	const char *stop = cg_char_skip(at, end, CG_CHAR_TARGET);
	const char *status, *reason, *next;
	struct cg_str version = {.ptr = at, .len = (size_t)(stop - at)};

	if (stop == end || *stop != ' ')
		return head_stop(walk, stop, end, CG_CHAR_TARGET, bad);
	status = stop + 1;
	stop = cg_char_skip(status, end, CG_CHAR_TARGET);
	if (stop == end || stop - status != 3 || (*stop != ' ' && *stop != '\r'))
		return head_stop(walk, stop, end, CG_CHAR_TARGET, bad);
	reason = *stop == ' ' ? stop + 1 : stop;
	stop = cg_char_skip(reason, end, CG_CHAR_VALUE);
	next = head_line_end(walk, stop, end, CG_CHAR_VALUE, bad);
	if (next == NULL)
		return NULL;
	message->reason = (struct cg_str){.ptr = reason, .len = (size_t)(stop - reason)};
	walk->refusal = head_parse_version(version, &message->version_minor, bad);
	if (walk->refusal == CG_REFUSAL_NONE && !head_parse_status(status, &message->status))
		walk->refusal = bad;
	return walk->refusal == CG_REFUSAL_NONE ? next : NULL;
}

/* The bytes of EIGHT that are below 0x20 or are 0x7f, as bits 0x80; right up to the lowest bit set,
 * above it a borrow may have set more. */
static inline uint64_t head_controls(uint64_t eight)
{
	const uint64_t ones = UINT64_MAX / 255;
	uint64_t as_del = eight ^ (0x7f * ones);

	return ((eight - 0x20 * ones) | (as_del - ones)) & ~eight & (0x80 * ones);
}

/* The first byte from AT on that can't stand in a field value, or END. Eight bytes at a time, as
 * values are most of a head. */
static inline const char *head_skip_value(const char *at, const char *end)
{
	while (end - at >= 8) {
		uint64_t eight, controls;

		memcpy(&eight, at, 8);
		controls = head_controls(le64toh(eight));
		if (controls == 0) {
			at += 8;
			continue;
		}
		at += __builtin_ctzll(controls) / 8;
		if (*at != '\t')
			return at;
		at++;
	}
	return cg_char_skip(at, end, CG_CHAR_VALUE);
}

/* NAME ends at STOP, and not in a colon. */
static const char *head_bad_name(struct head_walk *walk, const char *name, const char *stop,
                                 const char *end)
{
	if (stop < end && (*stop == ' ' || *stop == '\t'))
		return head_refuse(walk, stop == name ? CG_REFUSAL_FOLDED
		                                      : CG_REFUSAL_SPACE_BEFORE_COLON);
	return head_stop(walk, stop, end, CG_CHAR_TOKEN, CG_REFUSAL_BAD_FIELD_NAME);
}

static void head_grow_fields(struct head_walk *walk)
{
	size_t cap = walk->fields_cap * 2;
	struct cg_field *fields = cg_arena_alloc(walk->arena, cap * sizeof(*fields));

	memcpy(fields, walk->fields, walk->fields_n * sizeof(*fields));
	walk->fields = fields;
	walk->fields_cap = cap;
}

static inline void head_keep_field(struct head_walk *walk, struct cg_str name, struct cg_str value)
{
	if (walk->fields_n == walk->fields_cap)
		head_grow_fields(walk);
	walk->fields[walk->fields_n++] = (struct cg_field){
	        .name = name, .value = value, .id = cg_field_find(name), .is_dropped = false};
}

/* field-name ":" OWS field-value OWS CRLF (RFC 9112 section 5). */
static inline const char *head_field_line(struct head_walk *walk, const char *name, const char *end)
{
	const char *colon = cg_char_skip(name, end, CG_CHAR_TOKEN);
	const char *value, *stop, *last;

	if (colon == name || colon == end || *colon != ':')
		return head_bad_name(walk, name, colon, end);
	value = colon + 1;
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	stop = head_skip_value(value, end);
	if (end - stop < 2 || stop[0] != '\r' || stop[1] != '\n')
		return head_stop(walk, stop, end, CG_CHAR_VALUE, CG_REFUSAL_BAD_FIELD_VALUE);
	last = stop;
	while (last > value && (last[-1] == ' ' || last[-1] == '\t'))
		last--;
	if (walk->keeps)
		head_keep_field(walk, (struct cg_str){.ptr = name, .len = (size_t)(colon - name)},
		                (struct cg_str){.ptr = value, .len = (size_t)(last - value)});
	return stop + 2;
}

static enum cg_h1_result head_more(struct head_walk *walk, struct cg_h1_scan *scan, bool is_cut,
                                   enum cg_refusal too_long)
{
	if (walk->refusal == CG_REFUSAL_NONE && is_cut)
		walk->refusal = too_long;
	if (walk->refusal != CG_REFUSAL_NONE)
		return CG_H1_REFUSED;
	scan->at = walk->data.len;
	scan->classes = walk->classes;
	return CG_H1_MORE;
}

/* RFC 9112 section 2.2: some clients end a body with a CRLF too many, which then stands before the
 * next request. One is let pass. */
static void head_skip_empty_line(struct head_walk *walk, struct cg_h1_scan *scan)
{
	if (scan->skip == 0 && walk->data.len >= 2 && memcmp(walk->data.ptr, "\r\n", 2) == 0)
		scan->skip = scan->line = 2;
}

static enum cg_h1_result head_walk_first(struct head_walk *walk, struct cg_h1_scan *scan)
{
	const char *line, *end, *next;
	size_t left;

	if (walk->is_request)
		head_skip_empty_line(walk, scan);
	line = walk->data.ptr + scan->skip;
	left = walk->data.len - scan->skip;
	end = line + CG_MIN(left, walk->limits->line);
	next = walk->is_request ? head_request_line(walk, line, end)
	                        : head_status_line(walk, line, end);
	if (next == NULL)
		return head_more(walk, scan, left > walk->limits->line, CG_REFUSAL_LINE_TOO_LONG);
	scan->lines_n = 1;
	scan->line = scan->fields = (size_t)(next - walk->data.ptr);
	return CG_H1_DONE;
}

static enum cg_h1_result head_walk_fields(struct head_walk *walk, struct cg_h1_scan *scan)
{
	const char *line = walk->data.ptr + scan->line;
	size_t left = walk->data.len - scan->fields;
	bool is_cut = left > walk->limits->bytes;
	const char *end = walk->data.ptr + scan->fields + CG_MIN(left, walk->limits->bytes);

	for (;;) {
		const char *next;

		if (end - line >= 2 && line[0] == '\r' && line[1] == '\n') {
			scan->line = (size_t)(line + 2 - walk->data.ptr);
			return CG_H1_DONE;
		}
		if (scan->lines_n > walk->limits->fields && line < end && *line != '\r')
			next = head_refuse(walk, CG_REFUSAL_TOO_MANY_FIELDS);
		else
			next = head_field_line(walk, line, end);
		if (next == NULL)
			return head_more(walk, scan, is_cut, CG_REFUSAL_HEAD_TOO_LARGE);
		line = next;
		scan->line = (size_t)(line - walk->data.ptr);
		scan->lines_n++;
	}
}

static enum cg_h1_result head_walk(struct head_walk *walk, struct cg_h1_scan *scan)
{
	if (scan->lines_n == 0) {
		enum cg_h1_result result = head_walk_first(walk, scan);

		if (result != CG_H1_DONE)
			return result;
	}
	return head_walk_fields(walk, scan);
}

/* Whether a walk would say the same as the last one: the line goes on with more of what it had.
 * This keeps arrival byte by byte linear. */
static bool head_is_waiting(const struct cg_h1_scan *scan, struct cg_str data,
                            const struct cg_h1_limits *limits)
{
	size_t start = scan->lines_n == 0 ? scan->skip : scan->fields;
	size_t limit = scan->lines_n == 0 ? limits->line : limits->bytes;
	const char *end = data.ptr + data.len;

	if (data.len == scan->at)
		return true;
	return scan->at > scan->line && data.len - start <= limit &&
	       cg_char_skip(data.ptr + scan->at, end, scan->classes) == end;
}

/* The first walk judged the lines but kept nothing of them, because they came in several pieces. */
static void head_walk_again(struct head_walk *walk, struct cg_h1_scan *scan)
{
	enum cg_h1_result result;

	*scan = (struct cg_h1_scan){0};
	walk->keeps = true;
	result = head_walk(walk, scan);
	cg_assert(result == CG_H1_DONE);
}

static void head_finish(struct head_walk *walk)
{
	struct cg_message *message = walk->message;
	size_t size = walk->fields_n * sizeof(*walk->fields);

	message->fields_n = walk->fields_n;
	message->fields = walk->fields_n > 0 ? walk->fields : NULL;
	if (message->fields == walk->local) {
		message->fields = cg_arena_alloc(walk->arena, size);
		memcpy(message->fields, walk->local, size);
	}
}

/* RFC 9112 section 3.2. The authority of an absolute-form target takes the field's place, which
 * must be sound nonetheless: whoever reads the request next may go by it. */
static enum cg_refusal head_judge_host(struct cg_message *message)
{
	const struct cg_field *host = NULL;

	for (size_t i = 0; i < message->fields_n; i++) {
		if (message->fields[i].id != CG_FIELD_HOST)
			continue;
		if (host != NULL)
			return CG_REFUSAL_HOST_REPEATED;
		host = &message->fields[i];
	}
	if (host == NULL && message->version_minor > 0)
		return CG_REFUSAL_HOST_MISSING;
	if (host != NULL && !cg_target_is_host(host->value))
		return CG_REFUSAL_BAD_HOST;
	if (message->authority.len > 0)
		message->host = message->authority;
	else if (host != NULL)
		message->host = host->value;
	return CG_REFUSAL_NONE;
}

/* Cold: fill what was sound of the first line, for the log, if an earlier call judged it. */
static void head_explain(struct head_walk *walk)
{
	struct cg_h1_scan first = {0};
	enum cg_refusal refusal = walk->refusal;

	head_walk_first(walk, &first);
	walk->refusal = refusal;
}

/* Not by an initialiser: that would clear the local fields too, at the cost of parsing a small
 * head. */
static void head_walk_init(struct head_walk *walk, struct cg_str data, bool keeps)
{
	walk->data = data;
	walk->refusal = CG_REFUSAL_NONE;
	walk->classes = 0;
	walk->keeps = keeps;
	walk->fields = walk->local;
	walk->fields_n = 0;
	walk->fields_cap = HEAD_FIELDS_LOCAL;
}

static enum cg_h1_result head_complete(struct head_walk *walk, struct cg_h1_scan *scan,
                                       size_t *used)
{
	head_finish(walk);
	if (walk->is_request)
		walk->refusal = head_judge_host(walk->message);
	if (walk->refusal != CG_REFUSAL_NONE)
		return CG_H1_REFUSED;
	*used = scan->line;
	*scan = (struct cg_h1_scan){0};
	return CG_H1_DONE;
}

static enum cg_h1_result head_parse(struct head_walk *walk, struct cg_h1_scan *scan,
                                    struct cg_str data, size_t *used)
{
	bool is_resumed = scan->at > 0;
	enum cg_h1_result result;

	*walk->message = (struct cg_message){0};
	head_walk_init(walk, data, !is_resumed);
	if (head_is_waiting(scan, data, walk->limits)) {
		scan->at = data.len;
		return CG_H1_MORE;
	}
	result = head_walk(walk, scan);
	if (result == CG_H1_DONE && is_resumed)
		head_walk_again(walk, scan);
	if (result == CG_H1_REFUSED && is_resumed)
		head_explain(walk);
	return result == CG_H1_DONE ? head_complete(walk, scan, used) : result;
}

enum cg_h1_result cg_h1_parse_request(struct cg_h1_scan *scan, struct cg_str data,
                                      const struct cg_h1_limits *limits, struct cg_arena *arena,
                                      struct cg_message *message, size_t *used,
                                      enum cg_refusal *refusal)
{
	struct head_walk walk;
	enum cg_h1_result result;

	walk.limits = limits;
	walk.arena = arena;
	walk.message = message;
	walk.is_request = true;
	result = head_parse(&walk, scan, data, used);
	*refusal = walk.refusal;
	return result;
}

enum cg_h1_result cg_h1_parse_response(struct cg_h1_scan *scan, struct cg_str data,
                                       const struct cg_h1_limits *limits, struct cg_arena *arena,
                                       struct cg_message *message, size_t *used,
                                       enum cg_refusal *refusal)
{
	struct head_walk walk;
	enum cg_h1_result result;

	walk.limits = limits;
	walk.arena = arena;
	walk.message = message;
	walk.is_request = false;
	result = head_parse(&walk, scan, data, used);
	*refusal = walk.refusal;
	return result;
}
