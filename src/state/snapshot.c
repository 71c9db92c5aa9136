/* SPDX-License-Identifier: BSD-2-Clause */
/* Builds what a configuration needs to serve: first all that can fail, with every problem told,
 * then the links to live entries, so that a refused configuration leaves no trace in the live
 * state. */
#include "state/snapshot.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static void snapshot_build_listeners(struct cg_snapshot *snapshot, struct cg_report *report)
{
	const struct cg_config *config = snapshot->config;

	snapshot->listeners_n = config->listens_n;
	snapshot->listeners = cg_mem_alloc_array(config->listens_n, sizeof(*snapshot->listeners));
	for (size_t i = 0; i < config->listens_n; i++) {
		const struct cg_addrs *addrs = &config->listens[i].address;

		snapshot->listeners[i].config = &config->listens[i];
		snapshot->listeners[i].bound = cg_mem_alloc_array(addrs->n, sizeof(*addrs->items));
		if (addrs->n > 0)
			memcpy(snapshot->listeners[i].bound, addrs->items,
			       addrs->n * sizeof(*addrs->items));
		if (config->listens[i].tls)
			atomic_init(&snapshot->listeners[i].tls,
			            cg_tls_server_new(&config->listens[i], report));
	}
}

/* The URL's host as it goes into a Host field (RFC 9110 section 7.2). */
static char *snapshot_authority(const struct cg_config_tenant *tenant)
{
	bool is_ip6 = strchr(tenant->url_host, ':') != NULL;
	const char *open = is_ip6 ? "[" : "";
	const char *close = is_ip6 ? "]" : "";

	if (tenant->has_default_port)
		return cg_str_printf("%s%s%s", open, tenant->url_host, close);
	return cg_str_printf("%s%s%s:%u", open, tenant->url_host, close,
	                     (unsigned)tenant->url_port);
}

static void snapshot_build_tenants(struct cg_snapshot *snapshot, struct cg_report *report)
{
	const struct cg_config *config = snapshot->config;

	snapshot->tenants_n = config->tenants_n;
	snapshot->tenants = cg_mem_alloc_array(config->tenants_n, sizeof(*snapshot->tenants));
	for (size_t i = 0; i < config->tenants_n; i++) {
		const struct cg_config_tenant *from = &config->tenants[i];
		struct cg_snapshot_tenant *tenant = &snapshot->tenants[i];

		tenant->config = from;
		tenant->probe = &config->probes[from->probe_index];
		if (from->failback_probe_index != SIZE_MAX)
			tenant->failback_probe = &config->probes[from->failback_probe_index];
		tenant->authority = snapshot_authority(from);
		if (from->is_https)
			tenant->tls = cg_tls_client_new(from, report);
	}
}

static bool snapshot_has_equals(const struct cg_snapshot_pool *pool)
{
	for (size_t i = 0; i < pool->tenants_n; i++)
		for (size_t j = i + 1; j < pool->tenants_n; j++)
			if (pool->tenants[i]->config->priority ==
			    pool->tenants[j]->config->priority)
				return true;
	return false;
}

static void snapshot_build_pools(struct cg_snapshot *snapshot)
{
	const struct cg_config *config = snapshot->config;

	snapshot->pools_n = config->pools_n;
	snapshot->pools = cg_mem_alloc_array(config->pools_n, sizeof(*snapshot->pools));
	for (size_t i = 0; i < config->pools_n; i++) {
		const struct cg_config_pool *from = &config->pools[i];
		struct cg_snapshot_pool *pool = &snapshot->pools[i];

		pool->config = from;
		pool->tenants_n = from->members_n;
		pool->tenants =
		        cg_mem_alloc_array(from->members_n, sizeof(struct cg_snapshot_tenant *));
		for (size_t j = 0; j < from->members_n; j++)
			pool->tenants[j] = &snapshot->tenants[from->members[j]];
		pool->has_equals = snapshot_has_equals(pool);
	}
}

/* RFC 9110 section 7.6.3: the pseudonym is a token. */
static char *snapshot_via(const char *name)
{
	char *via = cg_str_printf("1.1 %s", name);

	for (char *c = via + strlen("1.1 "); *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) && strchr("!#$%&'*+-.^_`|~", *c) == NULL)
			*c = '_';
	return via;
}

static void snapshot_link_live(struct cg_snapshot *snapshot, struct cg_live *live,
                               struct cg_report *report)
{
	for (size_t i = 0; i < snapshot->tenants_n; i++) {
		const struct cg_config_tenant *config = snapshot->tenants[i].config;

		snapshot->tenants[i].live = cg_live_tenant(live, config->name);
		if (snapshot->tenants[i].live == NULL)
			cg_report_error(report, config->place.file, config->place.line,
			                "tenant %s: more than %d names of tenants since start",
			                config->name, CG_LIVE_TENANTS_MAX);
	}
	for (size_t i = 0; i < snapshot->pools_n; i++)
		snapshot->pools[i].live = cg_live_pool(live, snapshot->pools[i].config->name);
}

static void snapshot_free_listener(struct cg_snapshot_listener *listener)
{
	cg_tls_server_free(cg_snapshot_tls(listener));
	for (size_t i = 0; i < listener->retired_n; i++)
		cg_tls_server_free(listener->retired[i]);
	free(listener->retired);
	free(listener->bound);
}

static void snapshot_free(struct cg_snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->pools_n; i++)
		free(snapshot->pools[i].tenants);
	for (size_t i = 0; i < snapshot->tenants_n; i++) {
		free(snapshot->tenants[i].authority);
		cg_tls_client_free(snapshot->tenants[i].tls);
	}
	for (size_t i = 0; i < snapshot->listeners_n; i++)
		snapshot_free_listener(&snapshot->listeners[i]);
	free(snapshot->pools);
	free(snapshot->tenants);
	free(snapshot->listeners);
	free(snapshot->via);
	cg_route_table_free(snapshot->routes);
	cg_config_free(snapshot->config);
	free(snapshot);
}

struct cg_snapshot *cg_snapshot_new(struct cg_config *config, struct cg_live *live,
                                    struct cg_report *report)
{
	struct cg_snapshot *snapshot = cg_mem_alloc(sizeof(*snapshot));
	size_t errors_n = report->errors_n;

	atomic_init(&snapshot->refs, 1);
	snapshot->config = config;
	snapshot_build_listeners(snapshot, report);
	snapshot_build_tenants(snapshot, report);
	snapshot_build_pools(snapshot);
	snapshot->routes = cg_route_table_new(config);
	snapshot->via = snapshot_via(config->gateway.name);
	if (live != NULL && report->errors_n == errors_n)
		snapshot_link_live(snapshot, live, report);
	if (report->errors_n == errors_n)
		return snapshot;
	snapshot_free(snapshot);
	return NULL;
}

struct cg_snapshot *cg_snapshot_ref(struct cg_snapshot *snapshot)
{
	atomic_fetch_add_explicit(&snapshot->refs, 1, memory_order_relaxed);
	return snapshot;
}

void cg_snapshot_unref(struct cg_snapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	/* Release and acquire: what others did with the snapshot happens before it is freed here.
	 */
	if (atomic_fetch_sub_explicit(&snapshot->refs, 1, memory_order_acq_rel) == 1)
		snapshot_free(snapshot);
}

void cg_snapshot_replace_tls(struct cg_snapshot *snapshot, size_t index, struct cg_tls_server *tls)
{
	struct cg_snapshot_listener *listener = &snapshot->listeners[index];
	struct cg_tls_server *old = cg_snapshot_tls(listener);

	cg_tls_server_share_tickets(tls, old);
	listener->retired = cg_mem_realloc(listener->retired,
	                                   (listener->retired_n + 1) * sizeof(*listener->retired));
	listener->retired[listener->retired_n++] = old;
	atomic_store_explicit(&listener->tls, tls, memory_order_release);
}
