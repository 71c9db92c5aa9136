/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenSSL contexts: for listeners (several certificates, chosen by SNI and key type) and for
 * tenants (verified chain and name). Built while loading on the control thread, then only read, by
 * all workers. An SSL of ours has its ex_data 0 (SSL_set_app_data) free for the connection. */
#ifndef CG_NET_TLS_CTX_H
#define CG_NET_TLS_CTX_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

#include "base/defs.h"
#include "base/err.h"
#include "base/str.h"
#include "config/config.h"
#include "net/tls_pair.h"

struct cg_tls_server;
struct cg_tls_client;

/* Read LISTEN's pairs and build its contexts; problems go to REPORT with the certificate's or key's
 * file:line (unreadable file, no certificate in it, key does not match; a bad cipher list with the
 * listener's; an expired certificate is a warning). NULL with any error. */
CG_MUST_USE struct cg_tls_server *cg_tls_server_new(const struct cg_config_listen *listen,
                                                    struct cg_report *report);
/* SSLs made from it go on working, also those in their handshake; NULL is allowed. */
void cg_tls_server_free(struct cg_tls_server *server);
size_t cg_tls_server_certificates_n(const struct cg_tls_server *server);
const struct cg_tls_certificate *cg_tls_server_certificate(const struct cg_tls_server *server,
                                                           size_t index);

/* A fresh SSL in accept state for a connection to the listener; the certificate is chosen in its
 * handshake by the client's SNI: exact name, then wildcard, then the default (first) pair; of pairs
 * that cover the name equally well with different key types, the one whose type the client can
 * verify. ALPN: "http/1.1"; a client that offers only others is refused (RFC 7301 section 3.2).
 * Never NULL. Any thread. */
CG_MUST_USE SSL *cg_tls_server_ssl(struct cg_tls_server *server);

/* Whether a request for HOST (no port, any case) may come on SSL: false if another certificate of
 * the listener covers HOST and the one that SSL was opened with does not (421, RFC 9110 section
 * 15.5.20). SSL may come from the server of an earlier configuration. Any thread. */
bool cg_tls_server_may_serve(const struct cg_tls_server *server, const SSL *ssl,
                             struct cg_str host);

/* Let SERVER understand the session tickets that OLD has handed out, and hand out such ones itself.
 * Control. */
void cg_tls_server_share_tickets(struct cg_tls_server *server, const struct cg_tls_server *old);

/* The context for TENANT (an https one): CA file read, name to verify set, sessions not cached by
 * OpenSSL. Problems go to REPORT with the tenant's place; NULL then. */
CG_MUST_USE struct cg_tls_client *cg_tls_client_new(const struct cg_config_tenant *tenant,
                                                    struct cg_report *report);
/* SSLs made from it go on working; NULL is allowed. */
void cg_tls_client_free(struct cg_tls_client *client);

/* A fresh SSL in connect state with SNI (unless the name is an IP literal) and the name to verify
 * set. RESUME is borrowed; it may be NULL or no longer resumable. Never NULL. Any thread. */
CG_MUST_USE SSL *cg_tls_client_ssl(struct cg_tls_client *client, SSL_SESSION *resume);

/* Called on the thread that drives SSL for each new session a tenant hands out (in TLS 1.3 after
 * the handshake, from inside a read); takes over the reference to SESSION. */
typedef void (*cg_tls_session_fn)(void *owner, SSL_SESSION *session);
/* NULL: not any more. */
void cg_tls_client_on_session(SSL *ssl, cg_tls_session_fn on_session, void *owner);

/* Why a handshake failed, in words: the verify result's text if that was it, else OpenSSL's reason;
 * uses and empties OpenSSL's error queue. */
void cg_tls_error_text(const SSL *ssl, char *out, size_t size);

#endif
