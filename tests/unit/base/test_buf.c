/* SPDX-License-Identifier: BSD-2-Clause */
/* The growing buffer. */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect_text(const struct cg_buf *buf, const char *want)
{
	assert_true(cg_str_eq(cg_buf_str(buf), cg_str_from(want)));
}

static void test_appends(void **state)
{
	(void)state;
	struct cg_buf buf = {0};

	cg_buf_append(&buf, NULL, 0);
	assert_true(cg_buf_is_empty(&buf));
	cg_buf_append(&buf, "ab", 2);
	cg_buf_append_str(&buf, CG_STR("cd"));
	cg_buf_append_char(&buf, '-');
	cg_buf_append_u64(&buf, 0);
	cg_buf_append_char(&buf, '-');
	cg_buf_append_u64(&buf, UINT64_MAX);
	cg_buf_appendf(&buf, "-%03d", 7);
	expect_text(&buf, "abcd-0-18446744073709551615-007");
	cg_buf_fini(&buf);
	cg_buf_append_char(&buf, 'x');
	expect_text(&buf, "x");
	cg_buf_fini(&buf);
}

static void test_appendf_grows_for_any_length(void **state)
{
	(void)state;
	for (int len = 0; len < 1200; len++) {
		struct cg_buf buf;

		cg_buf_init(&buf);
		cg_buf_append_char(&buf, 'a');
		cg_buf_appendf(&buf, "%*s", len, "");
		assert_int_equal(cg_buf_len(&buf), len + 1);
		assert_int_equal(cg_buf_ptr(&buf)[len], len == 0 ? 'a' : ' ');
		cg_buf_fini(&buf);
	}
}

static void test_consume_to_the_end_starts_again(void **state)
{
	(void)state;
	struct cg_buf buf = {0};

	cg_buf_append_str(&buf, CG_STR("abcdef"));
	cg_buf_consume(&buf, 2);
	expect_text(&buf, "cdef");
	assert_int_equal(buf.start, 2);
	cg_buf_consume(&buf, 4);
	assert_int_equal(buf.start, 0);
	assert_int_equal(buf.end, 0);
	cg_buf_consume(&buf, 0);
	cg_buf_fini(&buf);
}

static void test_reserve_moves_before_it_grows(void **state)
{
	(void)state;
	struct cg_buf buf = {0};

	cg_buf_reserve(&buf, 100);
	size_t cap = buf.cap;
	while (buf.end < cap)
		cg_buf_append_char(&buf, (char)('a' + buf.end % 26));
	cg_buf_consume(&buf, cap - 3);
	char want[4] = {0};
	memcpy(want, cg_buf_ptr(&buf), 3);
	cg_buf_reserve(&buf, cap - 3);
	assert_int_equal(buf.cap, cap);
	assert_int_equal(buf.start, 0);
	expect_text(&buf, want);
	cg_buf_reserve(&buf, cap - 2);
	assert_true(buf.cap > cap);
	expect_text(&buf, want);
	cg_buf_fini(&buf);
}

static void test_clear_keeps_the_memory(void **state)
{
	(void)state;
	struct cg_buf buf = {0};

	cg_buf_append_str(&buf, CG_STR("abc"));
	char *data = buf.data;
	cg_buf_clear(&buf);
	assert_true(cg_buf_is_empty(&buf));
	assert_ptr_equal(buf.data, data);
	cg_buf_fini(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_appends),
	        cmocka_unit_test(test_appendf_grows_for_any_length),
	        cmocka_unit_test(test_consume_to_the_end_starts_again),
	        cmocka_unit_test(test_reserve_moves_before_it_grows),
	        cmocka_unit_test(test_clear_keeps_the_memory),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
