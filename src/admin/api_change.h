/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls by which an operator changes something (SPEC section 7). The caller was authorized by
 * admin.c. */
#ifndef CG_ADMIN_API_CHANGE_H
#define CG_ADMIN_API_CHANGE_H

#include "admin/admin_impl.h"

enum { CG_API_NOTE_MAX = 1000 };

/* POST /api/v1/tenants/NAME/resume, optional body {"note": TEXT}: answers with the tenant's object.
 */
void cg_api_resume(struct cg_admin_call *call);

#endif
