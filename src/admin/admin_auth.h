/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may call the admin port: the names it answers to, and the bearer token. Values in, yes or no
 * out. */
#ifndef CG_ADMIN_ADMIN_AUTH_H
#define CG_ADMIN_ADMIN_AUTH_H

#include <stdbool.h>

#include "base/defs.h"
#include "base/str.h"
#include "config/config.h"

/* Whether a Host field names this port: an IP literal, "localhost" or one of NAMES, each with or
 * without a port. Anything else may be a page elsewhere whose name was made to resolve to us (DNS
 * rebinding). */
CG_MUST_USE bool cg_admin_auth_is_host(const struct cg_texts *names, struct cg_str host);

/* Whether an Authorization field (NULL: none) carries TOKEN as a bearer token (RFC 6750
 * section 2.1), in constant time. */
CG_MUST_USE bool cg_admin_auth_is_token(const char *token, const char *authorization);

#endif
