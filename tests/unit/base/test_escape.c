/* SPDX-License-Identifier: BSD-2-Clause */
/* Escaping: all controls, all kinds of bad UTF-8, secrets in queries. */
#include "base/escape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>

#include <cmocka.h>

typedef void (*escape_fn)(struct cg_buf *out, struct cg_str text);

static void expect(escape_fn escape, struct cg_str text, const char *want)
{
	struct cg_buf out = {0};

	cg_buf_append_char(&out, '>');
	escape(&out, text);
	cg_buf_append_char(&out, '\0');
	assert_string_equal(cg_buf_ptr(&out) + 1, want);
	cg_buf_fini(&out);
}

static void test_json_controls(void **state)
{
	(void)state;
	for (char c = 0; c < 0x20; c++) {
		const char *shorts = "b\bf\fn\nr\rt\t";
		char want[16];

		snprintf(want, sizeof(want), "a\\u%04xb", (unsigned)c);
		for (size_t i = 0; i < 10; i += 2)
			if (shorts[i + 1] == c)
				snprintf(want, sizeof(want), "a\\%cb", shorts[i]);
		expect(cg_escape_json, (struct cg_str){.ptr = (char[]){'a', c, 'b'}, .len = 3},
		       want);
	}
	expect(cg_escape_json, CG_STR("a\"b\\c/"), "a\\\"b\\\\c/");
	expect(cg_escape_json, (struct cg_str){0}, "");
	expect(cg_escape_json, CG_STR("plain text ~"), "plain text ~");
}

static void test_json_keeps_valid_utf8(void **state)
{
	(void)state;
	static const char *const cases[] = {
	        "\xc2\x80",         "\xdf\xbf",         "\xe0\xa0\x80",
	        "\xed\x9f\xbf",     "\xee\x80\x80",     "\xef\xbf\xbf",
	        "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "M\xc3\xbcller",
	};

	for (size_t i = 0; i < CG_ARRAY_LEN(cases); i++)
		expect(cg_escape_json, cg_str_from(cases[i]), cases[i]);
}

/* Each invalid byte one U+FFFD, and what follows is kept. */
static void test_json_replaces_bad_utf8(void **state)
{
	(void)state;
#define BAD "\xef\xbf\xbd"
	static const struct {
		const char *text;
		const char *want;
	} cases[] = {
	        {"\x80x", BAD "x"},                    /* lone continuation */
	        {"\xff\xfe", BAD BAD},                 /* never in UTF-8 */
	        {"\xc0\xaf", BAD BAD},                 /* overlong "/" */
	        {"\xc1\xbf", BAD BAD},                 /* overlong */
	        {"\xe0\x80\xaf", BAD BAD BAD},         /* overlong */
	        {"\xe0\x9f\xbf", BAD BAD BAD},         /* overlong */
	        {"\xf0\x80\x80\xaf", BAD BAD BAD BAD}, /* overlong */
	        {"\xf0\x8f\xbf\xbf", BAD BAD BAD BAD}, /* overlong */
	        {"\xed\xa0\x80", BAD BAD BAD},         /* surrogate U+D800 */
	        {"\xed\xbf\xbf", BAD BAD BAD},         /* surrogate U+DFFF */
	        {"\xf4\x90\x80\x80", BAD BAD BAD BAD}, /* over U+10FFFF */
	        {"\xf5\x80\x80\x80", BAD BAD BAD BAD}, /* over U+10FFFF */
	        {"\xc3", BAD},                         /* cut */
	        {"\xe2\x82", BAD BAD},                 /* cut */
	        {"\xf0\x9f\x98", BAD BAD BAD},         /* cut */
	        {"\xe2\x82\"", BAD BAD "\\\""},        /* must not swallow the quote */
	        {"\xe2\xc3\xbc", BAD "\xc3\xbc"},      /* cut by a valid one */
	};

	for (size_t i = 0; i < CG_ARRAY_LEN(cases); i++)
		expect(cg_escape_json, cg_str_from(cases[i].text), cases[i].want);
#undef BAD
}

static void test_json_never_reads_behind_the_end(void **state)
{
	(void)state;
	static const char text[] = "\xf0\x9f\x98\x80";

	for (size_t len = 1; len < 4; len++) {
		char *copy = malloc(len);
		struct cg_buf out = {0};

		memcpy(copy, text, len);
		cg_escape_json(&out, (struct cg_str){.ptr = copy, .len = len});
		assert_int_equal(cg_buf_len(&out), len * 3);
		cg_buf_fini(&out);
		free(copy);
	}
}

static void test_log_escapes_every_special_byte(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		char text[3] = {'a', (char)(unsigned char)c, 'b'};
		char want[8] = {'a', (char)(unsigned char)c, 'b'};

		if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
			snprintf(want, sizeof(want), "a\\x%02xb", c);
		expect(cg_escape_log, (struct cg_str){.ptr = text, .len = 3}, want);
	}
	expect(cg_escape_log, (struct cg_str){0}, "");
	expect(cg_escape_log, CG_STR("x\" 200 \"\n1.2.3.4 -"), "x\\x22 200 \\x22\\x0a1.2.3.4 -");
}

static void test_query_hides_secrets(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *want;
	} cases[] = {
	        {"/a?token=1", "/a?token=***"},
	        {"/a?x=1&Access_Token=2&y=3", "/a?x=1&Access_Token=***&y=3"},
	        {"/a?clientSECRET=2", "/a?clientSECRET=***"},
	        {"/a?password=p&pwd=p&apikey=k", "/a?password=***&pwd=***&apikey=***"},
	        {"/a?authorization=p&X-Sig=p", "/a?authorization=***&X-Sig=***"},
	        {"/a?t%6fken=1", "/a?t%6fken=***"},
	        {"/a?%54%4F%4b%45%4E=1", "/a?%54%4F%4b%45%4E=***"},
	        {"/a?t%6gken=1", "/a?t%6gken=1"},
	        {"/a?tok%=1&toke%6", "/a?tok%=1&toke%6"},
	        {"/a?token=a=b?c", "/a?token=***"},
	        {"/a?token=", "/a?token=***"},
	        {"/a?token", "/a?token"},
	        {"/a?token&b=1", "/a?token&b=1"},
	        {"/a?token=a;b=c&d=e", "/a?token=***&d=e"},
	        {"/a?x=1;token=a;b=c&d=e", "/a?x=1;token=***&d=e"},
	        {"/a?x=1;y=2;&z", "/a?x=1;y=2;&z"},
	        {"/a?x?token=1", "/a?x?token=***"},
	};

	for (size_t i = 0; i < CG_ARRAY_LEN(cases); i++)
		expect(cg_escape_query, cg_str_from(cases[i].text), cases[i].want);
}

static void test_query_keeps_the_rest(void **state)
{
	(void)state;
	static const char *const cases[] = {
	        "",      "/",     "*",          "/token=1",
	        "/a?",   "/a?&&", "/a?b=token", "/a?b=%74oken&c=\"\\\n",
	        "/a?=1", "/a?b",  "/a?b=1&",    "https://h/p?q=1",
	};

	for (size_t i = 0; i < CG_ARRAY_LEN(cases); i++)
		expect(cg_escape_query, cg_str_from(cases[i]), cases[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_json_controls),
	        cmocka_unit_test(test_json_keeps_valid_utf8),
	        cmocka_unit_test(test_json_replaces_bad_utf8),
	        cmocka_unit_test(test_json_never_reads_behind_the_end),
	        cmocka_unit_test(test_log_escapes_every_special_byte),
	        cmocka_unit_test(test_query_hides_secrets),
	        cmocka_unit_test(test_query_keeps_the_rest),
	};

	return cmocka_run_group_tests_name("escape", tests, NULL, NULL);
}
