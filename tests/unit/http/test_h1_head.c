/* SPDX-License-Identifier: BSD-2-Clause */
/* http/h1_head: state between calls. What is refused: tests/wire. */
#include "http/h1_head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct cg_h1_limits limits = {.line = 8192, .bytes = 32768, .fields = 100};

struct parse {
	struct cg_h1_scan scan;
	struct cg_arena arena;
	struct cg_message message;
	size_t used;
	enum cg_refusal refusal;
};

static enum cg_h1_result feed(struct parse *p, const char *text)
{
	return cg_h1_parse_request(&p->scan, cg_str_from(text), &limits, &p->arena, &p->message,
	                           &p->used, &p->refusal);
}

static void test_scan_is_ready_for_the_next_head(void **state)
{
	struct parse p = {0};

	(void)state;
	cg_arena_init(&p.arena, 1024);
	assert_int_equal(feed(&p, "GET /a HTTP/1.1\r\nHo"), CG_H1_MORE);
	assert_int_equal(feed(&p, "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET"), CG_H1_DONE);
	assert_int_equal(p.used, 28);
	assert_int_equal(feed(&p, "GET /b HTTP/1.1\r\nHost: b\r\n\r\n"), CG_H1_DONE);
	assert_int_equal(p.used, 28);
	assert_true(cg_str_eq(p.message.path, CG_STR("/b")));
	cg_arena_fini(&p.arena);
}

static void test_refused_request_keeps_its_line_for_the_log(void **state)
{
	struct parse p = {0};

	(void)state;
	cg_arena_init(&p.arena, 1024);
	assert_int_equal(feed(&p, "GET /a HTTP/1.1\r\nHost: a\r\nX"), CG_H1_MORE);
	assert_int_equal(feed(&p, "GET /a HTTP/1.1\r\nHost: a\r\nX : b\r\n"), CG_H1_REFUSED);
	assert_int_equal(p.refusal, CG_REFUSAL_SPACE_BEFORE_COLON);
	assert_true(cg_str_eq(p.message.method_text, CG_STR("GET")));
	assert_true(cg_str_eq(p.message.path, CG_STR("/a")));
	cg_arena_fini(&p.arena);
}

static void test_fields_carry_their_ids(void **state)
{
	struct parse p = {0};

	(void)state;
	cg_arena_init(&p.arena, 1024);
	assert_int_equal(
	        feed(&p, "GET / HTTP/1.1\r\nhOST: a\r\nX_Forwarded_For: b\r\nX: c\r\n\r\n"),
	        CG_H1_DONE);
	assert_int_equal(p.message.fields[0].id, CG_FIELD_HOST);
	assert_int_equal(p.message.fields[1].id, CG_FIELD_FORGED);
	assert_int_equal(p.message.fields[2].id, CG_FIELD_OTHER);
	assert_false(p.message.fields[2].is_dropped);
	assert_true(cg_str_eq(p.message.fields[2].name, CG_STR("X")));
	cg_arena_fini(&p.arena);
}

/* Each byte against the RFC's character classes, in each place, against its neighbours too. */
static void test_every_byte_in_a_value(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		for (size_t at = 0; at < 16; at++) {
			char text[] = "GET / HTTP/1.1\r\nHost: a\r\nX: .0123456789abcdef.\r\n\r\n";
			struct parse p = {0};
			bool is_sound = c == '\t' || (c >= 0x20 && c != 0x7f);

			text[strlen("GET / HTTP/1.1\r\nHost: a\r\nX: .") + at] = (char)c;
			cg_arena_init(&p.arena, 1024);
			assert_int_equal(cg_h1_parse_request(
			                         &p.scan, (struct cg_str){text, sizeof(text) - 1},
			                         &limits, &p.arena, &p.message, &p.used,
			                         &p.refusal),
			                 is_sound ? CG_H1_DONE : CG_H1_REFUSED);
			cg_arena_fini(&p.arena);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_scan_is_ready_for_the_next_head),
	        cmocka_unit_test(test_refused_request_keeps_its_line_for_the_log),
	        cmocka_unit_test(test_fields_carry_their_ids),
	        cmocka_unit_test(test_every_byte_in_a_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
