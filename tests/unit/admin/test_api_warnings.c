/* SPDX-License-Identifier: BSD-2-Clause */
/* What is unsafe is named, what is safe is not. */
#include "admin/api_warnings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static char name[] = "eu20";
static char host[] = "eu20.example.com";
static char url[] = "https://eu20.example.com";

static size_t count(struct cg_config_tenant *tenant, const char *admin, const char *wanted)
{
	struct cg_config config = {.admin.is_on = true};
	struct cg_snapshot_tenant tenants[] = {{.config = tenant}};
	const struct cg_snapshot snapshot = {.config = &config, .tenants = tenants, .tenants_n = 1};

	assert_true(cg_addr_parse(&config.admin.address, cg_str_from(admin), 0));
	json_t *warnings = cg_api_warnings(&snapshot, 0);
	size_t n = json_array_size(warnings);
	if (n > 0)
		assert_non_null(strstr(json_string_value(json_array_get(warnings, 0)), wanted));
	json_decref(warnings);
	return n;
}

static void test_safe_settings_raise_nothing(void **state)
{
	struct cg_config_tenant tenant = {
	        .name = name, .url = url, .url_host = host, .is_https = true, .tls_verify = true};

	(void)state;
	assert_int_equal(count(&tenant, "127.0.0.1:9090", ""), 0);
}

static void test_unverified_and_plain_tenants_are_named(void **state)
{
	struct cg_addr address;
	struct cg_config_tenant tenant = {
	        .name = name, .url = url, .url_host = host, .is_https = true};

	(void)state;
	assert_int_equal(count(&tenant, "127.0.0.1:9090", "eu20: its certificate is not verified"),
	                 1);
	tenant.is_https = false;
	assert_int_equal(count(&tenant, "127.0.0.1:9090", "eu20: requests go there without TLS"),
	                 1);
	assert_true(cg_addr_parse(&address, CG_STR("127.0.0.1:80"), 0));
	tenant.address = (struct cg_addrs){.items = &address, .n = 1};
	assert_int_equal(count(&tenant, "127.0.0.1:9090", ""), 0);
}

static void test_an_admin_port_for_all_is_named(void **state)
{
	struct cg_config_tenant tenant = {
	        .name = name, .url = url, .url_host = host, .is_https = true, .tls_verify = true};

	(void)state;
	assert_int_equal(count(&tenant, "0.0.0.0:9090", "admin: 0.0.0.0:9090"), 1);
}

static void test_days_are_rounded_down(void **state)
{
	const int64_t day = 24 * 60 * 60;

	(void)state;
	assert_int_equal(cg_api_warnings_days(3 * day, 0), 3);
	assert_int_equal(cg_api_warnings_days(3 * day - 1, 0), 2);
	assert_int_equal(cg_api_warnings_days(0, 0), 0);
	assert_int_equal(cg_api_warnings_days(0, 1), -1);
	assert_int_equal(cg_api_warnings_days(0, day), -1);
	assert_int_equal(cg_api_warnings_days(0, day + 1), -2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_safe_settings_raise_nothing),
	        cmocka_unit_test(test_unverified_and_plain_tenants_are_named),
	        cmocka_unit_test(test_an_admin_port_for_all_is_named),
	        cmocka_unit_test(test_days_are_rounded_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
