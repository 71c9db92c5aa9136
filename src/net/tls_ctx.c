/* SPDX-License-Identifier: BSD-2-Clause */
/* A server has one SSL_CTX for each choice of certificates. Every SSL begins with the default's and
 * moves to another one when the client hello is read; tickets are sealed by the first context
 * whichever comes later (SSL.session_ctx), so that a session resumes under any name. Handshakes and
 * bytes are conn_tls's. */
#include "net/tls_ctx.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/addr.h"
#include "base/mem.h"
#include "net/tls_choice.h"

/* Forward secrecy and AEAD only: no CBC, no static RSA. */
#define TLS_CTX_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"
#define TLS_CTX_GROUPS "X25519:P-256:P-384"
#define TLS_CTX_OPTIONS                                                                            \
	(SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |       \
	 SSL_OP_PRIORITIZE_CHACHA)
/* An idle connection holds no buffers; a write may be short and be tried again from elsewhere. */
#define TLS_CTX_MODES                                                                              \
	(SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |                                \
	 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER)

/* ALPN's list: a length before each name. Clients may ask for either, a tenant is offered the
 * first. */
static const unsigned char tls_ctx_alpn[] = "\x08http/1.1\x08http/1.0";
enum { TLS_CTX_ALPN_LEN = sizeof(tls_ctx_alpn) - 1, TLS_CTX_ALPN_TENANT_LEN = 9 };

/* It goes when the default choice's context goes, which every SSL of the server holds. */
struct cg_tls_server {
	struct cg_tls_pair *pairs;
	size_t pairs_n;
	struct cg_tls_choices choices;
};

struct cg_tls_client {
	SSL_CTX *ctx;
	char *name;
	bool is_ip;
};

/* OpenSSL's numbers for what we hang onto its objects: asked for once in the process. */
static struct {
	int server;     /* on the first SSL_CTX of a server: the server */
	int on_session; /* on an SSL */
	int owner;
} tls_ctx_index;
static pthread_once_t tls_ctx_once = PTHREAD_ONCE_INIT;

/* All but the default context, which is on its way out or was never made. */
static void tls_ctx_destroy_server(struct cg_tls_server *server)
{
	for (size_t i = 1; i < server->choices.n; i++)
		SSL_CTX_free(server->choices.items[i]->ctx);
	cg_tls_choices_fini(&server->choices);
	for (size_t i = 0; i < server->pairs_n; i++)
		cg_tls_pair_fini(&server->pairs[i]);
	free(server->pairs);
	free(server);
}

static void tls_ctx_on_free(void *parent, void *server, CRYPTO_EX_DATA *data, int index, long argl,
                            void *argp)
{
	(void)parent;
	(void)data;
	(void)index;
	(void)argl;
	(void)argp;
	if (server != NULL)
		tls_ctx_destroy_server(server);
}

static void tls_ctx_ask_indices(void)
{
	tls_ctx_index.server = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, tls_ctx_on_free);
	tls_ctx_index.on_session = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	tls_ctx_index.owner = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	cg_assert(tls_ctx_index.server > 0 && tls_ctx_index.on_session > 0 &&
	          tls_ctx_index.owner > 0);
}

static SSL_CTX *tls_ctx_new(const SSL_METHOD *method)
{
	SSL_CTX *ctx;

	cg_assert(pthread_once(&tls_ctx_once, tls_ctx_ask_indices) == 0);
	ctx = SSL_CTX_new(method);
	cg_assert(ctx != NULL);
	/* Not SSL_OP_IGNORE_UNEXPECTED_EOF: a cut answer must be seen as cut. The system's
	 * openssl.cnf has no say in the versions. */
	SSL_CTX_set_options(ctx, TLS_CTX_OPTIONS);
	SSL_CTX_set_mode(ctx, TLS_CTX_MODES);
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_max_proto_version(ctx, 0);
	cg_assert(SSL_CTX_set1_groups_list(ctx, TLS_CTX_GROUPS) == 1);
	return ctx;
}

static int tls_ctx_on_server_name(SSL *ssl, int *alert, void *arg)
{
	const struct cg_tls_server *server = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	const struct cg_tls_choice *choice;

	(void)alert;
	if (name == NULL)
		return SSL_TLSEXT_ERR_NOACK;
	choice = cg_tls_choices_find(&server->choices, cg_str_from(name));
	if (choice == NULL)
		return SSL_TLSEXT_ERR_NOACK;
	/* Options, modes and the ticket key stay those of the first context. */
	SSL_set_SSL_CTX(ssl, choice->ctx);
	return SSL_TLSEXT_ERR_OK;
}

static int tls_ctx_on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *in, unsigned in_len, void *arg)
{
	unsigned char *chosen;

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&chosen, out_len, tls_ctx_alpn, TLS_CTX_ALPN_LEN, in, in_len) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* Equal for all contexts of a server but for the certificates; false after a report. */
static bool tls_ctx_set_ciphers(SSL_CTX *ctx, const struct cg_config_listen *listen,
                                struct cg_report *report)
{
	const char *ciphers = listen->tls_ciphers == NULL ? TLS_CTX_CIPHERS : listen->tls_ciphers;

	ERR_clear_error();
	if (SSL_CTX_set_cipher_list(ctx, ciphers) != 1) {
		cg_tls_report(report, &listen->place, "tls_ciphers");
		return false;
	}
	if (listen->tls_ciphersuites != NULL &&
	    SSL_CTX_set_ciphersuites(ctx, listen->tls_ciphersuites) != 1) {
		cg_tls_report(report, &listen->place, "tls_ciphersuites");
		return false;
	}
	return true;
}

/* A context without certificate; NULL after a report. */
static SSL_CTX *tls_ctx_new_server_ctx(struct cg_tls_server *server,
                                       const struct cg_config_listen *listen,
                                       struct cg_report *report)
{
	static const unsigned char id[] = "cpigate";
	SSL_CTX *ctx = tls_ctx_new(TLS_server_method());

	if (!tls_ctx_set_ciphers(ctx, listen, report)) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	if (listen->tls_min_version == CG_TLS_1_3)
		SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
	/* For ciphers of the operator's own list that want it. */
	SSL_CTX_set_dh_auto(ctx, 1);
	/* Sessions live in tickets alone, one for a connection: nothing is kept here. */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 1);
	cg_assert(SSL_CTX_set_session_id_context(ctx, id, sizeof(id) - 1) == 1);
	SSL_CTX_set_alpn_select_cb(ctx, tls_ctx_on_alpn, NULL);
	SSL_CTX_set_tlsext_servername_callback(ctx, tls_ctx_on_server_name);
	SSL_CTX_set_tlsext_servername_arg(ctx, server);
	return ctx;
}

static int tls_ctx_use_pair(SSL_CTX *ctx, const struct cg_tls_pair *pair)
{
	return SSL_CTX_use_cert_and_key(ctx, pair->leaf, pair->key, pair->chain, 1);
}

/* Of two with the same names and key type only the first is ever shown. */
static void tls_ctx_warn_double(const struct cg_tls_server *server, size_t index,
                                const struct cg_place *place, struct cg_report *report)
{
	const struct cg_tls_certificate *facts = &server->pairs[index].facts;

	for (size_t i = 0; i < index; i++) {
		const struct cg_tls_certificate *other = &server->pairs[i].facts;
		size_t same_n = 0;

		if (other->key_type == NULL || strcmp(other->key_type, facts->key_type) != 0 ||
		    other->names_n != facts->names_n)
			continue;
		while (same_n < facts->names_n &&
		       cg_tls_pair_has_name(&server->pairs[i], cg_str_from(facts->names[same_n])))
			same_n++;
		if (same_n < facts->names_n)
			continue;
		cg_report_warning(report, place->file, place->line,
		                  "certificate %s is never used: %s has the same names and key "
		                  "type",
		                  facts->file, other->file);
		return;
	}
}

/* Read all pairs and try each in TRIAL (NULL: there is none), so that every problem is told. */
static void tls_ctx_read_pairs(struct cg_tls_server *server, SSL_CTX *trial,
                               const struct cg_config_listen *listen, struct cg_report *report)
{
	server->pairs_n = listen->certificate.n;
	server->pairs = cg_mem_alloc_array(server->pairs_n, sizeof(*server->pairs));
	for (size_t i = 0; i < server->pairs_n; i++) {
		const struct cg_place *place = &listen->certificate.places[i];
		const char *file = listen->certificate.items[i];
		char *text;

		if (!cg_tls_pair_read(&server->pairs[i], file, place, listen->private_key.items[i],
		                      &listen->private_key.places[i], report))
			continue;
		tls_ctx_warn_double(server, i, place, report);
		if (trial == NULL || tls_ctx_use_pair(trial, &server->pairs[i]) == 1)
			continue;
		text = cg_str_printf("cannot use certificate %s", file);
		cg_tls_report(report, place, text);
		free(text);
	}
}

/* The trial has shown that nothing here can fail. */
static void tls_ctx_make_contexts(struct cg_tls_server *server,
                                  const struct cg_config_listen *listen)
{
	SSL_CTX *first;

	for (size_t i = 0; i < server->choices.n; i++) {
		struct cg_tls_choice *choice = server->choices.items[i];

		choice->ctx = tls_ctx_new_server_ctx(server, listen, NULL);
		cg_assert(choice->ctx != NULL);
		for (size_t k = 0; k < choice->pairs_n; k++)
			cg_assert(tls_ctx_use_pair(choice->ctx, choice->pairs[k]) == 1);
		SSL_CTX_set_app_data(choice->ctx, choice);
	}
	first = server->choices.items[0]->ctx;
	cg_assert(SSL_CTX_set_ex_data(first, tls_ctx_index.server, server) == 1);
}

/* Anchors of trust: the tenant's own file or the system's. False after a report. */
static bool tls_ctx_set_anchors(SSL_CTX *ctx, const struct cg_config_tenant *tenant,
                                struct cg_report *report)
{
	const struct cg_place *place = &tenant->place;
	FILE *stream;

	if (tenant->ca_file == NULL) {
		cg_assert(SSL_CTX_set_default_verify_paths(ctx) == 1);
		return true;
	}
	stream = fopen(tenant->ca_file, "re");
	if (stream == NULL) {
		cg_report_error(report, place->file, place->line, "cannot read ca_file %s: %s",
		                tenant->ca_file, strerror(errno));
		return false;
	}
	fclose(stream);
	if (SSL_CTX_load_verify_file(ctx, tenant->ca_file) != 1) {
		ERR_clear_error();
		cg_report_error(report, place->file, place->line,
		                "no PEM certificate in ca_file %s", tenant->ca_file);
		return false;
	}
	/* An intermediate in the operator's own file is trusted without its root. */
	X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx), X509_V_FLAG_PARTIAL_CHAIN);
	return true;
}

/* The name that every SSL of the client verifies. */
static void tls_ctx_set_name(struct cg_tls_client *client, const char *sni)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(client->ctx);
	struct cg_str name = cg_str_from(sni);
	struct cg_addr addr;

	/* The root's dot is no part of the name in TLS (RFC 6066 section 3). */
	if (name.len > 0 && name.ptr[name.len - 1] == '.')
		name.len--;
	client->name = cg_str_dup(name);
	client->is_ip = cg_addr_parse_ip(&addr, name);
	if (client->is_ip) {
		cg_assert(X509_VERIFY_PARAM_set1_ip_asc(param, client->name) == 1);
		return;
	}
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	cg_assert(X509_VERIFY_PARAM_set1_host(param, client->name, name.len) == 1);
}

/* 1: the reference was taken over. */
static int tls_ctx_on_session(SSL *ssl, SSL_SESSION *session)
{
	cg_tls_session_fn on_session =
	        (cg_tls_session_fn)SSL_get_ex_data(ssl, tls_ctx_index.on_session);

	if (on_session == NULL || !SSL_SESSION_is_resumable(session))
		return 0;
	on_session(SSL_get_ex_data(ssl, tls_ctx_index.owner), session);
	return 1;
}

struct cg_tls_server *cg_tls_server_new(const struct cg_config_listen *listen,
                                        struct cg_report *report)
{
	struct cg_tls_server *server = cg_mem_alloc(sizeof(*server));
	size_t errors_n = report->errors_n;
	SSL_CTX *trial = tls_ctx_new_server_ctx(server, listen, report);

	cg_assert(listen->certificate.n > 0 && listen->certificate.n == listen->private_key.n);
	tls_ctx_read_pairs(server, trial, listen, report);
	SSL_CTX_free(trial);
	if (report->errors_n > errors_n) {
		tls_ctx_destroy_server(server);
		return NULL;
	}
	cg_tls_choices_init(&server->choices, server->pairs, server->pairs_n);
	tls_ctx_make_contexts(server, listen);
	return server;
}

void cg_tls_server_free(struct cg_tls_server *server)
{
	/* An SSL in its handshake still looks names up: the last reference to this goes with it. */
	if (server != NULL)
		SSL_CTX_free(server->choices.items[0]->ctx);
}

size_t cg_tls_server_certificates_n(const struct cg_tls_server *server)
{
	return server->pairs_n;
}

const struct cg_tls_certificate *cg_tls_server_certificate(const struct cg_tls_server *server,
                                                           size_t index)
{
	cg_assert(index < server->pairs_n);
	return &server->pairs[index].facts;
}

SSL *cg_tls_server_ssl(struct cg_tls_server *server)
{
	SSL *ssl = SSL_new(server->choices.items[0]->ctx);

	/* Without one, the connection would be taken for a plain one. */
	cg_assert(ssl != NULL);
	SSL_set_accept_state(ssl);
	return ssl;
}

bool cg_tls_server_may_serve(const struct cg_tls_server *server, const SSL *ssl, struct cg_str host)
{
	const struct cg_tls_choice *found;
	const struct cg_tls_choice *current;

	if (server->choices.n == 1)
		return true;
	found = cg_tls_choices_find(&server->choices, host);
	current = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	/* A host that no certificate covers is the routes' business. */
	return found == NULL || found == current || cg_tls_choice_covers(current, host);
}

void cg_tls_server_share_tickets(struct cg_tls_server *server, const struct cg_tls_server *old)
{
	unsigned char keys[256];
	long n = SSL_CTX_get_tlsext_ticket_keys(old->choices.items[0]->ctx, NULL, 0);

	if (n <= 0 || (size_t)n > sizeof(keys))
		return;
	if (SSL_CTX_get_tlsext_ticket_keys(old->choices.items[0]->ctx, keys, n) == 1)
		(void)SSL_CTX_set_tlsext_ticket_keys(server->choices.items[0]->ctx, keys, n);
	cg_mem_wipe(keys, sizeof(keys));
}

struct cg_tls_client *cg_tls_client_new(const struct cg_config_tenant *tenant,
                                        struct cg_report *report)
{
	struct cg_tls_client *client = cg_mem_alloc(sizeof(*client));

	client->ctx = tls_ctx_new(TLS_client_method());
	tls_ctx_set_name(client, tenant->sni);
	if (!tls_ctx_set_anchors(client->ctx, tenant, report)) {
		cg_tls_client_free(client);
		return NULL;
	}
	SSL_CTX_set_verify(client->ctx, tenant->tls_verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
	                   NULL);
	SSL_CTX_set_session_cache_mode(client->ctx,
	                               SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(client->ctx, tls_ctx_on_session);
	cg_assert(SSL_CTX_set_alpn_protos(client->ctx, tls_ctx_alpn, TLS_CTX_ALPN_TENANT_LEN) == 0);
	return client;
}

void cg_tls_client_free(struct cg_tls_client *client)
{
	if (client == NULL)
		return;
	SSL_CTX_free(client->ctx);
	free(client->name);
	free(client);
}

SSL *cg_tls_client_ssl(struct cg_tls_client *client, SSL_SESSION *resume)
{
	SSL *ssl = SSL_new(client->ctx);

	/* Without one, the request would leave in the clear. */
	cg_assert(ssl != NULL);
	SSL_set_connect_state(ssl);
	cg_assert(client->is_ip || SSL_set_tlsext_host_name(ssl, client->name) == 1);
	/* A session that does not fit costs a full handshake, no more. */
	if (resume != NULL && SSL_SESSION_is_resumable(resume))
		(void)SSL_set_session(ssl, resume);
	ERR_clear_error();
	return ssl;
}

void cg_tls_client_on_session(SSL *ssl, cg_tls_session_fn on_session, void *owner)
{
	cg_assert(SSL_set_ex_data(ssl, tls_ctx_index.on_session, (void *)on_session) == 1 &&
	          SSL_set_ex_data(ssl, tls_ctx_index.owner, owner) == 1);
}

void cg_tls_error_text(const SSL *ssl, char *out, size_t size)
{
	/* The first one is the cause, the rest is what came of it. */
	unsigned long error = ERR_peek_error();
	const char *reason;

	ERR_clear_error();
	if (error == 0)
		reason = "connection closed";
	else if (ERR_SYSTEM_ERROR(error))
		reason = strerrordesc_np(ERR_GET_REASON(error));
	else
		reason = ERR_reason_error_string(error);
	if (reason == NULL)
		reason = "unknown error";
	if (ERR_GET_LIB(error) == ERR_LIB_SSL &&
	    ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED)
		snprintf(out, size, "%s: %s", reason,
		         X509_verify_cert_error_string(SSL_get_verify_result(ssl)));
	else
		snprintf(out, size, "%s", reason);
}
