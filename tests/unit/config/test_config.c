/* SPDX-License-Identifier: BSD-2-Clause */
/* A file from end to end: values and defaults in their fields, with their places; what a line may
 * look like. */
#include "config/config.h"

#include "load.h"

static const char full[] = "# comment\n"
                           "; comment\n"
                           "[listen https] ; comment\n"
                           "  address = 127.0.0.1:8443, [::1]:8443\n"
                           "\taddress=127.0.0.1:8444 ; comment\n"
                           "certificate = tls/a.pem, /abs/b.pem\n"
                           "private_key = tls/a.key\n"
                           "private_key = b.key\n"
                           "tls_ciphers = A:B;C=D\n"
                           "\n"
                           "[tenant eu20]\n"
                           "url = https://EU20.example:8443/\n"
                           "address = 10.0.0.1, 10.0.0.2:99\n"
                           "host_header = Api.example\n"
                           "[tenant us21]\n"
                           "url = http://us21.example\n"
                           "priority = 2\n"
                           "region = US: East, 21\n"
                           "[probe]\n"
                           "expect_status = 200-299, 401\n"
                           "[health]\n"
                           "path = off\n"
                           "[admin]\n"
                           "address = off\n"
                           "[log]\n"
                           "access = access.log\n"
                           "[limits]\n"
                           "body_bytes = 8g\n";

static void test_values(void **state)
{
	struct load load;
	struct cg_config *c;
	char path[64];

	(void)state;
	load_text(&load, full);
	assert_string_equal(cg_buf_ptr(&load.problems), "");
	c = load.config;
	assert_int_equal(c->listens_n, 1);
	assert_string_equal(c->listens[0].name, "https");
	assert_int_equal(c->listens[0].place.line, 3);
	assert_int_equal(c->listens[0].address.n, 3);
	assert_int_equal(c->listens[0].address.places[2].line, 5);
	assert_ptr_equal(c->listens[0].address.places[2].file, c->file);
	assert_int_equal(cg_addr_port(&c->listens[0].address.items[2]), 8444);
	assert_int_equal(c->listens[0].certificate.n, 2);
	snprintf(path, sizeof(path), "%s/tls/a.pem", load.dir);
	assert_string_equal(c->listens[0].certificate.items[0], path);
	assert_string_equal(c->listens[0].certificate.items[1], "/abs/b.pem");
	assert_int_equal(c->listens[0].private_key.places[1].line, 8);
	assert_string_equal(c->listens[0].tls_ciphers, "A:B;C=D");
	assert_null(c->health.path);
	assert_false(c->admin.is_on);
	snprintf(path, sizeof(path), "%s/access.log", load.dir);
	assert_string_equal(c->log.access, path);
	assert_true(c->limits.body_bytes == UINT64_C(8) << 30);
	load_end(&load);
}

static void test_tenants(void **state)
{
	struct load load;
	const struct cg_config_tenant *eu;
	const struct cg_config_tenant *us;

	(void)state;
	load_text(&load, full);
	eu = &load.config->tenants[0];
	us = &load.config->tenants[1];
	assert_string_equal(eu->url, "https://eu20.example:8443");
	assert_string_equal(eu->url_host, "eu20.example");
	assert_string_equal(eu->sni, "eu20.example");
	assert_true(eu->is_https && eu->url_port == 8443 && !eu->has_default_port);
	assert_int_equal(cg_addr_port(&eu->address.items[0]), 8443);
	assert_int_equal(cg_addr_port(&eu->address.items[1]), 99);
	assert_int_equal(eu->host_header, CG_HOST_LITERAL);
	assert_string_equal(eu->host_header_text, "api.example");
	assert_int_equal(eu->probe_index, 0);
	assert_true(eu->failback_probe_index == SIZE_MAX);
	assert_true(!us->is_https && us->url_port == 80 && us->has_default_port);
	assert_int_equal(us->host_header, CG_HOST_TENANT);
	assert_null(us->host_header_text);
	assert_string_equal(us->region, "US: East, 21");
	assert_true(cg_status_ranges_has(&load.config->probes[0].expect_status, 204));
	assert_true(cg_status_ranges_has(&load.config->probes[0].expect_status, 401));
	assert_false(cg_status_ranges_has(&load.config->probes[0].expect_status, 300));
	load_end(&load);
}

static void test_defaults(void **state)
{
	struct load load;
	struct cg_config *c;

	(void)state;
	load_text(&load, LOAD_BASE);
	assert_string_equal(cg_buf_ptr(&load.problems), "");
	c = load.config;
	assert_true(c->gateway.name != NULL && c->gateway.name[0] != '\0');
	assert_true(c->gateway.workers >= 1 && c->gateway.workers <= 256);
	assert_int_equal(c->gateway.max_connections, 20000);
	assert_int_equal(c->gateway.drain_timeout, 30000);
	assert_true(c->gateway.expose_tenant);
	assert_int_equal(c->log.level, CG_LOG_INFO);
	assert_string_equal(c->log.target, "stderr");
	assert_null(c->log.access);
	assert_string_equal(c->health.path, "/healthz");
	assert_true(c->admin.is_on && cg_addr_port(&c->admin.address) == 9090);
	assert_int_equal(c->admin.address_place.line, 0);
	assert_null(c->admin.token);
	assert_int_equal(c->limits.request_line, 8192);
	assert_int_equal(c->timeouts.response, 600000);
	assert_int_equal(c->pools_n, 1);
	assert_string_equal(c->pools[0].name, "default");
	assert_int_equal(c->pools[0].members_n, 1);
	assert_int_equal(c->pools[0].attempts, 3);
	assert_true(c->pools[0].flap_backoff);
	assert_int_equal(c->pools[0].retry_buffer, 65536);
	assert_string_equal(c->pools[0].idempotency_header, "Idempotency-Key");
	assert_int_equal(c->pools[0].all_down, CG_ALL_DOWN_REJECT);
	assert_int_equal(c->gateway.lame_duck, 0);
	assert_null(c->gateway.state_dir);
	assert_int_equal(c->timeouts.tenant_ack, 20000);
	assert_int_equal(c->tenants[0].max_requests, 0);
	assert_int_equal(c->probes[0].passive_fall, 3);
	assert_string_equal(c->tenants[0].region, "");
	assert_int_equal(c->probes_n, 1);
	assert_string_equal(c->probes[0].name, "");
	assert_string_equal(c->probes[0].method, "GET");
	assert_int_equal(c->probes[0].interval_down, 2000);
	load_end(&load);
}

static void test_named_probe_inherits(void **state)
{
	struct load load;
	const struct cg_config_probe *p;

	(void)state;
	load_text(&load, LOAD_BASE "failback_probe = deep\nprobe = plain\n"
	                           "[probe deep]\nexpect_status = 200\nheader = B: 2\n"
	                           "[probe plain]\nfall = 5\n"
	                           "[probe]\npath = /p\nexpect_status = 401, 403\nheader = A: 1\n"
	                           "interval = 20s\n");
	assert_string_equal(cg_buf_ptr(&load.problems), "");
	p = load.config->probes;
	assert_int_equal(load.config->probes_n, 3);
	assert_string_equal(p[1].name, "deep");
	assert_string_equal(p[1].path, "/p");
	assert_int_equal(p[1].expect_status.n, 1);
	assert_int_equal(p[1].header.n, 1);
	assert_string_equal(p[1].header.items[0], "B: 2");
	assert_int_equal(p[2].expect_status.n, 2);
	assert_string_equal(p[2].header.items[0], "A: 1");
	assert_int_equal(p[2].interval, 20000);
	assert_int_equal(p[2].fall, 5);
	assert_int_equal(load.config->tenants[0].probe_index, 2);
	assert_int_equal(load.config->tenants[0].failback_probe_index, 1);
	load_end(&load);
}

static void test_inherited_fault_is_reported_once(void **state)
{
	(void)state;
	load_expect(LOAD_BASE "probe = x\n[probe]\nfall = no\n[probe x]\nrise = 3\n",
	            "8: error: fall: \"no\" is not a number\n");
}

static void test_route_and_pool_values(void **state)
{
	struct load load;
	const struct cg_config *c;

	(void)state;
	load_text(&load, LOAD_BASE "[tenant b]\nurl = https://b.example\n"
	                           "[pool one]\ntenants = b, a\n[pool two]\n"
	                           "[route r]\nhost = A.example, *.B.example\npool = two\n"
	                           "[route s]\npath = /s\npool = one\nresponse = 5s\n");
	assert_string_equal(cg_buf_ptr(&load.problems), "");
	c = load.config;
	assert_int_equal(c->pools[0].members_n, 2);
	assert_int_equal(c->pools[0].members[0], 1);
	assert_int_equal(c->pools[0].members[1], 0);
	assert_int_equal(c->pools[1].members[1], 1);
	assert_string_equal(c->routes[0].host.items[1], "*.b.example");
	assert_string_equal(c->routes[0].path.items[0], "/");
	assert_int_equal(c->routes[0].pool_index, 1);
	assert_int_equal(c->routes[0].response, 600000);
	assert_int_equal(c->routes[1].response, 5000);
	load_end(&load);
}

static void test_values_of_retries_and_operations(void **state)
{
	struct load load;
	const struct cg_config *c;
	char path[64];

	(void)state;
	load_text(&load, LOAD_BASE "max_requests = 7\nprobe = p\n"
	                           "[tenant b]\nurl = https://b.example\n"
	                           "[gateway]\nstate_dir = state\nlame_duck = 5s\n"
	                           "[timeouts]\ntenant_ack = 3s\n"
	                           "[probe]\npassive_fall = 0\n[probe p]\npassive_fall = 9\n"
	                           "[pool one]\nretry_buffer = 0\nall_down = try\n"
	                           "idempotency_header = X-Once\n"
	                           "[pool two]\nretry_buffer = 16m\n"
	                           "[route r]\npool = one\nhost = a.example\nrepeat = idempotent\n"
	                           "[route s]\npool = two\nhost = b.example\nrepeat = never\n"
	                           "[route t]\npool = two\n");
	/* A tenant is in two pools that differ in these keys: no error. */
	assert_string_equal(cg_buf_ptr(&load.problems), "");
	c = load.config;
	snprintf(path, sizeof(path), "%s/state", load.dir);
	assert_string_equal(c->gateway.state_dir, path);
	assert_int_equal(c->gateway.lame_duck, 5000);
	assert_int_equal(c->timeouts.tenant_ack, 3000);
	assert_int_equal(c->tenants[0].max_requests, 7);
	assert_int_equal(c->probes[0].passive_fall, 0);
	assert_int_equal(c->probes[1].passive_fall, 9);
	assert_int_equal(c->pools[0].retry_buffer, 0);
	assert_int_equal(c->pools[0].all_down, CG_ALL_DOWN_TRY);
	assert_string_equal(c->pools[0].idempotency_header, "X-Once");
	assert_int_equal(c->pools[1].retry_buffer, 16 << 20);
	assert_int_equal(c->routes[0].repeat, CG_ROUTE_REPEAT_IDEMPOTENT);
	assert_int_equal(c->routes[1].repeat, CG_ROUTE_REPEAT_NEVER);
	assert_int_equal(c->routes[2].repeat, CG_ROUTE_REPEAT_SAFE);
	load_end(&load);
	load_expect(LOAD_BASE "[pool p]\nretry_buffer = 17m\nall_down = no\n",
	            "7: error: retry_buffer: \"17m\" is out of range (0 to 16m)\n"
	            "8: error: all_down: \"no\" is not reject or try\n");
}

/* inih alone would cut a value to 200 bytes without a word. */
static void test_long_lines_are_whole_or_refused(void **state)
{
	static const size_t lengths[] = {600, 8192, 8193};

	(void)state;
	for (size_t i = 0; i < CG_ARRAY_LEN(lengths); i++) {
		struct cg_buf text = {.data = NULL};
		struct load load;
		size_t n = lengths[i] - strlen("region = ");

		cg_buf_append_str(&text, CG_STR(LOAD_BASE "region = "));
		for (size_t k = 0; k < n; k++)
			cg_buf_append_char(&text, (char)('a' + k % 26));
		cg_buf_append_str(&text, CG_STR("\r\npriority = 7\r\n"));
		load_begin(&load);
		load_bytes(&load, cg_buf_ptr(&text), cg_buf_len(&text));
		if (lengths[i] <= 8192) {
			assert_string_equal(cg_buf_ptr(&load.problems), "");
			assert_int_equal(strlen(load.config->tenants[0].region), n);
			assert_int_equal(load.config->tenants[0].priority, 7);
		} else {
			assert_string_equal(cg_buf_ptr(&load.problems),
			                    "6: error: the line is longer than 8192 bytes\n");
		}
		load_end(&load);
		cg_buf_fini(&text);
	}
}

static void test_bom_and_crlf(void **state)
{
	(void)state;
	load_expect("\xef\xbb\xbf[listen l]\r\naddress = 127.0.0.1:1\r\ntls = off\r\n\r\n"
	            "[tenant a]\r\nurl = https://a.example",
	            "");
}

static void test_indented_lines_are_not_appended(void **state)
{
	struct load load;

	(void)state;
	load_text(&load, "[listen l]\n  address = 127.0.0.1:1\n    tls = off\n"
	                 "[tenant a]\nurl = https://a.example\n  region = x\n\t priority = 3\n");
	assert_string_equal(cg_buf_ptr(&load.problems), "");
	assert_string_equal(load.config->tenants[0].region, "x");
	assert_int_equal(load.config->tenants[0].priority, 3);
	load_end(&load);
	load_expect(LOAD_BASE "region = x\n  more words\n",
	            "7: error: neither \"key = value\" nor a section nor a comment\n");
}

static void test_nul_and_control_characters(void **state)
{
	static const char text[] = LOAD_BASE "region = a\0b\npriority = 2\001\n";
	struct load load;

	(void)state;
	load_begin(&load);
	load_bytes(&load, text, sizeof(text) - 1);
	assert_string_equal(cg_buf_ptr(&load.problems),
	                    "6: error: the line contains a NUL byte\n"
	                    "7: error: the line contains a control character\n");
	load_end(&load);
}

static void test_file_that_cannot_be_read(void **state)
{
	struct cg_report report;
	char *text;

	(void)state;
	cg_report_init(&report);
	assert_null(cg_config_load("/nonexistent/c.ini", &report));
	assert_int_equal(report.n, 1);
	text = cg_problem_format(&report.items[0]);
	assert_string_equal(text,
	                    "/nonexistent/c.ini: error: cannot read: No such file or directory");
	free(text);
	cg_report_fini(&report);
	cg_report_init(&report);
	assert_null(cg_config_load("/tmp", &report));
	assert_string_equal(report.items[0].text, "cannot read: Is a directory");
	cg_report_fini(&report);
}

/* A poor man's fuzzer, for each build: any change of a good file ends in a config or in errors. */
static void test_damaged_files_never_crash(void **state)
{
	static const char junk[] = "[]=;#,\n \t\"\0\xff*:/0a";
	char text[sizeof(full)];
	uint32_t seed = 1;

	(void)state;
	for (int i = 0; i < 1500; i++) {
		struct load load;

		memcpy(text, full, sizeof(text));
		for (int k = 0; k < 1 + i % 8; k++) {
			seed = seed * 1103515245 + 12345;
			text[(seed >> 8) % (sizeof(text) - 1)] = junk[(seed >> 24) % sizeof(junk)];
		}
		load_begin(&load);
		load_bytes(&load, text, (size_t)(seed >> 4) % sizeof(text));
		load_end(&load);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_values),
	        cmocka_unit_test(test_tenants),
	        cmocka_unit_test(test_defaults),
	        cmocka_unit_test(test_named_probe_inherits),
	        cmocka_unit_test(test_inherited_fault_is_reported_once),
	        cmocka_unit_test(test_route_and_pool_values),
	        cmocka_unit_test(test_values_of_retries_and_operations),
	        cmocka_unit_test(test_long_lines_are_whole_or_refused),
	        cmocka_unit_test(test_bom_and_crlf),
	        cmocka_unit_test(test_indented_lines_are_not_appended),
	        cmocka_unit_test(test_nul_and_control_characters),
	        cmocka_unit_test(test_file_that_cannot_be_read),
	        cmocka_unit_test(test_damaged_files_never_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
