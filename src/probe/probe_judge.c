/* SPDX-License-Identifier: BSD-2-Clause */
/* The order matters: no answer, then the status, then the body. A status that is not expected is
 * told even if the body broke off too. */
#include "probe/probe_judge.h"

#include <stdio.h>
#include <string.h>

static enum cg_probe_phase probe_judge_phase(enum cg_fetch_phase phase)
{
	switch (phase) {
	case CG_FETCH_NAME:
		return CG_PROBE_PHASE_NAME;
	case CG_FETCH_CONNECT:
		return CG_PROBE_PHASE_CONNECT;
	case CG_FETCH_HANDSHAKE:
		return CG_PROBE_PHASE_TLS;
	case CG_FETCH_WAIT:
		return CG_PROBE_PHASE_WAIT;
	case CG_FETCH_BODY:
		return CG_PROBE_PHASE_BODY;
	case CG_FETCH_DONE:
		break;
	}
	return CG_PROBE_PHASE_DONE;
}

static bool probe_judge_has_text(const char *text, struct cg_str body)
{
	if (text == NULL)
		return true;
	return body.len > 0 && memmem(body.ptr, CG_MIN(body.len, (size_t)CG_PROBE_JUDGE_BODY_MAX),
	                              text, strlen(text)) != NULL;
}

static void probe_judge_fail(struct cg_probe_result *result, enum cg_probe_phase phase,
                             const char *error)
{
	result->phase = phase;
	snprintf(result->error, sizeof(result->error), "%s", error);
}

void cg_probe_judge(const struct cg_config_probe *probe, const struct cg_fetch_answer *answer,
                    struct cg_probe_result *result)
{
	bool is_http = probe->type == CG_PROBE_HTTP;

	*result = (struct cg_probe_result){
	        .phase = CG_PROBE_PHASE_DONE,
	        .status = answer->status,
	        .duration_ms = answer->duration_ms,
	};
	if (answer->phase < CG_FETCH_BODY) {
		probe_judge_fail(result, probe_judge_phase(answer->phase), answer->error);
	} else if (is_http && !cg_status_ranges_has(&probe->expect_status, answer->status)) {
		result->phase = CG_PROBE_PHASE_STATUS;
		snprintf(result->error, sizeof(result->error), "status %d is not expected",
		         answer->status);
	} else if (answer->phase == CG_FETCH_BODY) {
		probe_judge_fail(result, CG_PROBE_PHASE_BODY, answer->error);
	} else if (is_http && !probe_judge_has_text(probe->expect_body, answer->body)) {
		probe_judge_fail(result, CG_PROBE_PHASE_BODY, "the expected text is not in it");
	} else {
		result->is_good = true;
	}
}
