/* SPDX-License-Identifier: BSD-2-Clause */
/* Each tenant probed once: all at the same time on a loop of our own, printed in the order of the
 * file. */
#include "cli/check_probe.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "net/loop.h"
#include "net/resolve.h"
#include "net/timer.h"
#include "probe/probe_run.h"

struct check_probe;

/* One tenant's probe. Its name is waited for as long as the probe's timeout. */
struct check_probe_job {
	struct check_probe *check;
	const struct cg_snapshot_tenant *tenant;
	struct cg_resolve_name *name; /* NULL: not watched */
	struct cg_timer timer;
	struct cg_probe_run *run; /* NULL: not begun, or over */
	struct cg_probe_result result;
	bool is_begun;
};

struct check_probe {
	struct cg_loop *loop;
	struct cg_resolver *resolver;
	struct cg_fetcher *fetcher;
	struct check_probe_job *jobs;
	size_t jobs_n;
	size_t left_n;
};

static void check_probe_on_end(void *owner, const struct cg_probe_result *result)
{
	struct check_probe_job *job = owner;

	job->run = NULL;
	job->result = *result;
	if (--job->check->left_n == 0)
		cg_loop_stop(job->check->loop);
}

static void check_probe_begin(struct check_probe_job *job, const struct cg_addr *addrs, size_t n,
                              const char *name_error)
{
	if (job->is_begun)
		return;
	job->is_begun = true;
	cg_timer_cancel(&job->timer);
	job->run = cg_probe_run_start(job->check->fetcher, job->check->loop, job->tenant,
	                              job->tenant->probe, addrs, n, name_error, check_probe_on_end,
	                              job);
}

static void check_probe_on_name(void *owner, const struct cg_addr *addrs, size_t n,
                                const char *error)
{
	check_probe_begin(owner, addrs, n, error);
}

static void check_probe_on_timeout(struct cg_timer *timer)
{
	check_probe_begin(CG_CONTAINER_OF(timer, struct check_probe_job, timer), NULL, 0,
	                  "no answer from DNS in time");
}

static void check_probe_add(struct check_probe *check, struct check_probe_job *job,
                            const struct cg_snapshot_tenant *tenant)
{
	const struct cg_config_tenant *config = tenant->config;

	job->check = check;
	job->tenant = tenant;
	cg_timer_init(&job->timer, check_probe_on_timeout);
	if (config->address.n > 0) {
		check_probe_begin(job, config->address.items, config->address.n, NULL);
		return;
	}
	cg_timer_set(check->loop, &job->timer, cg_loop_now(check->loop) + tenant->probe->timeout);
	job->name = cg_resolver_watch(check->resolver, config->url_host, config->url_port,
	                              check_probe_on_name, job);
}

static void check_probe_add_row(struct cg_table *table, const struct check_probe_job *job)
{
	const struct cg_probe_result *result = &job->result;

	cg_table_add(table, CG_TABLE_PLAIN, "%s:", job->tenant->config->name);
	cg_table_add(table, CG_TABLE_PLAIN, "%s", result->is_good ? "ok" : "FAILED");
	if (result->status == 0)
		cg_table_add(table, CG_TABLE_PLAIN, "-");
	else
		cg_table_add(table, CG_TABLE_PLAIN, "%d", result->status);
	cg_table_add(table, CG_TABLE_PLAIN, "%" PRId64 "ms", result->duration_ms);
	cg_table_add(table, CG_TABLE_PLAIN, "%s%s%s",
	             result->is_good ? "" : cg_probe_phase_name(result->phase),
	             result->is_good ? "" : ": ", result->error);
}

static int check_probe_print(const struct check_probe *check)
{
	struct cg_table table;
	struct cg_buf text = {0};
	int status = CG_CLI_DONE;

	cg_table_init(&table, 5);
	for (size_t i = 0; i < check->jobs_n; i++) {
		check_probe_add_row(&table, &check->jobs[i]);
		if (!check->jobs[i].result.is_good)
			status = CG_CLI_FAILED;
	}
	cg_buf_append_str(&text, CG_STR("\nprobed now\n"));
	cg_table_print(&table, 2, false, &text);
	fwrite(cg_buf_ptr(&text), 1, cg_buf_len(&text), stdout);
	cg_buf_fini(&text);
	cg_table_fini(&table);
	return status;
}

static void check_probe_run(struct check_probe *check, const struct cg_snapshot *snapshot)
{
	check->fetcher = cg_fetcher_new(check->loop);
	check->jobs_n = check->left_n = snapshot->tenants_n;
	check->jobs = cg_mem_alloc_array(check->jobs_n, sizeof(*check->jobs));
	for (size_t i = 0; i < check->jobs_n; i++)
		check_probe_add(check, &check->jobs[i], &snapshot->tenants[i]);
	cg_loop_run(check->loop);
	for (size_t i = 0; i < check->jobs_n; i++) {
		if (check->jobs[i].name != NULL)
			cg_resolver_unwatch(check->jobs[i].name);
	}
}

int cg_check_probe(const struct cg_snapshot *snapshot)
{
	struct check_probe check = {.loop = cg_loop_new()};
	struct cg_error err;
	int status = CG_CLI_FAILED;

	check.resolver = cg_resolver_new(check.loop, &err);
	if (check.resolver == NULL) {
		fprintf(stderr, "cpigate check: %s\n", err.text);
	} else {
		fflush(stdout);
		check_probe_run(&check, snapshot);
		status = check_probe_print(&check);
		cg_fetcher_free(check.fetcher);
		cg_resolver_free(check.resolver);
		free(check.jobs);
	}
	cg_loop_free(check.loop);
	return status;
}
