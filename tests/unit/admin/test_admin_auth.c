/* SPDX-License-Identifier: BSD-2-Clause */
/* Which Host fields and which tokens the admin port takes. */
#include "admin/admin_auth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static bool takes_host(const char *host)
{
	char name[] = "gate.example.com";
	char *items[] = {name};
	const struct cg_texts names = {.items = items, .n = 1};

	return cg_admin_auth_is_host(&names, cg_str_from(host));
}

static void test_literals_localhost_and_named_hosts_pass(void **state)
{
	(void)state;
	assert_true(takes_host("127.0.0.1"));
	assert_true(takes_host("127.0.0.1:9090"));
	assert_true(takes_host("[::1]"));
	assert_true(takes_host("[::1]:9090"));
	assert_true(takes_host("localhost"));
	assert_true(takes_host("LocalHost:9090"));
	assert_true(takes_host("gate.example.com"));
	assert_true(takes_host("GATE.example.com:80"));
}

static void test_other_names_are_refused(void **state)
{
	(void)state;
	assert_false(takes_host(""));
	assert_false(takes_host(":9090"));
	assert_false(takes_host("evil.example"));
	assert_false(takes_host("evil.example:9090"));
	assert_false(takes_host("localhost.evil.example"));
	assert_false(takes_host("localhost:evil"));
	assert_false(takes_host("localhost:99999"));
	assert_false(takes_host("127.0.0.1.evil.example"));
	assert_false(takes_host("x.gate.example.com"));
	assert_false(takes_host("gate.example.com:80:80"));
}

static void test_only_the_right_bearer_token_passes(void **state)
{
	(void)state;
	assert_true(cg_admin_auth_is_token("s3cret", "Bearer s3cret"));
	assert_true(cg_admin_auth_is_token("s3cret", "bearer  s3cret "));
	assert_false(cg_admin_auth_is_token("s3cret", NULL));
	assert_false(cg_admin_auth_is_token("s3cret", ""));
	assert_false(cg_admin_auth_is_token("s3cret", "Bearer"));
	assert_false(cg_admin_auth_is_token("s3cret", "Bearer "));
	assert_false(cg_admin_auth_is_token("s3cret", "Bearer s3cre"));
	assert_false(cg_admin_auth_is_token("s3cret", "Bearer s3crets"));
	assert_false(cg_admin_auth_is_token("s3cret", "Bearer S3cret"));
	assert_false(cg_admin_auth_is_token("s3cret", "Basic s3cret"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_literals_localhost_and_named_hosts_pass),
	        cmocka_unit_test(test_other_names_are_refused),
	        cmocka_unit_test(test_only_the_right_bearer_token_passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
