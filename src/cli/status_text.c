/* SPDX-License-Identifier: BSD-2-Clause */
/* The admin port's status document as text for people. */
#include "cli/status_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "cli/table.h"

enum { STATUS_DURATION_SIZE = 32 };

static const char *status_text_get(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	return text == NULL || text[0] == '\0' ? "-" : text;
}

static int64_t status_text_number(const json_t *json, const char *key)
{
	return json_integer_value(json_object_get(json, key));
}

/* Seconds since 1970 of an RFC 3339 time in UTC; -1 if it is none. */
static int64_t status_text_seconds(const char *text)
{
	struct tm tm = {0};

	return strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) == NULL ? -1 : (int64_t)timegm(&tm);
}

/* How long ago JSON's `since` was by the gateway's own clock, since ours may differ. */
static void status_text_since(const json_t *json, int64_t now_s, char out[STATUS_DURATION_SIZE])
{
	int64_t since_s = status_text_seconds(status_text_get(json, "since"));

	if (since_s == -1 || now_s == -1)
		snprintf(out, STATUS_DURATION_SIZE, "-");
	else
		cg_clock_format_duration(out, STATUS_DURATION_SIZE,
		                         CG_MAX(now_s - since_s, 0) * 1000);
}

static int64_t status_text_now(const json_t *gateway)
{
	int64_t started_s = status_text_seconds(status_text_get(gateway, "started"));

	return started_s == -1 ? -1 : started_s + status_text_number(gateway, "uptime");
}

static void status_text_warnings(const json_t *warnings, bool has_colour, struct cg_buf *out)
{
	size_t i;
	json_t *warning;

	json_array_foreach((json_t *)warnings, i, warning)
	{
		cg_table_print_look(out, CG_TABLE_WARN, has_colour, "warning:");
		cg_buf_append_char(out, ' ');
		cg_table_print_text(out,
		                    json_is_string(warning) ? json_string_value(warning) : "-");
		cg_buf_append_char(out, '\n');
	}
	if (json_array_size(warnings) > 0)
		cg_buf_append_char(out, '\n');
}

static void status_text_gateway(const json_t *gateway, bool has_colour, struct cg_buf *out)
{
	char up[STATUS_DURATION_SIZE];
	char line[512];

	cg_clock_format_duration(up, sizeof(up), status_text_number(gateway, "uptime") * 1000);
	snprintf(line, sizeof(line), "  cpigate %s  pid %" PRId64 "  up %s, since %s",
	         status_text_get(gateway, "version"), status_text_number(gateway, "pid"), up,
	         status_text_get(gateway, "started"));
	cg_table_print_look(out, CG_TABLE_HEAD, has_colour, status_text_get(gateway, "name"));
	cg_table_print_text(out, line);
	cg_buf_append_str(out, CG_STR("\n\n"));
}

static void status_text_head(struct cg_table *table, const char *const *names, size_t n)
{
	cg_table_init(table, n);
	for (size_t i = 0; i < n; i++)
		cg_table_add(table, CG_TABLE_HEAD, "%s", names[i]);
}

/* That an operator, and not the priorities, says who comes first. */
static void status_text_add_switch(struct cg_table *table, const json_t *pool)
{
	const char *first = json_string_value(json_object_get(pool, "switched_to"));
	const char *note = json_string_value(json_object_get(pool, "switch_note"));

	if (first == NULL)
		cg_table_add(table, CG_TABLE_PLAIN, "%s", "");
	else
		cg_table_add(table, CG_TABLE_WARN, "switched to %s%s%s", first,
		             note == NULL ? "" : ": ", note == NULL ? "" : note);
}

static void status_text_pools(const json_t *pools, int64_t now_s, bool has_colour,
                              struct cg_buf *out)
{
	static const char *const names[] = {"POOL", "ACTIVE", "SINCE", "NOTE"};
	struct cg_table table;
	size_t i;
	json_t *pool;

	status_text_head(&table, names, CG_ARRAY_LEN(names));
	json_array_foreach((json_t *)pools, i, pool)
	{
		char since[STATUS_DURATION_SIZE];
		bool has_active = json_is_string(json_object_get(pool, "active"));
		status_text_since(pool, now_s, since);
		cg_table_add(&table, CG_TABLE_PLAIN, "%s", status_text_get(pool, "name"));
		cg_table_add(&table, has_active ? CG_TABLE_GOOD : CG_TABLE_BAD, "%s",
		             has_active ? status_text_get(pool, "active") : "none");
		cg_table_add(&table, CG_TABLE_PLAIN, "%s", since);
		status_text_add_switch(&table, pool);
	}
	cg_table_print(&table, 0, has_colour, out);
	cg_buf_append_char(out, '\n');
	cg_table_fini(&table);
}

static enum cg_table_look status_text_look(const char *state)
{
	if (strcmp(state, "online") == 0)
		return CG_TABLE_GOOD;
	return strcmp(state, "degraded") == 0 ? CG_TABLE_BAD : CG_TABLE_WARN;
}

/* "401 23ms", or where it ended: "connect 5000ms". */
static void status_text_add_probe(struct cg_table *table, const json_t *tenant)
{
	const json_t *probe = json_array_get(json_object_get(tenant, "last_probes"), 0);
	const json_t *status = json_object_get(probe, "status");
	char answer[24] = "";

	if (probe == NULL) {
		cg_table_add(table, CG_TABLE_PLAIN, "-");
		return;
	}
	if (json_is_integer(status))
		snprintf(answer, sizeof(answer), " %" JSON_INTEGER_FORMAT,
		         json_integer_value(status));
	cg_table_add(table, CG_TABLE_PLAIN, "%s%s %" PRId64 "ms", status_text_get(probe, "phase"),
	             answer, status_text_number(probe, "duration_ms"));
}

/* "until 2026-11-21T07:28:00.000Z: the operator's note" */
static void status_text_add_drain(struct cg_table *table, const json_t *tenant)
{
	const char *until = json_string_value(json_object_get(tenant, "drained_until"));
	const char *note = json_string_value(json_object_get(tenant, "drain_note"));

	cg_table_add(table, CG_TABLE_PLAIN, "until %s%s%s", until == NULL ? "resumed" : until,
	             note == NULL ? "" : ": ", note == NULL ? "" : note);
}

/* Why the tenant is not online, and what it waits for. */
static void status_text_add_reason(struct cg_table *table, const json_t *tenant)
{
	const char *state = status_text_get(tenant, "state");
	const char *wait = json_string_value(json_object_get(tenant, "waits_for"));
	const char *reason = json_string_value(json_object_get(tenant, "reason"));

	if (strcmp(state, "drained") == 0) {
		status_text_add_drain(table, tenant);
		return;
	}
	if (strcmp(state, "online") == 0 || reason == NULL)
		reason = "";
	cg_table_add(table, CG_TABLE_PLAIN, "%s%s%s%s", reason,
	             wait == NULL || reason[0] == '\0' ? "" : "; ",
	             wait == NULL ? "" : "waits for ", wait == NULL ? "" : wait);
}

/* "3", or of a tenant with a limit "3/10". */
static void status_text_add_in_flight(struct cg_table *table, const json_t *tenant)
{
	int64_t max = status_text_number(tenant, "max_requests");
	char limit[24] = "";

	if (max > 0)
		snprintf(limit, sizeof(limit), "/%" PRId64, max);
	cg_table_add(table, CG_TABLE_PLAIN, "%" PRId64 "%s",
	             status_text_number(tenant, "in_flight"), limit);
}

static void status_text_add_tenant(struct cg_table *table, const json_t *tenant, int64_t now_s)
{
	const char *state = status_text_get(tenant, "state");
	char since[STATUS_DURATION_SIZE];

	status_text_since(tenant, now_s, since);
	cg_table_add(table, CG_TABLE_PLAIN, "%s", status_text_get(tenant, "name"));
	cg_table_add(table, status_text_look(state), "%s", state);
	cg_table_add(table, CG_TABLE_PLAIN, "%s", since);
	cg_table_add(table, CG_TABLE_PLAIN, "%" PRId64, status_text_number(tenant, "priority"));
	cg_table_add(table, CG_TABLE_PLAIN, "%s", status_text_get(tenant, "region"));
	status_text_add_probe(table, tenant);
	status_text_add_in_flight(table, tenant);
	cg_table_add(table, CG_TABLE_PLAIN, "%" PRId64, status_text_number(tenant, "requests"));
	status_text_add_reason(table, tenant);
}

static void status_text_tenants(const json_t *tenants, int64_t now_s, bool has_colour,
                                struct cg_buf *out)
{
	static const char *const names[] = {"TENANT",    "STATE",    "SINCE",
	                                    "PRIORITY",  "REGION",   "LAST PROBE",
	                                    "IN FLIGHT", "REQUESTS", "REASON"};
	struct cg_table table;
	size_t i;
	json_t *tenant;

	status_text_head(&table, names, CG_ARRAY_LEN(names));
	json_array_foreach((json_t *)tenants, i, tenant)
	        status_text_add_tenant(&table, tenant, now_s);
	cg_table_print(&table, 0, has_colour, out);
	cg_table_fini(&table);
}

void cg_status_text(const json_t *status, bool has_colour, struct cg_buf *out)
{
	const json_t *gateway = json_object_get(status, "gateway");
	int64_t now_s = status_text_now(gateway);

	status_text_warnings(json_object_get(status, "warnings"), has_colour, out);
	status_text_gateway(gateway, has_colour, out);
	status_text_pools(json_object_get(status, "pools"), now_s, has_colour, out);
	status_text_tenants(json_object_get(status, "tenants"), now_s, has_colour, out);
}

bool cg_status_text_can_serve(const json_t *status)
{
	const json_t *pools = json_object_get(status, "pools");
	size_t i;
	json_t *pool;

	json_array_foreach((json_t *)pools, i, pool)
	{
		if (json_is_string(json_object_get(pool, "active")))
			return true;
	}
	return false;
}
