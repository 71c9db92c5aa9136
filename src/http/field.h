/* SPDX-License-Identifier: BSD-2-Clause */
/* Field names that the gateway treats in a special way, found by name once while parsing, so that
 * later code compares numbers. Everything else is CG_FIELD_OTHER and passes unchanged. */
#ifndef CG_HTTP_FIELD_H
#define CG_HTTP_FIELD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/defs.h"
#include "base/str.h"

/* Identifier, canonical spelling, and how the field is treated:
 *   HOP     hop-by-hop, dropped both ways (RFC 9110 section 7.6.1)
 *   CLIENT  set or vouched for by a gateway only: dropped when a client sends it
 *   FRAMING settles where a body ends, never copied
 *   NONE    only looked at */
#define CG_FIELDS(X)                                                                               \
	X(AUTHORIZATION, "Authorization", NONE)                                                    \
	X(CF_APP_INSTANCE, "X-CF-APP-INSTANCE", CLIENT)                                            \
	X(CF_ROUTER_ERROR, "X-Cf-RouterError", NONE)                                               \
	X(CONNECTION, "Connection", HOP)                                                           \
	X(CONTENT_LENGTH, "Content-Length", FRAMING)                                               \
	X(CONTENT_TYPE, "Content-Type", NONE)                                                      \
	X(COOKIE, "Cookie", NONE)                                                                  \
	X(CPIGATE_DELIVERY, "X-Cpigate-Delivery", NONE)                                            \
	X(CPIGATE_TENANT, "X-Cpigate-Tenant", NONE)                                                \
	X(DATE, "Date", NONE)                                                                      \
	X(EXPECT, "Expect", NONE)                                                                  \
	X(FORWARDED, "Forwarded", CLIENT)                                                          \
	X(HOST, "Host", NONE)                                                                      \
	X(KEEP_ALIVE, "Keep-Alive", HOP)                                                           \
	X(LOCATION, "Location", NONE)                                                              \
	X(CONTENT_LOCATION, "Content-Location", NONE)                                              \
	X(MAX_FORWARDS, "Max-Forwards", NONE)                                                      \
	X(PROXY_AUTHENTICATE, "Proxy-Authenticate", HOP)                                           \
	X(PROXY_AUTHORIZATION, "Proxy-Authorization", HOP)                                         \
	X(PROXY_CONNECTION, "Proxy-Connection", HOP)                                               \
	X(REAL_IP, "X-Real-IP", CLIENT)                                                            \
	X(REFERER, "Referer", NONE)                                                                \
	X(REQUEST_ID, "X-Request-Id", NONE)                                                        \
	X(RETRY_AFTER, "Retry-After", NONE)                                                        \
	X(SAP_MPL_CORRELATION_ID, "SAP_MplCorrelationId", NONE)                                    \
	X(SAP_MPL_ID, "SAP_MessageProcessingLogID", NONE)                                          \
	X(SET_COOKIE, "Set-Cookie", NONE)                                                          \
	X(SSL_CLIENT, "SSL_CLIENT_*", CLIENT) /* any name with this prefix, also X-SSL-Client-* */ \
	X(TE, "TE", HOP)                                                                           \
	X(TRAILER, "Trailer", HOP)                                                                 \
	X(TRANSFER_ENCODING, "Transfer-Encoding", FRAMING)                                         \
	X(UPGRADE, "Upgrade", HOP)                                                                 \
	X(USER_AGENT, "User-Agent", NONE)                                                          \
	X(VIA, "Via", NONE)                                                                        \
	X(XFCC, "X-Forwarded-Client-Cert", CLIENT)                                                 \
	X(X_FORWARDED_FOR, "X-Forwarded-For", CLIENT)                                              \
	X(X_FORWARDED_HOST, "X-Forwarded-Host", CLIENT)                                            \
	X(X_FORWARDED_PORT, "X-Forwarded-Port", CLIENT)                                            \
	X(X_FORWARDED_PROTO, "X-Forwarded-Proto", CLIENT)

enum cg_field_id {
	CG_FIELD_OTHER,
#define X(id, name, kind) CG_FIELD_##id,
	CG_FIELDS(X)
#undef X
	/* A spelling with '_' of a field that is set or dropped ("X_Forwarded_For",
	 * "Transfer_Encoding"): a server that maps both to one variable would be fooled, so it is
	 * dropped on requests (SPEC section 4). */
	CG_FIELD_FORGED,
	CG_FIELD_N
};

enum cg_field_kind {
	CG_FIELD_KIND_NONE,
	CG_FIELD_KIND_HOP,
	CG_FIELD_KIND_CLIENT,
	CG_FIELD_KIND_FRAMING
};

/* The id of NAME, without regard to case; CG_FIELD_OTHER if it is none of ours. */
enum cg_field_id cg_field_find(struct cg_str name);
enum cg_field_kind cg_field_kind(enum cg_field_id id);

/* RFC 9110 section 5.6.2: is C a tchar? RFC 9110 section 5.5: may C stand in a field value (VCHAR,
 * obs-text, SP, HTAB)? */
bool cg_field_is_tchar(char c);
bool cg_field_is_value_char(char c);
bool cg_field_is_token(struct cg_str str);

#endif
