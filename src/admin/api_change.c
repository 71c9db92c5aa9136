/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls by which an operator changes something. What a change means, its log line and its journal
 * entry are state/live's and, of a reload, the daemon's. */
#include "admin/api_change.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "admin/admin_reply.h"
#include "admin/api_json.h"
#include "admin/api_status.h"
#include "base/err.h"
#include "config/value.h"

/* How long a drain may last, in the words of the configuration. */
static const struct cg_option api_change_for = {
        .key = "for",
        .type = CG_OPTION_DURATION,
        .min = 1000,
        .max = CG_API_DRAIN_MAX_DAYS * 24ULL * 3600 * 1000,
};

static const struct cg_snapshot_tenant *api_change_find_tenant(const struct cg_snapshot *snapshot,
                                                               struct cg_str name)
{
	for (size_t i = 0; i < snapshot->tenants_n; i++) {
		if (cg_str_eq(cg_str_from(snapshot->tenants[i].config->name), name))
			return &snapshot->tenants[i];
	}
	return NULL;
}

/* The tenant named NAME; NULL: refused already. */
static const struct cg_snapshot_tenant *api_change_tenant(struct cg_admin_call *call,
                                                          struct cg_str name)
{
	const struct cg_snapshot_tenant *tenant = api_change_find_tenant(call->snapshot, name);

	if (tenant == NULL)
		cg_admin_reply_problem(call->req, 404, "there is no tenant %.*s",
		                       CG_STR_ARGS(name));
	return tenant;
}

/* The pool that the path names; NULL: refused already. */
static const struct cg_snapshot_pool *api_change_pool(struct cg_admin_call *call)
{
	for (size_t i = 0; i < call->snapshot->pools_n; i++) {
		const struct cg_snapshot_pool *pool = &call->snapshot->pools[i];
		if (cg_str_eq(cg_str_from(pool->config->name), call->name))
			return pool;
	}
	cg_admin_reply_problem(call->req, 404, "there is no pool %.*s", CG_STR_ARGS(call->name));
	return NULL;
}

/* Unpack the body's object, whose texts are lent from *JSON. Without a body *JSON is NULL and
 * nothing is unpacked. False: refused already. */
static bool api_change_read(struct cg_admin_call *call, json_t **json, const char *format, ...)
{
	json_error_t error;
	va_list args;

	*json = NULL;
	if (call->body.len == 0)
		return true;
	*json = json_loadb(call->body.ptr, call->body.len, JSON_REJECT_DUPLICATES, &error);
	va_start(args, format);
	bool is_read =
	        *json != NULL && json_vunpack_ex(*json, &error, JSON_STRICT, format, args) == 0;
	va_end(args);
	if (!is_read)
		cg_admin_reply_problem(call->req, 400, "the body: %s", error.text);
	return is_read;
}

/* Whether NOTE (NULL: none) may be kept; refused already if not. */
static bool api_change_is_note(struct cg_admin_call *call, const char *note)
{
	if (note == NULL || strlen(note) <= CG_API_NOTE_MAX)
		return true;
	cg_admin_reply_problem(call->req, 400, "the note is longer than %d bytes", CG_API_NOTE_MAX);
	return false;
}

/* TEXT (NULL: no end, which is 0) in ms; false: refused already. */
static bool api_change_read_for(struct cg_admin_call *call, const char *text, int64_t *ms)
{
	struct cg_str trimmed = cg_str_trim(cg_str_from(text));
	struct cg_error err;
	uint64_t value;

	*ms = 0;
	if (text == NULL)
		return true;
	if (cg_value_read_number(&api_change_for, trimmed, &value, &err) == -1) {
		cg_admin_reply_problem(call->req, 400, "for: %s", err.text);
		return false;
	}
	*ms = (int64_t)value;
	return true;
}

static void api_change_reply_tenant(struct cg_admin_call *call,
                                    const struct cg_snapshot_tenant *tenant)
{
	cg_admin_reply_json(call->req, 200, cg_api_status_tenant(call->admin, tenant));
}

void cg_api_drain(struct cg_admin_call *call)
{
	const struct cg_admin_setup *setup = &call->admin->setup;
	const struct cg_snapshot_tenant *tenant = api_change_tenant(call, call->name);
	const char *for_text = NULL;
	const char *note = NULL;
	int64_t for_ms;
	json_t *body;

	if (tenant == NULL)
		return;
	if (api_change_read(call, &body, "{s?s, s?s}", "for", &for_text, "note", &note) &&
	    api_change_is_note(call, note) && api_change_read_for(call, for_text, &for_ms)) {
		cg_live_drain(setup->live, tenant->live, for_ms, note, cg_loop_now(setup->loop));
		api_change_reply_tenant(call, tenant);
	}
	json_decref(body);
}

void cg_api_resume(struct cg_admin_call *call)
{
	const struct cg_admin_setup *setup = &call->admin->setup;
	const struct cg_snapshot_tenant *tenant = api_change_tenant(call, call->name);
	const char *note = NULL;
	json_t *body;

	if (tenant == NULL)
		return;
	if (api_change_read(call, &body, "{s?s}", "note", &note) &&
	    api_change_is_note(call, note)) {
		(void)cg_live_resume(setup->live, tenant->live, note, cg_loop_now(setup->loop));
		api_change_reply_tenant(call, tenant);
	}
	json_decref(body);
}

/* The tenant of POOL to which it is switched, NULL for "auto"; false: refused already. */
static bool api_change_find_first(struct cg_admin_call *call, const struct cg_snapshot_pool *pool,
                                  const char *name, const struct cg_snapshot_tenant **first)
{
	*first = NULL;
	if (name == NULL) {
		cg_admin_reply_problem(call->req, 400,
		                       "the body names no tenant, and not \"auto\" either");
		return false;
	}
	if (strcmp(name, "auto") == 0)
		return true;
	*first = api_change_tenant(call, cg_str_from(name));
	if (*first == NULL)
		return false;
	for (size_t i = 0; i < pool->tenants_n; i++) {
		if (pool->tenants[i] == *first)
			return true;
	}
	cg_admin_reply_problem(call->req, 409, "tenant %s is not in pool %s", name,
	                       pool->config->name);
	return false;
}

void cg_api_switch(struct cg_admin_call *call)
{
	const struct cg_admin_setup *setup = &call->admin->setup;
	const struct cg_snapshot_pool *pool = api_change_pool(call);
	const struct cg_snapshot_tenant *first;
	const char *name = NULL;
	const char *note = NULL;
	json_t *body;

	if (pool == NULL)
		return;
	if (api_change_read(call, &body, "{s?s, s?s}", "tenant", &name, "note", &note) &&
	    api_change_is_note(call, note) && api_change_find_first(call, pool, name, &first)) {
		cg_live_switch(setup->live, pool->live, first == NULL ? NULL : first->live, note,
		               cg_loop_now(setup->loop));
		cg_admin_reply_json(call->req, 200, cg_api_status_pool(pool));
	}
	json_decref(body);
}

/* The report's errors, or its warnings, as cpigate check prints them. */
static json_t *api_change_problems(const struct cg_report *report, bool wants_errors)
{
	json_t *array = json_array();

	for (size_t i = 0; i < report->n; i++) {
		if (report->items[i].is_error != wants_errors)
			continue;
		char *text = cg_problem_format(&report->items[i]);
		json_array_append_new(array, cg_api_json_text(text));
		free(text);
	}
	return array;
}

/* Afterwards the call's snapshot may be the old one, or gone: nothing may look at it. */
static void api_change_reload(struct cg_admin_call *call)
{
	const struct cg_admin_setup *setup = &call->admin->setup;
	struct cg_report report;
	json_t *json = json_object();

	cg_report_init(&report);
	int result = setup->reload(setup->owner, &report);
	call->snapshot = NULL;
	json_object_set_new(json, "outcome", json_string(result == 0 ? "taken" : "refused"));
	json_object_set_new(json, "warnings", api_change_problems(&report, false));
	if (result == 0) {
		cg_admin_reply_json(call->req, 200, json);
	} else {
		json_object_set_new(json, "errors", api_change_problems(&report, true));
		cg_admin_reply_problem_with(call->req, 409, json,
		                            "the new configuration has %zu error%s; the old one "
		                            "is still in force",
		                            report.errors_n, report.errors_n == 1 ? "" : "s");
	}
	cg_report_fini(&report);
}

void cg_api_reload(struct cg_admin_call *call)
{
	json_t *body;

	if (api_change_read(call, &body, "{}"))
		api_change_reload(call);
	json_decref(body);
}
