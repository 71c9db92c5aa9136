/* SPDX-License-Identifier: BSD-2-Clause */
/* A sound configuration in words. */
#include "cli/check_text.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/table.h"
#include "probe/probe.h"

enum { CHECK_DAY_S = 24 * 60 * 60, CHECK_DURATION_SIZE = 32 };

static void check_text_certificate(const struct cg_tls_certificate *cert, struct cg_buf *out)
{
	char day[CG_CLOCK_RFC3339_SIZE];
	int64_t left_s = cert->not_after_s - cg_clock_wall_ms() / 1000;

	cg_clock_format_rfc3339(day, cert->not_after_s * 1000);
	cg_buf_append_str(out, CG_STR("    certificate "));
	cg_table_print_text(out, cert->file);
	cg_buf_append_str(out, CG_STR("\n      names "));
	for (size_t i = 0; i < cert->names_n; i++) {
		cg_buf_append_str(out, i == 0 ? CG_STR("") : CG_STR(", "));
		cg_table_print_text(out, cert->names[i]);
	}
	cg_buf_appendf(out, "\n      %s key, ", cert->key_type);
	if (left_s < 0)
		cg_buf_appendf(out, "EXPIRED on %.10s\n", day);
	else
		cg_buf_appendf(out, "expires on %.10s, %" PRId64 " days left\n", day,
		               left_s / CHECK_DAY_S);
}

static void check_text_listener(const struct cg_snapshot_listener *listener, struct cg_buf *out)
{
	const struct cg_config_listen *config = listener->config;

	cg_buf_appendf(out, "  %s:", config->name);
	for (size_t i = 0; i < config->address.n; i++) {
		char addr[CG_ADDR_TEXT_SIZE];
		cg_addr_format(&config->address.items[i], addr);
		cg_buf_appendf(out, "%s %s", i == 0 ? "" : ",", addr);
	}
	if (listener->tls == NULL) {
		cg_buf_append_str(out, CG_STR(", without TLS\n"));
		return;
	}
	cg_buf_appendf(out, ", TLS %s\n",
	               config->tls_min_version == CG_TLS_1_3 ? "1.3" : "1.2 and 1.3");
	for (size_t i = 0; i < cg_tls_server_certificates_n(listener->tls); i++)
		check_text_certificate(cg_tls_server_certificate(listener->tls, i), out);
}

/* qsort's order: priority, then the place in the file. */
static int check_text_compare(const void *a, const void *b)
{
	const struct cg_snapshot_tenant *left = *(struct cg_snapshot_tenant *const *)a;
	const struct cg_snapshot_tenant *right = *(struct cg_snapshot_tenant *const *)b;

	if (left->config->priority != right->config->priority)
		return left->config->priority < right->config->priority ? -1 : 1;
	return left < right ? -1 : left > right;
}

static const char *check_text_region(const struct cg_config_tenant *tenant)
{
	return tenant->region == NULL || tenant->region[0] == '\0' ? "-" : tenant->region;
}

static void check_text_pool(const struct cg_snapshot_pool *pool, struct cg_buf *out)
{
	size_t size = pool->tenants_n * sizeof(struct cg_snapshot_tenant *);
	struct cg_snapshot_tenant **tenants =
	        (struct cg_snapshot_tenant **)cg_mem_dup(pool->tenants, size);
	struct cg_table table;

	qsort(tenants, pool->tenants_n, sizeof(struct cg_snapshot_tenant *), check_text_compare);
	cg_table_init(&table, 4);
	for (size_t i = 0; i < pool->tenants_n; i++) {
		const struct cg_config_tenant *tenant = tenants[i]->config;
		cg_table_add(&table, CG_TABLE_PLAIN, "priority %u", tenant->priority);
		cg_table_add(&table, CG_TABLE_PLAIN, "%s", tenant->name);
		cg_table_add(&table, CG_TABLE_PLAIN, "%s", check_text_region(tenant));
		cg_table_add(&table, CG_TABLE_PLAIN, "%s%s", tenant->url,
		             tenant->is_https && !tenant->tls_verify ? " (NOT VERIFIED)" : "");
	}
	cg_buf_appendf(out, "  %s:\n", pool->config->name);
	cg_table_print(&table, 4, false, out);
	cg_table_fini(&table);
	free(tenants);
}

/* A row for each pair of host and path; none written stands for any. */
static void check_text_add_route(struct cg_table *table, const struct cg_config_route *route)
{
	for (size_t h = 0; h < CG_MAX(route->host.n, 1); h++) {
		const char *host = route->host.n == 0 ? "any host" : route->host.items[h];
		for (size_t p = 0; p < route->path.n; p++) {
			cg_table_add(table, CG_TABLE_PLAIN, "%s:", route->name);
			cg_table_add(table, CG_TABLE_PLAIN, "%s", host);
			cg_table_add(table, CG_TABLE_PLAIN, "%s", route->path.items[p]);
			cg_table_add(table, CG_TABLE_PLAIN, "> %s", route->pool);
		}
	}
}

static void check_text_routes(const struct cg_config *config, struct cg_buf *out)
{
	struct cg_table table;

	cg_buf_append_str(out, CG_STR("\nroutes\n"));
	if (config->routes_n == 0) {
		cg_buf_appendf(out, "  everything > %s\n", config->pools[0].name);
		return;
	}
	cg_table_init(&table, 4);
	for (size_t i = 0; i < config->routes_n; i++)
		check_text_add_route(&table, &config->routes[i]);
	cg_table_print(&table, 2, false, out);
	cg_table_fini(&table);
}

/* Basic credentials, tokens, cookies: whatever may log in. */
static bool check_text_has_credentials(const struct cg_config_probe *probe)
{
	for (size_t i = 0; i < probe->header.n; i++) {
		struct cg_str line = cg_str_from(probe->header.items[i]);
		struct cg_str name;
		if (cg_str_next(&line, ':', &name) && (cg_str_ieq(name, CG_STR("Authorization")) ||
		                                       cg_str_ieq(name, CG_STR("Cookie"))))
			return true;
	}
	return false;
}

static const char *check_text_cost(const struct cg_config_probe *probe)
{
	if (probe->type != CG_PROBE_HTTP)
		return "no HTTP, so no messages";
	return check_text_has_credentials(probe)
	               ? "with credentials: CPI counts each as a message"
	               : "without credentials: CPI counts none as a message";
}

static void check_text_probe(struct cg_table *table, const struct cg_snapshot_tenant *tenant)
{
	static const char *const types[] = {
	        [CG_PROBE_HTTP] = "http", [CG_PROBE_TCP] = "tcp", [CG_PROBE_TLS] = "tls"};
	const struct cg_config_probe *probe = tenant->probe;
	bool is_http = probe->type == CG_PROBE_HTTP;
	char interval[CHECK_DURATION_SIZE];

	cg_clock_format_duration(interval, sizeof(interval), probe->interval);
	cg_table_add(table, CG_TABLE_PLAIN, "%s:", tenant->config->name);
	cg_table_add(table, CG_TABLE_PLAIN, "%s%s%s", is_http ? probe->method : types[probe->type],
	             is_http ? " " : "", is_http ? probe->path : "");
	cg_table_add(table, CG_TABLE_PLAIN, "every %s", interval);
	cg_table_add(table, CG_TABLE_PLAIN, "%" PRIu64 " calls in 30 days",
	             cg_probe_calls_in_30_days(probe));
	cg_table_add(table, CG_TABLE_PLAIN, "%s", check_text_cost(probe));
}

static void check_text_probes(const struct cg_snapshot *snapshot, struct cg_buf *out)
{
	struct cg_table table;

	cg_buf_append_str(out, CG_STR("\nprobes while online\n"));
	cg_table_init(&table, 5);
	for (size_t i = 0; i < snapshot->tenants_n; i++)
		check_text_probe(&table, &snapshot->tenants[i]);
	cg_table_print(&table, 2, false, out);
	cg_table_fini(&table);
}

void cg_check_text(const struct cg_snapshot *snapshot, struct cg_buf *out)
{
	cg_buf_appendf(out, "%s: the configuration is sound\n\nlisteners\n",
	               snapshot->config->file);
	for (size_t i = 0; i < snapshot->listeners_n; i++)
		check_text_listener(&snapshot->listeners[i], out);
	cg_buf_append_str(out, CG_STR("\npools\n"));
	for (size_t i = 0; i < snapshot->pools_n; i++)
		check_text_pool(&snapshot->pools[i], out);
	check_text_routes(snapshot->config, out);
	check_text_probes(snapshot, out);
}
