/* SPDX-License-Identifier: BSD-2-Clause */
/* Attempts: a connection for the exchange, and its way back. */
#include "proxy/attempt.h"

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
	cg_conn_set_owner(conn, attempt_on_event, x);
	cg_exchange_on_attempt_open(x);
}

static size_t attempt_addr_index(const struct cg_attempt *attempt)
{
	const struct cg_origin *origin = attempt->origin;

	return (origin->addr_first + attempt->addrs_tried) % origin->addrs_n;
}

static SSL *attempt_ssl(const struct cg_attempt *attempt)
{
	SSL *ssl;

	if (attempt->tenant->tls == NULL)
		return NULL;
	ssl = cg_tls_client_ssl(attempt->tenant->tls, attempt->origin->session);
	cg_tls_client_on_session(ssl, cg_origin_on_session, attempt->origin);
	return ssl;
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
	attempt->conn = cg_conn_connect(&worker->env, &attempt->addr, attempt_ssl(attempt),
	                                attempt_on_event, x, &err);
	if (attempt->conn == NULL) {
		cg_log(CG_LOG_DEBUG, "tenant %s: connect: %s", attempt->tenant->config->name,
		       err.text);
		attempt_fail(x, CG_FAILURE_CONNECT);
		return;
	}
	CG_COUNTER_ADD(worker->counters->tenant_connections, 1);
	CG_COUNTER_ADD(worker->counters->tenant_connections_total, 1);
	cg_timer_set(worker->loop, &x->timer,
	             cg_loop_now(worker->loop) + cg_exchange_config(x)->timeouts.connect);
}

static void attempt_close(struct cg_exchange *x)
{
	if (x->attempt.conn == NULL)
		return;
	cg_conn_close(x->attempt.conn);
	x->attempt.conn = NULL;
	x->attempt.is_open = false;
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
		cg_exchange_on_attempt_open(x);
		break;
	case CG_CONN_READY:
		if (attempt->is_open)
			cg_exchange_on_tenant(x);
		break;
	}
}

void cg_attempt_start(struct cg_exchange *x, const struct cg_snapshot_tenant *tenant)
{
	struct cg_attempt *attempt = &x->attempt;
	struct cg_conn *conn;

	*attempt = (struct cg_attempt){
	        .tenant = tenant,
	        .origin = cg_origin_get(x->worker, tenant->live),
	        .started_us = cg_clock_now_us(),
	};
	CG_COUNTER_ADD(attempt->origin->counters->in_flight, 1);
	conn = cg_idle_take(attempt->origin);
	if (conn != NULL)
		attempt_use(x, conn, true);
	else
		attempt_connect(x);
}

void cg_attempt_continue(struct cg_exchange *x)
{
	struct cg_attempt *attempt = &x->attempt;

	attempt_close(x);
	if (!attempt->is_reused)
		attempt->addrs_tried++;
	attempt->is_reused = false;
	attempt_connect(x);
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
static bool attempt_may_keep(const struct cg_attempt *attempt)
{
	return attempt->is_open && attempt->is_answered && attempt->is_body_sent &&
	       attempt->framing.keeps_alive && attempt->framing.kind != CG_FRAMING_CLOSE &&
	       cg_conn_in(attempt->conn).len == 0 && !cg_conn_saw_end(attempt->conn) &&
	       !cg_conn_is_write_failed(attempt->conn);
}

void cg_attempt_end(struct cg_exchange *x)
{
	struct cg_attempt *attempt = &x->attempt;

	if (attempt->tenant == NULL)
		return;
	CG_COUNTER_SUB(attempt->origin->counters->in_flight, 1);
	if (attempt->conn != NULL && attempt_may_keep(attempt) && !x->worker->is_draining) {
		cg_idle_put(attempt->origin, attempt->conn,
		            cg_exchange_config(x)->timeouts.tenant_idle);
		attempt->conn = NULL;
	}
	attempt_close(x);
	attempt->tenant = NULL;
}
