/* SPDX-License-Identifier: BSD-2-Clause */
/* The demo without a person. */
#include "cli/demo_once.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

enum { DEMO_ONCE_LIMIT_MS = 20000, DEMO_ONCE_STEP_MS = 100, DEMO_ONCE_CALL_MS = 5000 };

/* Calls until TENANT answers; each call on the way must be answered with 200 by somebody. */
static int demo_once_await(struct cg_demo *demo, const char *tenant, struct cg_error *err)
{
	int64_t start = cg_clock_now_ms();

	for (unsigned calls_n = 1;; calls_n++) {
		struct cg_call_answer answer;
		if (cg_demo_call(demo, CG_DEMO_PATH, &answer, err) == -1)
			return -1;
		cg_call_answer_fini(&answer);
		if (answer.status != 200)
			return cg_error_set(err, "a call was answered with %d", answer.status);
		int64_t took_ms = cg_clock_now_ms() - start;
		if (strcmp(answer.tenant, tenant) == 0) {
			printf("  %s answers: call %u, after %" PRId64 " ms, no call failed\n",
			       tenant, calls_n, took_ms);
			fflush(stdout);
			return 0;
		}
		if (took_ms > DEMO_ONCE_LIMIT_MS)
			return cg_error_set(err, "%s does not serve after %d seconds", tenant,
			                    DEMO_ONCE_LIMIT_MS / 1000);
		if (!cg_demo_pause(demo, DEMO_ONCE_STEP_MS))
			return cg_error_set(err, "interrupted");
	}
}

static int demo_once_set_fault(const struct cg_demo_tenant *tenant, const char *query,
                               struct cg_error *err)
{
	struct cg_call_answer answer;
	char *url = cg_str_printf("http://127.0.0.1:%u/fault?%s", tenant->control_port, query);
	const struct cg_call call = {.method = "POST", .url = url, .timeout_ms = DEMO_ONCE_CALL_MS};
	int result = cg_call_run(&call, &answer, err);

	if (result == 0) {
		cg_call_answer_fini(&answer);
		if (answer.status != 200 && answer.status != 204)
			result = cg_error_set(err, "POST %s was answered with %d", url,
			                      answer.status);
	}
	free(url);
	return result;
}

int cg_demo_once(struct cg_demo *demo, struct cg_error *err)
{
	const struct cg_demo_tenant *first = &demo->tenants[0];
	const struct cg_demo_tenant *second = &demo->tenants[1];

	puts("calls go to the first tenant");
	if (demo_once_await(demo, first->name, err) == -1)
		return -1;
	printf("%s gets sick: its health iFlow answers 500\n", first->name);
	if (demo_once_set_fault(first, CG_DEMO_SICK, err) == -1 ||
	    demo_once_await(demo, second->name, err) == -1)
		return -1;
	printf("%s is well again\n", first->name);
	if (demo_once_set_fault(first, CG_DEMO_WELL, err) == -1 ||
	    demo_once_await(demo, first->name, err) == -1)
		return -1;
	puts("failover and failback work");
	return 0;
}
