/* SPDX-License-Identifier: BSD-2-Clause */
/* Slices. */
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EMPTY ((struct cg_str){0})

static void test_equality(void **state)
{
	(void)state;
	assert_true(cg_str_eq(CG_STR("abc"), cg_str_from("abc")));
	assert_false(cg_str_eq(CG_STR("abc"), CG_STR("abd")));
	assert_false(cg_str_eq(CG_STR("abc"), CG_STR("ab")));
	assert_true(cg_str_eq(EMPTY, CG_STR("")));
	assert_true(cg_str_eq(CG_STR("a\0b"), CG_STR("a\0b")));
	assert_int_equal(cg_str_from(NULL).len, 0);
}

static void test_case_is_folded_for_ascii_letters_only(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		int want = c >= 'A' && c <= 'Z' ? c + 32 : c;

		assert_int_equal((unsigned char)cg_char_lower((char)(unsigned char)c), want);
	}
	assert_true(cg_str_ieq(CG_STR("Content-LENGTH"), CG_STR("content-length")));
	assert_false(cg_str_ieq(CG_STR("@["), CG_STR("`{")));
	assert_false(cg_str_ieq(CG_STR("\xc4"), CG_STR("\xe4")));
	assert_true(cg_str_ieq(EMPTY, CG_STR("")));
}

static void test_prefix_and_suffix(void **state)
{
	(void)state;
	assert_true(cg_str_has_prefix(CG_STR("/http/x"), CG_STR("/http")));
	assert_false(cg_str_has_prefix(CG_STR("/h"), CG_STR("/http")));
	assert_true(cg_str_has_prefix(EMPTY, EMPTY));
	assert_true(cg_str_has_suffix(CG_STR("a.example"), CG_STR(".example")));
	assert_false(cg_str_has_suffix(CG_STR("a.Example"), CG_STR(".example")));
	assert_true(cg_str_has_isuffix(CG_STR("a.Example"), CG_STR(".exAMPLE")));
	assert_false(cg_str_has_isuffix(CG_STR("e"), CG_STR(".e")));
	assert_true(cg_str_has_suffix(CG_STR("a"), EMPTY));
	assert_true(cg_str_has_isuffix(EMPTY, EMPTY));
}

static void test_contains(void **state)
{
	(void)state;
	assert_true(cg_str_icontains(CG_STR("keep-alive, Close"), CG_STR("close")));
	assert_true(cg_str_icontains(CG_STR("aab"), CG_STR("AB")));
	assert_false(cg_str_icontains(CG_STR("clos"), CG_STR("close")));
	assert_true(cg_str_icontains(EMPTY, EMPTY));
	assert_false(cg_str_icontains(EMPTY, CG_STR("a")));
}

static void test_trim(void **state)
{
	(void)state;
	assert_true(cg_str_eq(cg_str_trim(CG_STR(" \t a b\t ")), CG_STR("a b")));
	assert_int_equal(cg_str_trim(CG_STR(" \t ")).len, 0);
	assert_int_equal(cg_str_trim(EMPTY).len, 0);
	assert_true(cg_str_eq(cg_str_trim(CG_STR("\r\na")), CG_STR("\r\na")));
}

static void expect_parts(const char *text, const char *const *want, size_t n)
{
	struct cg_str rest = cg_str_from(text);
	struct cg_str part;

	for (size_t i = 0; i < n; i++) {
		assert_true(cg_str_next(&rest, ',', &part));
		assert_true(cg_str_eq(part, cg_str_from(want[i])));
	}
	assert_false(cg_str_next(&rest, ',', &part));
}

static void test_next_returns_empty_parts(void **state)
{
	(void)state;
	expect_parts("a, b ,c", (const char *[]){"a", "b", "c"}, 3);
	expect_parts(",a,,", (const char *[]){"", "a", "", ""}, 4);
	expect_parts("", (const char *[]){""}, 1);
	expect_parts(NULL, NULL, 0);
}

static void test_numbers(void **state)
{
	(void)state;
	static const char *const bad[] = {
	        "",
	        " 1",
	        "1 ",
	        "+1",
	        "-1",
	        "0x1",
	        "1.0",
	        "a",
	        "/",
	        ":",
	        "18446744073709551616",
	        "99999999999999999999",
	        "184467440737095516150",
	};
	uint64_t value = 7;

	for (size_t i = 0; i < CG_ARRAY_LEN(bad); i++)
		assert_false(cg_str_to_u64(cg_str_from(bad[i]), UINT64_MAX, &value));
	assert_false(cg_str_to_u64(CG_STR("65536"), 65535, &value));
	assert_int_equal(value, 7);
	assert_true(cg_str_to_u64(CG_STR("65535"), 65535, &value));
	assert_int_equal(value, 65535);
	assert_true(cg_str_to_u64(CG_STR("18446744073709551615"), UINT64_MAX, &value));
	assert_true(value == UINT64_MAX);
	assert_true(cg_str_to_u64(CG_STR("000"), 0, &value));
	assert_int_equal(value, 0);
}

static void test_copies(void **state)
{
	(void)state;
	char *dup = cg_str_dup((struct cg_str){.ptr = "abcdef", .len = 2});
	char *text = cg_str_printf("%s=%d%c", "a", 12, '!');

	assert_string_equal(dup, "ab");
	assert_string_equal(text, "a=12!");
	free(dup);
	free(text);
}

static void test_distance(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		unsigned want;
	} cases[] = {
	        {"", "", 0},
	        {"", "abc", 3},
	        {"abc", "", 3},
	        {"abc", "abc", 0},
	        {"abc", "abd", 1},
	        {"abc", "ab", 1},
	        {"abc", "xabc", 1},
	        {"abc", "acb", 1},
	        {"interval", "intreval", 1},
	        {"kitten", "sitting", 3},
	        {"ca", "abc", 3},
	        {"tenant", "listen", 6},
	};

	for (size_t i = 0; i < CG_ARRAY_LEN(cases); i++) {
		struct cg_str a = cg_str_from(cases[i].a);
		struct cg_str b = cg_str_from(cases[i].b);

		assert_int_equal(cg_str_distance(a, b), cases[i].want);
		assert_int_equal(cg_str_distance(b, a), cases[i].want);
	}
}

static void test_distance_of_long_texts_is_their_length(void **state)
{
	(void)state;
	char text[200];

	memset(text, 'a', sizeof(text));
	struct cg_str full = {.ptr = text, .len = 64};
	struct cg_str over = {.ptr = text, .len = 200};
	assert_int_equal(cg_str_distance(full, full), 0);
	assert_int_equal(cg_str_distance(full, over), 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_equality),
	        cmocka_unit_test(test_case_is_folded_for_ascii_letters_only),
	        cmocka_unit_test(test_prefix_and_suffix),
	        cmocka_unit_test(test_contains),
	        cmocka_unit_test(test_trim),
	        cmocka_unit_test(test_next_returns_empty_parts),
	        cmocka_unit_test(test_numbers),
	        cmocka_unit_test(test_copies),
	        cmocka_unit_test(test_distance),
	        cmocka_unit_test(test_distance_of_long_texts_is_their_length),
	};

	return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
