/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths find their calls, and nothing that only looks like them does. */
#include "admin/admin_path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define RESUME "/api/v1/tenants/NAME/resume"

static bool is_path(const char *pattern, const char *path)
{
	struct cg_str name;

	return cg_admin_path_is(pattern, cg_str_from(path), &name);
}

static void test_plain_paths_are_compared_whole(void **state)
{
	(void)state;
	assert_true(is_path("/", "/"));
	assert_true(is_path("/livez", "/livez"));
	assert_false(is_path("/livez", "/livez/"));
	assert_false(is_path("/livez", "/live"));
	assert_false(is_path("/livez", "//livez"));
	assert_false(is_path("/livez", "livez"));
	assert_false(is_path("/livez", ""));
	assert_false(is_path("/", ""));
	assert_false(is_path("/", "//"));
}

static void test_a_name_is_lent(void **state)
{
	struct cg_str name;

	(void)state;
	assert_true(cg_admin_path_is(RESUME, CG_STR("/api/v1/tenants/us.21/resume"), &name));
	assert_true(cg_str_eq(name, CG_STR("us.21")));
	assert_false(is_path(RESUME, "/api/v1/tenants//resume"));
	assert_false(is_path(RESUME, "/api/v1/tenants/a/b/resume"));
	assert_false(is_path(RESUME, "/api/v1/tenants/a"));
	assert_false(is_path(RESUME, "/api/v1/tenants/a/resume/"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_plain_paths_are_compared_whole),
	        cmocka_unit_test(test_a_name_is_lent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
