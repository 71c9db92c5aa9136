/* SPDX-License-Identifier: BSD-2-Clause */
/* A new configuration arrives at a worker: listeners are kept, opened and closed by address, kept
 * connections go where their tenant's way has changed, requests in flight go on under the old
 * snapshot. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "proxy/front_h1.h"
#include "proxy/idle.h"
#include "proxy/worker.h"
#include "proxy/worker_impl.h"

struct reload_mail {
	struct cg_mail mail; /* first */
	struct cg_snapshot *snapshot;
	struct cg_worker_plan *plans; /* each name is ours */
	size_t n;
	_Atomic unsigned *taken;
};

/* ---- listeners ---- */

static struct cg_worker_plan *reload_find_plan(const struct reload_mail *message,
                                               const struct cg_worker_listener *listener)
{
	for (size_t i = 0; i < message->n; i++)
		if (message->plans[i].fd < 0 &&
		    cg_addr_eq(&message->plans[i].addr, &listener->addr))
			return &message->plans[i];
	return NULL;
}

/* Before the snapshot changes: what the kernel has queued for a listener that goes is accepted
 * under the old one. */
static void reload_remove_listeners(struct cg_worker *worker, const struct reload_mail *message)
{
	CG_LIST_FOREACH(node, following, &worker->listeners)
	{
		struct cg_worker_listener *listener =
		        CG_LIST_ENTRY(node, struct cg_worker_listener, node);

		if (reload_find_plan(message, listener) == NULL)
			cg_worker_remove_listener(listener);
	}
}

static void reload_keep_listeners(struct cg_worker *worker, const struct reload_mail *message)
{
	CG_LIST_FOREACH(node, following, &worker->listeners)
	{
		struct cg_worker_listener *listener =
		        CG_LIST_ENTRY(node, struct cg_worker_listener, node);
		struct cg_worker_plan *plan = reload_find_plan(message, listener);

		free(listener->name);
		listener->name = cg_mem_strdup(plan->name);
		listener->index = plan->index;
		listener->is_health = plan->is_health;
	}
}

static void reload_add_listeners(struct cg_worker *worker, const struct reload_mail *message)
{
	for (size_t i = 0; i < message->n; i++)
		if (message->plans[i].fd >= 0)
			cg_worker_listen(worker, &message->plans[i]);
}

static void reload_end_clients(struct cg_worker *worker)
{
	CG_LIST_FOREACH(node, following, &worker->fronts)
	if (cg_front_h1_listener(cg_front_h1_of(node))->is_removed)
		cg_front_h1_drain(cg_front_h1_of(node));
}

/* ---- kept connections ---- */

static bool reload_is_same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool reload_is_same_addrs(const struct cg_addrs *a, const struct cg_addrs *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!cg_addr_eq(&a->items[i], &b->items[i]))
			return false;
	return true;
}

/* Whether a connection made under A is one that B would make. */
static bool reload_is_same_way(const struct cg_config_tenant *a, const struct cg_config_tenant *b)
{
	return strcmp(a->url, b->url) == 0 && strcmp(a->sni, b->sni) == 0 &&
	       a->tls_verify == b->tls_verify && reload_is_same_text(a->ca_file, b->ca_file) &&
	       reload_is_same_addrs(&a->address, &b->address);
}

static const struct cg_snapshot_tenant *reload_find(const struct cg_snapshot *snapshot,
                                                    const struct cg_live_tenant *live)
{
	for (size_t i = 0; i < snapshot->tenants_n; i++)
		if (snapshot->tenants[i].live == live)
			return &snapshot->tenants[i];
	return NULL;
}

static void reload_review_origins(struct cg_worker *worker, const struct cg_snapshot *old,
                                  const struct cg_snapshot *fresh)
{
	for (size_t i = 0; i < old->tenants_n; i++) {
		struct cg_origin *origin = worker->origins[old->tenants[i].live->id];
		const struct cg_snapshot_tenant *now = reload_find(fresh, old->tenants[i].live);

		if (origin != NULL &&
		    (now == NULL || !reload_is_same_way(old->tenants[i].config, now->config)))
			cg_origin_retire(origin);
	}
}

/* ---- the message ---- */

static void reload_free(struct reload_mail *message)
{
	for (size_t i = 0; i < message->n; i++)
		free((char *)message->plans[i].name);
	cg_snapshot_unref(message->snapshot);
	free(message->plans);
	free(message);
}

static void reload_run(struct cg_mail *mail, void *owner)
{
	struct reload_mail *message = (struct reload_mail *)mail;
	struct cg_worker *worker = owner;
	struct cg_hold *old = worker->hold;

	reload_remove_listeners(worker, message);
	worker->hold = cg_hold_new(message->snapshot);
	reload_keep_listeners(worker, message);
	reload_add_listeners(worker, message);
	reload_review_origins(worker, old->snapshot, message->snapshot);
	cg_hold_release(old);
	reload_end_clients(worker);
	atomic_fetch_add_explicit(message->taken, 1, memory_order_release);
	reload_free(message);
}

void cg_worker_post_snapshot(struct cg_worker *worker, struct cg_snapshot *snapshot,
                             const struct cg_worker_plan *plans, size_t n, _Atomic unsigned *taken)
{
	struct reload_mail *message = cg_mem_alloc(sizeof(*message));

	message->mail.run = reload_run;
	message->snapshot = cg_snapshot_ref(snapshot);
	message->plans = cg_mem_alloc_array(n, sizeof(*plans));
	message->n = n;
	message->taken = taken;
	for (size_t i = 0; i < n; i++) {
		message->plans[i] = plans[i];
		message->plans[i].name = cg_mem_strdup(plans[i].name);
	}
	cg_mailbox_post(worker->mailbox, &message->mail);
}
