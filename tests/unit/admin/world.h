/* SPDX-License-Identifier: BSD-2-Clause */
/* A small gateway without traffic, for tests of the admin port: three tenants, two pools, two
 * routes, live state that tests feed, and the port on a thread of its own. Requests are written
 * byte for byte, so that nothing is made right on the way. */
#ifndef CG_TESTS_ADMIN_WORLD_H
#define CG_TESTS_ADMIN_WORLD_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "admin/admin.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define WORLD_HOST "Host: localhost\r\n"
#define WORLD_CHANGE WORLD_HOST "X-Cpigate-Admin: 1\r\nAuthorization: Bearer s3cret\r\n"

enum { WORLD_EU20, WORLD_US21, WORLD_AP11, WORLD_TENANTS_N };

/* Pool "default" has eu20 and us21, pool "other" has ap11. */
struct world {
	struct cg_config_tenant tenants[WORLD_TENANTS_N];
	struct cg_config_probe probe;
	struct cg_config_pool pools[2];
	size_t members[WORLD_TENANTS_N];
	struct cg_config_route routes[2];
	char *hosts[1];
	char *paths[2];
	struct cg_config config;
	struct cg_snapshot_tenant snapshot_tenants[WORLD_TENANTS_N];
	struct cg_snapshot_tenant *pool_tenants[WORLD_TENANTS_N];
	struct cg_snapshot_pool snapshot_pools[2];
	struct cg_snapshot snapshot;
	struct cg_worker_counters counters[2];
	struct cg_loop *loop;
	struct cg_journal *journal;
	struct cg_live *live;
	struct cg_reload_outcome last_reload;
	unsigned reload_errors_n; /* what the next reload finds */
	struct cg_admin *admin;
	struct cg_addr addr;
	pthread_t thread;
	bool is_served;
};

static inline struct cg_snapshot *world_snapshot(void *owner)
{
	return &((struct world *)owner)->snapshot;
}

static inline int world_reload(void *owner, struct cg_report *report)
{
	struct world *world = owner;

	cg_report_warning(report, "cpigate.ini", 3, "tls_verify is off");
	for (unsigned i = 0; i < world->reload_errors_n; i++)
		cg_report_error(report, "cpigate.ini", (int)i + 7, "no such key");
	world->last_reload = (struct cg_reload_outcome){
	        .wall_ms = 1000,
	        .is_taken = report->errors_n == 0,
	        .errors_n = report->errors_n,
	        .text = "as the daemon says",
	};
	return report->errors_n == 0 ? 0 : -1;
}

static inline const struct cg_reload_outcome *world_last_reload(void *owner)
{
	return &((struct world *)owner)->last_reload;
}

static inline void *world_run(void *arg)
{
	cg_loop_run(((struct world *)arg)->loop);
	return NULL;
}

static inline void world_on_change(void *owner)
{
	(void)owner;
}

static inline void world_configure_tenants(struct world *world)
{
	static char *const names[] = {"eu20", "us21", "ap11"};

	for (size_t i = 0; i < WORLD_TENANTS_N; i++)
		world->tenants[i] = (struct cg_config_tenant){
		        .name = names[i],
		        .url = "https://tenant.example.com",
		        .url_host = "tenant.example.com",
		        .url_port = 443,
		        .is_https = true,
		        .priority = (unsigned)i + 1,
		        .region = "Frankfurt",
		        .failback_probe_index = SIZE_MAX,
		};
	world->probe = (struct cg_config_probe){
	        .interval = 1000, .interval_down = 1000, .timeout = 1000, .fall = 1, .rise = 1};
}

static inline void world_configure_pools(struct world *world)
{
	const struct cg_config_pool pool = {
	        .name = "default",
	        .members = world->members,
	        .members_n = 2,
	        .failback_delay = 3600 * 1000,
	        .attempts = 3,
	        .retry_buffer = 65536,
	        .idempotency_header = "Idempotency-Key",
	};

	for (size_t i = 0; i < WORLD_TENANTS_N; i++)
		world->members[i] = i;
	world->pools[0] = pool;
	world->pools[1] = pool;
	world->pools[1].name = "other";
	world->pools[1].members = &world->members[WORLD_AP11];
	world->pools[1].members_n = 1;
}

static inline void world_configure_routes(struct world *world)
{
	world->hosts[0] = "*.acme.com";
	world->paths[0] = "/http/invoices";
	world->paths[1] = "/b";
	world->routes[0] = (struct cg_config_route){
	        .name = "invoices",
	        .host = {.items = world->hosts, .n = 1},
	        .path = {.items = &world->paths[0], .n = 1},
	        .pool = "default",
	        .repeat = CG_ROUTE_REPEAT_IDEMPOTENT,
	        .response = 5000,
	};
	world->routes[1] = (struct cg_config_route){
	        .name = "b",
	        .path = {.items = &world->paths[1], .n = 1},
	        .pool = "other",
	        .pool_index = 1,
	        .repeat = CG_ROUTE_REPEAT_NEVER,
	        .response = 6000,
	};
}

static inline void world_configure(struct world *world)
{
	world_configure_tenants(world);
	world_configure_pools(world);
	world_configure_routes(world);
	world->config = (struct cg_config){
	        .file = "/etc/cpigate.ini",
	        .gateway.name = "edge1",
	        .admin = {.is_on = true, .token = "s3cret"},
	        .timeouts = {.connect = 5000, .response = 600000, .tenant_read = 60000},
	        .pools = world->pools,
	        .pools_n = 2,
	        .routes = world->routes,
	        .routes_n = 2,
	        .tenants = world->tenants,
	        .tenants_n = WORLD_TENANTS_N,
	        .probes = &world->probe,
	        .probes_n = 1,
	};
	assert_true(cg_addr_parse(&world->config.admin.address, CG_STR("127.0.0.1:0"), 1));
}

static inline void world_link(struct world *world)
{
	for (size_t i = 0; i < WORLD_TENANTS_N; i++) {
		world->snapshot_tenants[i] = (struct cg_snapshot_tenant){
		        .config = &world->tenants[i],
		        .probe = &world->probe,
		        .live = cg_live_tenant(world->live, world->tenants[i].name),
		};
		world->pool_tenants[i] = &world->snapshot_tenants[i];
	}
	for (size_t i = 0; i < 2; i++)
		world->snapshot_pools[i] = (struct cg_snapshot_pool){
		        .config = &world->pools[i],
		        .live = cg_live_pool(world->live, world->pools[i].name),
		        .tenants = &world->pool_tenants[i == 0 ? 0 : WORLD_AP11],
		        .tenants_n = world->pools[i].members_n,
		};
	world->snapshot = (struct cg_snapshot){
	        .config = &world->config,
	        .routes = cg_route_table_new(&world->config),
	        .tenants = world->snapshot_tenants,
	        .tenants_n = WORLD_TENANTS_N,
	        .pools = world->snapshot_pools,
	        .pools_n = 2,
	};
}

/* A probe's result. Not once the port is served: live state is the loop thread's then. */
static inline void world_probe(struct world *world, size_t tenant, bool is_good)
{
	struct cg_probe_result result = {
	        .wall_ms = cg_clock_wall_ms(),
	        .duration_ms = 23,
	        .phase = is_good ? CG_PROBE_PHASE_DONE : CG_PROBE_PHASE_CONNECT,
	        .status = is_good ? 401 : 0,
	        .is_good = is_good,
	};

	assert_false(world->is_served);
	if (!is_good)
		snprintf(result.error, sizeof(result.error), "Connection refused");
	cg_live_probe_result(world->live, world->snapshot_tenants[tenant].live, &result,
	                     cg_loop_now(world->loop));
}

/* Setup: nothing is probed and nobody served yet. */
static inline int world_begin(void **state)
{
	struct world *world = cg_mem_alloc(sizeof(*world));
	struct cg_error err;

	*state = world;
	assert_int_equal(cg_log_open("/dev/null", CG_LOG_ERROR, &err), 0);
	world_configure(world);
	world->loop = cg_loop_new();
	world->journal = cg_journal_new();
	world->live = cg_live_new(world->journal, 2, world_on_change, NULL);
	cg_live_apply(world->live, &world->config, cg_loop_now(world->loop));
	world_link(world);
	world->counters[0].connections = 2;
	world->counters[1].connections = 3;
	return 0;
}

static inline void world_serve(struct world *world)
{
	struct cg_error err;
	const struct cg_admin_setup setup = {
	        .loop = world->loop,
	        .live = world->live,
	        .journal = world->journal,
	        .counters = world->counters,
	        .workers_n = 2,
	        .started_wall_ms = cg_clock_wall_ms() - 5000,
	        .address = world->config.admin.address,
	        .snapshot = world_snapshot,
	        .reload = world_reload,
	        .last_reload = world_last_reload,
	        .owner = world,
	};

	world->admin = cg_admin_new(&setup, &err);
	assert_non_null(world->admin);
	cg_admin_address(world->admin, &world->addr);
	assert_int_equal(pthread_create(&world->thread, NULL, world_run, world), 0);
	world->is_served = true;
}

/* Setup: eu20 has recovered and waits for its failback delay; the others were never probed. */
static inline int world_open(void **state)
{
	world_begin(state);
	world_probe(*state, WORLD_EU20, true);
	world_probe(*state, WORLD_EU20, false);
	world_probe(*state, WORLD_EU20, true);
	world_serve(*state);
	return 0;
}

static inline int world_close(void **state)
{
	struct world *world = *state;

	if (world->is_served) {
		cg_loop_stop(world->loop);
		pthread_join(world->thread, NULL);
	}
	cg_admin_free(world->admin);
	cg_route_table_free(world->snapshot.routes);
	cg_live_free(world->live);
	cg_journal_free(world->journal);
	cg_loop_free(world->loop);
	cg_log_close();
	free(world);
	return 0;
}

/* Send REQUEST (Connection: close is added to its head), read to the end. */
static inline char *world_ask(struct world *world, const char *head, const char *body)
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

/* Ask, and expect STATUS and TEXT in the answer. */
static inline void world_expect(struct world *world, const char *head, const char *body, int status,
                                const char *text)
{
	char *answer = world_ask(world, head, body);
	int given = 0;

	assert_int_equal(sscanf(answer, "HTTP/1.1 %d", &given), 1);
	if (given != status || strstr(answer, text) == NULL)
		fail_msg("no %d with \"%s\" but: %s", status, text, answer);
	assert_non_null(strstr(answer, "Cache-Control: no-store"));
	assert_non_null(strstr(answer, "X-Content-Type-Options: nosniff"));
	if (status >= 400)
		assert_non_null(strstr(answer, "Content-Type: application/problem+json"));
	free(answer);
}

/* The answer's JSON, whatever its status; freed by the caller. */
static inline json_t *world_ask_json(struct world *world, const char *head, const char *body)
{
	char *answer = world_ask(world, head, body);
	char *text = strstr(answer, "\r\n\r\n");

	assert_non_null(text);
	json_t *json = json_loads(text + 4, 0, NULL);
	if (json == NULL)
		fail_msg("no JSON in: %s", answer);
	free(answer);
	return json;
}

/* The member that KEYS lead to: "pool.name", "candidates.0.tenant"; NULL if there is none. */
static inline json_t *world_member(json_t *json, const char *keys)
{
	struct cg_str rest = cg_str_from(keys);
	struct cg_str key;
	uint64_t index;

	while (json != NULL && cg_str_next(&rest, '.', &key)) {
		char *name = cg_str_dup(key);
		if (json_is_array(json) && cg_str_to_u64(key, 1000, &index))
			json = json_array_get(json, index);
		else
			json = json_object_get(json, name);
		free(name);
	}
	return json;
}

/* Expect WANTED (JSON) there. */
static inline void world_assert_member(json_t *json, const char *keys, const char *wanted)
{
	json_t *member = world_member(json, keys);
	char *text = member == NULL ? cg_mem_strdup("nothing")
	                            : json_dumps(member, JSON_ENCODE_ANY | JSON_COMPACT);

	if (strcmp(text, wanted) != 0)
		fail_msg("%s is %s, not %s", keys, text, wanted);
	free(text);
}

#endif
