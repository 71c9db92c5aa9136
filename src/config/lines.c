/* SPDX-License-Identifier: BSD-2-Clause */
/* inih reads the INI, but its line buffer has 200 bytes (names 50), it tells no line numbers,
 * appends indented lines to the value before them and takes ':' for '='. So each line is looked at
 * here first and inih is given a stand-in:
 *
 *   [listen https]          ->  [3]            the index of the section
 *     certificate = a.pem   ->  certificate=17 the number of the line; its value waits in the
 * reader
 *
 * A stand-in is never indented and has no other separator: nothing is merged and nothing is cut. */
#include "config/lines.h"

#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* inih keeps 49 bytes of a name. */
enum { LINES_KEY_MAX = 40 };

struct lines_reader {
	struct cg_lines *lines;
	struct cg_report *report;
	struct cg_str rest;
	int line;
	struct cg_str value; /* of the line that inih was given last */
	bool has_comment;
	size_t capacity;        /* of lines->sections */
	size_t values_capacity; /* of the last section */
	bool is_lost;           /* after a broken section line: whose keys follow is unknown */
};

static void lines_complain(struct lines_reader *r, const char *what)
{
	cg_report_error(r->report, r->lines->file, r->line, "%s", what);
	if (r->lines->n > 0)
		r->lines->sections[r->lines->n - 1].is_damaged = true;
}

static struct cg_lines_section *lines_add_section(struct lines_reader *r, struct cg_str kind,
                                                  struct cg_str name)
{
	struct cg_lines *lines = r->lines;

	if (lines->n == r->capacity) {
		r->capacity = r->capacity * 2 + 8;
		lines->sections =
		        cg_mem_realloc(lines->sections, r->capacity * sizeof(*lines->sections));
	}
	lines->sections[lines->n] = (struct cg_lines_section){
	        .kind = cg_str_dup(kind), .name = cg_str_dup(name), .line = r->line};
	r->values_capacity = 0;
	return &lines->sections[lines->n++];
}

static void lines_add_value(struct lines_reader *r, struct cg_lines_section *section,
                            const char *key)
{
	if (section->n == r->values_capacity) {
		r->values_capacity = r->values_capacity * 2 + 8;
		section->values = cg_mem_realloc(section->values,
		                                 r->values_capacity * sizeof(*section->values));
	}
	section->values[section->n++] = (struct cg_lines_value){.key = cg_mem_strdup(key),
	                                                        .text = cg_str_dup(r->value),
	                                                        .line = r->line,
	                                                        .has_comment = r->has_comment};
}

/* The next line without its end; false at the end of the text. */
static bool lines_take(struct lines_reader *r, struct cg_str *line)
{
	const char *end;

	if (r->rest.len == 0)
		return false;
	end = memchr(r->rest.ptr, '\n', r->rest.len);
	line->ptr = r->rest.ptr;
	line->len = end == NULL ? r->rest.len : (size_t)(end - r->rest.ptr);
	r->rest.ptr += line->len + (end != NULL);
	r->rest.len -= line->len + (end != NULL);
	if (line->len > 0 && line->ptr[line->len - 1] == '\r')
		line->len--;
	r->line++;
	return true;
}

/* What is wrong with the bytes of a line, whatever they say; NULL: nothing. */
static const char *lines_find_fault(struct cg_str line)
{
	if (line.len > CG_LINES_MAX)
		return "the line is longer than 8192 bytes";
	for (size_t i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.ptr[i];

		if (c == '\0')
			return "the line contains a NUL byte";
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return "the line contains a control character";
	}
	return NULL;
}

/* The part before a comment, which begins with ';' after a blank. */
static struct cg_str lines_cut_comment(struct cg_str text, bool *has_comment)
{
	*has_comment = false;
	for (size_t i = 1; i < text.len; i++)
		if (text.ptr[i] == ';' && (text.ptr[i - 1] == ' ' || text.ptr[i - 1] == '\t')) {
			text.len = i;
			*has_comment = true;
			break;
		}
	return cg_str_trim(text);
}

/* "[kind]" or "[kind name]", a comment may follow. */
static bool lines_split_section(struct cg_str line, struct cg_str *kind, struct cg_str *name)
{
	const char *close = memchr(line.ptr, ']', line.len);
	size_t len = 0;
	struct cg_str after;

	if (close == NULL)
		return false;
	after = (struct cg_str){close + 1, (size_t)(line.ptr + line.len - close - 1)};
	after = cg_str_trim(after);
	if (after.len > 0 && after.ptr[0] != ';')
		return false;
	*kind = cg_str_trim((struct cg_str){line.ptr + 1, (size_t)(close - line.ptr - 1)});
	while (len < kind->len && kind->ptr[len] != ' ' && kind->ptr[len] != '\t')
		len++;
	*name = cg_str_trim((struct cg_str){kind->ptr + len, kind->len - len});
	kind->len = len;
	return len > 0;
}

static void lines_stand_in_section(struct lines_reader *r, struct cg_str line, char *out,
                                   size_t size)
{
	struct cg_str kind;
	struct cg_str name;

	r->is_lost = !lines_split_section(line, &kind, &name);
	if (r->is_lost) {
		lines_complain(r, "not a section: write [kind] or [kind NAME]");
		return;
	}
	lines_add_section(r, kind, name);
	snprintf(out, size, "[%zu]\n", r->lines->n - 1);
}

static bool lines_is_key(struct cg_str key)
{
	for (size_t i = 0; i < key.len; i++) {
		char c = cg_char_lower(key.ptr[i]);

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
		      c == '.'))
			return false;
	}
	return key.len > 0 && key.len <= LINES_KEY_MAX;
}

static void lines_stand_in_value(struct lines_reader *r, struct cg_str line, char *out, size_t size)
{
	const char *equals = memchr(line.ptr, '=', line.len);
	struct cg_str key;

	if (r->is_lost)
		return;
	if (equals == NULL) {
		lines_complain(r, "neither \"key = value\" nor a section nor a comment");
		return;
	}
	key = cg_str_trim((struct cg_str){line.ptr, (size_t)(equals - line.ptr)});
	if (!lines_is_key(key)) {
		lines_complain(r, "what stands before \"=\" is not a key");
		return;
	}
	r->value.ptr = equals + 1;
	r->value.len = (size_t)(line.ptr + line.len - r->value.ptr);
	r->value = lines_cut_comment(r->value, &r->has_comment);
	snprintf(out, size, "%.*s=%d\n", CG_STR_ARGS(key), r->line);
}

/* inih's fgets. */
static char *lines_on_read(char *out, int size, void *stream)
{
	struct lines_reader *r = stream;
	struct cg_str line;
	const char *fault;

	if (!lines_take(r, &line))
		return NULL;
	snprintf(out, (size_t)size, "\n");
	fault = lines_find_fault(line);
	line = cg_str_trim(line);
	if (fault != NULL)
		lines_complain(r, fault);
	else if (line.len == 0 || line.ptr[0] == ';' || line.ptr[0] == '#')
		return out;
	else if (line.ptr[0] == '[')
		lines_stand_in_section(r, line, out, (size_t)size);
	else
		lines_stand_in_value(r, line, out, (size_t)size);
	return out;
}

/* inih has split the stand-in that was read last. */
static int lines_on_value(void *user, const char *section, const char *key, const char *value)
{
	struct lines_reader *r = user;
	uint64_t index;
	uint64_t line;

	cg_assert(cg_str_to_u64(cg_str_from(value), INT32_MAX, &line) && (int)line == r->line);
	if (section[0] == '\0') {
		cg_report_error(r->report, r->lines->file, r->line,
		                "key \"%s\" stands before any [section]", key);
		return 1;
	}
	cg_assert(cg_str_to_u64(cg_str_from(section), SIZE_MAX, &index) &&
	          index == r->lines->n - 1);
	lines_add_value(r, &r->lines->sections[index], key);
	return 1;
}

void cg_lines_init(struct cg_lines *lines, const char *file, struct cg_str text,
                   struct cg_report *report)
{
	struct lines_reader r = {.lines = lines, .report = report, .rest = text};

	*lines = (struct cg_lines){.file = file};
	if (cg_str_has_prefix(text, CG_STR("\xef\xbb\xbf"))) {
		r.rest.ptr += 3;
		r.rest.len -= 3;
	}
	if (ini_parse_stream(lines_on_read, &r, lines_on_value, &r) != 0)
		cg_report_error(report, file, 0, "cannot be read as INI");
}

void cg_lines_fini(struct cg_lines *lines)
{
	for (size_t i = 0; i < lines->n; i++) {
		struct cg_lines_section *section = &lines->sections[i];

		for (size_t k = 0; k < section->n; k++) {
			free(section->values[k].key);
			cg_mem_free_secret(section->values[k].text);
		}
		free(section->values);
		free(section->kind);
		free(section->name);
	}
	free(lines->sections);
	*lines = (struct cg_lines){.file = NULL};
}
