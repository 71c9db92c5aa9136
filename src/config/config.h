/* SPDX-License-Identifier: BSD-2-Clause */
/* A loaded configuration as plain structs: one field per option, named as the key. config/options
 * declares the keys, config/parse fills this, config/check judges what needs several fields. Never
 * changed after loading, so any thread may read it. Durations in ms, sizes in bytes; texts are
 * owned by the config and NULL where an optional one is not set. */
#ifndef CG_CONFIG_CONFIG_H
#define CG_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/log.h"

/* Where a value was written; line 0: it is the default. */
struct cg_place {
	const char *file; /* the config's */
	int line;
};

/* Values of a list key, each with its place. */
struct cg_texts {
	char **items;
	struct cg_place *places;
	size_t n;
};

struct cg_addrs {
	struct cg_addr *items;
	struct cg_place *places;
	size_t n;
};

/* Inclusive. */
struct cg_status_range {
	int first;
	int last;
};

struct cg_status_ranges {
	struct cg_status_range *items;
	size_t n;
};

enum cg_access_format { CG_ACCESS_JSON, CG_ACCESS_COMBINED };
enum cg_tls_version { CG_TLS_1_2, CG_TLS_1_3 };
enum cg_pool_method { CG_POOL_PRIORITY };
enum cg_failback { CG_FAILBACK_AUTO, CG_FAILBACK_MANUAL };
enum cg_all_down { CG_ALL_DOWN_REJECT, CG_ALL_DOWN_TRY };
enum cg_route_repeat { CG_ROUTE_REPEAT_SAFE, CG_ROUTE_REPEAT_IDEMPOTENT, CG_ROUTE_REPEAT_NEVER };
enum cg_probe_type { CG_PROBE_HTTP, CG_PROBE_TCP, CG_PROBE_TLS };
enum cg_host_header { CG_HOST_TENANT, CG_HOST_PRESERVE, CG_HOST_LITERAL };

struct cg_config_gateway {
	char *name;       /* the host name if not set */
	unsigned workers; /* never 0: "auto" is resolved */
	unsigned max_connections;
	int64_t drain_timeout;
	int64_t lame_duck;
	char *state_dir; /* NULL: nothing survives a restart */
	bool expose_tenant;
};

struct cg_config_log {
	enum cg_log_level level;
	char *target; /* "stderr", "syslog" or a path */
	char *access; /* NULL (off), "stdout" or a path */
	enum cg_access_format access_format;
};

struct cg_config_listen {
	char *name;
	struct cg_place place; /* of the section */
	struct cg_addrs address;
	bool tls;
	struct cg_texts certificate; /* paths, absolute or relative to the working directory */
	struct cg_texts private_key; /* as many */
	enum cg_tls_version tls_min_version;
	char *tls_ciphers;      /* NULL: the default */
	char *tls_ciphersuites; /* NULL: OpenSSL's */
};

struct cg_config_health {
	char *path; /* NULL: off */
	struct cg_addrs address;
	unsigned min_online;
};

struct cg_config_admin {
	bool is_on;
	struct cg_addr address;
	struct cg_place address_place;
	struct cg_texts host;
	char *token; /* secret; NULL: none */
};

struct cg_config_limits {
	size_t request_line;
	size_t header_bytes;
	unsigned header_count;
	uint64_t body_bytes; /* 0: none */
};

struct cg_config_timeouts {
	int64_t tls_handshake;
	int64_t client_header;
	int64_t client_body;
	int64_t client_write;
	int64_t client_idle;
	int64_t connect;
	int64_t response;
	int64_t tenant_read;
	int64_t tenant_idle;
	int64_t tenant_ack;
};

struct cg_config_pool {
	char *name;
	struct cg_place place;
	struct cg_texts tenants; /* names as written; empty: all */
	size_t *members;         /* indices into config->tenants, in the order written */
	size_t members_n;
	enum cg_pool_method method;
	enum cg_failback failback;
	int64_t failback_delay;
	bool flap_backoff;
	unsigned attempts;
	size_t retry_buffer;
	char *idempotency_header;
	enum cg_all_down all_down;
};

struct cg_config_route {
	char *name;
	struct cg_place place;
	struct cg_texts host; /* lower case; exact or "*.domain"; empty: any */
	struct cg_texts path; /* at least "/" */
	char *pool;
	size_t pool_index;
	enum cg_route_repeat repeat;
	int64_t response; /* ms; the timeouts' value where the route says nothing */
};

struct cg_config_tenant {
	char *name;
	struct cg_place place;
	char *url;
	bool is_https;  /* of url */
	char *url_host; /* lower case, IPv6 without brackets */
	uint16_t url_port;
	bool has_default_port; /* url_port is the scheme's own */
	unsigned priority;
	char *region; /* "" if not set */
	enum cg_host_header host_header;
	char *host_header_text; /* with CG_HOST_LITERAL */
	bool tls_verify;
	char *ca_file;           /* NULL: the system's */
	char *sni;               /* name sent and verified; url_host unless set */
	struct cg_addrs address; /* with ports; empty: resolve url_host */
	char *probe;             /* name, or NULL */
	char *failback_probe;    /* name, or NULL */
	unsigned max_requests;   /* in flight; 0: no limit */
	size_t probe_index;
	size_t failback_probe_index; /* SIZE_MAX: none */
};

struct cg_config_probe {
	char *name; /* "" for the default probe */
	struct cg_place place;
	enum cg_probe_type type;
	char *method;
	char *path;
	struct cg_texts header; /* "Name: value", secret */
	struct cg_status_ranges expect_status;
	char *expect_body; /* NULL: none */
	int64_t interval;
	int64_t interval_down;
	int64_t timeout;
	unsigned fall;
	unsigned rise;
	unsigned passive_fall; /* 0: off */
};

struct cg_config {
	char *file;
	struct cg_config_gateway gateway;
	struct cg_config_log log;
	struct cg_config_health health;
	struct cg_config_admin admin;
	struct cg_config_limits limits;
	struct cg_config_timeouts timeouts;
	struct cg_config_listen *listens;
	size_t listens_n;
	struct cg_config_pool *pools; /* one named "default" where none is written */
	size_t pools_n;
	struct cg_config_route *routes; /* may be empty: then everything goes to pools[0] */
	size_t routes_n;
	struct cg_config_tenant *tenants;
	size_t tenants_n;
	struct cg_config_probe *probes; /* [0] is the default probe */
	size_t probes_n;
};

/* Read FILE (and the secret files it names), fill a config; problems go to REPORT, all of them.
 * NULL if there is any error; warnings alone do not hinder. Files of certificates are not read
 * here: state/snapshot does, with the places kept in the config. */
CG_MUST_USE struct cg_config *cg_config_load(const char *file, struct cg_report *report);

/* Frees and wipes secrets; NULL is allowed. */
void cg_config_free(struct cg_config *config);

bool cg_status_ranges_has(const struct cg_status_ranges *ranges, int status);

#endif
