/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls by which an operator changes something. What a change means, its log line and its journal
 * entry are state/live's. */
#include "admin/api_change.h"

#include <string.h>

#include <jansson.h>

#include "admin/admin_reply.h"
#include "admin/api_status.h"

static const struct cg_snapshot_tenant *api_change_find_tenant(const struct cg_snapshot *snapshot,
                                                               struct cg_str name)
{
	for (size_t i = 0; i < snapshot->tenants_n; i++) {
		if (cg_str_eq(cg_str_from(snapshot->tenants[i].config->name), name))
			return &snapshot->tenants[i];
	}
	return NULL;
}

/* The body's object in *JSON (NULL: no body) and its note, lent from there (NULL: none). False:
 * refused already. */
static bool api_change_read(struct cg_admin_call *call, json_t **json, const char **note)
{
	json_error_t error;

	*json = NULL;
	*note = NULL;
	if (call->body.len == 0)
		return true;
	*json = json_loadb(call->body.ptr, call->body.len, JSON_REJECT_DUPLICATES, &error);
	if (*json == NULL ||
	    json_unpack_ex(*json, &error, JSON_STRICT, "{s?s}", "note", note) != 0) {
		cg_admin_reply_problem(call->req, 400, "the body: %s", error.text);
		return false;
	}
	if (*note != NULL && strlen(*note) > CG_API_NOTE_MAX) {
		cg_admin_reply_problem(call->req, 400, "the note is longer than %d bytes",
		                       CG_API_NOTE_MAX);
		return false;
	}
	return true;
}

void cg_api_resume(struct cg_admin_call *call)
{
	const struct cg_admin_setup *setup = &call->admin->setup;
	const struct cg_snapshot_tenant *tenant =
	        api_change_find_tenant(call->snapshot, call->name);
	json_t *body;
	const char *note;

	if (tenant == NULL) {
		cg_admin_reply_problem(call->req, 404, "there is no tenant %.*s",
		                       CG_STR_ARGS(call->name));
		return;
	}
	if (api_change_read(call, &body, &note)) {
		(void)cg_live_resume(setup->live, tenant->live, note, cg_loop_now(setup->loop));
		cg_admin_reply_json(call->req, 200, cg_api_status_tenant(call->admin, tenant));
	}
	json_decref(body);
}
