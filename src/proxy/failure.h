/* SPDX-License-Identifier: BSD-2-Clause */
/* Why an exchange or an attempt ended without a tenant's answer: one name for log, API and tests,
 * the status that the client gets, and the error type of Proxy-Status (RFC 9209 section 2.3).
 * Refusals of the request's own bytes are http/refusal's. */
#ifndef CG_PROXY_FAILURE_H
#define CG_PROXY_FAILURE_H

#include "base/defs.h"

/* Identifier, status, name, Proxy-Status error, sentence. */
#define CG_FAILURES(X)                                                                             \
	/* of an attempt; nothing was sent */                                                      \
	X(NAME, 502, "name", "dns_error", "no tenant could be resolved")                           \
	X(CONNECT, 502, "connect", "connection_refused", "no tenant could be connected")           \
	X(CONNECT_TIMEOUT, 502, "connect_timeout", "connection_timeout",                           \
	  "connecting to the tenant took too long")                                                \
	X(TLS, 502, "tls", "tls_protocol_error", "no TLS connection to a tenant")                  \
	X(LOCAL, 503, "no_resources", "proxy_internal_error",                                      \
	  "the gateway has no descriptor or port left for a connection")                           \
	/* of an attempt; some or all was sent */                                                  \
	X(CLOSED, 502, "closed", "connection_terminated",                                          \
	  "the tenant closed the connection without an answer")                                    \
	X(ACK_TIMEOUT, 502, "ack_timeout", "connection_timeout",                                   \
	  "the tenant's host acknowledged nothing for too long")                                   \
	X(UNREACHABLE, 502, "unreachable", "destination_unavailable",                              \
	  "the tenant can no longer be reached")                                                   \
	X(MALFORMED, 502, "malformed_answer", "http_protocol_error",                               \
	  "the tenant's answer is malformed")                                                      \
	X(RESPONSE_TIMEOUT, 504, "response_timeout", "http_response_timeout",                      \
	  "the tenant did not answer in time")                                                     \
	/* of the exchange */                                                                      \
	X(NO_TENANT, 503, "no_tenant", "destination_unavailable", "no tenant may be chosen now")   \
	X(FULL, 503, "tenants_full", "connection_limit_reached",                                   \
	  "every tenant that may be chosen has max_requests in flight")                            \
	X(NO_ROUTE, 404, "no_route", "destination_not_found", "no route fits")                     \
	X(MISDIRECTED, 421, "misdirected", "http_request_denied",                                  \
	  "another certificate covers this host; use another connection")                          \
	X(LOOP, 508, "loop", "proxy_loop_detected", "the request came through here before")        \
	X(HEALTH_METHOD, 405, "method_not_allowed", "http_request_denied",                         \
	  "the health path takes GET and HEAD")                                                    \
	X(CLIENT_TIMEOUT, 408, "client_timeout", "http_request_error",                             \
	  "the request took too long to arrive")                                                   \
	/* ends that no answer can tell of */                                                      \
	X(CLIENT_GONE, 499, "client_gone", "connection_terminated", "the client left")             \
	X(CLIENT_WRITE_TIMEOUT, 499, "client_write_timeout", "connection_write_timeout",           \
	  "the client took nothing for too long")                                                  \
	X(TRUNCATED, 502, "answer_truncated", "http_response_incomplete",                          \
	  "the tenant's answer was cut short")                                                     \
	X(TENANT_READ_TIMEOUT, 504, "tenant_read_timeout", "connection_read_timeout",              \
	  "the tenant's answer stalled")                                                           \
	X(STOPPING, 503, "stopping", "destination_unavailable", "the gateway is stopping")

enum cg_failure {
	CG_FAILURE_NONE,
#define X(id, status, name, proxy_error, text) CG_FAILURE_##id,
	CG_FAILURES(X)
#undef X
};

int cg_failure_status(enum cg_failure failure);
const char *cg_failure_name(enum cg_failure failure);
const char *cg_failure_proxy_error(enum cg_failure failure);
const char *cg_failure_text(enum cg_failure failure);

#endif
