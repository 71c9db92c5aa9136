/* SPDX-License-Identifier: BSD-2-Clause */
/* The query of an admin call: its parameters by name, percent-decoded (RFC 3986 section 2.1).
 * Strict: who mistypes a name is told. Pure. */
#ifndef CG_ADMIN_ADMIN_QUERY_H
#define CG_ADMIN_ADMIN_QUERY_H

#include <stddef.h>

#include "base/defs.h"
#include "base/err.h"

struct cg_admin_param {
	const char *name;
	char *value; /* NULL: not given */
};

/* Fill the values of the N PARAMS from QUERY (NULL: there is none). -1 with ERR if a parameter is
 * none of them, comes twice or has no value, or if something percent-encoded is malformed or a
 * control. "+" is itself, as it is in a path. In each case the caller calls fini. */
CG_MUST_USE int cg_admin_query_read(const char *query, struct cg_admin_param *params, size_t n,
                                    struct cg_error *err);
void cg_admin_query_fini(struct cg_admin_param *params, size_t n);

#endif
