/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes in, message or refusal out: runs the cases of tests/wire/{requests,responses,bodies}.txt
 * (their format: tests/wire/README.md). Every case is fed whole, byte by byte and cut in two at
 * each place, and must say the same each time; an unfinished head must say at each byte what it
 * says fed whole. Speaks TAP by itself, one line a case. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "http/framing.h"
#include "http/h1_body.h"
#include "http/h1_head.h"

enum { LINE_MAX_BYTES = 65536, PREFIX_CHECK_MAX = 1500, CUT_EACH_MAX = 300 };

enum wire_kind { WIRE_REQUEST, WIRE_RESPONSE, WIRE_BODY };

struct wire_case {
	char *name;
	struct cg_buf in;
	char *want;
	int line;
	struct cg_h1_limits limits;
	enum cg_method method; /* that a response answers */
	struct cg_framing framing;
	uint64_t max;
};

struct wire_run {
	enum wire_kind kind;
	const char *path;
	unsigned cases_n;
	unsigned failed_n;
};

static void wire_die(const char *path, int line, const char *what)
{
	printf("Bail out! %s:%d: %s\n", path, line, what);
	exit(1);
}

/* One escape after a backslash; returns the place after it. */
static const char *wire_unescape_one(const char *at, struct cg_buf *out)
{
	static const char from[] = "rnts0\\", to[] = "\r\n\t \0\\";
	const char *found = *at != '\0' ? strchr(from, *at) : NULL;
	char hex[3] = {0};

	if (found != NULL) {
		cg_buf_append_char(out, to[found - from]);
		return at + 1;
	}
	if (*at != 'x' || at[1] == '\0' || at[2] == '\0')
		wire_die("escape", 0, at);
	memcpy(hex, at + 1, 2);
	cg_buf_append_char(out, (char)strtoul(hex, NULL, 16));
	return at + 3;
}

static void wire_unescape(const char *at, const char *end, struct cg_buf *out);

/* {N:TEXT} */
static const char *wire_repeat(const char *at, struct cg_buf *out)
{
	char *text;
	unsigned long n = strtoul(at, &text, 10);
	const char *close = strchr(text, '}');

	if (*text != ':' || close == NULL)
		wire_die("repeat", 0, at);
	while (n-- > 0)
		wire_unescape(text + 1, close, out);
	return close + 1;
}

static void wire_unescape(const char *at, const char *end, struct cg_buf *out)
{
	while (at < end) {
		if (*at != '\\')
			cg_buf_append_char(out, *at++);
		else if (at[1] == '{')
			at = wire_repeat(at + 2, out);
		else
			at = wire_unescape_one(at + 1, out);
	}
}

static void wire_show(struct cg_buf *out, const char *key, struct cg_str value)
{
	cg_buf_appendf(out, " %s=", key);
	for (size_t i = 0; i < value.len; i++) {
		unsigned c = (unsigned char)value.ptr[i];

		if (c > 0x20 && c < 0x7f && c != '\\')
			cg_buf_append_char(out, (char)c);
		else
			cg_buf_appendf(out, "\\x%02x", c);
	}
}

static void wire_show_framing(struct cg_buf *out, const struct cg_framing *framing)
{
	static const char *const names[] = {"none", "length", "chunked", "close"};

	cg_buf_appendf(out, " framing=%s", names[framing->kind]);
	if (framing->kind == CG_FRAMING_LENGTH)
		cg_buf_appendf(out, ":%llu", (unsigned long long)framing->length);
	cg_buf_appendf(out, " keep=%d", framing->keeps_alive);
}

static void wire_show_message(struct cg_buf *out, const struct cg_message *message)
{
	char key[300];

	cg_buf_appendf(out, " minor=%d fields=%zu", message->version_minor, message->fields_n);
	for (size_t i = 0; i < message->fields_n; i++) {
		const struct cg_field *field = &message->fields[i];

		snprintf(key, sizeof(key), "f:%.*s", CG_STR_ARGS(field->name));
		wire_show(out, key, field->value);
	}
}

static enum cg_refusal wire_show_request(struct cg_buf *out, const struct cg_message *message)
{
	struct cg_framing framing;
	bool expects;
	enum cg_refusal refusal = cg_framing_of_request(message, &framing);

	if (refusal == CG_REFUSAL_NONE)
		refusal = cg_framing_expects_continue(message, &expects);
	if (refusal != CG_REFUSAL_NONE)
		return refusal;
	wire_show(out, "method", message->method_text);
	wire_show(out, "target", message->target);
	wire_show(out, "authority", message->authority);
	wire_show(out, "path", message->path);
	wire_show(out, "host", message->host);
	cg_buf_appendf(out, " https=%d expect=%d", message->is_https, expects);
	wire_show_framing(out, &framing);
	wire_show_message(out, message);
	return refusal;
}

static enum cg_refusal wire_show_response(struct cg_buf *out, const struct cg_message *message,
                                          enum cg_method method)
{
	struct cg_framing framing;
	enum cg_refusal refusal = cg_framing_of_response(message, method, &framing);

	if (refusal != CG_REFUSAL_NONE)
		return refusal;
	cg_buf_appendf(out, " status=%d", message->status);
	wire_show(out, "reason", message->reason);
	wire_show_framing(out, &framing);
	wire_show_message(out, message);
	return refusal;
}

/* Feed the first LEN bytes of the case; the copy is as long as they are, so that a read behind them
 * is found, and elsewhere each time, as a buffer that grows is. */
static void wire_feed_head(const struct wire_run *run, const struct wire_case *item,
                           struct cg_h1_scan *scan, size_t len, struct cg_buf *out)
{
	char *copy = cg_mem_alloc(len > 0 ? len : 1);
	struct cg_str data = {.ptr = copy, .len = len};
	struct cg_message message;
	struct cg_arena arena;
	enum cg_refusal refusal;
	enum cg_h1_result result;
	size_t used = 0;

	if (len > 0)
		memcpy(copy, cg_buf_ptr(&item->in), len);
	cg_arena_init(&arena, 4096);
	cg_buf_clear(out);
	result = (run->kind == WIRE_REQUEST ? cg_h1_parse_request : cg_h1_parse_response)(
	        scan, data, &item->limits, &arena, &message, &used, &refusal);
	if (result == CG_H1_DONE) {
		cg_buf_appendf(out, "done used=%zu", used);
		refusal = run->kind == WIRE_REQUEST
		                  ? wire_show_request(out, &message)
		                  : wire_show_response(out, &message, item->method);
	}
	if (refusal != CG_REFUSAL_NONE) {
		cg_buf_clear(out);
		cg_buf_append_str(out, cg_str_from(cg_refusal_name(refusal)));
	} else if (result == CG_H1_MORE) {
		cg_buf_append_str(out, CG_STR("more"));
	}
	cg_arena_fini(&arena);
	free(copy);
}

static bool wire_is_more(const struct cg_buf *out)
{
	return cg_str_eq(cg_buf_str(out), CG_STR("more"));
}

/* Feed up to FIRST bytes, then in steps of STEP. */
static void wire_feed_head_in_steps(const struct wire_run *run, const struct wire_case *item,
                                    size_t first, size_t step, struct cg_buf *out)
{
	struct cg_h1_scan scan = {0};
	size_t len = cg_buf_len(&item->in);

	for (size_t at = first;; at += CG_MIN(step, len - at)) {
		wire_feed_head(run, item, &scan, at, out);
		if (at == len || !wire_is_more(out))
			return;
	}
}

static bool wire_is_same_at_each_byte(const struct wire_run *run, const struct wire_case *item)
{
	struct cg_h1_scan scan = {0};
	struct cg_buf grown = {0}, fresh = {0};
	bool is_same = true;

	if (cg_buf_len(&item->in) > PREFIX_CHECK_MAX)
		return true;
	for (size_t at = 0; at <= cg_buf_len(&item->in) && is_same; at++) {
		wire_feed_head(run, item, &(struct cg_h1_scan){0}, at, &fresh);
		wire_feed_head(run, item, &scan, at, &grown);
		is_same = cg_str_eq(cg_buf_str(&grown), cg_buf_str(&fresh));
		if (!wire_is_more(&fresh))
			break;
	}
	cg_buf_fini(&grown);
	cg_buf_fini(&fresh);
	return is_same;
}

/* Decode one read; false when the body is over. */
static bool wire_feed_body(struct cg_h1_body *body, struct cg_str in, size_t *used,
                           struct cg_buf *payload)
{
	for (;;) {
		struct cg_str piece;
		size_t n;
		enum cg_h1_body_result result = cg_h1_body_next(body, in, &n, &piece);

		in.ptr += n;
		in.len -= n;
		*used += n;
		if (result == CG_H1_BODY_PIECE)
			cg_buf_append_str(payload, piece);
		else
			return result == CG_H1_BODY_WANT;
	}
}

static void wire_feed_body_in_steps(const struct wire_case *item, size_t first, size_t step,
                                    struct cg_buf *out)
{
	struct cg_h1_body body;
	struct cg_buf payload = {0};
	size_t used = 0, at = 0, len = cg_buf_len(&item->in);
	bool goes_on = true;

	cg_h1_body_init(&body, &item->framing, item->max, item->limits.bytes, item->limits.fields);
	for (size_t n = CG_MIN(first, len); goes_on && at <= len; n = CG_MIN(step, len - at)) {
		char *copy = cg_mem_dup(cg_buf_ptr(&item->in) + at, n);

		goes_on = wire_feed_body(&body, (struct cg_str){.ptr = copy, .len = n}, &used,
		                         &payload);
		free(copy);
		at += n;
		if (at == len)
			break;
	}
	cg_buf_clear(out);
	if (body.state == CG_H1_BODY_BAD)
		cg_buf_append_str(out, cg_str_from(cg_refusal_name(body.refusal)));
	else if (body.state == CG_H1_BODY_DONE)
		cg_buf_appendf(out, "end used=%zu", used);
	else
		cg_buf_appendf(out, "more may_end=%d", cg_h1_body_may_end(&body));
	cg_buf_appendf(out, " bytes=%llu", (unsigned long long)body.bytes);
	wire_show(out, "payload", cg_buf_str(&payload));
	cg_buf_fini(&payload);
}

static void wire_feed(const struct wire_run *run, const struct wire_case *item, size_t first,
                      size_t step, struct cg_buf *out)
{
	if (run->kind == WIRE_BODY)
		wire_feed_body_in_steps(item, first, step, out);
	else
		wire_feed_head_in_steps(run, item, first, step, out);
}

/* Whether each word of WANT stands in GOT, the first one at its start. */
static bool wire_fits(struct cg_str got, const char *want)
{
	struct cg_str rest = cg_str_from(want), word;
	bool is_first = true;

	while (cg_str_next(&rest, ' ', &word)) {
		struct cg_str left = got, have;
		bool is_found = false;

		while (!is_found && cg_str_next(&left, ' ', &have)) {
			is_found = cg_str_eq(have, word);
			if (is_first)
				break;
		}
		if (!is_found)
			return false;
		is_first = false;
	}
	return true;
}

/* From the cut at AT to the next one; long inputs are cut at each place only near their ends. */
static size_t wire_cut_step(size_t at, size_t len)
{
	bool is_near_end = at < CUT_EACH_MAX || at + CUT_EACH_MAX > len;

	return is_near_end ? 1 : len / CUT_EACH_MAX + 1;
}

/* NULL if the case holds, else how it was fed when it did not. */
static const char *wire_check(const struct wire_run *run, const struct wire_case *item,
                              struct cg_buf *got)
{
	struct cg_buf again = {0};
	size_t len = cg_buf_len(&item->in);
	const char *how = NULL;

	wire_feed(run, item, len, 1, got);
	if (!wire_fits(cg_buf_str(got), item->want))
		return "whole";
	wire_feed(run, item, 0, 1, &again);
	if (!cg_str_eq(cg_buf_str(got), cg_buf_str(&again)))
		how = "byte by byte";
	for (size_t at = 1; at < len && how == NULL; at += wire_cut_step(at, len)) {
		wire_feed(run, item, at, len, &again);
		if (!cg_str_eq(cg_buf_str(got), cg_buf_str(&again)))
			how = "cut in two";
	}
	if (how == NULL && run->kind != WIRE_BODY && !wire_is_same_at_each_byte(run, item))
		how = "unfinished";
	if (how != NULL) {
		cg_buf_clear(got);
		cg_buf_append_str(got, cg_buf_str(&again));
	}
	cg_buf_fini(&again);
	return how;
}

static void wire_begin(struct wire_case *item, const char *name, int line)
{
	*item = (struct wire_case){
	        .name = cg_mem_strdup(name),
	        .line = line,
	        .limits = {.line = 8192, .bytes = 32768, .fields = 100},
	        .method = CG_METHOD_GET,
	        .framing = {.kind = CG_FRAMING_CHUNKED},
	};
}

static void wire_finish(struct wire_run *run, struct wire_case *item)
{
	struct cg_buf got = {0};
	const char *how;

	if (item->name == NULL)
		return;
	if (item->want == NULL)
		wire_die(run->path, item->line, "a case without want");
	how = wire_check(run, item, &got);
	printf("%sok %u - %s\n", how != NULL ? "not " : "", ++run->cases_n, item->name);
	if (how != NULL) {
		run->failed_n++;
		printf("# %s:%d, fed %s:\n#  want %s\n#  got  %.*s\n", run->path, item->line, how,
		       item->want, CG_STR_ARGS(cg_buf_str(&got)));
	}
	free(item->name);
	free(item->want);
	cg_buf_fini(&item->in);
	cg_buf_fini(&got);
	*item = (struct wire_case){0};
}

static void wire_set_framing(struct wire_case *item, const char *text)
{
	unsigned long long length;

	if (sscanf(text, "length %llu", &length) == 1)
		item->framing = (struct cg_framing){.kind = CG_FRAMING_LENGTH, .length = length};
	else
		item->framing.kind =
		        strcmp(text, "close") == 0 ? CG_FRAMING_CLOSE : CG_FRAMING_NONE;
}

static void wire_set(const struct wire_run *run, struct wire_case *item, const char *key,
                     const char *text, int line)
{
	struct cg_h1_limits *limits = &item->limits;

	if (item->name == NULL)
		wire_die(run->path, line, "nothing may stand before the first case");
	if (strcmp(key, "in") == 0)
		wire_unescape(text, text + strlen(text), &item->in);
	else if (strcmp(key, "want") == 0)
		item->want = cg_mem_strdup(text);
	else if (strcmp(key, "method") == 0)
		item->method = cg_method_find(cg_str_from(text));
	else if (strcmp(key, "framing") == 0)
		wire_set_framing(item, text);
	else if (strcmp(key, "max") == 0)
		item->max = strtoull(text, NULL, 10);
	else if (strcmp(key, "limits") != 0 ||
	         sscanf(text, "%zu %zu %zu", &limits->line, &limits->bytes, &limits->fields) != 3)
		wire_die(run->path, line, "malformed line");
}

static void wire_read_line(struct wire_run *run, struct wire_case *item, char *text, int line)
{
	char *rest = text + strcspn(text, " ");

	if (*text == '\0' || *text == '#')
		return;
	if (*rest != '\0')
		*rest++ = '\0';
	if (strcmp(text, "case") == 0) {
		wire_finish(run, item);
		wire_begin(item, rest, line);
	} else {
		wire_set(run, item, text, rest, line);
	}
}

/* Below the source tree, which make names. */
static void wire_run_file(struct wire_run *run, const char *name)
{
	static char text[LINE_MAX_BYTES];
	const char *top = getenv("srcdir");
	char *path = cg_str_printf("%s/tests/wire/%s", top != NULL ? top : ".", name);
	FILE *file = fopen(path, "r");
	struct wire_case item = {0};
	int line = 0;

	run->path = path;
	if (file == NULL)
		wire_die(path, 0, strerror(errno));
	while (fgets(text, sizeof(text), file) != NULL) {
		text[strcspn(text, "\n")] = '\0';
		wire_read_line(run, &item, text, ++line);
	}
	wire_finish(run, &item);
	fclose(file);
	free(path);
}

int main(void)
{
	struct wire_run run = {.kind = WIRE_REQUEST};

	wire_run_file(&run, "requests.txt");
	run.kind = WIRE_RESPONSE;
	wire_run_file(&run, "responses.txt");
	run.kind = WIRE_BODY;
	wire_run_file(&run, "bodies.txt");
	printf("1..%u\n", run.cases_n);
	return run.failed_n > 0;
}
