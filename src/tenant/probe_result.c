/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and words for what a probe found; the judging itself is in probe/probe_judge. */
#include "tenant/probe_result.h"

#include <stdio.h>

const char *cg_probe_phase_name(enum cg_probe_phase phase)
{
	static const char *const names[] = {
#define X(id, name) name,
	        CG_PROBE_PHASES(X)
#undef X
	};

	cg_assert((size_t)phase < CG_ARRAY_LEN(names));
	return names[phase];
}

void cg_probe_result_text(const struct cg_probe_result *result, char *out, size_t size)
{
	if (result->is_good && result->status > 0)
		snprintf(out, size, "answered %d", result->status);
	else if (result->is_good)
		snprintf(out, size, "connected");
	else if (result->phase == CG_PROBE_PHASE_STATUS)
		snprintf(out, size, "%s", result->error);
	else
		snprintf(out, size, "%s: %s", cg_probe_phase_name(result->phase), result->error);
}
