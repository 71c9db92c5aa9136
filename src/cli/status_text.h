/* SPDX-License-Identifier: BSD-2-Clause */
/* The admin port's status document as text for people. Pure: JSON in, text out; members that are
 * missing are shown as "-". */
#ifndef CG_CLI_STATUS_TEXT_H
#define CG_CLI_STATUS_TEXT_H

#include <stdbool.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/defs.h"

/* Append warnings, the gateway, its pools and its tenants. */
void cg_status_text(const json_t *status, bool has_colour, struct cg_buf *out);

/* Whether a pool has a tenant that may be chosen now. */
CG_MUST_USE bool cg_status_text_can_serve(const json_t *status);

#endif
