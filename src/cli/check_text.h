/* SPDX-License-Identifier: BSD-2-Clause */
/* A sound configuration in words: listeners with certificates, pools with tenants, routes, what the
 * probes cost. */
#ifndef CG_CLI_CHECK_TEXT_H
#define CG_CLI_CHECK_TEXT_H

#include "base/buf.h"
#include "state/snapshot.h"

void cg_check_text(const struct cg_snapshot *snapshot, struct cg_buf *out);

#endif
