/* SPDX-License-Identifier: BSD-2-Clause */
/* From host and path to a route: exact host before the longest wildcard before any host, then the
 * longest path prefix (SPEC section 3). Built once for a configuration, then read by all threads;
 * cost does not grow with the number of routes. */
#ifndef CG_CONFIG_ROUTE_H
#define CG_CONFIG_ROUTE_H

#include "base/str.h"
#include "config/config.h"

struct cg_route_table;

/* CONFIG is lent until the table is freed. */
CG_MUST_USE struct cg_route_table *cg_route_table_new(const struct cg_config *config);
void cg_route_table_free(struct cg_route_table *table);

/* What a request goes by. */
struct cg_route_match {
	const struct cg_config_route *route; /* NULL: no routes are configured, or none fits */
	size_t pool_index;                   /* SIZE_MAX: no route fits (404) */
};

/* HOST without port, any case; PATH in origin form, a query is ignored. */
struct cg_route_match cg_route_table_find(const struct cg_route_table *table, struct cg_str host,
                                          struct cg_str path);

#endif
