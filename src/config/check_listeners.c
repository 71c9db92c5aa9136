/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything that the gateway opens to the outside: addresses, their certificates, the token of the
 * admin port. Whether the files fit each other is found out by those who read them. */
#include "config/check_impl.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"

static void check_pairs(const struct cg_parse *parse, size_t i)
{
	const struct cg_config_listen *listen = &parse->config->listens[i];
	bool has_certificate = cg_parse_has(parse, CG_SECTION_LISTEN, i, "certificate");
	bool has_key = cg_parse_has(parse, CG_SECTION_LISTEN, i, "private_key");

	if (!has_certificate)
		CHECK_ERROR(parse, listen->place.line,
		            "key \"certificate\" is missing in [listen %s]; without TLS: tls = off",
		            listen->name);
	if (!has_key)
		CHECK_ERROR(parse, listen->place.line,
		            "key \"private_key\" is missing in [listen %s]; without TLS: tls = off",
		            listen->name);
	if (has_certificate && has_key && listen->certificate.n != listen->private_key.n)
		CHECK_ERROR(parse, cg_parse_line(parse, CG_SECTION_LISTEN, i, "private_key"),
		            "[listen %s] has %zu certificate and %zu private_key: they go in pairs",
		            listen->name, listen->certificate.n, listen->private_key.n);
}

static void check_plain(const struct cg_parse *parse, size_t i)
{
	static const char *const contradictions[] = {"certificate", "private_key"};
	static const char *const useless[] = {"tls_min_version", "tls_ciphers", "tls_ciphersuites"};

	for (size_t k = 0; k < CG_ARRAY_LEN(contradictions); k++)
		if (cg_parse_has(parse, CG_SECTION_LISTEN, i, contradictions[k]))
			CHECK_ERROR(parse,
			            cg_parse_line(parse, CG_SECTION_LISTEN, i, contradictions[k]),
			            "%s: [listen %s] has tls = off", contradictions[k],
			            parse->config->listens[i].name);
	for (size_t k = 0; k < CG_ARRAY_LEN(useless); k++)
		if (cg_parse_has(parse, CG_SECTION_LISTEN, i, useless[k]))
			CHECK_WARNING(parse, cg_parse_line(parse, CG_SECTION_LISTEN, i, useless[k]),
			              "%s has no effect: [listen %s] has tls = off", useless[k],
			              parse->config->listens[i].name);
}

/* OWNER: the section, as it stands in the file; kept by the map until it is freed. */
static void check_address(const struct cg_parse *parse, struct cg_map *seen,
                          const struct cg_addr *address, int line, const char *owner)
{
	char text[CG_ADDR_TEXT_SIZE];
	const char *first;

	if (cg_addr_port(address) == 0)
		return; /* each takes another one */
	cg_addr_format(address, text);
	first = cg_map_get(seen, cg_str_from(text));
	if (first != NULL)
		CHECK_ERROR(parse, line, "address %s is already used by %s", text, first);
	else
		cg_map_put(seen, cg_str_from(text), (void *)owner);
}

static void check_address_list(const struct cg_parse *parse, struct cg_map *seen,
                               const struct cg_addrs *addrs, const char *owner)
{
	for (size_t i = 0; i < addrs->n; i++)
		check_address(parse, seen, &addrs->items[i], addrs->places[i].line, owner);
}

/* The admin address first: it is taken even where nobody wrote it, so the others have to give way.
 */
static void check_addresses(const struct cg_parse *parse)
{
	const struct cg_config *config = parse->config;
	struct cg_map *seen = cg_map_new();
	char **owners = cg_mem_alloc_array(config->listens_n, sizeof(*owners));
	bool is_default = config->admin.address_place.line == 0;

	if (config->admin.is_on && is_default)
		check_address(parse, seen, &config->admin.address, 0, "[admin] (its default)");
	for (size_t i = 0; i < config->listens_n; i++) {
		owners[i] = cg_str_printf("[listen %s]", config->listens[i].name);
		check_address_list(parse, seen, &config->listens[i].address, owners[i]);
	}
	check_address_list(parse, seen, &config->health.address, "[health]");
	if (config->admin.is_on && !is_default)
		check_address(parse, seen, &config->admin.address, config->admin.address_place.line,
		              "[admin]");
	cg_map_free(seen);
	for (size_t i = 0; i < config->listens_n; i++)
		free(owners[i]);
	free(owners);
}

static void check_admin(const struct cg_parse *parse)
{
	const struct cg_config_admin *admin = &parse->config->admin;

	if (admin->is_on && !cg_addr_is_loopback(&admin->address) &&
	    !cg_parse_has(parse, CG_SECTION_ADMIN, 0, "token"))
		CHECK_ERROR(parse, admin->address_place.line,
		            "[admin] listens beyond loopback, so it needs a token");
}

static void check_health(const struct cg_parse *parse)
{
	const struct cg_config_health *health = &parse->config->health;

	if (health->path == NULL && health->address.n > 0 &&
	    cg_parse_has(parse, CG_SECTION_HEALTH, 0, "path"))
		CHECK_WARNING(parse, health->address.places[0].line,
		              "[health] address serves nothing while path is off");
}

void cg_check_listeners(const struct cg_parse *parse)
{
	const struct cg_config *config = parse->config;

	if (config->listens_n == 0)
		CHECK_ERROR(parse, 0, "there is no [listen NAME]: at least one is needed");
	for (size_t i = 0; i < config->listens_n; i++) {
		if (config->listens[i].tls)
			check_pairs(parse, i);
		else
			check_plain(parse, i);
	}
	check_addresses(parse);
	check_admin(parse);
	check_health(parse);
}
