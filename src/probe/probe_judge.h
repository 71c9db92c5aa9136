/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether what a tenant answered is what its probe expects. Pure. */
#ifndef CG_PROBE_PROBE_JUDGE_H
#define CG_PROBE_PROBE_JUDGE_H

#include "config/config.h"
#include "fetch/fetch.h"
#include "tenant/probe_result.h"

/* expect_body is looked for in so much of the body. */
enum { CG_PROBE_JUDGE_BODY_MAX = 64 * 1024 };

/* Fill RESULT, but for wall_ms (0) and is_failback (false). */
void cg_probe_judge(const struct cg_config_probe *probe, const struct cg_fetch_answer *answer,
                    struct cg_probe_result *result);

#endif
