/* SPDX-License-Identifier: BSD-2-Clause */
/* One request explained: its route, the pool's candidates, what may be sent again, timers. */
#include "admin/api_explain.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "admin/admin_query.h"
#include "admin/admin_reply.h"
#include "admin/api_candidates.h"
#include "admin/api_json.h"
#include "admin/api_status.h"
#include "config/route.h"
#include "config/value.h"

enum { EXPLAIN_HOST, EXPLAIN_PATH, EXPLAIN_METHOD, EXPLAIN_PARAMS_N };

struct explain {
	const struct cg_admin_call *call;
	char *host; /* in lower case, with or without a port; NULL: not given */
	const char *path;
	const char *method;
	struct cg_route_match match;
};

/* Methods with whether they are safe and whether they are idempotent (RFC 9110 section 9.2). The
 * same as in proxy/repeat, which needs a whole request. */
static const struct explain_method {
	const char *name;
	bool is_safe;
	bool is_idempotent;
} methods[] = {
        {"GET", true, true},     {"HEAD", true, true},    {"OPTIONS", true, true},
        {"PUT", false, true},    {"DELETE", false, true}, {"POST", false, false},
        {"PATCH", false, false},
};

static const struct explain_method *explain_find_method(const char *name)
{
	for (size_t i = 0; i < CG_ARRAY_LEN(methods); i++)
		if (strcmp(methods[i].name, name) == 0)
			return &methods[i];
	return NULL;
}

/* ---- the request ---- */

/* The name alone, as routes go by it, of "name:443" and "[::1]:443". */
static struct cg_str explain_host_name(const char *host)
{
	struct cg_str name = cg_str_from(host);

	if (name.len > 0 && name.ptr[0] == '[')
		return (struct cg_str){.ptr = name.ptr + 1, .len = strcspn(name.ptr + 1, "]")};
	if (name.len > 0)
		name.len = strcspn(name.ptr, ":");
	return name;
}

/* Judge what was given; -1 with ERR. */
static int explain_take(struct explain *x, const struct cg_admin_param *params,
                        struct cg_error *err)
{
	const char *host = params[EXPLAIN_HOST].value;
	struct cg_str path = cg_str_from(x->path);

	if (explain_find_method(x->method) == NULL)
		return cg_error_set(err, "the query: %s is no method that is proxied", x->method);
	char *sound_path = cg_value_read_text(CG_OPTION_TARGET, path, err);
	if (sound_path == NULL)
		return -1;
	free(sound_path);
	if (host == NULL)
		return 0;
	x->host = cg_value_read_text(CG_OPTION_HOST_PORT, cg_str_from(host), err);
	return x->host == NULL ? -1 : 0;
}

static json_t *explain_request(const struct explain *x)
{
	json_t *json = json_object();

	json_object_set_new(json, "host", cg_api_json_text(x->host));
	json_object_set_new(json, "path", cg_api_json_text(x->path));
	json_object_set_new(json, "method", json_string(x->method));
	return json;
}

/* ---- the route and its pool ---- */

/* Without any configured route everything goes to the one pool. */
static json_t *explain_route(const struct explain *x, const struct cg_config_pool *pool)
{
	const struct cg_config_route *route = x->match.route;
	const struct cg_texts none = {0};
	const struct cg_texts *host = route == NULL ? &none : &route->host;
	const struct cg_texts *path = route == NULL ? &none : &route->path;
	json_t *json = json_object();

	json_object_set_new(json, "name", cg_api_json_text(route == NULL ? NULL : route->name));
	json_object_set_new(json, "host", cg_api_json_texts(host->items, host->n));
	json_object_set_new(json, "path", cg_api_json_texts(path->items, path->n));
	json_object_set_new(json, "pool", cg_api_json_text(pool->name));
	return json;
}

static json_t *explain_pool(const struct cg_snapshot_pool *pool)
{
	const struct cg_live_tenant *active = pool->live->active;
	json_t *json = json_object();

	json_object_set_new(json, "name", cg_api_json_text(pool->config->name));
	json_object_set_new(json, "method", json_string("priority"));
	json_object_set_new(json, "active", cg_api_json_text(active == NULL ? NULL : active->name));
	json_object_set_new(json, "switched_to", cg_api_json_text(cg_api_status_switched_to(pool)));
	json_object_set_new(json, "all_down",
	                    json_string(cg_api_json_all_down(pool->config->all_down)));
	json_object_set_new(json, "attempts", json_integer(pool->config->attempts));
	return json;
}

/* ---- what may be sent again, and when a timer ends it ---- */

static const char *explain_rule_name(enum cg_route_repeat rule)
{
	switch (rule) {
	case CG_ROUTE_REPEAT_SAFE:
		return "safe";
	case CG_ROUTE_REPEAT_IDEMPOTENT:
		return "idempotent";
	case CG_ROUTE_REPEAT_NEVER:
		break;
	}
	return "never";
}

static json_t *explain_repeat(const struct explain *x, const struct cg_config_pool *pool)
{
	enum cg_route_repeat rule =
	        x->match.route == NULL ? CG_ROUTE_REPEAT_SAFE : x->match.route->repeat;
	bool is_never = rule == CG_ROUTE_REPEAT_NEVER;
	const struct explain_method *method = explain_find_method(x->method);
	bool is_safe = !is_never && (method->is_safe ||
	                             (rule == CG_ROUTE_REPEAT_IDEMPOTENT && method->is_idempotent));
	json_t *json = json_object();

	json_object_set_new(json, "rule", json_string(explain_rule_name(rule)));
	json_object_set_new(json, "if_not_sent", json_string("next tenant"));
	json_object_set_new(json, "if_sent", json_string(is_safe ? "again" : "never"));
	/* With it a request may be sent again whatever its method; "never" outdoes it. */
	json_object_set_new(json, "idempotency_header",
	                    cg_api_json_text(is_never ? NULL : pool->idempotency_header));
	json_object_set_new(json, "retry_buffer", json_integer((json_int_t)pool->retry_buffer));
	json_object_set_new(json, "statuses_repeated",
	                    is_safe ? json_pack("[i,i,i]", 502, 503, 504) : json_array());
	return json;
}

static json_t *explain_timers(const struct explain *x)
{
	const struct cg_config_timeouts *timeouts = &x->call->snapshot->config->timeouts;
	int64_t response = x->match.route == NULL ? timeouts->response : x->match.route->response;
	json_t *json = json_object();

	json_object_set_new(json, "connect_ms", json_integer(timeouts->connect));
	json_object_set_new(json, "response_ms", json_integer(response));
	json_object_set_new(json, "tenant_read_ms", json_integer(timeouts->tenant_read));
	return json;
}

/* ---- the answer ---- */

static void explain_reply_no_route(const struct explain *x)
{
	json_t *json = json_object();

	json_object_set_new(json, "request", explain_request(x));
	json_object_set_new(json, "route", json_null());
	json_object_set_new(json, "why", json_string("no route fits host and path: 404"));
	json_object_set_new(json, "pool", json_null());
	json_object_set_new(json, "candidates", json_array());
	json_object_set_new(json, "repeat", json_null());
	json_object_set_new(json, "timers", json_null());
	cg_admin_reply_json(x->call->req, 200, json);
}

static void explain_reply(const struct explain *x)
{
	const struct cg_snapshot_pool *pool = &x->call->snapshot->pools[x->match.pool_index];
	json_t *json = json_object();

	json_object_set_new(json, "request", explain_request(x));
	json_object_set_new(json, "route", explain_route(x, pool->config));
	json_object_set_new(json, "why",
	                    json_string(x->match.route == NULL
	                                        ? "no routes are configured: everything goes to "
	                                          "the one pool"
	                                        : "the most specific host, then the longest path"));
	json_object_set_new(json, "pool", explain_pool(pool));
	json_object_set_new(json, "candidates", cg_api_candidates(x->call->admin, pool));
	json_object_set_new(json, "repeat", explain_repeat(x, pool->config));
	json_object_set_new(json, "timers", explain_timers(x));
	cg_admin_reply_json(x->call->req, 200, json);
}

static void explain_answer(struct explain *x)
{
	x->match = cg_route_table_find(x->call->snapshot->routes, explain_host_name(x->host),
	                               cg_str_from(x->path));
	if (x->match.pool_index == SIZE_MAX)
		explain_reply_no_route(x);
	else
		explain_reply(x);
}

void cg_api_explain(struct cg_admin_call *call)
{
	struct cg_admin_param params[EXPLAIN_PARAMS_N] = {
	        [EXPLAIN_HOST] = {.name = "host"},
	        [EXPLAIN_PATH] = {.name = "path"},
	        [EXPLAIN_METHOD] = {.name = "method"},
	};
	const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(call->req));
	struct explain x = {.call = call, .path = "/", .method = "GET"};
	struct cg_error err;

	int result = cg_admin_query_read(query, params, CG_ARRAY_LEN(params), &err);
	if (params[EXPLAIN_PATH].value != NULL)
		x.path = params[EXPLAIN_PATH].value;
	if (params[EXPLAIN_METHOD].value != NULL)
		x.method = params[EXPLAIN_METHOD].value;
	if (result == 0 && explain_take(&x, params, &err) == 0)
		explain_answer(&x);
	else
		cg_admin_reply_problem(call->req, 400, "%s", err.text);
	free(x.host);
	cg_admin_query_fini(params, CG_ARRAY_LEN(params));
}
