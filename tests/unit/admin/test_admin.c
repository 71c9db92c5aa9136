/* SPDX-License-Identifier: BSD-2-Clause */
/* The admin port over real sockets: who is let in, and what it says of the gateway. */
#include "admin/admin.h"

#include "admin/world.h"

#define RESUME "POST /api/v1/tenants/eu20/resume HTTP/1.1\r\n"

static void test_calls_that_look(void **state)
{
	world_expect(*state, "GET /livez HTTP/1.1\r\nHost: localhost\r\n", "", 200, "ok\n");
	world_expect(*state, "GET /livez?x=1 HTTP/1.1\r\nHost: 127.0.0.1:9\r\n", "", 200, "ok\n");
	world_expect(*state, "GET / HTTP/1.1\r\nHost: localhost\r\n", "", 200, "/api/v1/status");
	world_expect(*state, "GET /api/v1/events HTTP/1.1\r\nHost: [::1]:9090\r\n", "", 200,
	             "\"kind\": \"state\"");
}

static void test_head_has_no_body(void **state)
{
	char *answer = world_ask(*state, "HEAD /livez HTTP/1.1\r\nHost: localhost\r\n", "");

	assert_non_null(strstr(answer, "200 OK"));
	assert_non_null(strstr(answer, "Content-Length: 3\r\n"));
	assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
	free(answer);
}

static void test_status_document(void **state)
{
	json_t *json =
	        world_ask_json(*state, "GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n", "");
	int64_t uptime = json_integer_value(world_member(json, "gateway.uptime"));

	assert_true(uptime >= 5 && uptime < 60);
	world_assert_member(json, "gateway.name", "\"edge1\"");
	world_assert_member(json, "gateway.last_reload", "null");
	world_assert_member(json, "connections.clients", "5");
	world_assert_member(json, "tenants.0.name", "\"eu20\"");
	world_assert_member(json, "tenants.0.state", "\"recovering\"");
	world_assert_member(json, "tenants.0.waits_for", "\"failback_delay\"");
	world_assert_member(json, "tenants.0.drained_until", "null");
	world_assert_member(json, "tenants.0.drain_note", "null");
	world_assert_member(json, "tenants.0.max_requests", "0");
	world_assert_member(json, "tenants.0.consecutive", "{\"good\":1,\"bad\":0,\"passive\":0}");
	world_assert_member(json, "tenants.0.last_probes.0.status", "401");
	world_assert_member(json, "tenants.0.last_probes.1.phase", "\"connect\"");
	world_assert_member(json, "tenants.0.last_probes.1.error", "\"Connection refused\"");
	world_assert_member(json, "tenants.0.last_probes.1.status", "null");
	world_assert_member(json, "pools.0.switched_to", "null");
	world_assert_member(json, "pools.0.all_down", "\"reject\"");
	json_decref(json);
}

static void test_other_hosts_are_refused(void **state)
{
	world_expect(*state, "GET /livez HTTP/1.1\r\nHost: evil.example\r\n", "", 403, "Host");
	world_expect(*state, "GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n", "",
	             403, "Host");
	world_expect(*state, "GET /livez HTTP/1.1\r\n", "", 403, "Host");
}

static void test_unknown_paths_and_methods(void **state)
{
	world_expect(*state, "GET /api/v2 HTTP/1.1\r\nHost: localhost\r\n", "", 404,
	             "no such call");
	world_expect(*state, "POST /livez HTTP/1.1\r\nHost: localhost\r\n", "", 405,
	             "Allow: GET, HEAD\r\n");
	world_expect(*state, "GET /api/v1/tenants/eu20/resume HTTP/1.1\r\nHost: localhost\r\n", "",
	             405, "Allow: POST\r\n");
	world_expect(*state, "DELETE /livez HTTP/1.1\r\nHost: localhost\r\n", "", 405,
	             "Allow: GET");
}

static void test_a_change_needs_header_and_token(void **state)
{
	world_expect(*state, RESUME "Host: localhost\r\nAuthorization: Bearer s3cret\r\n", "", 403,
	             "X-Cpigate-Admin");
	world_expect(*state, RESUME "Host: localhost\r\nX-Cpigate-Admin: 1\r\n", "", 401,
	             "WWW-Authenticate: Bearer");
	world_expect(*state,
	             RESUME
	             "Host: localhost\r\nX-Cpigate-Admin: 1\r\nAuthorization: Bearer wrong\r\n",
	             "", 401, "token");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)
	const struct CMUnitTest tests[] = {
	        TEST(test_calls_that_look),           TEST(test_head_has_no_body),
	        TEST(test_status_document),           TEST(test_other_hosts_are_refused),
	        TEST(test_unknown_paths_and_methods), TEST(test_a_change_needs_header_and_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
