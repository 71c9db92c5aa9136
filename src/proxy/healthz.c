/* SPDX-License-Identifier: BSD-2-Clause */
/* 200 while each pool has enough tenants, else 503. */
#include "proxy/healthz.h"

#include <stdlib.h>

#include "base/mem.h"
#include "proxy/respond.h"
#include "tenant/select_priority.h"

enum { HEALTHZ_CANDIDATES = 16 };

bool cg_healthz_is_asked(const struct cg_exchange *x)
{
	const char *path = cg_exchange_config(x)->health.path;
	struct cg_str asked = x->request.path;

	for (size_t i = 0; i < asked.len; i++)
		if (asked.ptr[i] == '?')
			asked.len = i;
	return path != NULL && cg_str_eq(asked, cg_str_from(path));
}

static bool healthz_serves(const struct cg_snapshot_tenant *tenant)
{
	enum cg_health_state state = cg_live_state(tenant->live);

	return state == CG_HEALTH_ONLINE || state == CG_HEALTH_RECOVERING;
}

/* With all_down = try every tenant counts as long as its state is known at all. */
static bool healthz_is_tried(const struct cg_snapshot_pool *pool)
{
	if (pool->config->all_down != CG_ALL_DOWN_TRY)
		return false;
	for (size_t i = 0; i < pool->tenants_n; i++)
		if (cg_live_state(pool->tenants[i]->live) == CG_HEALTH_CHECKING)
			return false;
	return true;
}

static bool healthz_is_pool_ok(const struct cg_snapshot_pool *pool, unsigned min_online)
{
	unsigned n = 0;

	for (size_t i = 0; i < pool->tenants_n; i++)
		n += healthz_serves(pool->tenants[i]);
	return n >= min_online || healthz_is_tried(pool);
}

/* As the pool's method chooses, without regard to load. */
static const char *healthz_active(const struct cg_snapshot_pool *pool)
{
	unsigned preferred = atomic_load_explicit(&pool->live->preferred, memory_order_relaxed);
	struct cg_candidate few[HEALTHZ_CANDIDATES];
	struct cg_candidate *candidates = few;
	int index;

	if (pool->tenants_n > CG_ARRAY_LEN(few))
		candidates = cg_mem_alloc_array(pool->tenants_n, sizeof(*candidates));
	for (size_t i = 0; i < pool->tenants_n; i++)
		candidates[i] = (struct cg_candidate){
		        .priority = pool->tenants[i]->config->priority,
		        .state = cg_live_state(pool->tenants[i]->live),
		        .is_preferred = pool->tenants[i]->live->id == preferred,
		};
	index = cg_select_priority(candidates, pool->tenants_n, false);
	if (candidates != few)
		free(candidates);
	return index < 0 ? "none" : pool->tenants[index]->config->name;
}

static void healthz_write(struct cg_buf *out, const struct cg_snapshot *snapshot, bool is_ok)
{
	cg_buf_clear(out);
	cg_buf_appendf(out, "%s %s", is_ok ? "ok" : "unavailable", snapshot->config->gateway.name);
	for (size_t i = 0; is_ok && i < snapshot->pools_n; i++) {
		const struct cg_snapshot_pool *pool = &snapshot->pools[i];

		if (snapshot->pools_n == 1)
			cg_buf_appendf(out, " active=%s", healthz_active(pool));
		else
			cg_buf_appendf(out, " %s:active=%s", pool->config->name,
			               healthz_active(pool));
	}
	cg_buf_append_char(out, '\n');
}

void cg_healthz_answer(struct cg_exchange *x)
{
	const struct cg_snapshot *snapshot = x->hold->snapshot;
	unsigned min_online = snapshot->config->health.min_online;
	bool is_ok = !x->worker->is_draining && !x->worker->is_lame;
	struct cg_buf *out = &x->worker->log_line;

	x->is_unlogged = true;
	if (x->request.method != CG_METHOD_GET && x->request.method != CG_METHOD_HEAD) {
		cg_exchange_fail(x, CG_FAILURE_HEALTH_METHOD);
		return;
	}
	for (size_t i = 0; i < snapshot->pools_n; i++)
		is_ok = is_ok && healthz_is_pool_ok(&snapshot->pools[i], min_online);
	healthz_write(out, snapshot, is_ok);
	cg_respond_text(x, is_ok ? 200 : 503,
	                cg_str_from(cg_arena_dup(&x->arena, cg_buf_str(out))));
	cg_exchange_finish(x);
}
