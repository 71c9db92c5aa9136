/* SPDX-License-Identifier: BSD-2-Clause */
/* Pools and routes: that a tenant's pools agree, that each request has one way to go and each pool
 * and tenant is used. */
#include "config/check_impl.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"

enum { CHECK_SHARED_N = 3 };

/* The keys that decide when a tenant comes back. Its state is one, whatever pool it is seen from.
 */
static const char *const check_shared[CHECK_SHARED_N] = {"failback", "failback_delay",
                                                         "flap_backoff"};

static bool check_is_equal(const struct cg_config_pool *a, const struct cg_config_pool *b, size_t k)
{
	const bool equal[CHECK_SHARED_N] = {a->failback == b->failback,
	                                    a->failback_delay == b->failback_delay,
	                                    a->flap_backoff == b->flap_backoff};

	return equal[k];
}

/* POOL and FIRST share TENANT. Each key is reported once for a pool: TOLD remembers. */
static void check_shared_keys(const struct cg_parse *parse, size_t pool, size_t first,
                              size_t tenant, bool told[CHECK_SHARED_N])
{
	const struct cg_config *config = parse->config;

	for (size_t k = 0; k < CHECK_SHARED_N; k++) {
		if (told[k] || check_is_equal(&config->pools[pool], &config->pools[first], k))
			continue;
		told[k] = true;
		CHECK_ERROR(parse, cg_parse_line(parse, CG_SECTION_POOL, pool, check_shared[k]),
		            "%s differs between [pool %s] and [pool %s], but tenant \"%s\" is in "
		            "both",
		            check_shared[k], config->pools[first].name, config->pools[pool].name,
		            config->tenants[tenant].name);
	}
}

/* By the first pool of each tenant; SIZE_MAX: it is in none. */
static void check_members(const struct cg_parse *parse)
{
	const struct cg_config *config = parse->config;
	size_t *first = cg_mem_alloc_array(config->tenants_n, sizeof(*first));

	for (size_t i = 0; i < config->tenants_n; i++)
		first[i] = SIZE_MAX;
	for (size_t i = 0; i < config->pools_n; i++) {
		bool told[CHECK_SHARED_N] = {false};

		for (size_t k = 0; k < config->pools[i].members_n; k++) {
			size_t tenant = config->pools[i].members[k];

			if (first[tenant] == SIZE_MAX)
				first[tenant] = i;
			else
				check_shared_keys(parse, i, first[tenant], tenant, told);
		}
	}
	for (size_t i = 0; i < config->tenants_n; i++)
		if (first[i] == SIZE_MAX)
			CHECK_WARNING(parse, config->tenants[i].place.line,
			              "tenant \"%s\" is in no pool", config->tenants[i].name);
	free(first);
}

static void check_min_online(const struct cg_parse *parse)
{
	const struct cg_config *config = parse->config;

	for (size_t i = 0; i < config->pools_n; i++)
		if (config->pools[i].members_n > 0 &&
		    config->pools[i].members_n < config->health.min_online)
			CHECK_WARNING(parse,
			              cg_parse_line(parse, CG_SECTION_HEALTH, 0, "min_online"),
			              "min_online is %u, but pool \"%s\" has %zu: the health "
			              "endpoint can never say 200",
			              config->health.min_online, config->pools[i].name,
			              config->pools[i].members_n);
}

static void check_pair(const struct cg_parse *parse, struct cg_map *seen,
                       const struct cg_config_route *route, const char *host,
                       const struct cg_place *host_place, size_t path)
{
	char *key = cg_str_printf("%s %s", host, route->path.items[path]);
	const struct cg_config_route *first = cg_map_get(seen, cg_str_from(key));
	int line = CG_MAX(route->path.places[path].line,
	                  host_place == NULL ? route->place.line : host_place->line);

	if (first != NULL)
		CHECK_ERROR(parse, line,
		            "[route %s] and [route %s] both have host \"%s\" with path \"%s\"",
		            first->name, route->name, host, route->path.items[path]);
	else
		cg_map_put(seen, cg_str_from(key), (void *)route);
	free(key);
}

/* Each host with each path must lead to one route. */
static void check_duplicates(const struct cg_parse *parse)
{
	const struct cg_config *config = parse->config;
	struct cg_map *seen = cg_map_new();

	for (size_t i = 0; i < config->routes_n; i++) {
		const struct cg_config_route *route = &config->routes[i];
		bool is_any = !cg_parse_has(parse, CG_SECTION_ROUTE, i, "host");

		for (size_t p = 0; p < route->path.n; p++) {
			if (is_any)
				check_pair(parse, seen, route, "any", NULL, p);
			for (size_t h = 0; h < route->host.n; h++)
				check_pair(parse, seen, route, route->host.items[h],
				           &route->host.places[h], p);
		}
	}
	cg_map_free(seen);
}

static void check_pools_used(const struct cg_parse *parse)
{
	const struct cg_config *config = parse->config;
	bool *is_used = cg_mem_alloc_array(config->pools_n, sizeof(*is_used));

	for (size_t i = 0; i < config->routes_n; i++)
		if (config->routes[i].pool_index != SIZE_MAX)
			is_used[config->routes[i].pool_index] = true;
	for (size_t i = 0; i < config->pools_n; i++)
		if (!is_used[i])
			CHECK_WARNING(parse, config->pools[i].place.line,
			              "pool \"%s\" is used by no route", config->pools[i].name);
	free(is_used);
}

void cg_check_routing(const struct cg_parse *parse)
{
	const struct cg_config *config = parse->config;

	check_members(parse);
	check_min_online(parse);
	check_duplicates(parse);
	if (config->routes_n > 0)
		check_pools_used(parse);
	else if (config->pools_n > 1)
		CHECK_ERROR(parse, config->pools[1].place.line,
		            "there are several pools but no [route NAME] that says which requests "
		            "go where");
}
