/* SPDX-License-Identifier: BSD-2-Clause */
/* Entries of a worker's table of tenants. */
#include "proxy/origin.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "proxy/idle.h"
#include "proxy/worker.h"

struct cg_origin *cg_origin_get(struct cg_worker *worker, struct cg_live_tenant *live)
{
	struct cg_origin *origin = worker->origins[live->id];

	if (origin != NULL)
		return origin;
	origin = cg_mem_alloc(sizeof(*origin));
	origin->worker = worker;
	origin->live = live;
	origin->counters = &live->counters[worker->index];
	cg_list_init(&origin->active);
	cg_list_init(&origin->idle);
	worker->origins[live->id] = origin;
	return origin;
}

void cg_origin_retire(struct cg_origin *origin)
{
	struct cg_worker *worker = origin->worker;
	struct cg_origin *fresh;

	worker->origins[origin->live->id] = NULL;
	fresh = cg_origin_get(worker, origin->live);
	cg_origin_set_addrs(fresh, origin->addrs, origin->addrs_n);
	/* Without addresses nothing is kept. */
	cg_origin_set_addrs(origin, NULL, 0);
	cg_list_push_back(&worker->retired, &origin->node);
}

void cg_origin_free(struct cg_origin *origin)
{
	if (origin == NULL)
		return;
	cg_idle_clear(origin);
	SSL_SESSION_free(origin->session);
	free(origin);
}

/* Where the address that worked last stands in the new list. */
static size_t origin_find_first(const struct cg_origin *origin, const struct cg_addr *addrs,
                                size_t n)
{
	for (size_t i = 0; origin->addrs_n > 0 && i < n; i++)
		if (cg_addr_eq(&addrs[i], &origin->addrs[origin->addr_first]))
			return i;
	return 0;
}

void cg_origin_set_addrs(struct cg_origin *origin, const struct cg_addr *addrs, size_t n)
{
	n = CG_MIN(n, CG_ARRAY_LEN(origin->addrs));
	origin->addr_first = origin_find_first(origin, addrs, n);
	if (n > 0)
		memcpy(origin->addrs, addrs, n * sizeof(*addrs));
	origin->addrs_n = n;
	cg_idle_review(origin);
}

void cg_origin_on_session(void *owner, SSL_SESSION *session)
{
	struct cg_origin *origin = owner;

	SSL_SESSION_free(origin->session);
	origin->session = session;
}
