/* SPDX-License-Identifier: BSD-2-Clause */
/* Attempts: a connection for the exchange, and its way back. */
#include "proxy/attempt.h"

#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "proxy/exchange.h"
#include "proxy/idle.h"

static void attempt_on_event(void *owner, enum cg_conn_event event);

static void attempt_fail(struct cg_exchange *x, enum cg_failure failure)
{
	cg_exchange_on_attempt_failed(x, failure);
}

static void attempt_use(struct cg_exchange *x, struct cg_conn *conn, bool is_reused)
{
	struct cg_attempt *attempt = &x->attempt;

	attempt->conn = conn;
	attempt->is_reused = is_reused;
	attempt->is_open = true;
	attempt->sent_before = cg_conn_sent(conn);
	cg_conn_set_owner(conn, attempt_on_event, x);
	cg_exchange_on_attempt_open(x);
}

static size_t attempt_addr_index(const struct cg_attempt *attempt)
{
	const struct cg_origin *origin = attempt->origin;

	return (origin->addr_first + attempt->addrs_tried) % origin->addrs_n;
}

static SSL *attempt_ssl(const struct cg_exchange *x)
{
	const struct cg_attempt *attempt = &x->attempt;
	bool is_current = x->hold == x->worker->hold;
	SSL *ssl;

	if (attempt->tenant->tls == NULL)
		return NULL;
	ssl = cg_tls_client_ssl(attempt->tenant->tls, is_current ? attempt->origin->session : NULL);
	/* A session of an earlier configuration proves nothing for this one. */
	if (is_current)
		cg_tls_client_on_session(ssl, cg_origin_on_session, attempt->origin);
	return ssl;
}

/* Says nothing about the tenant. */
static bool attempt_is_own_lack(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM ||
	       error == EADDRNOTAVAIL;
}

/* At the next address; out of them is a failure too. */
static void attempt_connect(struct cg_exchange *x)
{
	struct cg_attempt *attempt = &x->attempt;
	struct cg_worker *worker = x->worker;
	struct cg_error err;

	if (attempt->origin->addrs_n == 0) {
		attempt_fail(x, CG_FAILURE_NAME);
		return;
	}
	attempt->addr = attempt->origin->addrs[attempt_addr_index(attempt)];
	attempt->conn = cg_conn_connect(&worker->env, &attempt->addr, attempt_ssl(x),
	                                attempt_on_event, x, &err);
	if (attempt->conn == NULL) {
		bool is_ours = attempt_is_own_lack(errno);

		cg_log(CG_LOG_DEBUG, "tenant %s: connect: %s", attempt->tenant->config->name,
		       err.text);
		attempt_fail(x, is_ours ? CG_FAILURE_LOCAL : CG_FAILURE_CONNECT);
		return;
	}
	cg_conn_set_user_timeout(attempt->conn, cg_exchange_config(x)->timeouts.tenant_ack);
	CG_COUNTER_ADD(worker->counters->tenant_connections, 1);
	CG_COUNTER_ADD(worker->counters->tenant_connections_total, 1);
	cg_timer_set(worker->loop, &x->timer,
	             cg_loop_now(worker->loop) + cg_exchange_config(x)->timeouts.connect);
}

static void attempt_close(struct cg_exchange *x, struct cg_attempt *attempt)
{
	if (attempt->conn == NULL)
		return;
	cg_conn_close(attempt->conn);
	attempt->conn = NULL;
	attempt->is_open = false;
	CG_COUNTER_SUB(x->worker->counters->tenant_connections, 1);
}

static void attempt_broken(struct cg_exchange *x)
{
	struct cg_attempt *attempt = &x->attempt;
	bool is_tls = cg_conn_is_in_handshake(attempt->conn);
	char addr[CG_ADDR_TEXT_SIZE];

	cg_addr_format(&attempt->addr, addr);
	cg_log(CG_LOG_DEBUG, "tenant %s: %s at %s: %s", attempt->tenant->config->name,
	       is_tls ? "tls" : "connect", addr, cg_conn_error(attempt->conn));
	attempt_fail(x, is_tls ? CG_FAILURE_TLS : CG_FAILURE_CONNECT);
}

static void attempt_on_event(void *owner, enum cg_conn_event event)
{
	struct cg_exchange *x = owner;
	struct cg_attempt *attempt = &x->attempt;

	switch (event) {
	case CG_CONN_BROKEN:
		attempt_broken(x);
		break;
	case CG_CONN_OPENED:
		if (attempt->origin->addrs_n > 0)
			attempt->origin->addr_first = attempt_addr_index(attempt);
		attempt->is_open = true;
		attempt->sent_before = cg_conn_sent(attempt->conn);
		cg_exchange_on_attempt_open(x);
		break;
	case CG_CONN_READY:
		if (attempt->is_open)
			cg_exchange_on_tenant(x);
		break;
	}
}

/* A request that may be sent again needs no look at the socket first: should the tenant have closed
 * it, it goes out once more. */
static struct cg_conn *attempt_take_idle(struct cg_exchange *x)
{
	bool may_repeat = x->is_safe && x->framing.kind == CG_FRAMING_NONE;

	return cg_idle_take(x->attempt.origin, !may_repeat);
}

void cg_attempt_start(struct cg_exchange *x, const struct cg_snapshot_tenant *tenant)
{
	struct cg_attempt *attempt = &x->attempt;
	struct cg_conn *conn;

	*attempt = (struct cg_attempt){
	        .tenant = tenant,
	        .origin = cg_origin_get(x->worker, tenant->live),
	        .is_limited = tenant->config->max_requests > 0,
	        .started_us = cg_clock_now_us(),
	};
	cg_list_push_back(&attempt->origin->active, &attempt->node);
	CG_COUNTER_ADD(attempt->origin->counters->in_flight, 1);
	conn = attempt_take_idle(x);
	if (conn != NULL)
		attempt_use(x, conn, true);
	else
		attempt_connect(x);
}

/* On a fresh connection to the same tenant; the answer, if any of it came, is forgotten. */
void cg_attempt_continue(struct cg_exchange *x)
{
	struct cg_attempt *attempt = &x->attempt;

	attempt_close(x, attempt);
	if (!attempt->is_reused)
		attempt->addrs_tried++;
	attempt->is_reused = false;
	attempt->is_body_sent = false;
	attempt->scan = (struct cg_h1_scan){0};
	attempt->interims_n = 0;
	attempt_connect(x);
}

bool cg_attempt_was_sent(const struct cg_attempt *attempt)
{
	return attempt->is_open && cg_conn_sent(attempt->conn) > attempt->sent_before;
}

bool cg_attempt_has_next_addr(const struct cg_attempt *attempt)
{
	return attempt->addrs_tried + 1 < attempt->origin->addrs_n;
}

void cg_attempt_connect_timeout(struct cg_exchange *x)
{
	attempt_fail(x, CG_FAILURE_CONNECT_TIMEOUT);
}

/* Whole request out, whole answer in, and nothing behind it. */
/* And made as a request of now would make it. */
static bool attempt_may_keep(const struct cg_exchange *x, const struct cg_attempt *attempt)
{
	return x->hold == x->worker->hold && attempt->is_open && attempt->is_answered &&
	       attempt->is_body_sent && attempt->framing.keeps_alive &&
	       attempt->framing.kind != CG_FRAMING_CLOSE && cg_conn_in(attempt->conn).len == 0 &&
	       !cg_conn_saw_end(attempt->conn) && !cg_conn_is_write_failed(attempt->conn);
}

static void attempt_end(struct cg_exchange *x, struct cg_attempt *attempt)
{
	if (attempt->tenant == NULL)
		return;
	cg_list_remove(&attempt->node);
	CG_COUNTER_SUB(attempt->origin->counters->in_flight, 1);
	if (attempt->is_limited)
		atomic_fetch_sub_explicit(&attempt->tenant->live->limited_n, 1,
		                          memory_order_relaxed);
	if (attempt->conn != NULL && attempt_may_keep(x, attempt) && !x->worker->is_draining) {
		cg_idle_put(attempt->origin, attempt->conn,
		            cg_exchange_config(x)->timeouts.tenant_idle);
		attempt->conn = NULL;
	}
	attempt_close(x, attempt);
	attempt->tenant = NULL;
}

void cg_attempt_end(struct cg_exchange *x)
{
	attempt_end(x, &x->attempt);
}

/* ---- held ---- */

/* Its bytes wait in the socket and its input until somebody wants them. */
static void attempt_on_held_event(void *owner, enum cg_conn_event event)
{
	(void)owner;
	(void)event;
}

void cg_attempt_hold(struct cg_exchange *x)
{
	attempt_end(x, &x->held);
	cg_list_remove(&x->attempt.node);
	x->held = x->attempt;
	cg_list_init(&x->held.node);
	cg_conn_set_owner(x->held.conn, attempt_on_held_event, x);
	x->attempt = (struct cg_attempt){0};
}

void cg_attempt_take_held(struct cg_exchange *x)
{
	attempt_end(x, &x->attempt);
	x->attempt = x->held;
	cg_list_init(&x->attempt.node);
	/* What was read of the body since then went to another tenant. */
	x->attempt.is_upload_over = !x->attempt.is_body_sent;
	x->held = (struct cg_attempt){0};
	cg_conn_set_owner(x->attempt.conn, attempt_on_event, x);
}

void cg_attempt_drop_held(struct cg_exchange *x)
{
	attempt_end(x, &x->held);
}
