/* SPDX-License-Identifier: BSD-2-Clause */
/* A map from host to its paths, one for exact hosts and one for what follows "*."; for each host a
 * map from path to route. A look-up shortens the host from its front and the path from its end, so
 * it costs as much as the request is deep. A host without a path that fits yields to a less
 * specific one. */
#include "config/route.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

/* Longer than any DNS name. */
enum { ROUTE_HOST_MAX = 255 };

struct route_host {
	struct route_host *next; /* of all, for freeing */
	struct cg_map *paths;    /* to struct cg_config_route */
	size_t longest;          /* of the paths */
};

struct cg_route_table {
	const struct cg_config *config;
	struct cg_map *exact; /* to struct route_host */
	struct cg_map *below; /* by the domain after "*." */
	struct route_host *any;
	struct route_host *all;
};

static struct route_host *route_add_host(struct cg_route_table *table)
{
	struct route_host *host = cg_mem_alloc(sizeof(*host));

	host->paths = cg_map_new();
	host->next = table->all;
	table->all = host;
	return host;
}

static struct route_host *route_host_for(struct cg_route_table *table, const char *pattern)
{
	struct cg_str name = cg_str_from(pattern);
	struct cg_map *map = table->exact;
	struct route_host *host;

	if (cg_str_has_prefix(name, CG_STR("*."))) {
		map = table->below;
		name.ptr += 2;
		name.len -= 2;
	}
	host = cg_map_get(map, name);
	if (host == NULL) {
		host = route_add_host(table);
		cg_map_put(map, name, host);
	}
	return host;
}

static void route_add_paths(struct route_host *host, const struct cg_config_route *route)
{
	for (size_t i = 0; i < route->path.n; i++) {
		struct cg_str path = cg_str_from(route->path.items[i]);

		cg_map_put(host->paths, path, (void *)route);
		host->longest = CG_MAX(host->longest, path.len);
	}
}

static void route_add(struct cg_route_table *table, const struct cg_config_route *route)
{
	if (route->host.n == 0)
		route_add_paths(table->any, route);
	for (size_t i = 0; i < route->host.n; i++)
		route_add_paths(route_host_for(table, route->host.items[i]), route);
}

/* The route with the longest of PATH's prefixes: "/a/b" is tried as "/a/b", "/a/", "/a", "/". Only
 * what can be among the paths is looked up, however many slashes a client sends. */
static const struct cg_config_route *route_find_path(const struct route_host *host,
                                                     struct cg_str path)
{
	const struct cg_config_route *route = NULL;

	if (path.len <= host->longest)
		route = cg_map_get(host->paths, path);
	for (size_t i = CG_MIN(path.len, host->longest + 1); i-- > 0 && route == NULL;) {
		if (path.ptr[i] != '/')
			continue;
		if (i < host->longest)
			route = cg_map_get(host->paths, (struct cg_str){path.ptr, i + 1});
		if (route == NULL && i > 0)
			route = cg_map_get(host->paths, (struct cg_str){path.ptr, i});
	}
	/* Also for "*", the target of OPTIONS. */
	return route != NULL ? route : cg_map_get(host->paths, CG_STR("/"));
}

/* HOST in lower case. */
static const struct cg_config_route *route_find_host(const struct cg_route_table *table,
                                                     struct cg_str host, struct cg_str path)
{
	const struct route_host *found = cg_map_get(table->exact, host);
	const struct cg_config_route *route = NULL;

	if (found != NULL)
		route = route_find_path(found, path);
	for (size_t i = 1; i + 1 < host.len && route == NULL; i++) {
		if (host.ptr[i] != '.')
			continue;
		found = cg_map_get(table->below,
		                   (struct cg_str){host.ptr + i + 1, host.len - i - 1});
		if (found != NULL)
			route = route_find_path(found, path);
	}
	return route;
}

struct cg_route_match cg_route_table_find(const struct cg_route_table *table, struct cg_str host,
                                          struct cg_str path)
{
	struct cg_route_match match = {.route = NULL, .pool_index = 0};
	const char *query = path.len == 0 ? NULL : memchr(path.ptr, '?', path.len);
	char lower[ROUTE_HOST_MAX];

	if (table->config->routes_n == 0)
		return match;
	if (query != NULL)
		path.len = (size_t)(query - path.ptr);
	if (host.len > 0 && host.ptr[host.len - 1] == '.')
		host.len--;
	if (host.len > 0 && host.len <= sizeof(lower)) {
		for (size_t i = 0; i < host.len; i++)
			lower[i] = cg_char_lower(host.ptr[i]);
		match.route = route_find_host(table, (struct cg_str){lower, host.len}, path);
	}
	if (match.route == NULL)
		match.route = route_find_path(table->any, path);
	match.pool_index = match.route == NULL ? SIZE_MAX : match.route->pool_index;
	return match;
}

struct cg_route_table *cg_route_table_new(const struct cg_config *config)
{
	struct cg_route_table *table = cg_mem_alloc(sizeof(*table));

	table->config = config;
	table->exact = cg_map_new();
	table->below = cg_map_new();
	table->any = route_add_host(table);
	for (size_t i = 0; i < config->routes_n; i++)
		route_add(table, &config->routes[i]);
	return table;
}

void cg_route_table_free(struct cg_route_table *table)
{
	if (table == NULL)
		return;
	while (table->all != NULL) {
		struct route_host *host = table->all;

		table->all = host->next;
		cg_map_free(host->paths);
		free(host);
	}
	cg_map_free(table->exact);
	cg_map_free(table->below);
	free(table);
}
