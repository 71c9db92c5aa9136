/* SPDX-License-Identifier: BSD-2-Clause */
/* What the gateway would do with a request, as explain tells it. */
#include "admin/api_explain.h"

#include "admin/world.h"

/* The answer to QUERY, which must be found sound. */
static json_t *explain(struct world *world, const char *query)
{
	char *head = cg_str_printf("GET /api/v1/explain%s HTTP/1.1\r\n%s", query, WORLD_HOST);

	if (!world->is_served)
		world_serve(world);
	json_t *json = world_ask_json(world, head, "");
	if (world_member(json, "request") == NULL)
		fail_msg("%s: %s", query, json_string_value(world_member(json, "detail")));
	free(head);
	return json;
}

static void assert_refused(struct world *world, const char *query, const char *text)
{
	char *head = cg_str_printf("GET /api/v1/explain%s HTTP/1.1\r\n%s", query, WORLD_HOST);

	if (!world->is_served)
		world_serve(world);
	world_expect(world, head, "", 400, text);
	free(head);
}

/* Expect of candidate INDEX its name, its reason and which try it is ("null": none). */
static void assert_candidate(json_t *json, int index, const char *tenant, const char *reason,
                             const char *try)
{
	const char *const members[] = {"tenant", "reason", "would_be_tried"};
	char *wanted[] = {
	        cg_str_printf("\"%s\"", tenant),
	        cg_str_printf("\"%s\"", reason),
	        cg_mem_strdup(try),
	};

	for (size_t i = 0; i < CG_ARRAY_LEN(members); i++) {
		char *keys = cg_str_printf("candidates.%d.%s", index, members[i]);
		world_assert_member(json, keys, wanted[i]);
		free(keys);
		free(wanted[i]);
	}
}

static void assert_why(json_t *json, int index, const char *text)
{
	char *keys = cg_str_printf("candidates.%d.why", index);
	const char *why = json_string_value(world_member(json, keys));

	if (why == NULL || strstr(why, text) == NULL)
		fail_msg("%s: no \"%s\" in: %s", keys, text, why == NULL ? "nothing" : why);
	free(keys);
}

static void test_request_and_route(void **state)
{
	json_t *json = explain(
	        *state, "?host=a.ACME.com:8443&path=%2Fhttp%2Finvoices%2F7%3Fx=1&method=PUT");

	world_assert_member(json, "request",
	                    "{\"host\":\"a.acme.com:8443\",\"path\":\"/http/invoices/7?x=1\","
	                    "\"method\":\"PUT\"}");
	world_assert_member(json, "route",
	                    "{\"name\":\"invoices\",\"host\":[\"*.acme.com\"],"
	                    "\"path\":[\"/http/invoices\"],\"pool\":\"default\"}");
	world_assert_member(json, "pool",
	                    "{\"name\":\"default\",\"method\":\"priority\",\"active\":null,"
	                    "\"switched_to\":null,\"all_down\":\"reject\",\"attempts\":3}");
	world_assert_member(json, "timers",
	                    "{\"connect_ms\":5000,\"response_ms\":5000,\"tenant_read_ms\":60000}");
	json_decref(json);
}

static void test_defaults_without_routes(void **state)
{
	struct world *world = *state;

	world->config.routes_n = 0;
	json_t *json = explain(world, "");
	world_assert_member(json, "request", "{\"host\":null,\"path\":\"/\",\"method\":\"GET\"}");
	world_assert_member(json, "route",
	                    "{\"name\":null,\"host\":[],\"path\":[],\"pool\":\"default\"}");
	world_assert_member(json, "repeat.rule", "\"safe\"");
	world_assert_member(json, "timers.response_ms", "600000");
	json_decref(json);
}

static void test_no_route_fits(void **state)
{
	json_t *json = explain(*state, "?host=other.example&path=/http/invoices");

	world_assert_member(json, "route", "null");
	world_assert_member(json, "why", "\"no route fits host and path: 404\"");
	world_assert_member(json, "pool", "null");
	world_assert_member(json, "candidates", "[]");
	json_decref(json);

	json = explain(*state, "?host=[::1]:443&path=/b");
	world_assert_member(json, "route.name", "\"b\"");
	world_assert_member(json, "pool.name", "\"other\"");
	json_decref(json);
}

static void test_malformed_queries(void **state)
{
	assert_refused(*state, "?hsot=a.acme.com", "no parameter");
	assert_refused(*state, "?path=%zz", "malformed");
	assert_refused(*state, "?path=http", "does not begin with");
	assert_refused(*state, "?path=/a%20b", "space");
	assert_refused(*state, "?host=a%20b", "not a host name");
	assert_refused(*state, "?host=a.com:99999", "not a host name");
	assert_refused(*state, "?method=TRACE", "TRACE is no method that is proxied");
	assert_refused(*state, "?method=get", "get is no method");
}

static void assert_repeat(struct world *world, const char *query, const char *wanted)
{
	json_t *json = explain(world, query);

	world_assert_member(json, "repeat", wanted);
	json_decref(json);
}

#define REPEAT(rule, sent, header, statuses)                                                       \
	"{\"rule\":\"" rule "\",\"if_not_sent\":\"next tenant\",\"if_sent\":\"" sent               \
	"\",\"idempotency_header\":" header                                                        \
	",\"retry_buffer\":65536,\"statuses_repeated\":" statuses "}"
#define KEY "\"Idempotency-Key\""

static void test_what_may_be_sent_again(void **state)
{
	const char *again = REPEAT("idempotent", "again", KEY, "[502,503,504]");
	const char *once = REPEAT("idempotent", "never", KEY, "[]");
	const char *never = REPEAT("never", "never", "null", "[]");

	assert_repeat(*state, "?host=a.acme.com&path=/http/invoices", again);
	assert_repeat(*state, "?host=a.acme.com&path=/http/invoices&method=DELETE", again);
	assert_repeat(*state, "?host=a.acme.com&path=/http/invoices&method=POST", once);
	assert_repeat(*state, "?path=/b", never);
	assert_repeat(*state, "?path=/b&method=PUT", never);
	((struct world *)*state)->config.routes_n = 0;
	assert_repeat(*state, "?method=OPTIONS", REPEAT("safe", "again", KEY, "[502,503,504]"));
	assert_repeat(*state, "?method=PUT", REPEAT("safe", "never", KEY, "[]"));
}

/* Explain without routes: the pool "default" gets the request. */
static json_t *explain_default(struct world *world)
{
	world->config.routes_n = 0;
	return explain(world, "");
}

static void test_priority_order(void **state)
{
	world_probe(*state, WORLD_EU20, true);
	world_probe(*state, WORLD_US21, true);
	json_t *json = explain_default(*state);
	assert_candidate(json, 0, "eu20", "chosen", "1");
	assert_why(json, 0, "online");
	assert_candidate(json, 1, "us21", "lower_priority", "2");
	assert_why(json, 1, "eu20 is tried before it");
	world_assert_member(json, "pool.active", "\"eu20\"");
	world_assert_member(json, "candidates.0.priority", "1");
	world_assert_member(json, "candidates.0.in_flight", "0");
	json_decref(json);
}

static void test_attempts_end_the_order(void **state)
{
	struct world *world = *state;

	world->pools[0].attempts = 1;
	world_probe(world, WORLD_EU20, true);
	world_probe(world, WORLD_US21, true);
	json_t *json = explain_default(world);
	assert_candidate(json, 0, "eu20", "chosen", "1");
	assert_candidate(json, 1, "us21", "lower_priority", "null");
	assert_why(json, 1, "attempts = 1");
	json_decref(json);
}

static void test_degraded_comes_last_with_its_reason(void **state)
{
	world_probe(*state, WORLD_EU20, false);
	world_probe(*state, WORLD_US21, true);
	json_t *json = explain_default(*state);
	assert_candidate(json, 0, "us21", "chosen", "1");
	assert_candidate(json, 1, "eu20", "degraded", "null");
	assert_why(json, 1, "Connection refused");
	json_decref(json);
}

static void test_recovering_waits_and_stands_in(void **state)
{
	world_probe(*state, WORLD_EU20, true);
	world_probe(*state, WORLD_EU20, false);
	world_probe(*state, WORLD_EU20, true);
	world_probe(*state, WORLD_US21, true);
	json_t *json = explain_default(*state);
	assert_candidate(json, 0, "us21", "chosen", "1");
	assert_candidate(json, 1, "eu20", "recovering", "2");
	world_assert_member(json, "candidates.1.state", "\"recovering\"");
	world_assert_member(json, "candidates.1.waits_for", "\"failback_delay\"");
	int64_t left = json_integer_value(world_member(json, "candidates.1.next_change"));
	assert_true(left > 3590 && left <= 3600);
	world_assert_member(json, "candidates.0.next_change", "null");
	json_decref(json);
}

static void test_drained_with_its_end(void **state)
{
	struct world *world = *state;

	world_probe(world, WORLD_EU20, true);
	world_probe(world, WORLD_US21, true);
	cg_live_drain(world->live, world->snapshot_tenants[WORLD_EU20].live, 60 * 1000, "patch day",
	              cg_loop_now(world->loop));
	json_t *json = explain_default(world);
	assert_candidate(json, 0, "us21", "chosen", "1");
	assert_candidate(json, 1, "eu20", "drained", "null");
	assert_why(json, 1, "Z: patch day");
	world_assert_member(json, "candidates.1.state", "\"drained\"");
	world_assert_member(json, "candidates.1.waits_for", "null");
	int64_t left = json_integer_value(world_member(json, "candidates.1.next_change"));
	assert_true(left > 50 && left <= 60);
	json_decref(json);
}

static void test_a_switch_goes_before_priority(void **state)
{
	struct world *world = *state;

	world_probe(world, WORLD_EU20, true);
	world_probe(world, WORLD_US21, true);
	cg_live_switch(world->live, world->snapshot_pools[0].live,
	               world->snapshot_tenants[WORLD_US21].live, NULL, cg_loop_now(world->loop));
	json_t *json = explain_default(world);
	world_assert_member(json, "pool.switched_to", "\"us21\"");
	assert_candidate(json, 0, "us21", "chosen", "1");
	assert_why(json, 0, "operator");
	assert_candidate(json, 1, "eu20", "not_preferred", "2");
	json_decref(json);
}

static void test_a_full_tenant_is_passed_over(void **state)
{
	struct world *world = *state;

	world->tenants[WORLD_EU20].max_requests = 2;
	world_probe(world, WORLD_EU20, true);
	world_probe(world, WORLD_US21, true);
	atomic_store(&world->snapshot_tenants[WORLD_EU20].live->limited_n, 2);
	json_t *json = explain_default(world);
	assert_candidate(json, 0, "us21", "chosen", "1");
	assert_candidate(json, 1, "eu20", "full", "null");
	assert_why(json, 1, "max_requests of 2");
	world_assert_member(json, "candidates.1.max_requests", "2");
	json_decref(json);
}

static void test_all_down(void **state)
{
	struct world *world = *state;

	world_probe(world, WORLD_EU20, false);
	world_probe(world, WORLD_US21, false);
	json_t *json = explain_default(world);
	assert_candidate(json, 0, "eu20", "degraded", "null");
	assert_candidate(json, 1, "us21", "degraded", "null");
	json_decref(json);
}

static void test_all_down_try(void **state)
{
	struct world *world = *state;

	world->pools[0].all_down = CG_ALL_DOWN_TRY;
	world_probe(world, WORLD_EU20, false);
	world_probe(world, WORLD_US21, false);
	json_t *json = explain_default(world);
	world_assert_member(json, "pool.all_down", "\"try\"");
	assert_candidate(json, 0, "eu20", "chosen", "1");
	assert_why(json, 0, "all_down = try");
	assert_candidate(json, 1, "us21", "lower_priority", "2");
	json_decref(json);
}

static void test_all_down_try_comes_after_the_fit_ones(void **state)
{
	struct world *world = *state;

	world->pools[0].all_down = CG_ALL_DOWN_TRY;
	world_probe(world, WORLD_EU20, false);
	world_probe(world, WORLD_US21, true);
	json_t *json = explain_default(world);
	assert_candidate(json, 0, "us21", "chosen", "1");
	assert_candidate(json, 1, "eu20", "degraded", "2");
	assert_why(json, 1, "all_down = try");
	json_decref(json);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_close)
	const struct CMUnitTest tests[] = {
	        TEST(test_request_and_route),
	        TEST(test_defaults_without_routes),
	        TEST(test_no_route_fits),
	        TEST(test_malformed_queries),
	        TEST(test_what_may_be_sent_again),
	        TEST(test_priority_order),
	        TEST(test_attempts_end_the_order),
	        TEST(test_degraded_comes_last_with_its_reason),
	        TEST(test_recovering_waits_and_stands_in),
	        TEST(test_drained_with_its_end),
	        TEST(test_a_switch_goes_before_priority),
	        TEST(test_a_full_tenant_is_passed_over),
	        TEST(test_all_down),
	        TEST(test_all_down_try),
	        TEST(test_all_down_try_comes_after_the_fit_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
