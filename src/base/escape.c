/* SPDX-License-Identifier: BSD-2-Clause */
/* Escaping. Most text needs none: each function looks for the first byte that does and appends all
 * before it at once. */
#include "base/escape.h"

#include <stdbool.h>

/* Secrets go by these names, in lower case; found anywhere in a parameter's name. */
static const struct cg_str escape_secret_words[] = {
        {"token", 5}, {"secret", 6}, {"password", 8}, {"pwd", 3},
        {"key", 3},   {"auth", 4},   {"sig", 3},
};

static const char escape_digits[] = "0123456789abcdef";

/* Length of the valid UTF-8 sequence of two to four bytes at P, 0 if there is none (RFC 3629
 * section 4). The limits of the second byte refuse overlong forms, surrogates and all over
 * U+10FFFF. */
static size_t escape_utf8_len(const unsigned char *p, size_t n)
{
	unsigned char low = 0x80;
	unsigned char high = 0xbf;
	size_t len;

	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		len = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		len = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		len = 4;
	else
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (n < len || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

static bool escape_json_is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static bool escape_log_is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void escape_json_ascii(struct cg_buf *out, unsigned char c)
{
	static const char shorts[] = "\"\"\\\\b\bf\fn\nr\rt\t";
	char text[6] = {'\\', 'u', '0', '0', escape_digits[c >> 4], escape_digits[c & 15]};

	for (size_t i = 0; i < sizeof(shorts) - 1; i += 2) {
		if ((unsigned char)shorts[i + 1] != c)
			continue;
		text[1] = shorts[i];
		cg_buf_append(out, text, 2);
		return;
	}
	cg_buf_append(out, text, sizeof(text));
}

void cg_escape_json(struct cg_buf *out, struct cg_str text)
{
	const unsigned char *p = (const unsigned char *)text.ptr;
	size_t done = 0;
	size_t at = 0;

	while (at < text.len) {
		size_t len = 1;

		if (!escape_json_is_plain(p[at]))
			len = p[at] < 0x80 ? 0 : escape_utf8_len(p + at, text.len - at);
		if (len > 0) {
			at += len;
			continue;
		}
		cg_buf_append(out, p + done, at - done);
		if (p[at] < 0x80)
			escape_json_ascii(out, p[at]);
		else
			cg_buf_append_str(out, CG_STR("\xef\xbf\xbd"));
		done = ++at;
	}
	cg_buf_append(out, p + done, at - done);
}

void cg_escape_log(struct cg_buf *out, struct cg_str text)
{
	const unsigned char *p = (const unsigned char *)text.ptr;
	size_t done = 0;

	for (size_t at = 0; at < text.len; at++) {
		if (escape_log_is_plain(p[at]))
			continue;
		char hex[4] = {'\\', 'x', escape_digits[p[at] >> 4], escape_digits[p[at] & 15]};

		cg_buf_append(out, p + done, at - done);
		cg_buf_append(out, hex, sizeof(hex));
		done = at + 1;
	}
	cg_buf_append(out, p + done, text.len - done);
}

/* Value of a hexadecimal digit, -1 for another character. */
static int escape_hex_value(char c)
{
	c = cg_char_lower(c);
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* The next character of NAME in lower case, percent-decoded; AT moves behind it. */
static char escape_name_char(struct cg_str name, size_t *at)
{
	char c = name.ptr[(*at)++];

	if (c != '%' || name.len - *at < 2)
		return cg_char_lower(c);
	int high = escape_hex_value(name.ptr[*at]);
	int low = escape_hex_value(name.ptr[*at + 1]);
	if (high < 0 || low < 0)
		return c;
	*at += 2;
	return cg_char_lower((char)(unsigned char)(high * 16 + low));
}

static bool escape_name_has_word_at(struct cg_str name, size_t at, struct cg_str word)
{
	for (size_t i = 0; i < word.len; i++)
		if (at >= name.len || escape_name_char(name, &at) != word.ptr[i])
			return false;
	return true;
}

static bool escape_name_is_secret(struct cg_str name)
{
	for (size_t at = 0; at < name.len; at++)
		for (size_t i = 0; i < CG_ARRAY_LEN(escape_secret_words); i++)
			if (escape_name_has_word_at(name, at, escape_secret_words[i]))
				return true;
	return false;
}

/* First place of C in TEXT from AT on, its length if none. */
static size_t escape_find(struct cg_str text, size_t at, char c)
{
	while (at < text.len && text.ptr[at] != c)
		at++;
	return at;
}

/* A run between two "&". Some servers take ";" as a border too, for others it is part of the value:
 * a name may begin after it, but a secret ends at "&" alone. */
static void escape_query_part(struct cg_buf *out, struct cg_str part)
{
	size_t start = 0;

	while (start < part.len) {
		size_t end = escape_find(part, start, ';');
		struct cg_str pair = {.ptr = part.ptr + start, .len = end - start};
		size_t equals = escape_find(pair, 0, '=');

		if (equals < pair.len &&
		    escape_name_is_secret((struct cg_str){.ptr = pair.ptr, .len = equals})) {
			cg_buf_append(out, part.ptr, start + equals + 1);
			cg_buf_append_str(out, CG_STR("***"));
			return;
		}
		start = end + 1;
	}
	cg_buf_append_str(out, part);
}

void cg_escape_query(struct cg_buf *out, struct cg_str target)
{
	size_t start = escape_find(target, 0, '?');

	if (start == target.len) {
		cg_buf_append_str(out, target);
		return;
	}
	cg_buf_append(out, target.ptr, ++start);
	for (;;) {
		size_t end = escape_find(target, start, '&');

		escape_query_part(out,
		                  (struct cg_str){.ptr = target.ptr + start, .len = end - start});
		if (end == target.len)
			return;
		cg_buf_append_char(out, '&');
		start = end + 1;
	}
}
