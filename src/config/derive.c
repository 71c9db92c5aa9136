/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a value is missing after an error, the fields that would follow from it stay as they are.
 */
#include "config/derive.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "config/nearest.h"
#include "config/value.h"

/* The names of one kind, to find the index of one. */
struct derive_names {
	struct cg_map *map;
	const char *what;
	char *const *first; /* name of the first item; the others follow STRIDE bytes apart */
	size_t stride;
	size_t n;
};

struct derive {
	const struct cg_parse *parse;
	struct derive_names tenants;
	struct derive_names pools;
	struct derive_names probes;
};

static const char *derive_name(const struct derive_names *names, size_t i)
{
	return *(char *const *)((const char *)names->first + i * names->stride);
}

static void derive_names_init(struct derive_names *names, const char *what, char *const *first,
                              size_t stride, size_t n)
{
	*names = (struct derive_names){
	        .map = cg_map_new(), .what = what, .first = first, .stride = stride, .n = n};
	for (size_t i = 0; i < n; i++)
		cg_map_put(names->map, cg_str_from(derive_name(names, i)),
		           (char *)(uintptr_t)first + i * stride);
}

/* The index of NAME; SIZE_MAX if there is none, which is reported for LINE. The default probe has
 * no name that one could write. */
static size_t derive_index(const struct derive *d, const struct derive_names *names,
                           const char *name, int line)
{
	const char *found = cg_map_get(names->map, cg_str_from(name));
	struct cg_nearest nearest;
	char hint[CG_NEAREST_HINT_SIZE];

	if (found != NULL)
		return (size_t)(found - (const char *)names->first) / names->stride;
	cg_nearest_init(&nearest, cg_str_from(name));
	for (size_t i = 0; i < names->n; i++)
		cg_nearest_offer(&nearest, derive_name(names, i));
	cg_report_error(d->parse->report, d->parse->config->file, line, "unknown %s \"%s\"%s",
	                names->what, name, cg_nearest_hint(&nearest, hint));
	return SIZE_MAX;
}

/* A text option whose word "off" means none. */
static void derive_off(char **text)
{
	if (*text == NULL || strcmp(*text, "off") != 0)
		return;
	free(*text);
	*text = NULL;
}

/* The host's name, in the letters of a name. */
static char *derive_host_name(void)
{
	char name[65] = "";

	if (gethostname(name, sizeof(name) - 1) != 0 || name[0] == '\0')
		return cg_mem_strdup("cpigate");
	for (char *c = name; *c != '\0'; c++)
		if (!cg_value_is_name((struct cg_str){c, 1}))
			*c = '-';
	return cg_mem_strdup(name);
}

static unsigned derive_workers(void)
{
	cpu_set_t set;
	int n = 1;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		n = CPU_COUNT(&set);
	else
		n = (int)sysconf(_SC_NPROCESSORS_ONLN);
	return (unsigned)CG_MAX(1, CG_MIN(n, 256));
}

static void derive_singles(struct cg_config *config, const struct cg_parse *parse)
{
	if (config->gateway.name == NULL)
		config->gateway.name = derive_host_name();
	if (config->gateway.workers == 0)
		config->gateway.workers = derive_workers();
	derive_off(&config->log.access);
	derive_off(&config->health.path);
	config->admin.is_on = config->admin.address.sa.sa_family != AF_UNSPEC;
	if (cg_parse_has(parse, CG_SECTION_ADMIN, 0, "address"))
		config->admin.address_place.line =
		        cg_parse_line(parse, CG_SECTION_ADMIN, 0, "address");
	config->admin.address_place.file = config->file;
}

static void derive_url(struct cg_config_tenant *tenant)
{
	struct cg_value_url url;
	struct cg_error err;

	/* The text has been through the same function before. */
	if (tenant->url == NULL || cg_value_split_url(cg_str_from(tenant->url), &url, &err) != 0)
		return;
	tenant->is_https = url.is_https;
	tenant->url_host = cg_str_dup(url.host);
	tenant->url_port = url.port;
	tenant->has_default_port = url.has_default_port;
	if (tenant->sni == NULL)
		tenant->sni = cg_str_dup(url.host);
	for (size_t i = 0; i < tenant->address.n; i++)
		if (cg_addr_port(&tenant->address.items[i]) == 0)
			cg_addr_set_port(&tenant->address.items[i], url.port);
}

static void derive_host_header(struct cg_config_tenant *tenant)
{
	const char *text = tenant->host_header_text;

	tenant->host_header = CG_HOST_LITERAL;
	if (text == NULL || strcmp(text, "tenant") == 0)
		tenant->host_header = CG_HOST_TENANT;
	else if (strcmp(text, "preserve") == 0)
		tenant->host_header = CG_HOST_PRESERVE;
	else
		return;
	free(tenant->host_header_text);
	tenant->host_header_text = NULL;
}

static void derive_tenant(const struct derive *d, size_t i)
{
	struct cg_config_tenant *tenant = &d->parse->config->tenants[i];

	derive_url(tenant);
	derive_host_header(tenant);
	if (tenant->region == NULL)
		tenant->region = cg_mem_strdup("");
	tenant->probe_index = 0;
	tenant->failback_probe_index = SIZE_MAX;
	if (tenant->probe != NULL)
		tenant->probe_index =
		        derive_index(d, &d->probes, tenant->probe,
		                     cg_parse_line(d->parse, CG_SECTION_TENANT, i, "probe"));
	if (tenant->failback_probe != NULL)
		tenant->failback_probe_index = derive_index(
		        d, &d->probes, tenant->failback_probe,
		        cg_parse_line(d->parse, CG_SECTION_TENANT, i, "failback_probe"));
}

/* False if the pool has tenant INDEX already. */
static bool derive_add_member(struct cg_config_pool *pool, size_t index)
{
	for (size_t i = 0; i < pool->members_n; i++)
		if (pool->members[i] == index)
			return false;
	pool->members[pool->members_n++] = index;
	return true;
}

static void derive_pool(const struct derive *d, size_t i)
{
	struct cg_config *config = d->parse->config;
	struct cg_config_pool *pool = &config->pools[i];
	bool has_all = !cg_parse_has(d->parse, CG_SECTION_POOL, i, "tenants");
	size_t n = has_all ? config->tenants_n : pool->tenants.n;

	pool->members = cg_mem_alloc_array(n, sizeof(*pool->members));
	for (size_t k = 0; k < n; k++) {
		size_t index = k;

		if (!has_all)
			index = derive_index(d, &d->tenants, pool->tenants.items[k],
			                     pool->tenants.places[k].line);
		if (has_all)
			pool->members[pool->members_n++] = index;
		else if (index != SIZE_MAX && !derive_add_member(pool, index))
			cg_report_error(d->parse->report, config->file,
			                pool->tenants.places[k].line,
			                "tenant \"%s\" is in [pool %s] twice",
			                pool->tenants.items[k], pool->name);
	}
}

static void derive_route(const struct derive *d, size_t i)
{
	struct cg_config *config = d->parse->config;
	struct cg_config_route *route = &config->routes[i];

	route->pool_index = SIZE_MAX;
	if (route->pool != NULL)
		route->pool_index =
		        derive_index(d, &d->pools, route->pool,
		                     cg_parse_line(d->parse, CG_SECTION_ROUTE, i, "pool"));
	if (route->response == 0)
		route->response = config->timeouts.response;
}

#define NAMES_INIT(names, what, array, count)                                                      \
	derive_names_init(names, what, (count) == 0 ? NULL : &(array)[0].name, sizeof((array)[0]), \
	                  count)

void cg_derive(const struct cg_parse *parse)
{
	struct cg_config *config = parse->config;
	struct derive d = {.parse = parse};

	NAMES_INIT(&d.tenants, "tenant", config->tenants, config->tenants_n);
	NAMES_INIT(&d.pools, "pool", config->pools, config->pools_n);
	NAMES_INIT(&d.probes, "probe", config->probes, config->probes_n);
	derive_singles(config, parse);
	for (size_t i = 0; i < config->tenants_n; i++)
		derive_tenant(&d, i);
	for (size_t i = 0; i < config->pools_n; i++)
		derive_pool(&d, i);
	for (size_t i = 0; i < config->routes_n; i++)
		derive_route(&d, i);
	cg_map_free(d.tenants.map);
	cg_map_free(d.pools.map);
	cg_map_free(d.probes.map);
}

/* All but the arrays and what options have set. */
void cg_derive_free(struct cg_config *config)
{
	for (size_t i = 0; i < config->tenants_n; i++)
		free(config->tenants[i].url_host);
	for (size_t i = 0; i < config->pools_n; i++)
		free(config->pools[i].members);
}
