/* SPDX-License-Identifier: BSD-2-Clause */
/* The schedule. Each tenant has a target: its addresses and two tasks, the probe and the failback
 * probe. A task's timer runs while it waits, its run while it probes; a task with neither is off.
 */
#include "probe/probe.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/timer.h"
#include "probe/probe_run.h"
#include "tenant/health.h"

enum { PROBE_HINT_GAP_MS = 1000 };

struct probe_target;

struct probe_task {
	struct probe_target *target;
	struct cg_timer timer;
	struct cg_probe_run *run;
	int64_t started; /* of the latest run */
	bool is_failback;
};

struct probe_target {
	struct cg_list node;
	struct cg_prober *prober;
	struct cg_live_tenant *live;
	const struct cg_snapshot_tenant *tenant; /* of the prober's snapshot */
	struct cg_resolve_name *name;            /* NULL: addresses are configured */
	char *host;                              /* what name watches */
	uint16_t port;
	bool has_answer; /* of DNS, or configured */
	struct cg_addr *addrs;
	size_t addrs_n;
	char *name_error;
	struct probe_task task;
	struct probe_task failback;
	int64_t hinted;
	bool is_new;
	bool is_kept; /* while a snapshot is applied */
};

struct cg_prober {
	struct cg_loop *loop;
	struct cg_live *live;
	struct cg_resolver *resolver;
	struct cg_fetcher *fetcher;
	cg_prober_addrs_fn on_addrs;
	void *owner;
	struct cg_snapshot *snapshot;
	struct cg_list targets;
	struct cg_timer tick;
	struct cg_rand rand;
};

/* ---- tasks ---- */

static const struct cg_config_probe *probe_task_config(const struct probe_task *task)
{
	const struct cg_snapshot_tenant *tenant = task->target->tenant;

	return task->is_failback ? tenant->failback_probe : tenant->probe;
}

/* From the start of one run to the start of the next. */
static int64_t probe_task_interval(const struct probe_task *task)
{
	const struct cg_config_probe *config = probe_task_config(task);
	bool is_online = task->target->live->health.state == CG_HEALTH_ONLINE;
	int64_t interval =
	        is_online && !task->is_failback ? config->interval : config->interval_down;
	uint64_t spread = (uint64_t)(interval / 5);

	return interval - interval / 10 +
	       (int64_t)cg_rand_below(&task->target->prober->rand, spread + 1);
}

static void probe_task_stop(struct probe_task *task)
{
	cg_timer_cancel(&task->timer);
	cg_probe_run_cancel(task->run);
	task->run = NULL;
}

static void probe_task_set(struct probe_task *task, int64_t at)
{
	cg_timer_set(task->target->prober->loop, &task->timer, at);
}

static void probe_on_result(void *owner, const struct cg_probe_result *result);

static void probe_task_run(struct probe_task *task)
{
	struct probe_target *target = task->target;
	struct cg_prober *prober = target->prober;
	const char *error = target->name_error;

	if (task->run != NULL)
		return;
	cg_timer_cancel(&task->timer);
	if (!target->has_answer)
		error = "no answer from DNS in time";
	task->started = cg_loop_now(prober->loop);
	task->run = cg_probe_run_start(prober->fetcher, prober->loop, target->tenant,
	                               probe_task_config(task), target->addrs, target->addrs_n,
	                               error, probe_on_result, task);
}

static bool probe_wants_failback(const struct probe_target *target, int64_t now)
{
	const struct cg_live_tenant *live = target->live;

	return target->tenant->failback_probe != NULL &&
	       cg_health_waits_for(&live->health, &live->rules, now) ==
	               CG_HEALTH_WAIT_FAILBACK_PROBE;
}

static void probe_task_on_time(struct cg_timer *timer)
{
	struct probe_task *task = CG_CONTAINER_OF(timer, struct probe_task, timer);

	if (!task->is_failback ||
	    probe_wants_failback(task->target, cg_loop_now(task->target->prober->loop)))
		probe_task_run(task);
}

/* Start or stop the failback probe after anything that may have changed the state. */
static void probe_review_failback(struct probe_target *target)
{
	struct probe_task *task = &target->failback;

	if (!probe_wants_failback(target, cg_loop_now(target->prober->loop)))
		probe_task_stop(task);
	else if (task->run == NULL && !cg_timer_is_set(&task->timer))
		probe_task_run(task);
}

void cg_prober_set_tick(struct cg_prober *prober)
{
	int64_t next = cg_live_next_tick(prober->live);

	if (next == INT64_MAX)
		cg_timer_cancel(&prober->tick);
	else
		cg_timer_set(prober->loop, &prober->tick, next);
}

static void probe_on_tick(struct cg_timer *timer)
{
	struct cg_prober *prober = CG_CONTAINER_OF(timer, struct cg_prober, tick);

	cg_live_tick(prober->live, cg_loop_now(prober->loop));
	cg_prober_set_tick(prober);
}

static void probe_log_result(const struct probe_task *task, const struct cg_probe_result *result)
{
	char text[256];

	if (!cg_log_is_on(CG_LOG_DEBUG))
		return;
	cg_probe_result_text(result, text, sizeof(text));
	cg_log(CG_LOG_DEBUG, "tenant %s: %s: %s in %lldms", task->target->live->name,
	       task->is_failback ? "failback probe" : "probe", text,
	       (long long)result->duration_ms);
}

static void probe_on_result(void *owner, const struct cg_probe_result *result)
{
	struct probe_task *task = owner;
	struct probe_target *target = task->target;
	struct cg_prober *prober = target->prober;
	int64_t now = cg_loop_now(prober->loop);
	struct cg_probe_result told = *result;

	told.is_failback = task->is_failback;
	task->run = NULL;
	probe_log_result(task, &told);
	cg_live_probe_result(prober->live, target->live, &told, now);
	/* After the step: the interval is the new state's. */
	probe_task_set(task, CG_MAX(task->started + probe_task_interval(task), now));
	probe_review_failback(target);
	cg_prober_set_tick(prober);
}

/* ---- targets ---- */

static void probe_target_set_addrs(struct probe_target *target, const struct cg_addr *addrs,
                                   size_t n)
{
	struct cg_prober *prober = target->prober;

	free(target->addrs);
	target->addrs = cg_mem_alloc_array(n, sizeof(*addrs));
	if (n > 0)
		memcpy(target->addrs, addrs, n * sizeof(*addrs));
	target->addrs_n = n;
	if (n > 0 && prober->on_addrs != NULL)
		prober->on_addrs(prober->owner, target->live, addrs, n);
}

static void probe_on_name(void *owner, const struct cg_addr *addrs, size_t n, const char *error)
{
	struct probe_target *target = owner;
	bool had_addrs = target->addrs_n > 0;
	bool is_first = !target->has_answer;

	target->has_answer = true;
	free(target->name_error);
	target->name_error = cg_mem_strdup(error);
	probe_target_set_addrs(target, addrs, n);
	/* What the probe waited for, or the end of an outage of DNS. */
	if (is_first || (!had_addrs && n > 0))
		probe_task_run(&target->task);
}

static void probe_target_unwatch(struct probe_target *target)
{
	if (target->name != NULL)
		cg_resolver_unwatch(target->name);
	target->name = NULL;
	free(target->host);
	target->host = NULL;
}

/* Take the addresses from the configuration or from DNS, whichever it says now. */
static void probe_target_find(struct probe_target *target)
{
	const struct cg_config_tenant *config = target->tenant->config;

	if (config->address.n > 0) {
		probe_target_unwatch(target);
		target->has_answer = true;
		probe_target_set_addrs(target, config->address.items, config->address.n);
		return;
	}
	if (target->name != NULL && target->port == config->url_port &&
	    strcmp(target->host, config->url_host) == 0)
		return;
	probe_target_unwatch(target);
	target->has_answer = false;
	probe_target_set_addrs(target, NULL, 0);
	target->host = cg_mem_strdup(config->url_host);
	target->port = config->url_port;
	target->name = cg_resolver_watch(target->prober->resolver, target->host, target->port,
	                                 probe_on_name, target);
}

static void probe_task_init(struct probe_task *task, struct probe_target *target, bool is_failback)
{
	task->target = target;
	task->is_failback = is_failback;
	cg_timer_init(&task->timer, probe_task_on_time);
}

static struct probe_target *probe_target_new(struct cg_prober *prober, struct cg_live_tenant *live)
{
	struct probe_target *target = cg_mem_alloc(sizeof(*target));

	cg_list_push_back(&prober->targets, &target->node);
	target->prober = prober;
	target->live = live;
	target->is_new = true;
	target->hinted = INT64_MIN / 2;
	probe_task_init(&target->task, target, false);
	probe_task_init(&target->failback, target, true);
	return target;
}

static void probe_target_free(struct probe_target *target)
{
	probe_task_stop(&target->task);
	probe_task_stop(&target->failback);
	probe_target_unwatch(target);
	cg_list_remove(&target->node);
	free(target->addrs);
	free(target->name_error);
	free(target);
}

static struct probe_target *probe_find(struct cg_prober *prober, const struct cg_live_tenant *live)
{
	CG_LIST_FOREACH(node, following, &prober->targets)
	{
		struct probe_target *target = CG_LIST_ENTRY(node, struct probe_target, node);

		if (target->live == live)
			return target;
	}
	return NULL;
}

/* ---- a new snapshot ---- */

/* When the tenant's probe is due under the new settings. */
static int64_t probe_target_due(const struct probe_target *target, bool was_running, int64_t now)
{
	int64_t due = now;

	if (!target->has_answer)
		return now + target->tenant->probe->timeout;
	if (!target->is_new && !was_running)
		due = CG_MIN(target->task.timer.deadline, now + probe_task_interval(&target->task));
	return due;
}

static void probe_target_apply(struct probe_target *target, const struct cg_snapshot_tenant *tenant)
{
	bool was_running = target->task.run != NULL;
	int64_t now = cg_loop_now(target->prober->loop);

	/* Runs borrow from the old snapshot. */
	cg_probe_run_cancel(target->task.run);
	target->task.run = NULL;
	probe_task_stop(&target->failback);
	target->tenant = tenant;
	target->is_kept = true;
	probe_target_find(target);
	probe_task_set(&target->task, probe_target_due(target, was_running, now));
	probe_review_failback(target);
	target->is_new = false;
}

void cg_prober_apply(struct cg_prober *prober, struct cg_snapshot *snapshot)
{
	struct cg_snapshot *old = prober->snapshot;

	prober->snapshot = cg_snapshot_ref(snapshot);
	for (size_t i = 0; i < snapshot->tenants_n; i++) {
		struct cg_live_tenant *live = snapshot->tenants[i].live;
		struct probe_target *target = probe_find(prober, live);

		if (target == NULL)
			target = probe_target_new(prober, live);
		probe_target_apply(target, &snapshot->tenants[i]);
	}
	CG_LIST_FOREACH(node, following, &prober->targets)
	{
		struct probe_target *target = CG_LIST_ENTRY(node, struct probe_target, node);

		if (!target->is_kept)
			probe_target_free(target);
		else
			target->is_kept = false;
	}
	cg_prober_set_tick(prober);
	cg_snapshot_unref(old);
}

struct cg_prober *cg_prober_new(struct cg_loop *loop, struct cg_live *live,
                                struct cg_resolver *resolver, cg_prober_addrs_fn on_addrs,
                                void *owner)
{
	struct cg_prober *prober = cg_mem_alloc(sizeof(*prober));

	prober->loop = loop;
	prober->live = live;
	prober->resolver = resolver;
	prober->fetcher = cg_fetcher_new(loop);
	prober->on_addrs = on_addrs;
	prober->owner = owner;
	cg_list_init(&prober->targets);
	cg_timer_init(&prober->tick, probe_on_tick);
	cg_rand_init(&prober->rand, 0);
	return prober;
}

void cg_prober_free(struct cg_prober *prober)
{
	if (prober == NULL)
		return;
	CG_LIST_FOREACH(node, following, &prober->targets)
	probe_target_free(CG_LIST_ENTRY(node, struct probe_target, node));
	cg_timer_cancel(&prober->tick);
	cg_fetcher_free(prober->fetcher);
	cg_snapshot_unref(prober->snapshot);
	free(prober);
}

void cg_prober_hint(struct cg_prober *prober, struct cg_live_tenant *tenant)
{
	struct probe_target *target = probe_find(prober, tenant);
	int64_t now = cg_loop_now(prober->loop);

	if (target == NULL || now - target->hinted < PROBE_HINT_GAP_MS)
		return;
	target->hinted = now;
	if (target->name != NULL)
		cg_resolver_refresh(target->name);
	if (target->has_answer)
		probe_task_run(&target->task);
}

uint64_t cg_probe_calls_in_30_days(const struct cg_config_probe *probe)
{
	return UINT64_C(30) * 24 * 60 * 60 * 1000 / (uint64_t)probe->interval;
}
