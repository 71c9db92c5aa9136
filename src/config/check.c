/* SPDX-License-Identifier: BSD-2-Clause */
/* Logs, tenants and probes here; listeners and routing in the files beside. */
#include "config/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "config/check_impl.h"

static void check_warn_useless(const struct cg_parse *parse, enum cg_section_kind kind, size_t i,
                               const char *const *keys, const char *why)
{
	for (; *keys != NULL; keys++)
		if (cg_parse_has(parse, kind, i, *keys))
			CHECK_WARNING(parse, cg_parse_line(parse, kind, i, *keys),
			              "%s has no effect: %s", *keys, why);
}

static void check_tenant_tls(const struct cg_parse *parse, size_t i)
{
	static const char *const keys[] = {"tls_verify", "ca_file", "sni", NULL};
	const struct cg_config_tenant *tenant = &parse->config->tenants[i];

	if (tenant->url == NULL)
		return;
	if (!tenant->is_https)
		check_warn_useless(parse, CG_SECTION_TENANT, i, keys, "the url is http://");
	else if (!tenant->tls_verify)
		CHECK_WARNING(parse, cg_parse_line(parse, CG_SECTION_TENANT, i, "tls_verify"),
		              "tls_verify is off: anyone could pose as tenant \"%s\"",
		              tenant->name);
}

static void check_tenant(const struct cg_parse *parse, size_t i)
{
	const struct cg_config_tenant *tenant = &parse->config->tenants[i];

	check_tenant_tls(parse, i);
	if (strcmp(tenant->name, "auto") == 0)
		CHECK_ERROR(parse, tenant->place.line,
		            "a tenant cannot be named \"auto\": the command switch means the "
		            "priority order by it");
	if (tenant->failback_probe_index != SIZE_MAX &&
	    tenant->failback_probe_index == tenant->probe_index)
		CHECK_WARNING(parse, cg_parse_line(parse, CG_SECTION_TENANT, i, "failback_probe"),
		              "failback_probe is the same as probe, so it proves nothing more");
}

static void check_tenants(const struct cg_parse *parse)
{
	if (parse->config->tenants_n == 0)
		CHECK_ERROR(parse, 0, "there is no [tenant NAME]: at least one is needed");
	for (size_t i = 0; i < parse->config->tenants_n; i++)
		check_tenant(parse, i);
}

/* Either of the two that this section sets; a named probe that sets none has the default's fault.
 */
static void check_probe_timeout(const struct cg_parse *parse, size_t i)
{
	const struct cg_config_probe *probe = &parse->config->probes[i];
	bool has_timeout = cg_parse_has(parse, CG_SECTION_PROBE, i, "timeout");
	bool has_interval = cg_parse_has(parse, CG_SECTION_PROBE, i, "interval");

	if (probe->interval == 0 || probe->timeout <= probe->interval)
		return;
	if (has_timeout || has_interval)
		CHECK_WARNING(parse,
		              cg_parse_line(parse, CG_SECTION_PROBE, i,
		                            has_timeout ? "timeout" : "interval"),
		              "timeout is longer than interval: a probe that hangs delays the "
		              "next one");
}

static void check_probes(const struct cg_parse *parse)
{
	static const char *const keys[] = {"method",        "path",        "header",
	                                   "expect_status", "expect_body", NULL};

	for (size_t i = 0; i < parse->config->probes_n; i++) {
		check_probe_timeout(parse, i);
		if (parse->config->probes[i].type != CG_PROBE_HTTP &&
		    cg_parse_has(parse, CG_SECTION_PROBE, i, "type"))
			check_warn_useless(parse, CG_SECTION_PROBE, i, keys, "type is not http");
	}
}

/* The default probe may be there for what others inherit. */
static void check_probes_used(const struct cg_parse *parse)
{
	const struct cg_config *config = parse->config;
	bool *is_used = cg_mem_alloc_array(config->probes_n, sizeof(*is_used));

	for (size_t i = 0; i < config->tenants_n; i++) {
		const struct cg_config_tenant *tenant = &config->tenants[i];

		if (tenant->probe_index != SIZE_MAX)
			is_used[tenant->probe_index] = true;
		if (tenant->failback_probe_index != SIZE_MAX)
			is_used[tenant->failback_probe_index] = true;
	}
	for (size_t i = 1; i < config->probes_n; i++)
		if (!is_used[i])
			CHECK_WARNING(parse, config->probes[i].place.line,
			              "probe \"%s\" is used by no tenant", config->probes[i].name);
	free(is_used);
}

static void check_lame_duck(const struct cg_parse *parse)
{
	const struct cg_config *config = parse->config;

	if (config->gateway.lame_duck > 0 && config->health.path == NULL)
		CHECK_WARNING(parse, cg_parse_line(parse, CG_SECTION_GATEWAY, 0, "lame_duck"),
		              "lame_duck only delays the stop: there is no health endpoint that "
		              "could tell anyone");
}

/* Whoever runs the gateway may be allowed more than whoever checks its file, so only what can't be
 * there is told. */
static void check_log_file(const struct cg_parse *parse, const char *key, const char *path)
{
	const char *slash = path == NULL ? NULL : strrchr(path, '/');
	struct stat status;
	char *folder;

	if (slash == NULL || slash == path)
		return;
	folder = cg_mem_dup(path, (size_t)(slash - path));
	if (stat(folder, &status) != 0 && errno == ENOENT)
		CHECK_ERROR(parse, cg_parse_line(parse, CG_SECTION_LOG, 0, key),
		            "%s: there is no folder %s", key, folder);
	free(folder);
}

void cg_check(const struct cg_parse *parse)
{
	check_log_file(parse, "target", parse->config->log.target);
	check_log_file(parse, "access", parse->config->log.access);
	check_lame_duck(parse);
	cg_check_listeners(parse);
	cg_check_routing(parse);
	check_tenants(parse);
	check_probes(parse);
	check_probes_used(parse);
}
