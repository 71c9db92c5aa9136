/* SPDX-License-Identifier: BSD-2-Clause */
/* What is built from a configuration, and that every problem is told in one go. */
#include "state/snapshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"

#include "../test_cert.h"
#include "../test_config.h"

static char dir[] = "/tmp/test_snapshot.XXXXXX";
static const char *const names[] = {"a.pem", "a.key", "b.pem", "b.key", "gw.ini"};
static char config_path[64];

static struct cg_config *load(const char *text)
{
	struct cg_config *config = test_config_load(config_path, text);

	assert_non_null(config);
	return config;
}

static const char good_text[] = "[gateway]\n"
                                "name = edge-1\n"
                                "[listen https]\n"
                                "address = 127.0.0.1:8443\n"
                                "certificate = a.pem\n"
                                "private_key = a.key\n"
                                "[listen plain]\n"
                                "address = 127.0.0.1:8080\n"
                                "tls = off\n"
                                "[tenant eu20]\n"
                                "url = https://eu20.test\n"
                                "ca_file = a.pem\n"
                                "probe = fast\n"
                                "failback_probe = deep\n"
                                "[tenant us21]\n"
                                "url = http://[::1]:8080\n"
                                "[pool erp]\n"
                                "tenants = us21, eu20\n"
                                "[probe fast]\n"
                                "interval = 1s\n"
                                "[probe deep]\n"
                                "expect_status = 200\n";

static void test_everything_is_built_and_linked(void **state)
{
	struct cg_journal *journal = cg_journal_new();
	struct cg_live *live = cg_live_new(journal, 1, NULL, NULL);
	struct cg_config *config = load(good_text);
	struct cg_report report;
	struct cg_snapshot *snapshot;

	(void)state;
	cg_report_init(&report);
	/* As a host's name may be that stands in for a missing one. */
	free(config->gateway.name);
	config->gateway.name = cg_mem_strdup("edge one/2");
	snapshot = cg_snapshot_new(config, live, &report);
	assert_non_null(snapshot);
	assert_int_equal(report.errors_n, 0);
	assert_string_equal(snapshot->via, "1.1 edge_one_2");
	assert_int_equal(snapshot->listeners_n, 2);
	assert_non_null(snapshot->listeners[0].tls);
	assert_null(snapshot->listeners[1].tls);
	assert_non_null(snapshot->tenants[0].tls);
	assert_null(snapshot->tenants[1].tls);
	assert_string_equal(snapshot->tenants[0].authority, "eu20.test");
	assert_string_equal(snapshot->tenants[1].authority, "[::1]:8080");
	assert_string_equal(snapshot->tenants[0].probe->name, "fast");
	assert_string_equal(snapshot->tenants[0].failback_probe->name, "deep");
	assert_null(snapshot->tenants[1].failback_probe);
	assert_ptr_equal(snapshot->tenants[0].live, cg_live_find_tenant(live, "eu20"));
	assert_int_equal(snapshot->pools_n, 1);
	assert_ptr_equal(snapshot->pools[0].tenants[0], &snapshot->tenants[1]);
	assert_ptr_equal(snapshot->pools[0].live, cg_live_pool(live, "erp"));
	assert_non_null(snapshot->routes);
	assert_ptr_equal(cg_snapshot_ref(snapshot), snapshot);
	cg_snapshot_unref(snapshot);
	assert_string_equal(snapshot->tenants[0].authority, "eu20.test");
	cg_snapshot_unref(snapshot);
	cg_snapshot_unref(NULL);
	cg_report_fini(&report);
	cg_live_free(live);
	cg_journal_free(journal);
}

static void test_without_live_the_links_stay_empty(void **state)
{
	struct cg_report report;
	struct cg_snapshot *snapshot;

	(void)state;
	cg_report_init(&report);
	snapshot = cg_snapshot_new(load(good_text), NULL, &report);
	assert_non_null(snapshot);
	assert_null(snapshot->tenants[0].live);
	assert_null(snapshot->pools[0].live);
	cg_snapshot_unref(snapshot);
	cg_report_fini(&report);
}

static void test_all_problems_in_one_go_and_no_trace_in_live(void **state)
{
	struct cg_journal *journal = cg_journal_new();
	struct cg_live *live = cg_live_new(journal, 1, NULL, NULL);
	struct cg_report report;
	int lines[3] = {0};
	struct cg_config *config = load("[listen mismatched]\n"
	                                "address = 127.0.0.1:8443\n"
	                                "certificate = a.pem\n"
	                                "private_key = b.key\n"
	                                "[listen missing]\n"
	                                "address = 127.0.0.1:8444\n"
	                                "certificate = none.pem\n"
	                                "private_key = b.key\n"
	                                "[tenant eu20]\n"
	                                "url = https://eu20.test\n"
	                                "ca_file = none-either.pem\n");

	(void)state;
	cg_report_init(&report);
	assert_null(cg_snapshot_new(config, live, &report));
	for (size_t i = 0; i < report.n; i++) {
		int line = report.items[i].line;

		assert_true(report.items[i].is_error);
		assert_string_equal(report.items[i].file, config_path);
		lines[line <= 4 ? 0 : line <= 8 ? 1 : 2]++;
	}
	assert_true(lines[0] > 0 && lines[1] > 0 && lines[2] > 0);
	assert_null(cg_live_find_tenant(live, "eu20"));
	cg_report_fini(&report);
	cg_live_free(live);
	cg_journal_free(journal);
}

static char *in_dir(const char *name)
{
	static char paths[4][128];
	static unsigned at;
	char *path = paths[at++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static int setup_group(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(config_path, sizeof(config_path), "%s/gw.ini", dir);
	test_cert_write(in_dir("a.pem"), in_dir("a.key"), "DNS:a.test");
	test_cert_write(in_dir("b.pem"), in_dir("b.key"), "DNS:b.test");
	return 0;
}

static int teardown_group(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(in_dir(names[i]));
	rmdir(dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_everything_is_built_and_linked),
	        cmocka_unit_test(test_without_live_the_links_stay_empty),
	        cmocka_unit_test(test_all_problems_in_one_go_and_no_trace_in_live),
	};

	return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
