/* SPDX-License-Identifier: BSD-2-Clause */
/* Slices: comparing, cutting, converting. */
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* Longer texts are nobody's misspelling: their distance is not worked out. */
enum { STR_DISTANCE_MAX = 64 };

/* A table, as case is folded for each byte of each field name. */
#define ROW(n)                                                                                     \
	(n), (n) + 1, (n) + 2, (n) + 3, (n) + 4, (n) + 5, (n) + 6, (n) + 7, (n) + 8, (n) + 9,      \
	        (n) + 10, (n) + 11, (n) + 12, (n) + 13, (n) + 14, (n) + 15

static const unsigned char str_lower[256] = {
        ROW(0x00), ROW(0x10), ROW(0x20), ROW(0x30), '@',       'a',       'b',       'c',
        'd',       'e',       'f',       'g',       'h',       'i',       'j',       'k',
        'l',       'm',       'n',       'o',       'p',       'q',       'r',       's',
        't',       'u',       'v',       'w',       'x',       'y',       'z',       '[',
        '\\',      ']',       '^',       '_',       ROW(0x60), ROW(0x70), ROW(0x80), ROW(0x90),
        ROW(0xa0), ROW(0xb0), ROW(0xc0), ROW(0xd0), ROW(0xe0), ROW(0xf0)};

#undef ROW

static bool str_bytes_ieq(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_lower[(unsigned char)a[i]] != str_lower[(unsigned char)b[i]])
			return false;
	return true;
}

static bool str_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct cg_str str_tail(struct cg_str str, size_t n)
{
	return (struct cg_str){.ptr = str.ptr + (str.len - n), .len = n};
}

struct cg_str cg_str_from(const char *text)
{
	return (struct cg_str){.ptr = text, .len = text == NULL ? 0 : strlen(text)};
}

/* An empty slice may have no pointer, which memcmp must not see. */
bool cg_str_eq(struct cg_str a, struct cg_str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool cg_str_ieq(struct cg_str a, struct cg_str b)
{
	return a.len == b.len && str_bytes_ieq(a.ptr, b.ptr, a.len);
}

bool cg_str_has_prefix(struct cg_str str, struct cg_str prefix)
{
	return str.len >= prefix.len &&
	       (prefix.len == 0 || memcmp(str.ptr, prefix.ptr, prefix.len) == 0);
}

bool cg_str_has_suffix(struct cg_str str, struct cg_str suffix)
{
	return str.len >= suffix.len &&
	       (suffix.len == 0 || cg_str_eq(str_tail(str, suffix.len), suffix));
}

bool cg_str_has_isuffix(struct cg_str str, struct cg_str suffix)
{
	return str.len >= suffix.len &&
	       (suffix.len == 0 || cg_str_ieq(str_tail(str, suffix.len), suffix));
}

bool cg_str_icontains(struct cg_str str, struct cg_str needle)
{
	if (needle.len == 0)
		return true;
	for (size_t i = 0; i + needle.len <= str.len; i++)
		if (str_bytes_ieq(str.ptr + i, needle.ptr, needle.len))
			return true;
	return false;
}

struct cg_str cg_str_trim(struct cg_str str)
{
	while (str.len > 0 && str_is_blank(str.ptr[str.len - 1]))
		str.len--;
	while (str.len > 0 && str_is_blank(str.ptr[0])) {
		str.ptr++;
		str.len--;
	}
	return str;
}

bool cg_str_next(struct cg_str *rest, char separator, struct cg_str *part)
{
	if (rest->ptr == NULL)
		return false;

	const char *end = rest->len == 0 ? NULL : memchr(rest->ptr, separator, rest->len);
	if (end == NULL) {
		*part = cg_str_trim(*rest);
		*rest = (struct cg_str){0};
		return true;
	}
	size_t len = (size_t)(end - rest->ptr);
	*part = cg_str_trim((struct cg_str){.ptr = rest->ptr, .len = len});
	rest->ptr += len + 1;
	rest->len -= len + 1;
	return true;
}

bool cg_str_to_u64(struct cg_str str, uint64_t max, uint64_t *value)
{
	uint64_t sum = 0;

	if (str.len == 0)
		return false;
	for (size_t i = 0; i < str.len; i++) {
		unsigned digit = (unsigned)((unsigned char)str.ptr[i]) - '0';

		if (digit > 9 || __builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, digit, &sum))
			return false;
	}
	if (sum > max)
		return false;
	*value = sum;
	return true;
}

char *cg_str_dup(struct cg_str str)
{
	return cg_mem_dup(str.ptr, str.len);
}

char *cg_str_vprintf(const char *format, va_list args)
{
	va_list again;

	cg_assert(format != NULL);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	cg_assert(len >= 0);

	char *text = cg_mem_realloc(NULL, (size_t)len + 1);
	vsnprintf(text, (size_t)len + 1, format, args);
	return text;
}

char *cg_str_printf(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	char *text = cg_str_vprintf(format, args);
	va_end(args);
	return text;
}

/* Optimal string alignment; three rows of its table are alive at a time: the one being filled, the
 * one before and, for swapped neighbours, the one before that. */
unsigned cg_str_distance(struct cg_str a, struct cg_str b)
{
	unsigned rows[3][STR_DISTANCE_MAX + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2];

	if (a.len > STR_DISTANCE_MAX || b.len > STR_DISTANCE_MAX)
		return (unsigned)CG_MIN(CG_MAX(a.len, b.len), UINT32_MAX);
	for (unsigned j = 0; j <= b.len; j++)
		before[j] = above[j] = j;
	for (unsigned i = 1; i <= a.len; i++) {
		row[0] = i;
		for (unsigned j = 1; j <= b.len; j++) {
			unsigned change = above[j - 1] + (a.ptr[i - 1] != b.ptr[j - 1]);
			unsigned shift = CG_MIN(above[j], row[j - 1]) + 1;

			row[j] = CG_MIN(change, shift);
			if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] &&
			    a.ptr[i - 2] == b.ptr[j - 1])
				row[j] = CG_MIN(row[j], before[j - 2] + 1);
		}
		unsigned *oldest = before;
		before = above;
		above = row;
		row = oldest;
	}
	return above[b.len];
}

char cg_char_lower(char c)
{
	return (char)str_lower[(unsigned char)c];
}
