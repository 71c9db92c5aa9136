/* SPDX-License-Identifier: BSD-2-Clause */
/* The admin port over real sockets: who is let in, and what each call answers. The loop runs in a
 * thread of its own; requests are written byte for byte, so that nothing is made right on the way.
 */
#include "admin/admin.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define CHANGE "Host: localhost\r\nX-Cpigate-Admin: 1\r\nAuthorization: Bearer s3cret\r\n"
#define RESUME "POST /api/v1/tenants/eu20/resume HTTP/1.1\r\n"

static char gateway_name[] = "edge1";
static char config_file[] = "/etc/cpigate.ini";
static char token[] = "s3cret";
static char tenant_name[] = "eu20";
static char tenant_host[] = "eu20.example.com";
static char tenant_url[] = "https://eu20.example.com";
static char region[] = "Frankfurt";
static char pool_name[] = "default";

struct world {
	struct cg_config_tenant tenant;
	struct cg_config_probe probe;
	struct cg_config_pool pool;
	size_t member;
	struct cg_config config;
	struct cg_snapshot_tenant snapshot_tenant;
	struct cg_snapshot_tenant *pool_tenants[1];
	struct cg_snapshot_pool snapshot_pool;
	struct cg_snapshot snapshot;
	struct cg_worker_counters counters[2];
	struct cg_loop *loop;
	struct cg_journal *journal;
	struct cg_live *live;
	struct cg_admin *admin;
	struct cg_addr addr;
	pthread_t thread;
};

static struct cg_snapshot *world_snapshot(void *owner)
{
	return &((struct world *)owner)->snapshot;
}

static void *world_run(void *arg)
{
	cg_loop_run(((struct world *)arg)->loop);
	return NULL;
}

static void world_configure(struct world *world)
{
	world->tenant = (struct cg_config_tenant){.name = tenant_name,
	                                          .url = tenant_url,
	                                          .url_host = tenant_host,
	                                          .url_port = 443,
	                                          .is_https = true,
	                                          .priority = 1,
	                                          .region = region,
	                                          .failback_probe_index = SIZE_MAX};
	world->probe = (struct cg_config_probe){
	        .interval = 1000, .interval_down = 1000, .timeout = 1000, .fall = 1, .rise = 1};
	world->pool = (struct cg_config_pool){.name = pool_name,
	                                      .members = &world->member,
	                                      .members_n = 1,
	                                      .failback_delay = 3600 * 1000,
	                                      .attempts = 1};
	world->config = (struct cg_config){.file = config_file,
	                                   .gateway.name = gateway_name,
	                                   .admin = {.is_on = true, .token = token},
	                                   .pools = &world->pool,
	                                   .pools_n = 1,
	                                   .tenants = &world->tenant,
	                                   .tenants_n = 1,
	                                   .probes = &world->probe,
	                                   .probes_n = 1};
	assert_true(cg_addr_parse(&world->config.admin.address, CG_STR("127.0.0.1:0"), 1));
}

static void world_link(struct world *world)
{
	world->snapshot_tenant = (struct cg_snapshot_tenant){
	        .config = &world->tenant,
	        .probe = &world->probe,
	        .live = cg_live_tenant(world->live, tenant_name),
	};
	world->pool_tenants[0] = &world->snapshot_tenant;
	world->snapshot_pool = (struct cg_snapshot_pool){
	        .config = &world->pool,
	        .live = cg_live_pool(world->live, pool_name),
	        .tenants = world->pool_tenants,
	        .tenants_n = 1,
	};
	world->snapshot = (struct cg_snapshot){
	        .config = &world->config,
	        .tenants = &world->snapshot_tenant,
	        .tenants_n = 1,
	        .pools = &world->snapshot_pool,
	        .pools_n = 1,
	};
}

/* One good probe, one bad, one good: recovering, and waiting for its delay. */
static void world_probe(struct world *world, bool is_good)
{
	struct cg_probe_result result = {
	        .wall_ms = cg_clock_wall_ms(),
	        .duration_ms = 23,
	        .phase = is_good ? CG_PROBE_PHASE_DONE : CG_PROBE_PHASE_CONNECT,
	        .status = is_good ? 401 : 0,
	        .is_good = is_good,
	};

	if (!is_good)
		snprintf(result.error, sizeof(result.error), "Connection refused");
	cg_live_probe_result(world->live, world->snapshot_tenant.live, &result,
	                     cg_loop_now(world->loop));
}

static void on_live_change(void *owner)
{
	(void)owner;
}

static int world_open(void **state)
{
	struct world *world = cg_mem_alloc(sizeof(*world));
	struct cg_error err;

	*state = world;
	assert_int_equal(cg_log_open("/dev/null", CG_LOG_ERROR, &err), 0);
	world_configure(world);
	world->loop = cg_loop_new();
	world->journal = cg_journal_new();
	world->live = cg_live_new(world->journal, 2, on_live_change, NULL);
	cg_live_apply(world->live, &world->config, cg_loop_now(world->loop));
	world_link(world);
	world_probe(world, true);
	world_probe(world, false);
	world_probe(world, true);
	world->counters[0].connections = 2;
	world->counters[1].connections = 3;
	const struct cg_admin_setup setup = {.loop = world->loop,
	                                     .live = world->live,
	                                     .journal = world->journal,
	                                     .counters = world->counters,
	                                     .workers_n = 2,
	                                     .started_wall_ms = cg_clock_wall_ms() - 5000,
	                                     .snapshot = world_snapshot,
	                                     .owner = world};
	world->admin = cg_admin_new(&setup, &err);
	assert_non_null(world->admin);
	cg_admin_address(world->admin, &world->addr);
	return pthread_create(&world->thread, NULL, world_run, world);
}

static int world_close(void **state)
{
	struct world *world = *state;

	cg_loop_stop(world->loop);
	pthread_join(world->thread, NULL);
	cg_admin_free(world->admin);
	cg_live_free(world->live);
	cg_journal_free(world->journal);
	cg_loop_free(world->loop);
	cg_log_close();
	free(world);
	return 0;
}

/* Send REQUEST (Connection: close is added to its head), read to the end. */
static char *ask(struct world *world, const char *head, const char *body)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct cg_buf answer = {0};
	char *request = cg_str_printf("%sConnection: close\r\nContent-Length: %zu\r\n\r\n%s", head,
	                              strlen(body), body);
	char part[4096];
	ssize_t n;

	assert_int_equal(connect(fd, &world->addr.sa, cg_addr_len(&world->addr)), 0);
	assert_int_equal(write(fd, request, strlen(request)), strlen(request));
	while ((n = read(fd, part, sizeof(part))) > 0)
		cg_buf_append(&answer, part, (size_t)n);
	close(fd);
	free(request);
	char *text = cg_str_dup(cg_buf_str(&answer));
	cg_buf_fini(&answer);
	return text;
}

/* ASK, and expect STATUS and TEXT in the answer. */
static void expect(struct world *world, const char *head, const char *body, int status,
                   const char *text)
{
	char *answer = ask(world, head, body);
	int given = 0;

	assert_int_equal(sscanf(answer, "HTTP/1.1 %d", &given), 1);
	assert_int_equal(given, status);
	if (strstr(answer, text) == NULL)
		fail_msg("no \"%s\" in: %s", text, answer);
	assert_non_null(strstr(answer, "Cache-Control: no-store"));
	assert_non_null(strstr(answer, "X-Content-Type-Options: nosniff"));
	if (status >= 400)
		assert_non_null(strstr(answer, "Content-Type: application/problem+json"));
	free(answer);
}

static json_t *ask_json(struct world *world, const char *head)
{
	char *answer = ask(world, head, "");
	char *body = strstr(answer, "\r\n\r\n");

	assert_non_null(body);
	json_t *json = json_loads(body + 4, 0, NULL);
	assert_non_null(json);
	free(answer);
	return json;
}

static void test_calls_that_look(void **state)
{
	expect(*state, "GET /livez HTTP/1.1\r\nHost: localhost\r\n", "", 200, "ok\n");
	expect(*state, "GET /livez?x=1 HTTP/1.1\r\nHost: 127.0.0.1:9\r\n", "", 200, "ok\n");
	expect(*state, "GET / HTTP/1.1\r\nHost: localhost\r\n", "", 200, "/api/v1/status");
	expect(*state, "GET /api/v1/events HTTP/1.1\r\nHost: [::1]:9090\r\n", "", 200,
	       "\"kind\": \"state\"");
}

static void test_head_has_no_body(void **state)
{
	char *answer = ask(*state, "HEAD /livez HTTP/1.1\r\nHost: localhost\r\n", "");

	assert_non_null(strstr(answer, "200 OK"));
	assert_non_null(strstr(answer, "Content-Length: 3\r\n"));
	assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
	free(answer);
}

static void test_status_document(void **state)
{
	json_t *json = ask_json(*state, "GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n");
	const char *name, *tenant, *tenant_state, *wait, *phase, *error;
	int uptime, clients, good, probe_status;
	json_t *reload, *status;

	assert_int_equal(json_unpack(json,
	                             "{s:{s:s,s:i,s:o},s:{s:i},s:[{s:s,s:s,s:s,s:{s:i},s:[{s:i,s:o}"
	                             ",{s:s,s:s,s:o}]}]}",
	                             "gateway", "name", &name, "uptime", &uptime, "last_reload",
	                             &reload, "connections", "clients", &clients, "tenants", "name",
	                             &tenant, "state", &tenant_state, "waits_for", &wait,
	                             "consecutive", "good", &good, "last_probes", "status",
	                             &probe_status, "error", &status, "phase", &phase, "error",
	                             &error, "status", &status),
	                 0);
	assert_string_equal(name, "edge1");
	assert_true(uptime >= 5 && uptime < 60);
	assert_true(json_is_null(reload));
	assert_int_equal(clients, 5);
	assert_string_equal(tenant, "eu20");
	assert_string_equal(tenant_state, "recovering");
	assert_string_equal(wait, "failback_delay");
	assert_int_equal(good, 1);
	assert_int_equal(probe_status, 401);
	assert_string_equal(phase, "connect");
	assert_string_equal(error, "Connection refused");
	assert_true(json_is_null(status));
	json_decref(json);
}

static void test_other_hosts_are_refused(void **state)
{
	expect(*state, "GET /livez HTTP/1.1\r\nHost: evil.example\r\n", "", 403, "Host");
	expect(*state, "GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n", "", 403,
	       "Host");
	expect(*state, "GET /livez HTTP/1.1\r\n", "", 403, "Host");
}

static void test_unknown_paths_and_methods(void **state)
{
	expect(*state, "GET /api/v2 HTTP/1.1\r\nHost: localhost\r\n", "", 404, "no such call");
	expect(*state, "POST /livez HTTP/1.1\r\nHost: localhost\r\n", "", 405,
	       "Allow: GET, HEAD\r\n");
	expect(*state, "GET /api/v1/tenants/eu20/resume HTTP/1.1\r\nHost: localhost\r\n", "", 405,
	       "Allow: POST\r\n");
	expect(*state, "DELETE /livez HTTP/1.1\r\nHost: localhost\r\n", "", 405, "Allow: GET");
}

static void test_a_change_needs_header_and_token(void **state)
{
	expect(*state, RESUME "Host: localhost\r\nAuthorization: Bearer s3cret\r\n", "", 403,
	       "X-Cpigate-Admin");
	expect(*state, RESUME "Host: localhost\r\nX-Cpigate-Admin: 1\r\n", "", 401,
	       "WWW-Authenticate: Bearer");
	expect(*state,
	       RESUME "Host: localhost\r\nX-Cpigate-Admin: 1\r\nAuthorization: Bearer wrong\r\n",
	       "", 401, "token");
}

static void test_bad_bodies_change_nothing(void **state)
{
	char *large = cg_mem_alloc(64 * 1024 + 2);

	memset(large, ' ', 64 * 1024 + 1);
	expect(*state, RESUME CHANGE, large, 413, "larger");
	expect(*state, RESUME CHANGE, "{", 400, "body");
	expect(*state, RESUME CHANGE, "[]", 400, "body");
	expect(*state, RESUME CHANGE, "{\"note\": 1}", 400, "body");
	expect(*state, RESUME CHANGE, "{\"nope\": \"x\"}", 400, "body");
	expect(*state, "POST /api/v1/tenants/none/resume HTTP/1.1\r\n" CHANGE, "", 404, "none");
	expect(*state, "GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n", "", 200, "recovering");
	free(large);
}

static void test_resume_ends_the_waiting(void **state)
{
	expect(*state, RESUME CHANGE, "{\"note\": \"checked\"}", 200, "\"state\": \"online\"");
	expect(*state, "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n", "", 200,
	       "\"note\": \"checked\"");
	expect(*state, RESUME CHANGE, "", 200, "\"state\": \"online\"");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)
	const struct CMUnitTest tests[] = {
	        TEST(test_calls_that_look),           TEST(test_head_has_no_body),
	        TEST(test_status_document),           TEST(test_other_hosts_are_refused),
	        TEST(test_unknown_paths_and_methods), TEST(test_a_change_needs_header_and_token),
	        TEST(test_bad_bodies_change_nothing), TEST(test_resume_ends_the_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
