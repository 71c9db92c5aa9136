/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls by which an operator changes something (SPEC section 7). The caller was authorized by
 * admin.c. */
#ifndef CG_ADMIN_API_CHANGE_H
#define CG_ADMIN_API_CHANGE_H

#include "admin/admin_impl.h"

enum { CG_API_NOTE_MAX = 1000, CG_API_DRAIN_MAX_DAYS = 30 };

/* POST /api/v1/tenants/NAME/drain, optional body {"for": DURATION, "note": TEXT}, and .../resume,
 * optional body {"note": TEXT}: both answer with the tenant's object. */
void cg_api_drain(struct cg_admin_call *call);
void cg_api_resume(struct cg_admin_call *call);

/* POST /api/v1/pools/NAME/switch, body {"tenant": NAME or "auto", "note": TEXT}: answers with the
 * pool's object. */
void cg_api_switch(struct cg_admin_call *call);

/* POST /api/v1/reload: 200 with the outcome, or 409 with all errors. */
void cg_api_reload(struct cg_admin_call *call);

#endif
