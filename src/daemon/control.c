/* SPDX-License-Identifier: BSD-2-Clause */
/* Callbacks of the control thread. */
#include "daemon/control.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/notify.h"

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
	cg_notify("READY=1");
}

void cg_control_on_live(void *owner)
{
	struct cg_control *control = owner;

	for (unsigned i = 0; i < control->workers_n; i++)
		cg_worker_post_wake(control->workers[i]);
	control_note_ready(control);
}

void cg_control_on_addrs(void *owner, struct cg_live_tenant *tenant, const struct cg_addr *addrs,
                         size_t n)
{
	struct cg_control *control = owner;

	for (unsigned i = 0; i < control->workers_n; i++)
		cg_worker_post_addrs(control->workers[i], tenant, addrs, n);
}

struct cg_snapshot *cg_control_snapshot(void *owner)
{
	return ((struct cg_control *)owner)->snapshot;
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

static void control_on_drain_timer(struct cg_timer *timer)
{
	struct cg_control *control = CG_CONTAINER_OF(timer, struct cg_control, drain_timer);

	cg_log(CG_LOG_WARNING, "drain_timeout is over: %u connections are cut",
	       atomic_load(&control->clients_n));
	control_stop_now(control);
}

static void control_drain(struct cg_control *control)
{
	int64_t timeout = control->snapshot->config->gateway.drain_timeout;

	control_enter(control, CG_CONTROL_DRAINING);
	cg_notify("STOPPING=1");
	cg_journal_add(control->journal,
	               &(struct cg_event){.kind = CG_EVENT_STOP, .lasted_ms = -1});
	cg_timer_set(control->loop, &control->drain_timer, cg_loop_now(control->loop) + timeout);
	for (unsigned i = 0; i < control->workers_n; i++)
		cg_worker_post_drain(control->workers[i]);
}

static void control_on_stop_signal(struct cg_control *control, int signal_number)
{
	const char *name = strsignal(signal_number);

	if (control->state == CG_CONTROL_DRAINING) {
		cg_log(CG_LOG_WARNING, "%s again: stopping at once", name);
		control_stop_now(control);
		return;
	}
	if (control->state == CG_CONTROL_STOPPED)
		return;
	cg_log(CG_LOG_INFO, "%s: stopping; %u connections may end", name,
	       atomic_load(&control->clients_n));
	control_drain(control);
}

/* ---- from workers ---- */

struct control_mail {
	struct cg_mail mail; /* first */
	struct cg_live_tenant *tenant;
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

static void control_run_unreachable(struct cg_mail *mail, void *owner)
{
	struct control_mail *message = (struct control_mail *)mail;
	struct cg_control *control = owner;

	if (control->prober != NULL)
		cg_prober_hint(control->prober, message->tenant);
	free(message);
}

void cg_control_on_unreachable(void *owner, struct cg_live_tenant *tenant)
{
	struct cg_control *control = owner;
	struct control_mail *message = cg_mem_alloc(sizeof(*message));

	message->mail.run = control_run_unreachable;
	message->tenant = tenant;
	cg_mailbox_post(control->mailbox, &message->mail);
}

/* ---- signals ---- */

static void control_on_signal(evutil_socket_t number, short what, void *arg)
{
	struct cg_control *control = arg;

	(void)what;
	if (number != SIGUSR1) {
		control_on_stop_signal(control, (int)number);
		return;
	}
	cg_log_reopen();
	cg_access_writer_reopen(control->access_writer);
	cg_log(CG_LOG_INFO, "log files are opened again");
}

void cg_control_start(struct cg_control *control)
{
	static const int numbers[CG_CONTROL_SIGNALS_N] = {SIGTERM, SIGINT, SIGUSR1};

	cg_timer_init(&control->drain_timer, control_on_drain_timer);
	for (size_t i = 0; i < CG_ARRAY_LEN(numbers); i++) {
		control->signals[i] = evsignal_new(cg_loop_base(control->loop), numbers[i],
		                                   control_on_signal, control);
		cg_assert(control->signals[i] != NULL && event_add(control->signals[i], NULL) == 0);
	}
}

void cg_control_fini(struct cg_control *control)
{
	cg_timer_cancel(&control->drain_timer);
	for (size_t i = 0; i < CG_ARRAY_LEN(control->signals); i++)
		if (control->signals[i] != NULL)
			event_free(control->signals[i]);
}
