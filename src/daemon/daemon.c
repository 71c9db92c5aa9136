/* SPDX-License-Identifier: BSD-2-Clause */
/* Order of start and stop. What happens in between is control's. */
#include "daemon/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/admin_port.h"
#include "daemon/control.h"
#include "fetch/fetch.h"

enum { DAEMON_OK = 0, DAEMON_FAILED = 1, DAEMON_WRONG = 2 };

/* Descriptors that are no client's or tenant's. */
enum { DAEMON_FILES_EXTRA = 256 };

/* ---- configuration ---- */

static void daemon_print_report(const struct cg_report *report)
{
	for (size_t i = 0; i < report->n; i++) {
		char *text = cg_problem_format(&report->items[i]);

		(void)fprintf(stderr, "%s\n", text);
		free(text);
	}
}

/* Read the file and build all that follows from it; what is wrong is printed. */
static int daemon_load(struct cg_control *control, const char *file)
{
	struct cg_report report;
	struct cg_config *config;

	cg_report_init(&report);
	config = cg_config_load(file, &report);
	if (config != NULL) {
		control->workers_n = config->gateway.workers;
		control->live = cg_live_new(control->journal, control->workers_n,
		                            cg_control_on_live, control);
		control->snapshot = cg_snapshot_new(config, control->live, &report);
	}
	daemon_print_report(&report);
	cg_report_fini(&report);
	return control->snapshot == NULL ? -1 : 0;
}

/* ---- descriptors ---- */

/* Each client may need a connection to a tenant as well. */
static void daemon_raise_files(const struct cg_config *config)
{
	rlim_t wanted = (rlim_t)config->gateway.max_connections * 2 + DAEMON_FILES_EXTRA;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	if (limit.rlim_cur < wanted) {
		limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur < wanted)
		cg_log(CG_LOG_WARNING,
		       "only %llu open files are allowed, max_connections = %u may need %llu",
		       (unsigned long long)limit.rlim_cur, config->gateway.max_connections,
		       (unsigned long long)wanted);
}

/* ---- listeners ---- */

static int daemon_listen(struct cg_control *control, struct cg_error *err)
{
	struct cg_sockets_plan plan;
	struct cg_report report;
	int result;

	cg_report_init(&report);
	result = cg_sockets_open(&control->sockets, control->snapshot, NULL, &plan, &report);
	if (result == 0) {
		for (unsigned w = 0; w < control->workers_n; w++)
			for (size_t i = 0; i < plan.n; i++)
				cg_worker_listen(control->workers[w], &plan.plans[w * plan.n + i]);
		cg_sockets_taken(&control->sockets, &plan);
	} else {
		daemon_print_report(&report);
		(void)cg_error_set(err, "%s", report.items[0].text);
	}
	cg_report_fini(&report);
	return result;
}

/* ---- parts ---- */

static int daemon_make_workers(struct cg_control *control, struct cg_error *err)
{
	const struct cg_config *config = control->snapshot->config;
	unsigned n = control->workers_n;

	control->access_writer = cg_access_writer_new(config->log.access, n, err);
	if (control->access_writer == NULL)
		return -1;
	control->counters = aligned_alloc(CG_CACHE_LINE, n * sizeof(*control->counters));
	cg_assert(control->counters != NULL);
	memset(control->counters, 0, n * sizeof(*control->counters));
	control->workers = cg_mem_alloc_array(n, sizeof(struct cg_worker *));
	for (unsigned i = 0; i < n; i++) {
		struct cg_worker_setup setup = {
		        .index = i,
		        .snapshot = control->snapshot,
		        .live = control->live,
		        .counters = &control->counters[i],
		        .clients_n = &control->clients_n,
		        .access_writer = control->access_writer,
		        .calls = {.on_drained = cg_control_on_drained,
		                  .on_outcome = cg_control_on_outcome,
		                  .owner = control},
		};

		control->workers[i] = cg_worker_new(&setup);
	}
	return daemon_listen(control, err);
}

static int daemon_make_admin(struct cg_control *control, struct cg_error *err)
{
	const struct cg_config *config = control->snapshot->config;

	if (!config->admin.is_on)
		return 0;
	control->admin = cg_admin_port_open(control, config, err);
	return control->admin == NULL ? -1 : 0;
}

static int daemon_make_control(struct cg_control *control, struct cg_error *err)
{
	control->loop = cg_loop_new();
	control->mailbox = cg_mailbox_new(control->loop, control);
	cg_control_start(control);
	control->resolver = cg_resolver_new(control->loop, err);
	if (control->resolver == NULL)
		return -1;
	control->prober = cg_prober_new(control->loop, control->live, control->resolver,
	                                cg_control_on_addrs, control);
	return 0;
}

/* What earlier processes left in state_dir. */
static int daemon_open_store(struct cg_control *control, struct cg_error *err)
{
	const char *dir = control->snapshot->config->gateway.state_dir;

	if (dir == NULL)
		return 0;
	control->store = cg_store_open(dir, err);
	if (control->store == NULL)
		return -1;
	cg_store_attach(control->store, control->journal);
	return 0;
}

/* ---- threads ---- */

static void *daemon_worker_main(void *worker)
{
	cg_worker_run(worker);
	return NULL;
}

/* Signals are the control thread's. */
static void daemon_start_threads(struct cg_control *control)
{
	sigset_t all;
	sigset_t before;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	control->threads = cg_mem_alloc_array(control->workers_n, sizeof(pthread_t));
	for (unsigned i = 0; i < control->workers_n; i++) {
		cg_assert(pthread_create(&control->threads[i], NULL, daemon_worker_main,
		                         control->workers[i]) == 0);
		control->threads_n++;
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* ---- start and stop ---- */

static int daemon_start(struct cg_control *control, const char *file)
{
	struct cg_error err;
	const struct cg_config *config;

	if (daemon_load(control, file) < 0)
		return DAEMON_WRONG;
	config = control->snapshot->config;
	if (cg_log_open(config->log.target, config->log.level, &err) < 0)
		goto failed;
	cg_log(CG_LOG_INFO, "cpigate %s starts as %s, pid %d, %u workers, configuration %s",
	       PACKAGE_VERSION, config->gateway.name, (int)getpid(), control->workers_n, file);
	if (daemon_open_store(control, &err) < 0)
		goto failed;
	cg_journal_add(control->journal,
	               &(struct cg_event){.kind = CG_EVENT_START, .lasted_ms = -1});
	daemon_raise_files(config);
	cg_sockets_init(&control->sockets, control->workers_n);
	if (daemon_make_control(control, &err) < 0 || daemon_make_workers(control, &err) < 0 ||
	    daemon_make_admin(control, &err) < 0)
		goto failed;
	cg_live_apply(control->live, config, cg_loop_now(control->loop));
	cg_live_restore(control->live, control->store, cg_loop_now(control->loop));
	cg_prober_apply(control->prober, control->snapshot);
	cg_cert_watch_init(&control->cert_watch, control->loop, control->journal);
	cg_cert_watch_apply(&control->cert_watch, control->snapshot);
	return DAEMON_OK;
failed:
	cg_log(CG_LOG_ERROR, "%s", err.text);
	return DAEMON_FAILED;
}

static void daemon_run(struct cg_control *control)
{
	daemon_start_threads(control);
	cg_loop_run(control->loop);
	for (unsigned i = 0; i < control->threads_n; i++)
		(void)pthread_join(control->threads[i], NULL);
	cg_log(CG_LOG_INFO, "stopped");
}

/* In reverse of the start; each part may be missing where the start failed. */
static void daemon_free(struct cg_control *control)
{
	cg_watchdog_fini(&control->watchdog);
	cg_cert_watch_fini(&control->cert_watch);
	cg_admin_free(control->admin);
	cg_prober_free(control->prober);
	control->prober = NULL;
	for (unsigned i = 0; control->workers != NULL && i < control->workers_n; i++)
		cg_worker_free(control->workers[i]);
	cg_sockets_fini(&control->sockets);
	cg_access_writer_free(control->access_writer);
	cg_resolver_free(control->resolver);
	if (control->loop != NULL) {
		cg_control_fini(control);
		cg_mailbox_free(control->mailbox);
		cg_loop_free(control->loop);
	}
	cg_snapshot_unref(control->snapshot);
	cg_live_free(control->live);
	cg_store_close(control->store);
	cg_journal_free(control->journal);
	free(control->workers);
	free(control->counters);
	free(control->threads);
	cg_log_close();
}

int cg_daemon_run(const char *file)
{
	struct cg_control control = {.started_wall_ms = cg_clock_wall_ms()};
	int status;

	(void)signal(SIGPIPE, SIG_IGN);
	cg_fetch_global_init();
	control.journal = cg_journal_new();
	status = daemon_start(&control, file);
	if (status == DAEMON_OK)
		daemon_run(&control);
	daemon_free(&control);
	cg_fetch_global_fini();
	return status;
}
