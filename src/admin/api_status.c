/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls that only look. Names of the JSON members are SPEC section 7's; numbers that workers count
 * are read as they are at that moment. */
#include "admin/api_status.h"

#include <unistd.h>

#include "admin/admin_reply.h"
#include "admin/api_json.h"
#include "admin/api_warnings.h"
#include "base/clock.h"

/* null before the first one. */
static json_t *api_status_reload(const struct cg_reload_outcome *reload)
{
	json_t *json;

	if (reload->wall_ms == 0)
		return json_null();
	json = json_object();
	json_object_set_new(json, "time", cg_api_json_time(reload->wall_ms));
	json_object_set_new(json, "outcome", json_string(reload->is_taken ? "taken" : "refused"));
	json_object_set_new(json, "text", cg_api_json_text(reload->text));
	json_object_set_new(json, "errors", json_integer((json_int_t)reload->errors_n));
	return json;
}

static json_t *api_status_gateway(const struct cg_admin *admin, const struct cg_config *config)
{
	int64_t uptime_ms = cg_clock_wall_ms() - admin->setup.started_wall_ms;
	json_t *json = json_object();

	json_object_set_new(json, "name", cg_api_json_text(config->gateway.name));
	json_object_set_new(json, "version", json_string(PACKAGE_VERSION));
	json_object_set_new(json, "pid", json_integer(getpid()));
	json_object_set_new(json, "started", cg_api_json_time(admin->setup.started_wall_ms));
	json_object_set_new(json, "uptime", json_integer(CG_MAX(uptime_ms, 0) / 1000));
	json_object_set_new(json, "config_file", cg_api_json_text(config->file));
	json_object_set_new(json, "last_reload",
	                    api_status_reload(admin->setup.last_reload(admin->setup.owner)));
	return json;
}

static json_t *api_status_certificate(const struct cg_tls_certificate *cert)
{
	int64_t days = cg_api_warnings_days(cert->not_after_s, cg_clock_wall_ms() / 1000);
	json_t *json = json_object();

	json_object_set_new(json, "subject", cg_api_json_text(cert->subject));
	json_object_set_new(json, "names", cg_api_json_texts(cert->names, cert->names_n));
	json_object_set_new(json, "not_after", cg_api_json_time(cert->not_after_s * 1000));
	json_object_set_new(json, "days_left", json_integer(days));
	json_object_set_new(json, "key_type", cg_api_json_text(cert->key_type));
	json_object_set_new(json, "file", cg_api_json_text(cert->file));
	return json;
}

static json_t *api_status_listener(const struct cg_snapshot_listener *listener)
{
	json_t *json = json_object();
	json_t *certs = json_array();
	const struct cg_tls_server *tls = cg_snapshot_tls(listener);
	size_t n = tls == NULL ? 0 : cg_tls_server_certificates_n(tls);

	for (size_t i = 0; i < n; i++)
		json_array_append_new(certs,
		                      api_status_certificate(cg_tls_server_certificate(tls, i)));
	json_object_set_new(json, "name", cg_api_json_text(listener->config->name));
	json_object_set_new(json, "addresses",
	                    cg_api_json_addrs(listener->bound, listener->config->address.n));
	json_object_set_new(json, "tls", json_boolean(tls != NULL));
	json_object_set_new(json, "certificates", certs);
	return json;
}

const char *cg_api_status_switched_to(const struct cg_snapshot_pool *pool)
{
	unsigned preferred = atomic_load_explicit(&pool->live->preferred, memory_order_relaxed);

	for (size_t i = 0; i < pool->tenants_n; i++) {
		if (pool->tenants[i]->live->id == preferred)
			return pool->tenants[i]->config->name;
	}
	return NULL;
}

/* Since when and why "auto" is in force is for the events alone. */
static void api_status_set_switch(json_t *json, const struct cg_snapshot_pool *pool)
{
	const struct cg_live_pool *live = pool->live;
	const char *first = cg_api_status_switched_to(pool);
	bool is_switched = first != NULL;

	json_object_set_new(json, "switched_to", cg_api_json_text(first));
	json_object_set_new(json, "switched_since",
	                    cg_api_json_time(is_switched ? live->switched_wall_ms : 0));
	json_object_set_new(json, "switch_note",
	                    cg_api_json_text(is_switched ? live->switch_note : NULL));
}

json_t *cg_api_status_pool(const struct cg_snapshot_pool *pool)
{
	const struct cg_live_tenant *active = pool->live->active;
	json_t *json = json_object();
	json_t *tenants = json_array();

	for (size_t i = 0; i < pool->tenants_n; i++)
		json_array_append_new(tenants, cg_api_json_text(pool->tenants[i]->config->name));
	json_object_set_new(json, "name", cg_api_json_text(pool->config->name));
	json_object_set_new(json, "method", json_string("priority"));
	json_object_set_new(json, "active", cg_api_json_text(active == NULL ? NULL : active->name));
	json_object_set_new(json, "since", cg_api_json_time(pool->live->active_since_wall_ms));
	api_status_set_switch(json, pool);
	json_object_set_new(json, "all_down",
	                    json_string(cg_api_json_all_down(pool->config->all_down)));
	json_object_set_new(json, "failovers", json_integer((json_int_t)pool->live->failovers));
	json_object_set_new(json, "failbacks", json_integer((json_int_t)pool->live->failbacks));
	json_object_set_new(json, "tenants", tenants);
	return json;
}

static json_t *api_status_probe(const struct cg_probe_result *result)
{
	json_t *json = json_object();
	const char *error = result->error[0] == '\0' ? NULL : result->error;

	json_object_set_new(json, "time", cg_api_json_time(result->wall_ms));
	json_object_set_new(json, "good", json_boolean(result->is_good));
	json_object_set_new(json, "failback", json_boolean(result->is_failback));
	json_object_set_new(json, "phase", json_string(cg_probe_phase_name(result->phase)));
	json_object_set_new(json, "status",
	                    result->status == 0 ? json_null() : json_integer(result->status));
	json_object_set_new(json, "error", cg_api_json_text(error));
	json_object_set_new(json, "duration_ms", json_integer(result->duration_ms));
	return json;
}

json_t *cg_api_status_wait(const struct cg_admin *admin, const struct cg_live_tenant *tenant)
{
	enum cg_health_wait wait = cg_health_waits_for(&tenant->health, &tenant->rules,
	                                               cg_loop_now(admin->setup.loop));

	/* What its probes still lack matters only when it is back. */
	if (tenant->is_drained)
		wait = tenant->drained_until_wall_ms == 0 ? CG_HEALTH_WAIT_OPERATOR
		                                          : CG_HEALTH_WAIT_NOTHING;
	return wait == CG_HEALTH_WAIT_NOTHING ? json_null()
	                                      : json_string(cg_health_wait_name(wait));
}

static json_t *api_status_consecutive(const struct cg_live_tenant *tenant)
{
	json_t *json = json_object();

	json_object_set_new(json, "good", json_integer(tenant->health.good_n));
	json_object_set_new(json, "bad", json_integer(tenant->health.bad_n));
	json_object_set_new(json, "passive", json_integer(tenant->health.passive_bad_n));
	return json;
}

static void api_status_set_health(json_t *json, const struct cg_admin *admin,
                                  const struct cg_live_tenant *tenant)
{
	json_object_set_new(json, "state",
	                    json_string(cg_health_state_name(cg_live_state(tenant))));
	json_object_set_new(json, "since", cg_api_json_time(tenant->since_wall_ms));
	json_object_set_new(json, "reason", cg_api_json_text(tenant->reason));
	json_object_set_new(json, "waits_for", cg_api_status_wait(admin, tenant));
	json_object_set_new(json, "drained_until", cg_api_json_time(tenant->drained_until_wall_ms));
	json_object_set_new(json, "drain_note", cg_api_json_text(tenant->drain_note));
	json_object_set_new(json, "consecutive", api_status_consecutive(tenant));
}

json_t *cg_api_status_tenant(const struct cg_admin *admin, const struct cg_snapshot_tenant *tenant)
{
	const struct cg_live *live = admin->setup.live;
	const struct cg_live_tenant *entry = tenant->live;
	json_t *json = json_object();
	json_t *probes = json_array();

	json_object_set_new(json, "name", cg_api_json_text(tenant->config->name));
	json_object_set_new(json, "url", cg_api_json_text(tenant->config->url));
	json_object_set_new(json, "region", cg_api_json_text(tenant->config->region));
	json_object_set_new(json, "priority", json_integer(tenant->config->priority));
	api_status_set_health(json, admin, entry);
	json_object_set_new(json, "requests",
	                    json_integer((json_int_t)cg_live_requests(live, entry)));
	json_object_set_new(json, "failures",
	                    json_integer((json_int_t)cg_live_failures(live, entry)));
	json_object_set_new(json, "in_flight", json_integer(cg_live_in_flight(live, entry)));
	json_object_set_new(json, "max_requests", json_integer(tenant->config->max_requests));
	for (size_t i = 0; i < entry->probes_n; i++)
		json_array_append_new(probes, api_status_probe(&entry->probes[i]));
	json_object_set_new(json, "last_probes", probes);
	return json;
}

static json_t *api_status_connections(const struct cg_admin_setup *setup)
{
	json_int_t clients = 0;
	json_int_t tenants = 0;
	json_int_t idle = 0;
	json_int_t accepted = 0;
	json_int_t refused = 0;
	json_t *json = json_object();

	for (unsigned i = 0; i < setup->workers_n; i++) {
		const struct cg_worker_counters *worker = &setup->counters[i];
		clients += CG_COUNTER_GET(worker->connections);
		tenants += CG_COUNTER_GET(worker->tenant_connections);
		idle += CG_COUNTER_GET(worker->tenant_connections_idle);
		accepted += (json_int_t)CG_COUNTER_GET(worker->connections_total);
		refused += (json_int_t)CG_COUNTER_GET(worker->connections_refused);
	}
	json_object_set_new(json, "clients", json_integer(clients));
	json_object_set_new(json, "tenants", json_integer(tenants));
	json_object_set_new(json, "tenants_idle", json_integer(idle));
	json_object_set_new(json, "accepted_total", json_integer(accepted));
	json_object_set_new(json, "refused_total", json_integer(refused));
	return json;
}

void cg_api_status(struct cg_admin_call *call)
{
	const struct cg_admin *admin = call->admin;
	const struct cg_snapshot *snapshot = call->snapshot;
	json_t *json = json_object();
	json_t *listeners = json_array();
	json_t *pools = json_array();
	json_t *tenants = json_array();

	for (size_t i = 0; i < snapshot->listeners_n; i++)
		json_array_append_new(listeners, api_status_listener(&snapshot->listeners[i]));
	for (size_t i = 0; i < snapshot->pools_n; i++)
		json_array_append_new(pools, cg_api_status_pool(&snapshot->pools[i]));
	for (size_t i = 0; i < snapshot->tenants_n; i++)
		json_array_append_new(tenants, cg_api_status_tenant(admin, &snapshot->tenants[i]));
	json_object_set_new(json, "gateway", api_status_gateway(admin, snapshot->config));
	json_object_set_new(json, "warnings", cg_api_warnings(snapshot, cg_clock_wall_ms() / 1000));
	json_object_set_new(json, "listeners", listeners);
	json_object_set_new(json, "pools", pools);
	json_object_set_new(json, "tenants", tenants);
	json_object_set_new(json, "connections", api_status_connections(&admin->setup));
	cg_admin_reply_json(call->req, 200, json);
}

/* Members that do not apply to an event's kind are left out. */
static void api_status_set_text(json_t *json, const char *key, const char *text)
{
	if (text != NULL)
		json_object_set_new(json, key, cg_api_json_text(text));
}

static json_t *api_status_event(const struct cg_event *event)
{
	json_t *json = json_object();

	json_object_set_new(json, "time", cg_api_json_time(event->wall_ms));
	json_object_set_new(json, "kind", json_string(cg_event_kind_name(event->kind)));
	api_status_set_text(json, "tenant", event->tenant);
	api_status_set_text(json, "pool", event->pool);
	api_status_set_text(json, "from", event->from);
	api_status_set_text(json, "to", event->to);
	api_status_set_text(json, "reason", event->reason);
	api_status_set_text(json, "note", event->note);
	if (event->lasted_ms >= 0)
		json_object_set_new(json, "lasted_ms", json_integer(event->lasted_ms));
	return json;
}

void cg_api_events(struct cg_admin_call *call)
{
	const struct cg_journal *journal = call->admin->setup.journal;
	json_t *json = json_object();
	json_t *events = json_array();

	for (size_t i = 0; i < cg_journal_count(journal); i++)
		json_array_append_new(events, api_status_event(cg_journal_at(journal, i)));
	json_object_set_new(json, "events", events);
	cg_admin_reply_json(call->req, 200, json);
}
