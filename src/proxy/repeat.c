/* SPDX-License-Identifier: BSD-2-Clause */
/* The retry table, row by row. */
#include "proxy/repeat.h"

/* ---- the request ---- */

static bool repeat_has_field(const struct cg_message *request, struct cg_str name)
{
	for (size_t i = 0; i < request->fields_n; i++)
		if (cg_str_ieq(request->fields[i].name, name))
			return true;
	return false;
}

bool cg_repeat_is_safe(const struct cg_message *request, enum cg_route_repeat rule,
                       struct cg_str idempotency_header)
{
	if (rule == CG_ROUTE_REPEAT_NEVER)
		return false;
	switch (request->method) {
	case CG_METHOD_GET:
	case CG_METHOD_HEAD:
	case CG_METHOD_OPTIONS:
		return true;
	case CG_METHOD_PUT:
	case CG_METHOD_DELETE:
		if (rule == CG_ROUTE_REPEAT_IDEMPOTENT)
			return true;
		break;
	default:
		break;
	}
	return repeat_has_field(request, idempotency_header);
}

/* ---- an attempt without an answer ---- */

static enum cg_repeat repeat_next_tenant(const struct cg_repeat_facts *facts)
{
	return facts->has_attempt ? CG_REPEAT_NEXT_TENANT : CG_REPEAT_NEVER;
}

/* Not one byte of the request has left: any method may go on. */
static enum cg_repeat repeat_unsent(const struct cg_repeat_facts *facts)
{
	/* The pool was stale: that says nothing about the tenant, and is not another attempt. */
	if (facts->was_reused)
		return CG_REPEAT_FRESH;
	switch (facts->failure) {
	case CG_FAILURE_CONNECT:
	case CG_FAILURE_CONNECT_TIMEOUT:
	case CG_FAILURE_TLS:
	case CG_FAILURE_CLOSED:
		return facts->has_next_addr ? CG_REPEAT_NEXT_ADDRESS : repeat_next_tenant(facts);
	case CG_FAILURE_NAME:
	case CG_FAILURE_FULL:
	case CG_FAILURE_UNREACHABLE:
		return repeat_next_tenant(facts);
	default:
		return CG_REPEAT_NEVER;
	}
}

enum cg_repeat cg_repeat_decide(const struct cg_repeat_facts *facts)
{
	/* What was taken from the client and is not here any more can't be sent anywhere. */
	if (!facts->has_body)
		return CG_REPEAT_NEVER;
	if (!facts->was_sent)
		return repeat_unsent(facts);
	if (!facts->is_safe)
		return CG_REPEAT_NEVER;
	switch (facts->failure) {
	case CG_FAILURE_CLOSED:
		return facts->was_reused ? CG_REPEAT_FRESH : repeat_next_tenant(facts);
	case CG_FAILURE_ACK_TIMEOUT:
	case CG_FAILURE_UNREACHABLE:
		return repeat_next_tenant(facts);
	default:
		return CG_REPEAT_NEVER;
	}
}

/* ---- an answer ---- */

/* The router's own words for it (Cloud Foundry: 404 unknown_route; no_endpoints 503, 404 in older
 * settings). Another status means that someone else wrote the field, such as an iFlow that passes
 * on what its receiver said. */
static bool repeat_is_refused(int status, struct cg_str error)
{
	if (cg_str_ieq(error, CG_STR("unknown_route")))
		return status == 404;
	return cg_str_ieq(error, CG_STR("no_endpoints")) && (status == 503 || status == 404);
}

enum cg_verdict cg_repeat_judge(const struct cg_message *answer)
{
	const struct cg_field *error = cg_message_find(answer, CG_FIELD_CF_ROUTER_ERROR);

	if (error != NULL && repeat_is_refused(answer->status, error->value))
		return CG_VERDICT_REFUSED;
	switch (answer->status) {
	case 502:
	case 503:
	case 504:
		return CG_VERDICT_SICK;
	default:
		return CG_VERDICT_ANSWER;
	}
}

bool cg_repeat_may_hold(enum cg_verdict verdict, bool is_safe, bool has_body)
{
	switch (verdict) {
	case CG_VERDICT_REFUSED:
		return has_body;
	case CG_VERDICT_SICK:
		return is_safe && has_body;
	case CG_VERDICT_ANSWER:
		break;
	}
	return false;
}
