/* SPDX-License-Identifier: BSD-2-Clause */
/* http/target: paths and hosts. Refusals are in tests/wire/requests.txt. */
#include "http/target.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool covers(const char *prefix, const char *path)
{
	return cg_target_path_covers(cg_str_from(prefix), cg_str_from(path));
}

static void assert_name(const char *host, const char *name)
{
	assert_true(cg_str_eq(cg_target_host_name(cg_str_from(host)), cg_str_from(name)));
}

static void test_prefixes_end_at_segment_borders(void **state)
{
	(void)state;
	assert_true(covers("/a", "/a"));
	assert_true(covers("/a", "/a/"));
	assert_true(covers("/a", "/a/b"));
	assert_true(covers("/a", "/a?x"));
	assert_false(covers("/a", "/ab"));
	assert_false(covers("/a", "/A"));
	assert_false(covers("/a", "/"));
	assert_false(covers("/a", "/b?/a"));
	assert_true(covers("/a/", "/a/"));
	assert_true(covers("/a/", "/a/b"));
	assert_false(covers("/a/", "/a"));
}

static void test_the_root_covers_all(void **state)
{
	(void)state;
	assert_true(covers("/", "/"));
	assert_true(covers("/", "/a/b?c"));
	assert_true(covers("/", "*"));
}

static void test_paths_are_matched_as_bytes(void **state)
{
	(void)state;
	assert_false(covers("/a/b", "/a%2fb"));
	assert_false(covers("/b", "/a/../b"));
	assert_false(covers("/a", "/%61"));
	assert_true(covers("/a", "/a/../b"));
}

static void test_host_names(void **state)
{
	(void)state;
	assert_name("a.example", "a.example");
	assert_name("a.example:443", "a.example");
	assert_name("a:", "a");
	assert_name("[::1]", "::1");
	assert_name("[::1]:443", "::1");
	assert_name("", "");
}

static void test_hosts(void **state)
{
	(void)state;
	assert_true(cg_target_is_host(CG_STR("a-b_c.~1:0")));
	assert_true(cg_target_is_host(CG_STR("[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:1")));
	assert_false(cg_target_is_host(CG_STR("[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2555]")));
	assert_false(cg_target_is_host(CG_STR("[::1\0]")));
	assert_false(cg_target_is_host(CG_STR("a\0b")));
	assert_false(cg_target_is_host(CG_STR("")));
	assert_false(cg_target_is_host(CG_STR("[")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_prefixes_end_at_segment_borders),
	        cmocka_unit_test(test_the_root_covers_all),
	        cmocka_unit_test(test_paths_are_matched_as_bytes),
	        cmocka_unit_test(test_host_names),
	        cmocka_unit_test(test_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
