/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of kept connections of one worker to one tenant. */
#include "proxy/idle.h"

#include "net/timer.h"
#include "proxy/worker.h"

struct idle_conn {
	struct cg_list node; /* origin->idle */
	struct cg_timer timer;
	struct cg_origin *origin;
	struct cg_conn *conn;
};

/* Off the list; the connection is the caller's. */
static struct cg_conn *idle_detach(struct idle_conn *idle)
{
	struct cg_origin *origin = idle->origin;
	struct cg_conn *conn = idle->conn;

	cg_timer_cancel(&idle->timer);
	cg_list_remove(&idle->node);
	origin->idle_n--;
	CG_COUNTER_SUB(origin->worker->counters->tenant_connections_idle, 1);
	cg_slab_put(&origin->worker->idle_slab, idle);
	return conn;
}

static void idle_close(struct idle_conn *idle)
{
	struct cg_worker *worker = idle->origin->worker;

	cg_conn_close(idle_detach(idle));
	CG_COUNTER_SUB(worker->counters->tenant_connections, 1);
}

static void idle_on_timer(struct cg_timer *timer)
{
	idle_close(CG_CONTAINER_OF(timer, struct idle_conn, timer));
}

/* Session tickets come on an idle connection and are taken in; anything else ends it. */
static void idle_on_event(void *owner, enum cg_conn_event event)
{
	struct idle_conn *idle = owner;

	if (event != CG_CONN_READY || cg_conn_saw_end(idle->conn) ||
	    cg_conn_fill(idle->conn, 1) != CG_CONN_AGAIN)
		idle_close(idle);
}

/* Whether new connections would go there, too: traffic follows the name. */
static bool idle_is_current(const struct cg_origin *origin, const struct cg_conn *conn)
{
	for (size_t i = 0; i < origin->addrs_n; i++)
		if (cg_addr_eq(&origin->addrs[i], cg_conn_peer(conn)))
			return true;
	return false;
}

void cg_idle_put(struct cg_origin *origin, struct cg_conn *conn, int64_t idle_ms)
{
	struct cg_worker *worker = origin->worker;
	struct idle_conn *idle;

	if (origin->idle_n >= CG_IDLE_MAX || !idle_is_current(origin, conn)) {
		cg_conn_close(conn);
		CG_COUNTER_SUB(worker->counters->tenant_connections, 1);
		return;
	}
	idle = cg_slab_take(&worker->idle_slab);

	idle->origin = origin;
	idle->conn = conn;
	cg_timer_init(&idle->timer, idle_on_timer);
	cg_timer_set(worker->loop, &idle->timer, cg_loop_now(worker->loop) + idle_ms);
	cg_list_push_front(&origin->idle, &idle->node);
	origin->idle_n++;
	CG_COUNTER_ADD(worker->counters->tenant_connections_idle, 1);
	cg_conn_set_owner(conn, idle_on_event, idle);
}

struct cg_conn *cg_idle_take(struct cg_origin *origin, bool asks)
{
	while (!cg_list_is_empty(&origin->idle)) {
		struct idle_conn *idle = CG_LIST_ENTRY(origin->idle.next, struct idle_conn, node);

		if (asks ? cg_conn_is_usable(idle->conn) : !cg_conn_saw_end(idle->conn))
			return idle_detach(idle);
		idle_close(idle);
	}
	return NULL;
}

void cg_idle_review(struct cg_origin *origin)
{
	CG_LIST_FOREACH(node, following, &origin->idle)
	{
		struct idle_conn *idle = CG_LIST_ENTRY(node, struct idle_conn, node);

		if (!idle_is_current(origin, idle->conn))
			idle_close(idle);
	}
}

void cg_idle_clear(struct cg_origin *origin)
{
	while (!cg_list_is_empty(&origin->idle))
		idle_close(CG_LIST_ENTRY(origin->idle.next, struct idle_conn, node));
}

/* The size of what the worker's slab holds. */
size_t cg_idle_conn_size(void)
{
	return sizeof(struct idle_conn);
}
