/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything unsafe in force. A warning names the thing, what is wrong with it and the key that
 * mends it. */
#include "admin/api_warnings.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "admin/api_json.h"
#include "base/addr.h"

enum { WARNINGS_DAY_S = 24 * 60 * 60 };

int64_t cg_api_warnings_days(int64_t when_s, int64_t now_s)
{
	int64_t left = when_s - now_s;
	int64_t days = left / WARNINGS_DAY_S;

	return left < 0 && left % WARNINGS_DAY_S != 0 ? days - 1 : days;
}

CG_PRINTF(2, 3) static void api_warnings_add(json_t *warnings, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_array_append_new(warnings, cg_api_json_text(text));
}

static void api_warnings_certificate(json_t *warnings, const char *listener,
                                     const struct cg_tls_certificate *cert, int64_t now_s)
{
	int64_t days = cg_api_warnings_days(cert->not_after_s, now_s);

	if (cert->not_after_s < now_s)
		api_warnings_add(warnings, "listener %s: the certificate in %s has expired",
		                 listener, cert->file);
	else if (cert->not_before_s > now_s)
		api_warnings_add(warnings, "listener %s: the certificate in %s is not valid yet",
		                 listener, cert->file);
	else if (days < CG_API_WARNINGS_EXPIRY_DAYS)
		api_warnings_add(warnings,
		                 "listener %s: the certificate in %s expires in %" PRId64 " days",
		                 listener, cert->file, days);
}

static void api_warnings_listener(json_t *warnings, const struct cg_snapshot_listener *listener,
                                  int64_t now_s)
{
	const struct cg_config_listen *config = listener->config;
	const struct cg_tls_server *tls = cg_snapshot_tls(listener);

	if (tls != NULL) {
		for (size_t i = 0; i < cg_tls_server_certificates_n(tls); i++)
			api_warnings_certificate(warnings, config->name,
			                         cg_tls_server_certificate(tls, i), now_s);
		return;
	}
	for (size_t i = 0; i < config->address.n; i++) {
		if (!cg_addr_is_loopback(&config->address.items[i])) {
			api_warnings_add(
			        warnings,
			        "listener %s: clients from elsewhere are served without TLS",
			        config->name);
			return;
		}
	}
}

static bool api_warnings_is_local(const struct cg_config_tenant *tenant)
{
	struct cg_addr addr;

	for (size_t i = 0; i < tenant->address.n; i++) {
		if (!cg_addr_is_loopback(&tenant->address.items[i]))
			return false;
	}
	if (tenant->address.n > 0)
		return true;
	if (cg_addr_parse_ip(&addr, cg_str_from(tenant->url_host)))
		return cg_addr_is_loopback(&addr);
	return cg_str_eq(cg_str_from(tenant->url_host), CG_STR("localhost"));
}

static void api_warnings_tenant(json_t *warnings, const struct cg_config_tenant *tenant)
{
	if (tenant->is_https && !tenant->tls_verify)
		api_warnings_add(warnings,
		                 "tenant %s: its certificate is not verified (tls_verify = off)",
		                 tenant->name);
	else if (!tenant->is_https && !api_warnings_is_local(tenant))
		api_warnings_add(warnings, "tenant %s: requests go there without TLS (%s)",
		                 tenant->name, tenant->url);
}

json_t *cg_api_warnings(const struct cg_snapshot *snapshot, int64_t now_s)
{
	json_t *warnings = json_array();
	const struct cg_config_admin *admin = &snapshot->config->admin;

	if (admin->is_on && !cg_addr_is_loopback(&admin->address)) {
		char text[CG_ADDR_TEXT_SIZE];
		cg_addr_format(&admin->address, text);
		api_warnings_add(
		        warnings,
		        "admin: %s can be reached from elsewhere, and it speaks plain HTTP", text);
	}
	for (size_t i = 0; i < snapshot->listeners_n; i++)
		api_warnings_listener(warnings, &snapshot->listeners[i], now_s);
	for (size_t i = 0; i < snapshot->tenants_n; i++)
		api_warnings_tenant(warnings, snapshot->tenants[i].config);
	return warnings;
}
