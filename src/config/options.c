/* SPDX-License-Identifier: BSD-2-Clause */
/* The rows, section by section, and how they are found. What a value must look like is value's,
 * what several values must be together is check's. */
#include "config/options.h"

#include "config/config.h"

enum { MS = 1, SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };
enum { KIB = 1024, MIB = 1024 * KIB };

#define ROW(section, name, kind, ...) ROW_AT(section, name, name, kind, __VA_ARGS__)
#define ROW_AT(section, name, field, kind, ...)                                                    \
	{                                                                                          \
		.key = #name, .type = CG_OPTION_##kind,                                            \
		.offset = offsetof(struct cg_config_##section, field), __VA_ARGS__                 \
	}

static const struct cg_option_word word_auto[] = {{"auto", 0}, {NULL, 0}};
static const struct cg_option_word word_off[] = {{"off", 0}, {NULL, 0}};
static const struct cg_option_word word_off_stdout[] = {{"off", 0}, {"stdout", 0}, {NULL, 0}};
static const struct cg_option_word word_stderr_syslog[] = {{"stderr", 0}, {"syslog", 0}, {NULL, 0}};
static const struct cg_option_word word_level[] = {{"error", CG_LOG_ERROR},
                                                   {"warning", CG_LOG_WARNING},
                                                   {"info", CG_LOG_INFO},
                                                   {"debug", CG_LOG_DEBUG},
                                                   {NULL, 0}};
static const struct cg_option_word word_access_format[] = {
        {"json", CG_ACCESS_JSON}, {"combined", CG_ACCESS_COMBINED}, {NULL, 0}};
static const struct cg_option_word word_tls_version[] = {
        {"1.2", CG_TLS_1_2}, {"1.3", CG_TLS_1_3}, {NULL, 0}};
static const struct cg_option_word word_pool_method[] = {{"priority", CG_POOL_PRIORITY}, {NULL, 0}};
static const struct cg_option_word word_failback[] = {
        {"auto", CG_FAILBACK_AUTO}, {"manual", CG_FAILBACK_MANUAL}, {NULL, 0}};
static const struct cg_option_word word_all_down[] = {
        {"reject", CG_ALL_DOWN_REJECT}, {"try", CG_ALL_DOWN_TRY}, {NULL, 0}};
static const struct cg_option_word word_repeat[] = {{"safe", CG_ROUTE_REPEAT_SAFE},
                                                    {"idempotent", CG_ROUTE_REPEAT_IDEMPOTENT},
                                                    {"never", CG_ROUTE_REPEAT_NEVER},
                                                    {NULL, 0}};
static const struct cg_option_word word_host_header[] = {
        {"tenant", CG_HOST_TENANT}, {"preserve", CG_HOST_PRESERVE}, {NULL, 0}};
static const struct cg_option_word word_probe_type[] = {
        {"http", CG_PROBE_HTTP}, {"tcp", CG_PROBE_TCP}, {"tls", CG_PROBE_TLS}, {NULL, 0}};

static const struct cg_option gateway_options[] = {
        ROW(gateway, name, NAME, .unset = "the host name",
            .help = "Name of this gateway in the health answer, logs, metrics and the Via header."),
        ROW(gateway, workers, UINT, .flags = CG_OPTION_RESTART, .fallback = "auto",
            .words = word_auto, .min = 1, .max = 256,
            .help = "Threads that carry traffic. auto: one for each CPU that the process may use."),
        ROW(gateway, max_connections, UINT, .fallback = "20000", .min = 1, .max = 1000000,
            .help = "Client connections over all listeners. Above it new ones are closed at accept "
                    "and counted; health and admin connections do not count."),
        ROW(gateway, drain_timeout, DURATION, .fallback = "30s", .min = 0, .max = DAY,
            .help = "How long a stopping gateway waits for requests in flight."),
        ROW(gateway, lame_duck, DURATION, .fallback = "0s", .min = 0, .max = DAY,
            .help = "How long a stopping gateway says 503 on its health endpoint before its "
                    "listeners close, so that whoever asks there sends clients elsewhere first."),
        ROW(gateway, state_dir, FILE, .flags = CG_OPTION_RESTART, .unset = "none",
            .help = "Directory where operators' decisions (drain, switch) and the journal survive "
                    "a restart, in the file cpigate.db. It is made if only its last part is "
                    "missing."),
        ROW(gateway, expose_tenant, BOOL, .fallback = "on",
            .help = "Whether answers carry X-Cpigate-Tenant, the tenant that served them."),
};

static const struct cg_option log_options[] = {
        ROW(log, level, WORD, .fallback = "info", .words = word_level,
            .help = "The least important messages that are written."),
        ROW(log, target, FILE, .fallback = "stderr", .words = word_stderr_syslog,
            .help = "Where messages go."),
        ROW(log, access, FILE, .fallback = "off", .words = word_off_stdout,
            .help = "Where the access log goes, one line for each request."),
        ROW(log, access_format, WORD, .fallback = "json", .words = word_access_format,
            .help = "Format of the access log: JSON objects, or the combined format of web "
                    "servers."),
};

static const struct cg_option listen_options[] = {
        ROW(listen, address, ADDRESS, .flags = CG_OPTION_LIST | CG_OPTION_REQUIRED,
            .help = "Where clients connect to. Port 0 takes any free one; the log says which."),
        ROW(listen, tls, BOOL, .fallback = "on",
            .help = "Whether clients speak TLS. off: plain HTTP, for use behind something that "
                    "terminates TLS, or for tests."),
        ROW(listen, certificate, FILE, .flags = CG_OPTION_LIST, .unset = "none; needed with TLS",
            .help = "PEM file with the certificate and its chain. Of several, the client's server "
                    "name (SNI) chooses, then the type of key; the first is the default."),
        ROW(listen, private_key, FILE, .flags = CG_OPTION_LIST, .unset = "none; needed with TLS",
            .help = "PEM file with the key: the first belongs to the first certificate, and so "
                    "on."),
        ROW(listen, tls_min_version, WORD, .fallback = "1.2", .words = word_tls_version,
            .help = "Oldest TLS version that is accepted."),
        ROW(listen, tls_ciphers, TEXT, .unset = "OpenSSL's without CBC",
            .help = "Cipher list for TLS 1.2, in OpenSSL's notation."),
        ROW(listen, tls_ciphersuites, TEXT, .unset = "OpenSSL's",
            .help = "Cipher suites for TLS 1.3, in OpenSSL's notation."),
};

static const struct cg_option health_options[] = {
        ROW(health, path, PATH, .fallback = "/healthz", .words = word_off,
            .help = "Path of the gateway's own health endpoint. Listeners answer it before "
                    "routing; off: they do not."),
        ROW(health, address, ADDRESS, .flags = CG_OPTION_LIST, .unset = "none",
            .help = "Further plain HTTP listeners that serve the health path only, also when "
                    "max_connections is reached."),
        ROW(health, min_online, UINT, .fallback = "1", .min = 0, .max = 1000,
            .help = "Online tenants that each pool needs for the health endpoint to say 200."),
};

static const struct cg_option admin_options[] = {
        ROW(admin, address, ADDRESS, .fallback = "127.0.0.1:9090", .words = word_off,
            .help = "Where the dashboard, the API and the metrics are served, by plain HTTP. off: "
                    "nowhere. An address that is not loopback needs a token."),
        ROW(admin, host, HOST, .flags = CG_OPTION_LIST, .unset = "none",
            .help = "Names accepted in the Host header besides localhost and IP addresses."),
        ROW(admin, token, TOKEN, .flags = CG_OPTION_SECRET, .unset = "none",
            .help = "Bearer token for calls that change something."),
};

static const struct cg_option limits_options[] = {
        ROW(limits, request_line, SIZE, .fallback = "8k", .min = 64, .max = MIB,
            .help = "Longest request line; a longer one is answered with 414."),
        ROW(limits, header_bytes, SIZE, .fallback = "32k", .min = KIB, .max = MIB,
            .help = "All headers of a request or an answer; more is answered with 431, from a "
                    "tenant with 502."),
        ROW(limits, header_count, UINT, .fallback = "100", .min = 1, .max = 10000,
            .help = "Number of headers; more is answered as above."),
        ROW(limits, body_bytes, BYTES, .fallback = "0", .min = 0, .max = INT64_MAX,
            .help = "Largest request body; a larger one is answered with 413. 0: no limit."),
};

static const struct cg_option timeouts_options[] = {
        ROW(timeouts, tls_handshake, DURATION, .fallback = "10s", .min = MS, .max = DAY,
            .help = "For a client's TLS handshake."),
        ROW(timeouts, client_header, DURATION, .fallback = "10s", .min = MS, .max = DAY,
            .help = "From the first byte of a request to the end of its head; late: 408."),
        ROW(timeouts, client_body, DURATION, .fallback = "30s", .min = MS, .max = DAY,
            .help = "Between two reads of a request's body."),
        ROW(timeouts, client_write, DURATION, .fallback = "30s", .min = MS, .max = DAY,
            .help = "While a client takes nothing of its answer."),
        ROW(timeouts, client_idle, DURATION, .fallback = "75s", .min = MS, .max = DAY,
            .help = "Between two requests on a client's connection."),
        ROW(timeouts, connect, DURATION, .fallback = "5s", .min = MS, .max = DAY,
            .help = "For TCP and TLS to a tenant, for each of its addresses."),
        ROW(timeouts, response, DURATION, .fallback = "600s", .min = MS, .max = DAY,
            .help = "From the end of a request to the start of the tenant's answer; late: 504. "
                    "SAP allows calls up to ten minutes."),
        ROW(timeouts, tenant_read, DURATION, .fallback = "60s", .min = MS, .max = DAY,
            .help = "Between two reads of an answer's body."),
        ROW(timeouts, tenant_idle, DURATION, .fallback = "30s", .min = MS, .max = DAY,
            .help = "How long an idle connection to a tenant is kept for the next request."),
        ROW(timeouts, tenant_ack, DURATION, .fallback = "20s", .min = SECOND, .max = HOUR,
            .help = "Sent data that a tenant's host does not acknowledge for so long breaks the "
                    "connection."),
};

static const struct cg_option pool_options[] = {
        ROW(pool, tenants, NAME, .flags = CG_OPTION_LIST, .unset = "all tenants",
            .help = "The tenants that stand in for each other."),
        ROW(pool, method, WORD, .fallback = "priority", .words = word_pool_method,
            .help = "How one of the eligible tenants is chosen. priority: the one with the lowest "
                    "priority number; equal ones share by least requests in flight."),
        ROW(pool, failback, WORD, .fallback = "auto", .words = word_failback,
            .help = "Whether a recovered tenant gets traffic by itself, or only after an "
                    "operator's resume."),
        ROW(pool, failback_delay, DURATION, .fallback = "0s", .min = 0, .max = DAY,
            .help = "How long a recovered tenant must stay healthy before traffic returns."),
        ROW(pool, flap_backoff, BOOL, .fallback = "on",
            .help = "Whether the delay doubles each time that a tenant goes down again within 10 "
                    "minutes, to 16 times at most."),
        ROW(pool, attempts, UINT, .fallback = "3", .min = 1, .max = 16,
            .help = "Tries for one request, the first included."),
        ROW(pool, retry_buffer, SIZE, .fallback = "64k", .min = 0, .max = 16 * MIB,
            .help = "How much of a request's body is kept for a second try, for each request. One "
                    "with a larger body is sent once."),
        ROW(pool, idempotency_header, FIELD, .fallback = "Idempotency-Key",
            .help = "A request that carries this header may be sent again whatever its method, so "
                    "its receiver must recognise repetitions by it."),
        ROW(pool, all_down, WORD, .fallback = "reject", .words = word_all_down,
            .help = "What happens to requests when no tenant may be chosen. reject: they are "
                    "answered with 503; try: best effort in the order of priority, as if all "
                    "tenants but drained ones were online."),
};

static const struct cg_option route_options[] = {
        ROW(route, host, HOST_PATTERN, .flags = CG_OPTION_LIST, .unset = "any host",
            .help = "Host names of requests: exact, or *.domain for all names below a domain, at "
                    "any depth."),
        ROW(route, path, PATH, .flags = CG_OPTION_LIST, .fallback = "/",
            .help = "Prefix of the path that ends on a segment border: /a fits /a and /a/b, not "
                    "/ab."),
        ROW(route, pool, NAME, .flags = CG_OPTION_REQUIRED, .help = "The pool that serves it."),
        ROW(route, response, DURATION, .unset = "that of [timeouts]", .min = MS, .max = DAY,
            .help = "Timeout for the start of the answer on this route."),
        ROW(route, repeat, WORD, .fallback = "safe", .words = word_repeat,
            .help = "Which requests may be sent to a tenant again after one may have taken them. "
                    "safe: GET, HEAD and OPTIONS; idempotent: PUT and DELETE too, though an iFlow "
                    "runs once more for each; never: none, not even with the idempotency "
                    "header."),
};

static const struct cg_option tenant_options[] = {
        ROW(tenant, url, URL, .flags = CG_OPTION_REQUIRED,
            .help = "Scheme (https or http), host and optional port of the runtime; no path."),
        ROW(tenant, priority, UINT, .fallback = "1", .min = 1, .max = 1000,
            .help = "The lowest number is chosen first."),
        ROW(tenant, region, TEXT, .unset = "none",
            .help = "Free text, shown wherever the tenant is."),
        ROW_AT(tenant, host_header, host_header_text, HOST_PORT, .fallback = "tenant",
               .words = word_host_header,
               .help = "Host header sent to the tenant. tenant: the URL's host, which fits every "
                       "CPI "
                       "tenant; preserve: the client's, for a custom domain that is mapped on each "
                       "tenant; anything else is sent as it is."),
        ROW(tenant, tls_verify, BOOL, .fallback = "on",
            .help = "Whether the tenant's certificate chain and name are verified. off is unsafe "
                    "and warns at each start."),
        ROW(tenant, ca_file, FILE, .unset = "the system's authorities",
            .help = "PEM file with the authorities that may have signed its certificate."),
        ROW(tenant, sni, HOST, .unset = "the URL's host",
            .help = "Name sent in the TLS handshake and verified."),
        ROW(tenant, address, ADDRESS_ANY_PORT, .flags = CG_OPTION_LIST,
            .unset = "the URL's host is resolved",
            .help = "IP or IP:PORT to connect to instead of resolving the URL's host: for private "
                    "links and tests."),
        ROW(tenant, probe, NAME, .unset = "the section [probe]",
            .help = "Name of the [probe NAME] that checks this tenant."),
        ROW(tenant, failback_probe, NAME, .unset = "none",
            .help = "Name of a second, deeper [probe NAME] that must succeed too before a tenant "
                    "that was down is online again. It does not run while the tenant is online."),
        ROW(tenant, max_requests, UINT, .fallback = "0", .min = 0, .max = 1000000,
            .help = "Requests in flight at this tenant; a full one is passed over for the next. 0: "
                    "no limit."),
};

static const struct cg_option probe_options[] = {
        ROW(probe, type, WORD, .fallback = "http", .words = word_probe_type,
            .help = "http: a request; tls: the handshake only; tcp: the connection only."),
        ROW(probe, method, METHOD, .fallback = "GET", .help = "Method of the request."),
        ROW(probe, path, TARGET, .fallback = "/",
            .help = "Path of the request, with a query if need be."),
        ROW(probe, header, HEADER, .flags = CG_OPTION_LIST | CG_OPTION_SECRET, .unset = "none",
            .help = "Name: value, such as Authorization. In a file: one header a line."),
        ROW(probe, expect_status, STATUS, .flags = CG_OPTION_LIST, .fallback = "200-299",
            .help = "Codes and ranges that mean healthy. A CPI tenant answers 401 to a call "
                    "without credentials, which costs no message."),
        ROW(probe, expect_body, TEXT, .unset = "any body",
            .help = "Text that the first 64 KiB of the body must contain."),
        ROW(probe, interval, DURATION, .fallback = "10s", .min = 100 * MS, .max = HOUR,
            .help = "Time between two probes while the tenant is online, spread by 10 percent."),
        ROW(probe, interval_down, DURATION, .fallback = "2s", .min = 100 * MS, .max = HOUR,
            .help = "The same while it is not."),
        ROW(probe, timeout, DURATION, .fallback = "5s", .min = MS, .max = HOUR,
            .help = "For the whole probe."),
        ROW(probe, fall, UINT, .fallback = "2", .min = 1, .max = 100,
            .help = "Failures in a row that take a tenant down."),
        ROW(probe, rise, UINT, .fallback = "2", .min = 1, .max = 100,
            .help = "Successes in a row that bring it up."),
        ROW(probe, passive_fall, UINT, .fallback = "3", .min = 0, .max = 100,
            .help = "Failures in a row of real requests (connection refused or reset, timeout, "
                    "answers 502, 503 and 504) that take a tenant down at once. 0: they do not."),
};

#define OPTIONS(rows) .options = (rows), .options_n = CG_ARRAY_LEN(rows)
#define ONCE(name)                                                                                 \
	.kind = #name, .naming = CG_SECTION_ONCE, .offset = offsetof(struct cg_config, name),      \
	.size = sizeof(struct cg_config_##name), OPTIONS(name##_options)
#define ARRAY(name)                                                                                \
	.kind = #name, .offset = offsetof(struct cg_config, name##s),                              \
	.n_offset = offsetof(struct cg_config, name##s_n),                                         \
	.size = sizeof(struct cg_config_##name), OPTIONS(name##_options)

static const struct cg_section sections[CG_SECTION_KINDS_N] = {
        [CG_SECTION_GATEWAY] = {ONCE(gateway), .help = "The gateway as a whole."},
        [CG_SECTION_LOG] = {ONCE(log), .help = "What is written down, and where to."},
        [CG_SECTION_LISTEN] = {ARRAY(listen), .naming = CG_SECTION_NAMED,
                               .help = "A place where clients connect. At least one is needed."},
        [CG_SECTION_HEALTH] = {ONCE(health),
                               .help = "The gateway's own health endpoint, for the DNS failover "
                                       "service or load balancer in front of it."},
        [CG_SECTION_ADMIN] = {ONCE(admin), .help = "The port for operators."},
        [CG_SECTION_LIMITS] = {ONCE(limits), .help = "How large requests may be."},
        [CG_SECTION_TIMEOUTS] = {ONCE(timeouts), .help = "How long things may take."},
        [CG_SECTION_POOL] = {ARRAY(pool), .naming = CG_SECTION_NAMED,
                             .help = "Tenants that can stand in for each other. Without any such "
                                     "section there is one pool, default, with all tenants. A "
                                     "tenant in several pools has one state, so failback, "
                                     "failback_delay and flap_backoff must be equal in them."},
        [CG_SECTION_ROUTE] = {ARRAY(route), .naming = CG_SECTION_NAMED,
                              .help = "Which requests go to which pool. Of all routes whose host "
                                      "and path both fit, the one with the most specific host "
                                      "wins (exact, then the longest *.domain, then any), then "
                                      "the one with the longest path; if none fits the answer is "
                                      "404. Without any such section everything goes to the one "
                                      "pool."},
        [CG_SECTION_TENANT] = {ARRAY(tenant), .naming = CG_SECTION_NAMED,
                               .help = "A CPI runtime. At least one is needed."},
        [CG_SECTION_PROBE] = {ARRAY(probe), .naming = CG_SECTION_MAYBE_NAMED,
                              .help = "How tenants are checked. The section without a name holds "
                                      "the defaults for named ones, key by key; a list in a named "
                                      "one replaces the default's."},
};

const struct cg_section *cg_section_get(enum cg_section_kind kind)
{
	cg_assert(kind < CG_SECTION_KINDS_N);
	return &sections[kind];
}

const struct cg_section *cg_section_find(struct cg_str kind)
{
	for (size_t i = 0; i < CG_SECTION_KINDS_N; i++)
		if (cg_str_eq(cg_str_from(sections[i].kind), kind))
			return &sections[i];
	return NULL;
}

enum cg_section_kind cg_section_kind(const struct cg_section *section)
{
	return (enum cg_section_kind)(section - sections);
}

static bool option_has_twin(const struct cg_option *option, struct cg_str key)
{
	size_t len = cg_str_from(option->key).len;

	return cg_option_is_secret(option) && cg_str_has_prefix(key, cg_str_from(option->key)) &&
	       cg_str_eq((struct cg_str){key.ptr + len, key.len - len}, CG_STR("_file"));
}

const struct cg_option *cg_option_find(const struct cg_section *section, struct cg_str key,
                                       bool *is_file)
{
	for (size_t i = 0; i < section->options_n; i++) {
		const struct cg_option *option = &section->options[i];

		*is_file = option_has_twin(option, key);
		if (*is_file || cg_str_eq(cg_str_from(option->key), key))
			return option;
	}
	return NULL;
}

enum cg_storage cg_option_storage(const struct cg_option *option)
{
	static const enum cg_storage storages[] = {
#define X(id, storage, name) [CG_OPTION_##id] = CG_STORAGE_##storage,
	        CG_OPTION_TYPES(X)
#undef X
	};

	return storages[option->type];
}

const char *cg_option_type_name(const struct cg_option *option)
{
	static const char *const names[] = {
#define X(id, storage, name) [CG_OPTION_##id] = name,
	        CG_OPTION_TYPES(X)
#undef X
	};

	return names[option->type];
}

bool cg_option_is_list(const struct cg_option *option)
{
	return (option->flags & CG_OPTION_LIST) != 0;
}

bool cg_option_is_secret(const struct cg_option *option)
{
	return (option->flags & CG_OPTION_SECRET) != 0;
}
