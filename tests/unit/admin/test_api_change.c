/* SPDX-License-Identifier: BSD-2-Clause */
/* What an operator changes by HTTP: drain, resume, switch, reload. */
#include "admin/api_change.h"

#include <time.h>

#include "admin/world.h"

#define DRAIN "POST /api/v1/tenants/eu20/drain HTTP/1.1\r\n" WORLD_CHANGE
#define RESUME "POST /api/v1/tenants/eu20/resume HTTP/1.1\r\n" WORLD_CHANGE
#define SWITCH "POST /api/v1/pools/default/switch HTTP/1.1\r\n" WORLD_CHANGE
#define RELOAD "POST /api/v1/reload HTTP/1.1\r\n" WORLD_CHANGE
#define STATUS "GET /api/v1/status HTTP/1.1\r\n" WORLD_HOST
#define EVENTS "GET /api/v1/events HTTP/1.1\r\n" WORLD_HOST

/* The member of the answer to GET of the status or the events. */
static void assert_seen(struct world *world, const char *head, const char *keys, const char *wanted)
{
	json_t *json = world_ask_json(world, head, "");

	world_assert_member(json, keys, wanted);
	json_decref(json);
}

/* How far in the future the RFC 3339 time in JSON's member is, in seconds. */
static double seconds_until(json_t *json, const char *keys)
{
	const char *text = json_string_value(world_member(json, keys));
	struct tm tm = {0};

	assert_non_null(text);
	assert_non_null(strptime(text, "%Y-%m-%dT%H:%M:%S", &tm));
	return difftime(timegm(&tm), time(NULL));
}

static void test_bad_bodies_change_nothing(void **state)
{
	char *large = cg_mem_alloc(64 * 1024 + 2);

	memset(large, ' ', 64 * 1024 + 1);
	world_expect(*state, RESUME, large, 413, "larger");
	world_expect(*state, RESUME, "{", 400, "body");
	world_expect(*state, RESUME, "[]", 400, "body");
	world_expect(*state, RESUME, "{\"note\": 1}", 400, "body");
	world_expect(*state, RESUME, "{\"nope\": \"x\"}", 400, "body");
	world_expect(*state, DRAIN, "{\"for\": 7200}", 400, "body");
	world_expect(*state, DRAIN, "{\"note\": \"a\", \"note\": \"b\"}", 400, "body");
	assert_seen(*state, STATUS, "tenants.0.state", "\"recovering\"");
	free(large);
}

static void test_a_note_has_a_limit(void **state)
{
	char note[CG_API_NOTE_MAX + 2] = "";

	memset(note, 'x', sizeof(note) - 1);
	char *body = cg_str_printf("{\"note\": \"%s\"}", note);
	world_expect(*state, DRAIN, body, 400, "longer than 1000");
	free(body);
	note[CG_API_NOTE_MAX] = '\0';
	body = cg_str_printf("{\"note\": \"%s\"}", note);
	world_expect(*state, DRAIN, body, 200, "\"state\": \"drained\"");
	free(body);
}

static void test_unknown_names(void **state)
{
	world_expect(*state, "POST /api/v1/tenants/none/drain HTTP/1.1\r\n" WORLD_CHANGE, "", 404,
	             "no tenant none");
	world_expect(*state, "POST /api/v1/tenants/none/resume HTTP/1.1\r\n" WORLD_CHANGE, "", 404,
	             "no tenant none");
	world_expect(*state, "POST /api/v1/pools/none/switch HTTP/1.1\r\n" WORLD_CHANGE,
	             "{\"tenant\": \"eu20\"}", 404, "no pool none");
	world_expect(*state, SWITCH, "{\"tenant\": \"none\"}", 404, "no tenant none");
}

static void test_resume_ends_the_waiting(void **state)
{
	world_expect(*state, RESUME, "{\"note\": \"checked\"}", 200, "\"state\": \"online\"");
	world_expect(*state, EVENTS, "", 200, "\"note\": \"checked\"");
	world_expect(*state, RESUME, "", 200, "\"state\": \"online\"");
}

static void test_drain_until_resume(void **state)
{
	json_t *json = world_ask_json(*state, DRAIN, "{\"note\": \"patch day\"}");

	world_assert_member(json, "name", "\"eu20\"");
	world_assert_member(json, "state", "\"drained\"");
	world_assert_member(json, "drained_until", "null");
	world_assert_member(json, "drain_note", "\"patch day\"");
	world_assert_member(json, "waits_for", "\"operator\"");
	json_decref(json);
	assert_seen(*state, STATUS, "tenants.0.state", "\"drained\"");
	world_expect(*state, EVENTS, "", 200, "\"kind\": \"drain\"");
	world_expect(*state, EVENTS, "", 200, "\"note\": \"patch day\"");

	/* It takes the state that its probes gave it. */
	json = world_ask_json(*state, RESUME, "");
	world_assert_member(json, "drain_note", "null");
	assert_string_not_equal(json_string_value(world_member(json, "state")), "drained");
	json_decref(json);
}

static void test_drain_for_a_time(void **state)
{
	json_t *json = world_ask_json(*state, DRAIN, "{\"for\": \"2h\"}");

	assert_in_range((int)seconds_until(json, "drained_until"), 7190, 7201);
	world_assert_member(json, "drain_note", "null");
	world_assert_member(json, "waits_for", "null");
	json_decref(json);

	/* Draining again replaces end and note. */
	json = world_ask_json(*state, DRAIN, "{\"for\": \"30m\", \"note\": \"sooner\"}");
	assert_in_range((int)seconds_until(json, "drained_until"), 1790, 1801);
	world_assert_member(json, "drain_note", "\"sooner\"");
	json_decref(json);
}

static void test_how_long_a_drain_may_last(void **state)
{
	world_expect(*state, DRAIN, "{\"for\": \"\"}", 400, "duration");
	world_expect(*state, DRAIN, "{\"for\": \"2 weeks\"}", 400, "duration");
	world_expect(*state, DRAIN, "{\"for\": \"-1h\"}", 400, "duration");
	world_expect(*state, DRAIN, "{\"for\": \"0\"}", 400, "1s to 720h");
	world_expect(*state, DRAIN, "{\"for\": \"999ms\"}", 400, "1s to 720h");
	world_expect(*state, DRAIN, "{\"for\": \"721h\"}", 400, "1s to 720h");
	assert_seen(*state, STATUS, "tenants.0.state", "\"recovering\"");
	world_expect(*state, DRAIN, "{\"for\": \" 720h \"}", 200, "\"state\": \"drained\"");
}

static void test_switch_and_back(void **state)
{
	json_t *json =
	        world_ask_json(*state, SWITCH, "{\"tenant\": \"us21\", \"note\": \"drill\"}");

	world_assert_member(json, "name", "\"default\"");
	world_assert_member(json, "switched_to", "\"us21\"");
	world_assert_member(json, "switch_note", "\"drill\"");
	assert_in_range((int)seconds_until(json, "switched_since") + 10, 0, 11);
	json_decref(json);
	assert_seen(*state, STATUS, "pools.0.switched_to", "\"us21\"");
	assert_seen(*state, STATUS, "pools.1.switched_to", "null");
	world_expect(*state, EVENTS, "", 200, "\"kind\": \"switch\"");
	world_expect(*state, EVENTS, "", 200, "\"note\": \"drill\"");

	json = world_ask_json(*state, SWITCH, "{\"tenant\": \"auto\", \"note\": \"over\"}");
	world_assert_member(json, "switched_to", "null");
	world_assert_member(json, "switched_since", "null");
	world_assert_member(json, "switch_note", "null");
	json_decref(json);
}

static void test_switch_only_within_the_pool(void **state)
{
	world_expect(*state, SWITCH, "{\"tenant\": \"ap11\"}", 409, "not in pool default");
	world_expect(*state, SWITCH, "{\"tenant\": \"ap11\"}", 409, "\"title\": \"Conflict\"");
	world_expect(*state, SWITCH, "", 400, "names no tenant");
	world_expect(*state, SWITCH, "{}", 400, "names no tenant");
	world_expect(*state, SWITCH, "{\"tenant\": null}", 400, "body");
	assert_seen(*state, STATUS, "pools.0.switched_to", "null");
}

static void test_reload_taken(void **state)
{
	json_t *json = world_ask_json(*state, RELOAD, "");

	world_assert_member(json, "outcome", "\"taken\"");
	world_assert_member(json, "warnings", "[\"cpigate.ini:3: warning: tls_verify is off\"]");
	json_decref(json);
	assert_seen(*state, STATUS, "gateway.last_reload",
	            "{\"time\":\"1970-01-01T00:00:01.000Z\",\"outcome\":\"taken\","
	            "\"text\":\"as the daemon says\",\"errors\":0}");
	world_expect(*state, RELOAD, "{}", 200, "taken");
	world_expect(*state, RELOAD, "{\"note\": \"x\"}", 400, "body");
}

static void test_reload_refused_tells_all_errors(void **state)
{
	struct world *world = *state;

	world->reload_errors_n = 2;
	world_expect(world, RELOAD, "", 409, "has 2 errors");
	json_t *json = world_ask_json(world, RELOAD, "");
	world_assert_member(json, "status", "409");
	world_assert_member(json, "outcome", "\"refused\"");
	world_assert_member(json, "errors",
	                    "[\"cpigate.ini:7: error: no such key\","
	                    "\"cpigate.ini:8: error: no such key\"]");
	json_decref(json);
	assert_seen(world, STATUS, "gateway.last_reload.outcome", "\"refused\"");
	assert_seen(world, STATUS, "gateway.last_reload.errors", "2");
}

static void test_changes_need_their_header(void **state)
{
	const char *const paths[] = {"tenants/eu20/drain", "pools/default/switch", "reload"};

	for (size_t i = 0; i < CG_ARRAY_LEN(paths); i++) {
		char *head = cg_str_printf("POST /api/v1/%s HTTP/1.1\r\n%s", paths[i], WORLD_HOST);
		world_expect(*state, head, "", 403, "X-Cpigate-Admin");
		free(head);
		head = cg_str_printf("GET /api/v1/%s HTTP/1.1\r\n%s", paths[i], WORLD_HOST);
		world_expect(*state, head, "", 405, "Allow: POST");
		free(head);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)
	const struct CMUnitTest tests[] = {
	        TEST(test_bad_bodies_change_nothing),
	        TEST(test_a_note_has_a_limit),
	        TEST(test_unknown_names),
	        TEST(test_resume_ends_the_waiting),
	        TEST(test_drain_until_resume),
	        TEST(test_drain_for_a_time),
	        TEST(test_how_long_a_drain_may_last),
	        TEST(test_switch_and_back),
	        TEST(test_switch_only_within_the_pool),
	        TEST(test_reload_taken),
	        TEST(test_reload_refused_tells_all_errors),
	        TEST(test_changes_need_their_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
