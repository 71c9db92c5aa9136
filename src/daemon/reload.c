/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything that can fail is done before the first thing is changed. */
#include "daemon/reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/admin_port.h"
#include "daemon/sockets.h"

/* ---- what is checked beyond a start ---- */

/* At a start an expired certificate is better than none; a reload has a better one to keep. */
static void reload_check_dates(const struct cg_snapshot *snapshot, struct cg_report *report)
{
	int64_t now_s = cg_clock_wall_ms() / 1000;

	for (size_t i = 0; i < snapshot->listeners_n; i++) {
		const struct cg_snapshot_listener *listener = &snapshot->listeners[i];
		const struct cg_tls_server *tls = cg_snapshot_tls(listener);

		for (size_t j = 0; tls != NULL && j < cg_tls_server_certificates_n(tls); j++) {
			const struct cg_place *place = &listener->config->certificate.places[j];

			if (cg_tls_server_certificate(tls, j)->not_after_s < now_s)
				cg_report_error(report, place->file, place->line,
				                "certificate %s has expired",
				                listener->config->certificate.items[j]);
		}
	}
}

/* Keys that only a start reads. */
static void reload_warn_restart(const struct cg_config *old, const struct cg_config *fresh,
                                struct cg_report *report)
{
	const char *old_dir = old->gateway.state_dir == NULL ? "" : old->gateway.state_dir;
	const char *dir = fresh->gateway.state_dir == NULL ? "" : fresh->gateway.state_dir;

	if (old->gateway.workers != fresh->gateway.workers)
		cg_report_warning(report, fresh->file, 0,
		                  "[gateway] workers = %u takes effect at a restart",
		                  fresh->gateway.workers);
	if (strcmp(old_dir, dir) != 0)
		cg_report_warning(report, fresh->file, 0,
		                  "[gateway] state_dir takes effect at a restart");
}

static struct cg_snapshot *reload_build(struct cg_control *control, struct cg_report *report)
{
	struct cg_config *config = cg_config_load(control->snapshot->config->file, report);
	struct cg_snapshot *snapshot;

	if (config == NULL)
		return NULL;
	snapshot = cg_snapshot_new(config, control->live, report);
	if (snapshot == NULL)
		return NULL;
	reload_check_dates(snapshot, report);
	if (report->errors_n > 0) {
		cg_snapshot_unref(snapshot);
		return NULL;
	}
	reload_warn_restart(control->snapshot->config, snapshot->config, report);
	snapshot->generation = control->snapshot->generation + 1;
	return snapshot;
}

/* ---- outside resources: each is opened anew beside the old one, or fails ---- */

struct reload_parts {
	struct cg_sockets_plan plan;
	struct cg_admin *admin; /* NULL: the old one stays, or it is off */
};

static int reload_open_logs(const struct cg_control *control, const struct cg_config *fresh,
                            struct cg_report *report)
{
	struct cg_error err;

	const char *old_access = control->snapshot->config->log.access;
	struct cg_error ignored;

	if (cg_access_writer_retarget(control->access_writer, fresh->log.access, &err) == 0) {
		if (cg_log_open(fresh->log.target, fresh->log.level, &err) == 0)
			return 0;
		(void)!cg_access_writer_retarget(control->access_writer, old_access, &ignored);
	}
	cg_report_error(report, fresh->file, 0, "%s", err.text);
	return -1;
}

static int reload_open(struct cg_control *control, struct cg_snapshot *fresh,
                       struct reload_parts *parts, struct cg_report *report)
{
	struct cg_error err;

	if (cg_sockets_open(&control->sockets, fresh, control->snapshot, &parts->plan, report) < 0)
		return -1;
	if (cg_admin_port_is_other(control, fresh->config) && fresh->config->admin.is_on) {
		parts->admin = cg_admin_port_open(control, fresh->config, &err);
		if (parts->admin == NULL) {
			cg_report_error(report, fresh->config->admin.address_place.file,
			                fresh->config->admin.address_place.line, "%s", err.text);
			goto failed;
		}
	}
	if (reload_open_logs(control, fresh->config, report) == 0)
		return 0;
failed:
	cg_admin_free(parts->admin);
	cg_sockets_drop(&control->sockets, &parts->plan);
	return -1;
}

/* ---- the change ---- */

/* Who is told that the reload is done may rely on it. A worker answers in its next turn; one that
 * is stuck is the watchdog's. */
static void reload_wait(struct cg_control *control)
{
	enum { TRIES = 1000, APART_US = 500 };

	for (int i = 0; i < TRIES; i++) {
		if (atomic_load_explicit(&control->reloads_taken, memory_order_acquire) ==
		    control->reloads_posted)
			return;
		(void)usleep(APART_US);
	}
	cg_log(CG_LOG_WARNING, "reload: a worker has not taken the configuration yet");
}

static void reload_publish(struct cg_control *control, struct cg_snapshot *fresh,
                           struct reload_parts *parts)
{
	struct cg_snapshot *old = control->snapshot;

	if (cg_admin_port_is_other(control, fresh->config)) {
		cg_control_retire_admin(control);
		control->admin = parts->admin;
	}
	control->snapshot = fresh;
	cg_live_apply(control->live, fresh->config, cg_loop_now(control->loop));
	/* Addresses first, so that no request finds a new tenant without any. */
	cg_prober_apply(control->prober, fresh);
	for (unsigned w = 0; w < control->workers_n; w++)
		cg_worker_post_snapshot(control->workers[w], fresh,
		                        &parts->plan.plans[w * parts->plan.n], parts->plan.n,
		                        &control->reloads_taken);
	control->reloads_posted += control->workers_n;
	cg_sockets_taken(&control->sockets, &parts->plan);
	reload_wait(control);
	cg_cert_watch_apply(&control->cert_watch, fresh);
	cg_snapshot_unref(old);
}

static void reload_note(struct cg_control *control, const struct cg_report *report, bool is_taken)
{
	struct cg_reload_outcome *outcome = &control->last_reload;

	outcome->wall_ms = cg_clock_wall_ms();
	outcome->is_taken = is_taken;
	outcome->errors_n = report->errors_n;
	if (is_taken)
		(void)snprintf(outcome->text, sizeof(outcome->text), "configuration %s is in force",
		               control->snapshot->config->file);
	else
		(void)snprintf(outcome->text, sizeof(outcome->text),
		               "refused with %zu error%s; the old configuration goes on",
		               report->errors_n, report->errors_n == 1 ? "" : "s");
	for (size_t i = 0; i < report->n; i++) {
		const struct cg_problem *problem = &report->items[i];
		char *text = cg_problem_format(problem);

		cg_log(problem->is_error ? CG_LOG_ERROR : CG_LOG_WARNING, "reload: %s", text);
		free(text);
	}
	cg_log(is_taken ? CG_LOG_INFO : CG_LOG_ERROR, "reload: %s", outcome->text);
	cg_journal_add(control->journal, &(struct cg_event){.kind = CG_EVENT_RELOAD,
	                                                    .to = is_taken ? "taken" : "refused",
	                                                    .reason = outcome->text,
	                                                    .lasted_ms = -1});
}

int cg_reload(struct cg_control *control, struct cg_report *report)
{
	struct reload_parts parts = {0};
	struct cg_snapshot *fresh;

	if (control->state != CG_CONTROL_STARTING && control->state != CG_CONTROL_READY) {
		cg_report_error(report, control->snapshot->config->file, 0,
		                "the gateway is stopping");
		reload_note(control, report, false);
		return -1;
	}
	fresh = reload_build(control, report);

	if (fresh == NULL || reload_open(control, fresh, &parts, report) < 0) {
		cg_snapshot_unref(fresh);
		reload_note(control, report, false);
		return -1;
	}
	reload_publish(control, fresh, &parts);
	reload_note(control, report, true);
	return 0;
}
