/* SPDX-License-Identifier: BSD-2-Clause */
/* Workers: what happens to a whole thread. Requests are front's and exchange's. */
#include "proxy/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/date.h"
#include "proxy/exchange.h"
#include "proxy/front_h1.h"
#include "proxy/idle.h"
#include "proxy/worker_impl.h"

enum { WORKER_IDLE_KEPT = 64, WORKER_LOG_LINE = 4096 };

/* ---- snapshots ---- */

struct cg_hold *cg_hold_new(struct cg_snapshot *snapshot)
{
	struct cg_hold *hold = cg_mem_alloc(sizeof(*hold));

	hold->snapshot = cg_snapshot_ref(snapshot);
	hold->users = 1;
	return hold;
}

void cg_hold_release(struct cg_hold *hold)
{
	cg_assert(hold->users > 0);
	if (--hold->users > 0)
		return;
	cg_snapshot_unref(hold->snapshot);
	free(hold);
}

/* ---- clients ---- */

/* At most one line a second, whatever comes. */
static void worker_log_refused(struct cg_worker *worker, const char *why)
{
	int64_t now = cg_loop_now(worker->loop);

	if (worker->refused_logged_at != 0 && now - worker->refused_logged_at < 1000)
		return;
	worker->refused_logged_at = now;
	cg_log(CG_LOG_WARNING, "worker %u: new connections are refused: %s", worker->index, why);
}

/* Count a client in, unless the gateway is full. */
static bool worker_admit(struct cg_worker *worker)
{
	unsigned limit = worker->hold->snapshot->config->gateway.max_connections;

	if (atomic_fetch_add_explicit(worker->clients_n, 1, memory_order_relaxed) < limit)
		return true;
	atomic_fetch_sub_explicit(worker->clients_n, 1, memory_order_relaxed);
	CG_COUNTER_ADD(worker->counters->connections_refused, 1);
	worker_log_refused(worker, "max_connections is reached");
	return false;
}

static void worker_on_accept(void *owner, int fd, const struct cg_addr *peer)
{
	struct cg_worker_listener *listener = owner;

	if (!listener->is_health && !worker_admit(listener->worker)) {
		(void)close(fd);
		return;
	}
	CG_COUNTER_ADD(listener->worker->counters->connections_total, 1);
	cg_front_h1_accept(listener, fd, peer);
}

static void worker_on_accept_error(void *owner, int error)
{
	struct cg_worker_listener *listener = owner;

	CG_COUNTER_ADD(listener->worker->counters->connections_refused, 1);
	worker_log_refused(listener->worker, strerror(error));
}

void cg_worker_client_closed(struct cg_worker *worker)
{
	if (!worker->is_draining || worker->is_drained_told || !cg_list_is_empty(&worker->fronts))
		return;
	worker->is_drained_told = true;
	worker->calls.on_drained(worker->calls.owner, worker->index);
}

/* ---- begin and end ---- */

static void worker_on_take_over_timer(struct cg_timer *timer);

struct cg_worker *cg_worker_new(const struct cg_worker_setup *setup)
{
	struct cg_worker *worker = cg_mem_alloc(sizeof(*worker));

	worker->index = setup->index;
	worker->calls = setup->calls;
	worker->live = setup->live;
	worker->counters = setup->counters;
	worker->clients_n = setup->clients_n;
	worker->access_writer = setup->access_writer;
	worker->loop = cg_loop_new();
	worker->mailbox = cg_mailbox_new(worker->loop, worker);
	worker->hold = cg_hold_new(setup->snapshot);
	cg_conn_env_init(&worker->env, worker->loop);
	cg_rand_init(&worker->rand, 0);
	cg_list_init(&worker->listeners);
	cg_list_init(&worker->fronts);
	cg_list_init(&worker->free_exchanges);
	cg_list_init(&worker->waiting);
	cg_list_init(&worker->retired);
	cg_timer_init(&worker->take_over_timer, worker_on_take_over_timer);
	cg_slab_init(&worker->idle_slab, cg_idle_conn_size(), WORKER_IDLE_KEPT);
	cg_buf_reserve(&worker->log_line, WORKER_LOG_LINE);
	return worker;
}

void cg_worker_listen(struct cg_worker *worker, const struct cg_worker_plan *plan)
{
	struct cg_worker_listener *listener = cg_mem_alloc(sizeof(*listener));

	listener->worker = worker;
	listener->name = cg_mem_strdup(plan->name);
	listener->index = plan->index;
	listener->addr = plan->addr;
	listener->is_health = plan->is_health;
	listener->users = 1;
	listener->listener = cg_listener_new(worker->loop, plan->fd, worker_on_accept,
	                                     worker_on_accept_error, listener);
	cg_list_push_back(&worker->listeners, &listener->node);
}

/* The first user is the worker itself, until the listener is removed. */
void cg_worker_listener_release(struct cg_worker_listener *listener)
{
	cg_assert(listener->users > 0);
	if (--listener->users > 0)
		return;
	free(listener->name);
	free(listener);
}

/* What the kernel has queued is still served. */
static void worker_close_listener(struct cg_worker_listener *listener)
{
	cg_listener_free(listener->listener);
	listener->listener = NULL;
}

void cg_worker_remove_listener(struct cg_worker_listener *listener)
{
	worker_close_listener(listener);
	listener->is_removed = true;
	cg_list_remove(&listener->node);
	cg_worker_listener_release(listener);
}

/* Health listeners go on while requests end, so that an upstream service is told. */
static void worker_close_listeners(struct cg_worker *worker, bool also_health)
{
	CG_LIST_FOREACH(node, following, &worker->listeners)
	{
		struct cg_worker_listener *listener =
		        CG_LIST_ENTRY(node, struct cg_worker_listener, node);

		if (!listener->is_health || also_health)
			worker_close_listener(listener);
	}
}

static void worker_free_listeners(struct cg_worker *worker)
{
	CG_LIST_FOREACH(node, following, &worker->listeners)
	cg_worker_remove_listener(CG_LIST_ENTRY(node, struct cg_worker_listener, node));
}

static void worker_stop_clients(struct cg_worker *worker)
{
	CG_LIST_FOREACH(node, following, &worker->fronts)
	cg_front_h1_stop(cg_front_h1_of(node));
}

static void worker_free_exchanges(struct cg_worker *worker)
{
	CG_LIST_FOREACH(node, following, &worker->free_exchanges)
	{
		cg_list_remove(node);
		cg_exchange_free(CG_LIST_ENTRY(node, struct cg_exchange, node));
	}
}

void cg_worker_free(struct cg_worker *worker)
{
	if (worker == NULL)
		return;
	worker->is_draining = true;
	worker->is_drained_told = true;
	cg_mailbox_free(worker->mailbox);
	cg_timer_cancel(&worker->take_over_timer);
	worker_close_listeners(worker, true);
	worker_stop_clients(worker);
	for (size_t i = 0; i < CG_ARRAY_LEN(worker->origins); i++)
		cg_origin_free(worker->origins[i]);
	CG_LIST_FOREACH(node, following, &worker->retired)
	cg_origin_free(CG_LIST_ENTRY(node, struct cg_origin, node));
	cg_loop_free(worker->loop);
	worker_free_exchanges(worker);
	worker_free_listeners(worker);
	cg_hold_release(worker->hold);
	cg_conn_env_fini(&worker->env);
	cg_slab_fini(&worker->idle_slab);
	cg_buf_fini(&worker->log_line);
	free(worker);
}

void cg_worker_run(struct cg_worker *worker)
{
	cg_loop_run(worker->loop);
}

const char *cg_worker_date(struct cg_worker *worker)
{
	int64_t now_s = cg_clock_wall_ms() / 1000;

	if (now_s != worker->date_s) {
		worker->date_s = now_s;
		cg_date_format(worker->date, now_s);
	}
	return worker->date;
}

/* ---- messages ---- */

struct worker_mail {
	struct cg_mail mail; /* first */
	struct cg_live_tenant *tenant;
	bool is_unreachable;
	_Atomic unsigned *heartbeats;
	unsigned own_n;
	size_t addrs_n;
	struct cg_addr addrs[CG_RESOLVE_ADDRS_MAX];
};

static void worker_post(struct cg_worker *worker, void (*run)(struct cg_mail *, void *))
{
	struct cg_mail *mail = cg_mem_alloc(sizeof(*mail));

	mail->run = run;
	cg_mailbox_post(worker->mailbox, mail);
}

static void worker_run_addrs(struct cg_mail *mail, void *owner)
{
	struct worker_mail *message = (struct worker_mail *)mail;

	cg_origin_set_addrs(cg_origin_get(owner, message->tenant), message->addrs,
	                    message->addrs_n);
	free(message);
}

void cg_worker_post_addrs(struct cg_worker *worker, struct cg_live_tenant *tenant,
                          const struct cg_addr *addrs, size_t n)
{
	struct worker_mail *message = cg_mem_alloc(sizeof(*message));

	message->mail.run = worker_run_addrs;
	message->tenant = tenant;
	message->addrs_n = CG_MIN(n, CG_ARRAY_LEN(message->addrs));
	if (message->addrs_n > 0)
		memcpy(message->addrs, addrs, message->addrs_n * sizeof(*addrs));
	cg_mailbox_post(worker->mailbox, &message->mail);
}

static struct cg_exchange *worker_exchange_of(struct cg_list *node)
{
	struct cg_attempt *attempt = CG_LIST_ENTRY(node, struct cg_attempt, node);

	return CG_CONTAINER_OF(attempt, struct cg_exchange, attempt);
}

/* An exchange that moves on takes its node along, and what it starts elsewhere may end others: walk
 * by a list of our own. */
static void worker_move_waiting(struct cg_origin *origin)
{
	struct cg_list waiting;

	cg_list_take_all(&origin->active, &waiting);
	while (!cg_list_is_empty(&waiting)) {
		struct cg_list *node = waiting.next;

		cg_list_remove(node);
		cg_list_push_back(&origin->active, node);
		cg_exchange_on_unreachable(worker_exchange_of(node));
	}
}

static void worker_run_down(struct cg_mail *mail, void *owner)
{
	struct worker_mail *message = (struct worker_mail *)mail;
	struct cg_origin *origin = cg_origin_get(owner, message->tenant);
	bool is_unreachable = message->is_unreachable;

	free(message);
	cg_idle_clear(origin);
	if (is_unreachable)
		worker_move_waiting(origin);
}

void cg_worker_post_down(struct cg_worker *worker, struct cg_live_tenant *tenant,
                         bool is_unreachable)
{
	struct worker_mail *message = cg_mem_alloc(sizeof(*message));

	message->mail.run = worker_run_down;
	message->tenant = tenant;
	message->is_unreachable = is_unreachable;
	cg_mailbox_post(worker->mailbox, &message->mail);
}

/* An exchange that chooses again may wait again: each is asked once. */
static void worker_run_wake(struct cg_mail *mail, void *owner)
{
	struct cg_worker *worker = owner;
	struct cg_list waiting;

	free(mail);
	cg_list_take_all(&worker->waiting, &waiting);
	while (!cg_list_is_empty(&waiting))
		cg_exchange_wake(CG_LIST_ENTRY(waiting.next, struct cg_exchange, node));
}

void cg_worker_post_wake(struct cg_worker *worker)
{
	worker_post(worker, worker_run_wake);
}

static void worker_run_drain(struct cg_mail *mail, void *owner)
{
	struct cg_worker *worker = owner;

	free(mail);
	worker->is_draining = true;
	worker_close_listeners(worker, false);
	CG_LIST_FOREACH(node, following, &worker->fronts)
	cg_front_h1_drain(cg_front_h1_of(node));
	cg_worker_client_closed(worker);
}

void cg_worker_post_drain(struct cg_worker *worker)
{
	worker_post(worker, worker_run_drain);
}

static void worker_take_over(struct cg_worker *worker)
{
	enum { AGAIN_MS = 100 };
	bool is_shared = false;

	CG_LIST_FOREACH(node, following, &worker->listeners)
	{
		struct cg_worker_listener *listener =
		        CG_LIST_ENTRY(node, struct cg_worker_listener, node);

		if (listener->listener != NULL)
			is_shared |=
			        cg_listener_take_over(listener->listener, worker->own_sockets_n);
	}
	if (is_shared && !worker->is_draining)
		cg_timer_set(worker->loop, &worker->take_over_timer,
		             cg_loop_now(worker->loop) + AGAIN_MS);
}

static void worker_on_take_over_timer(struct cg_timer *timer)
{
	worker_take_over(CG_CONTAINER_OF(timer, struct cg_worker, take_over_timer));
}

static void worker_run_take_over(struct cg_mail *mail, void *owner)
{
	struct worker_mail *message = (struct worker_mail *)mail;
	struct cg_worker *worker = owner;

	worker->own_sockets_n = message->own_n;
	free(message);
	worker_take_over(worker);
}

void cg_worker_post_take_over(struct cg_worker *worker, unsigned own_n)
{
	struct worker_mail *message = cg_mem_alloc(sizeof(*message));

	message->mail.run = worker_run_take_over;
	message->own_n = own_n;
	cg_mailbox_post(worker->mailbox, &message->mail);
}

static void worker_run_lame(struct cg_mail *mail, void *owner)
{
	free(mail);
	((struct cg_worker *)owner)->is_lame = true;
}

void cg_worker_post_lame(struct cg_worker *worker)
{
	worker_post(worker, worker_run_lame);
}

static void worker_run_heartbeat(struct cg_mail *mail, void *owner)
{
	struct worker_mail *message = (struct worker_mail *)mail;

	(void)owner;
	atomic_fetch_add_explicit(message->heartbeats, 1, memory_order_relaxed);
	free(message);
}

void cg_worker_post_heartbeat(struct cg_worker *worker, _Atomic unsigned *heartbeats)
{
	struct worker_mail *message = cg_mem_alloc(sizeof(*message));

	message->mail.run = worker_run_heartbeat;
	message->heartbeats = heartbeats;
	cg_mailbox_post(worker->mailbox, &message->mail);
}

static void worker_run_stop(struct cg_mail *mail, void *owner)
{
	struct cg_worker *worker = owner;

	free(mail);
	cg_loop_stop(worker->loop);
}

void cg_worker_post_stop(struct cg_worker *worker)
{
	worker_post(worker, worker_run_stop);
}
