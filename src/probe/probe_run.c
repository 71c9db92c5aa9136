/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes a call out of a tenant and a probe's settings and gives the answer to probe_judge. */
#include "probe/probe_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "net/timer.h"
#include "probe/probe_judge.h"

struct cg_probe_run {
	const struct cg_config_probe *probe;
	struct cg_fetch *fetch; /* NULL: without addresses the timer ends the run */
	struct cg_timer timer;
	char *name_error;
	cg_probe_fn on_end;
	void *owner;
};

static void probe_run_free(struct cg_probe_run *run)
{
	cg_timer_cancel(&run->timer);
	free(run->name_error);
	free(run);
}

static void probe_run_end(struct cg_probe_run *run, const struct cg_fetch_answer *answer)
{
	struct cg_probe_result result;

	cg_probe_judge(run->probe, answer, &result);
	result.wall_ms = cg_clock_wall_ms();
	run->fetch = NULL;
	run->on_end(run->owner, &result);
	probe_run_free(run);
}

static void probe_run_on_answer(void *owner, const struct cg_fetch_answer *answer)
{
	probe_run_end(owner, answer);
}

static void probe_run_on_no_addrs(struct cg_timer *timer)
{
	struct cg_probe_run *run = CG_CONTAINER_OF(timer, struct cg_probe_run, timer);
	struct cg_fetch_answer answer = {.phase = CG_FETCH_NAME, .error = run->name_error};

	probe_run_end(run, &answer);
}

static enum cg_fetch_kind probe_run_kind(enum cg_probe_type type)
{
	switch (type) {
	case CG_PROBE_TCP:
		return CG_FETCH_TCP;
	case CG_PROBE_TLS:
		return CG_FETCH_TLS;
	case CG_PROBE_HTTP:
		break;
	}
	return CG_FETCH_HTTP;
}

static struct cg_fetch *probe_run_fetch(struct cg_probe_run *run, struct cg_fetcher *fetcher,
                                        const struct cg_snapshot_tenant *tenant,
                                        const struct cg_addr *addrs, size_t addrs_n)
{
	const struct cg_config_tenant *config = tenant->config;
	const struct cg_config_probe *probe = run->probe;
	bool has_own_sni = strcmp(config->sni, config->url_host) != 0;
	char *url = cg_str_printf("%s://%s%s", config->is_https ? "https" : "http",
	                          tenant->authority, probe->path);
	struct cg_fetch_request request = {
	        .kind = probe_run_kind(probe->type),
	        .method = probe->method,
	        .url = url,
	        .sni = has_own_sni ? config->sni : NULL,
	        .host = config->host_header == CG_HOST_LITERAL ? config->host_header_text : NULL,
	        .headers = (const char *const *)probe->header.items,
	        .headers_n = probe->header.n,
	        .addrs = addrs,
	        .addrs_n = addrs_n,
	        .ca_file = config->ca_file,
	        .tls_verify = config->tls_verify,
	        .timeout_ms = probe->timeout,
	        .body_max = probe->expect_body == NULL ? 0 : CG_PROBE_JUDGE_BODY_MAX,
	};
	struct cg_fetch *fetch = cg_fetch_start(fetcher, &request, probe_run_on_answer, run);

	free(url);
	return fetch;
}

struct cg_probe_run *cg_probe_run_start(struct cg_fetcher *fetcher, struct cg_loop *loop,
                                        const struct cg_snapshot_tenant *tenant,
                                        const struct cg_config_probe *probe,
                                        const struct cg_addr *addrs, size_t addrs_n,
                                        const char *name_error, cg_probe_fn on_end, void *owner)
{
	struct cg_probe_run *run = cg_mem_alloc(sizeof(*run));

	run->probe = probe;
	run->on_end = on_end;
	run->owner = owner;
	cg_timer_init(&run->timer, probe_run_on_no_addrs);
	if (addrs_n > 0) {
		run->fetch = probe_run_fetch(run, fetcher, tenant, addrs, addrs_n);
		return run;
	}
	run->name_error = cg_mem_strdup(name_error != NULL ? name_error : "no addresses");
	cg_timer_set(loop, &run->timer, cg_loop_now(loop));
	return run;
}

void cg_probe_run_cancel(struct cg_probe_run *run)
{
	if (run == NULL)
		return;
	if (run->fetch != NULL)
		cg_fetch_cancel(run->fetch);
	probe_run_free(run);
}
