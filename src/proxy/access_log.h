/* SPDX-License-Identifier: BSD-2-Clause */
/* One line for each request, formatted on its worker and handed to the writer's ring (SPEC section
 * 8). */
#ifndef CG_PROXY_ACCESS_LOG_H
#define CG_PROXY_ACCESS_LOG_H

#include "base/buf.h"
#include "proxy/exchange.h"

/* Format and put; counts the line as lost if the ring is full: traffic never waits for a disk. */
void cg_access_log(struct cg_exchange *x);

/* The line alone, for either format, with its line end. */
void cg_access_log_json(struct cg_buf *out, const struct cg_exchange *x);
void cg_access_log_combined(struct cg_buf *out, const struct cg_exchange *x);

#endif
