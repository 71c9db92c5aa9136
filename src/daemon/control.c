/* SPDX-License-Identifier: BSD-2-Clause */
/* Callbacks of the control thread. */
#include "daemon/control.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/notify.h"
#include "daemon/reload.h"
#include "proxy/failure.h"

#define TO(state) (1u << CG_CONTROL_##state)
static const struct {
	const char *name;
	unsigned may_enter;
} control_states[] = {
#define X(id, name, to) [CG_CONTROL_##id] = {name, to},
        CG_CONTROL_STATES(X)
#undef X
};
#undef TO

static void control_enter(struct cg_control *control, enum cg_control_state state)
{
	cg_assert(control_states[control->state].may_enter & (1u << state));
	cg_log(CG_LOG_DEBUG, "gateway: %s > %s", control_states[control->state].name,
	       control_states[state].name);
	control->state = state;
}

/* ---- ready ---- */

static void control_note_ready(struct cg_control *control)
{
	char took[32];

	if (control->state != CG_CONTROL_STARTING || !cg_live_is_settled(control->live))
		return;
	control_enter(control, CG_CONTROL_READY);
	cg_clock_format_duration(took, sizeof(took), cg_clock_wall_ms() - control->started_wall_ms);
	cg_log(CG_LOG_INFO, "ready: every tenant has a verdict, %s after the start", took);
	cg_journal_add(control->journal,
	               &(struct cg_event){.kind = CG_EVENT_READY, .lasted_ms = -1});
	cg_worker_post_take_over(control->workers[0], control->workers_n);
	if (control->admin != NULL)
		cg_admin_take_over(control->admin);
	cg_notify("READY=1");
	cg_watchdog_start(&control->watchdog, control->loop, control->workers, control->workers_n);
}

/* A tenant that is down since now: could it be reached at all? */
static bool control_is_unreachable(const struct cg_control *control,
                                   const struct cg_live_tenant *tenant)
{
	if (control->unreachable == tenant)
		return true;
	if (tenant->probes_n == 0 || tenant->probes[0].is_good)
		return false;
	switch (tenant->probes[0].phase) {
	case CG_PROBE_PHASE_NAME:
	case CG_PROBE_PHASE_CONNECT:
	case CG_PROBE_PHASE_TLS:
	case CG_PROBE_PHASE_WAIT:
		return true;
	default:
		return false;
	}
}

static void control_note_down(struct cg_control *control, struct cg_live_tenant *tenant)
{
	bool is_down = tenant->health.state == CG_HEALTH_DEGRADED;
	bool is_news = is_down && !control->is_down[tenant->id];

	control->is_down[tenant->id] = is_down;
	for (unsigned i = 0; is_news && i < control->workers_n; i++)
		cg_worker_post_down(control->workers[i], tenant,
		                    control_is_unreachable(control, tenant));
}

void cg_control_on_live(void *owner)
{
	struct cg_control *control = owner;

	for (size_t i = 0; i < control->snapshot->tenants_n; i++)
		control_note_down(control, control->snapshot->tenants[i].live);
	for (unsigned i = 0; i < control->workers_n; i++)
		cg_worker_post_wake(control->workers[i]);
	if (control->prober != NULL)
		cg_prober_set_tick(control->prober);
	control_note_ready(control);
}

void cg_control_on_addrs(void *owner, struct cg_live_tenant *tenant, const struct cg_addr *addrs,
                         size_t n)
{
	struct cg_control *control = owner;

	for (unsigned i = 0; i < control->workers_n; i++)
		cg_worker_post_addrs(control->workers[i], tenant, addrs, n);
}

/* ---- stop ---- */

static void control_stop_now(struct cg_control *control)
{
	if (control->state == CG_CONTROL_STOPPED)
		return;
	control_enter(control, CG_CONTROL_STOPPED);
	for (unsigned i = 0; i < control->workers_n; i++)
		cg_worker_post_stop(control->workers[i]);
	cg_loop_stop(control->loop);
}

static void control_arm_stop(struct cg_control *control, int64_t ms)
{
	cg_timer_set(control->loop, &control->stop_timer, cg_loop_now(control->loop) + ms);
}

static void control_drain(struct cg_control *control)
{
	control_enter(control, CG_CONTROL_DRAINING);
	cg_log(CG_LOG_INFO, "draining: %u connections may end", atomic_load(&control->clients_n));
	control_arm_stop(control, control->snapshot->config->gateway.drain_timeout);
	for (unsigned i = 0; i < control->workers_n; i++)
		cg_worker_post_drain(control->workers[i]);
}

/* The upstream service is told first, and gets lame_duck to act on it. */
static void control_begin_stop(struct cg_control *control)
{
	control_enter(control, CG_CONTROL_LAME);
	cg_notify("STOPPING=1");
	cg_journal_add(control->journal,
	               &(struct cg_event){.kind = CG_EVENT_STOP, .lasted_ms = -1});
	for (unsigned i = 0; i < control->workers_n; i++)
		cg_worker_post_lame(control->workers[i]);
	if (control->snapshot->config->gateway.lame_duck > 0)
		control_arm_stop(control, control->snapshot->config->gateway.lame_duck);
	else
		control_drain(control);
}

static void control_on_stop_timer(struct cg_timer *timer)
{
	struct cg_control *control = CG_CONTAINER_OF(timer, struct cg_control, stop_timer);

	if (control->state == CG_CONTROL_LAME) {
		control_drain(control);
		return;
	}
	cg_log(CG_LOG_WARNING, "drain_timeout is over: %u connections are cut",
	       atomic_load(&control->clients_n));
	control_stop_now(control);
}

static void control_on_stop_signal(struct cg_control *control, int signal_number)
{
	const char *name = strsignal(signal_number);

	if (control->state == CG_CONTROL_LAME || control->state == CG_CONTROL_DRAINING) {
		cg_log(CG_LOG_WARNING, "%s again: stopping at once", name);
		control_stop_now(control);
		return;
	}
	if (control->state == CG_CONTROL_STOPPED)
		return;
	cg_log(CG_LOG_INFO, "%s: stopping", name);
	control_begin_stop(control);
}

/* ---- from workers ---- */

struct control_mail {
	struct cg_mail mail; /* first */
	struct cg_live_tenant *tenant;
	bool is_good;
	char why[96];
};

static void control_run_drained(struct cg_mail *mail, void *owner)
{
	struct cg_control *control = owner;

	free(mail);
	if (++control->drained_n == control->workers_n)
		control_stop_now(control);
}

void cg_control_on_drained(void *owner, unsigned worker)
{
	struct cg_control *control = owner;
	struct control_mail *message = cg_mem_alloc(sizeof(*message));

	(void)worker;
	message->mail.run = control_run_drained;
	cg_mailbox_post(control->mailbox, &message->mail);
}

/* Names of failures by which not even a connection came about. */
static bool control_is_connect_failure(const char *why)
{
	static const enum cg_failure failures[] = {CG_FAILURE_NAME, CG_FAILURE_CONNECT,
	                                           CG_FAILURE_CONNECT_TIMEOUT, CG_FAILURE_TLS,
	                                           CG_FAILURE_ACK_TIMEOUT};

	for (size_t i = 0; i < CG_ARRAY_LEN(failures); i++)
		if (strcmp(why, cg_failure_name(failures[i])) == 0)
			return true;
	return false;
}

static void control_run_outcome(struct cg_mail *mail, void *owner)
{
	struct control_mail *message = (struct control_mail *)mail;
	struct cg_control *control = owner;
	struct cg_live_tenant *tenant = message->tenant;

	if (!message->is_good && control_is_connect_failure(message->why))
		control->unreachable = tenant;
	(void)cg_live_passive(control->live, tenant, message->is_good, message->why,
	                      cg_loop_now(control->loop));
	control->unreachable = NULL;
	atomic_store_explicit(&tenant->has_passive_bad, tenant->health.passive_bad_n > 0,
	                      memory_order_relaxed);
	if (!message->is_good && control->prober != NULL)
		cg_prober_hint(control->prober, tenant);
	free(message);
}

void cg_control_on_outcome(void *owner, struct cg_live_tenant *tenant, bool is_good,
                           const char *why)
{
	struct cg_control *control = owner;
	struct control_mail *message = cg_mem_alloc(sizeof(*message));

	message->mail.run = control_run_outcome;
	message->tenant = tenant;
	message->is_good = is_good;
	(void)snprintf(message->why, sizeof(message->why), "%s", why == NULL ? "" : why);
	cg_mailbox_post(control->mailbox, &message->mail);
}

/* ---- admin port ---- */

static void control_free_retired(struct cg_control *control)
{
	for (size_t i = 0; i < control->retired_admins_n; i++)
		cg_admin_free(control->retired_admins[i]);
	free(control->retired_admins);
	control->retired_admins = NULL;
	control->retired_admins_n = 0;
}

static void control_on_retire_timer(struct cg_timer *timer)
{
	control_free_retired(CG_CONTAINER_OF(timer, struct cg_control, retire_timer));
}

/* Freed by the timer alone: the call that asked for the reload may have come through any of them.
 */
void cg_control_retire_admin(struct cg_control *control)
{
	enum { RETIRE_MS = 2000 };
	size_t n = control->retired_admins_n;

	if (control->admin == NULL)
		return;
	control->retired_admins =
	        cg_mem_realloc(control->retired_admins, (n + 1) * sizeof(struct cg_admin *));
	control->retired_admins[n] = control->admin;
	control->retired_admins_n = n + 1;
	control->admin = NULL;
	cg_timer_set(control->loop, &control->retire_timer, cg_loop_now(control->loop) + RETIRE_MS);
}

/* ---- signals ---- */

static void control_reload(struct cg_control *control)
{
	struct cg_report report;

	cg_log(CG_LOG_INFO, "SIGHUP: reload");
	cg_report_init(&report);
	(void)!cg_reload(control, &report);
	cg_report_fini(&report);
}

static void control_reopen_logs(struct cg_control *control)
{
	cg_log_reopen();
	cg_access_writer_reopen(control->access_writer);
	cg_log(CG_LOG_INFO, "log files are opened again");
}

static void control_on_signal(evutil_socket_t number, short what, void *arg)
{
	struct cg_control *control = arg;

	(void)what;
	switch (number) {
	case SIGHUP:
		control_reload(control);
		break;
	case SIGUSR1:
		control_reopen_logs(control);
		break;
	default:
		control_on_stop_signal(control, (int)number);
		break;
	}
}

void cg_control_start(struct cg_control *control)
{
	static const int numbers[CG_CONTROL_SIGNALS_N] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};

	cg_timer_init(&control->stop_timer, control_on_stop_timer);
	cg_timer_init(&control->retire_timer, control_on_retire_timer);
	for (size_t i = 0; i < CG_ARRAY_LEN(numbers); i++) {
		control->signals[i] = evsignal_new(cg_loop_base(control->loop), numbers[i],
		                                   control_on_signal, control);
		cg_assert(control->signals[i] != NULL && event_add(control->signals[i], NULL) == 0);
	}
}

void cg_control_fini(struct cg_control *control)
{
	cg_timer_cancel(&control->stop_timer);
	cg_timer_cancel(&control->retire_timer);
	control_free_retired(control);
	for (size_t i = 0; i < CG_ARRAY_LEN(control->signals); i++)
		if (control->signals[i] != NULL)
			event_free(control->signals[i]);
}
