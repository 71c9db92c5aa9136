/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the admin port share: the server itself and one call that is being answered.
 * For src/admin alone. */
#ifndef CG_ADMIN_ADMIN_IMPL_H
#define CG_ADMIN_ADMIN_IMPL_H

#include <event2/http.h>

#include "admin/admin.h"
#include "base/addr.h"
#include "base/str.h"

struct cg_admin {
	struct cg_admin_setup setup;
	struct evhttp *http;
	struct cg_addr addr;
	int fd; /* evhttp's */
};

/* Valid until the handler returns; it has replied by then. */
struct cg_admin_call {
	struct cg_admin *admin;
	struct evhttp_request *req;
	struct cg_snapshot *snapshot; /* in force */
	struct cg_str name;           /* what stands for NAME in the path */
	struct cg_str body;
};

#endif
