/* SPDX-License-Identifier: BSD-2-Clause */
/* net/tls_ctx: a listener's and a tenant's side shake hands in memory, with certificates made here.
 */
#include "net/tls_ctx.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#include <cmocka.h>

#include "net/certs.h"

enum { PAIRS_MAX = 8, SESSIONS_MAX = 4, TEXT_SIZE = 256 };

/* A listener's configuration: pairs named as in certs_make, pair i on lines 10+i and 20+i. */
struct listen {
	struct cg_config_listen config;
	char *certificates[PAIRS_MAX];
	char *keys[PAIRS_MAX];
	struct cg_place certificate_places[PAIRS_MAX];
	struct cg_place key_places[PAIRS_MAX];
};

static void listen_add_files(struct listen *listen, const char *certificate, const char *key)
{
	size_t i = listen->config.certificate.n;

	assert_true(i < PAIRS_MAX);
	listen->config.name = (char *)(uintptr_t) "https";
	listen->config.place = (struct cg_place){.file = "t.ini", .line = 5};
	listen->certificates[i] = strdup(certs_path(certificate, ""));
	listen->keys[i] = strdup(certs_path(key, ""));
	listen->certificate_places[i] = (struct cg_place){.file = "t.ini", .line = 10 + (int)i};
	listen->key_places[i] = (struct cg_place){.file = "t.ini", .line = 20 + (int)i};
	listen->config.certificate = (struct cg_texts){
	        .items = listen->certificates, .places = listen->certificate_places, .n = i + 1};
	listen->config.private_key =
	        (struct cg_texts){.items = listen->keys, .places = listen->key_places, .n = i + 1};
}

static void listen_add(struct listen *listen, const char *file)
{
	char certificate[64], key[64];

	snprintf(certificate, sizeof(certificate), "%s.pem", file);
	snprintf(key, sizeof(key), "%s.key", file);
	listen_add_files(listen, certificate, key);
}

static void listen_free(struct listen *listen)
{
	for (size_t i = 0; i < listen->config.certificate.n; i++) {
		free(listen->certificates[i]);
		free(listen->keys[i]);
	}
}

static struct cg_tls_server *serve(const struct listen *listen)
{
	struct cg_report report;
	struct cg_tls_server *server;

	cg_report_init(&report);
	server = cg_tls_server_new(&listen->config, &report);
	for (size_t i = 0; i < report.n; i++)
		print_message("# %s\n", report.items[i].text);
	assert_non_null(server);
	cg_report_fini(&report);
	return server;
}

/* A server of these pairs; NULL ends the list. */
static struct cg_tls_server *serve_files(const char *a, const char *b, const char *c)
{
	struct listen listen = {0};
	struct cg_tls_server *server;

	listen_add(&listen, a);
	if (b != NULL)
		listen_add(&listen, b);
	if (c != NULL)
		listen_add(&listen, c);
	server = serve(&listen);
	listen_free(&listen);
	return server;
}

static struct cg_tls_client *client_for(const char *sni, const char *ca, bool verifies)
{
	struct cg_config_tenant tenant = {
	        .name = (char *)(uintptr_t) "eu20",
	        .place = {.file = "t.ini", .line = 7},
	        .is_https = true,
	        .tls_verify = verifies,
	        .ca_file = ca == NULL ? NULL : strdup(certs_path(ca, "")),
	        .sni = strdup(sni),
	};
	struct cg_report report;
	struct cg_tls_client *client;

	cg_report_init(&report);
	client = cg_tls_client_new(&tenant, &report);
	assert_non_null(client);
	cg_report_fini(&report);
	free(tenant.ca_file);
	free(tenant.sni);
	return client;
}

/* Both ends of a connection in memory. */
struct link {
	SSL *client;
	SSL *server;
	SSL_SESSION *sessions[SESSIONS_MAX];
	size_t sessions_n;
};

static void on_session(void *owner, SSL_SESSION *session)
{
	struct link *link = owner;

	assert_true(link->sessions_n < SESSIONS_MAX);
	link->sessions[link->sessions_n++] = session;
}

static void link_open(struct link *link, struct cg_tls_client *client, struct cg_tls_server *server,
                      SSL_SESSION *resume)
{
	BIO *client_bio, *server_bio;

	memset(link, 0, sizeof(*link));
	link->client = cg_tls_client_ssl(client, resume);
	link->server = cg_tls_server_ssl(server);
	assert_non_null(link->client);
	assert_non_null(link->server);
	cg_tls_client_on_session(link->client, on_session, link);
	assert_int_equal(BIO_new_bio_pair(&client_bio, 0, &server_bio, 0), 1);
	SSL_set_bio(link->client, client_bio, client_bio);
	SSL_set_bio(link->server, server_bio, server_bio);
}

static bool is_waiting(const SSL *ssl, int result)
{
	int error = SSL_get_error(ssl, result);

	return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

/* Until both are through; else false, with the client's word in CLIENT_TEXT and the other's. */
static bool link_shake(struct link *link, char *client_text, char *server_text)
{
	client_text[0] = server_text[0] = '\0';
	for (int i = 0; i < 20; i++) {
		int result = SSL_do_handshake(link->client);

		if (result != 1 && !is_waiting(link->client, result) && client_text[0] == '\0')
			cg_tls_error_text(link->client, client_text, TEXT_SIZE);
		result = SSL_do_handshake(link->server);
		if (result != 1 && !is_waiting(link->server, result) && server_text[0] == '\0')
			cg_tls_error_text(link->server, server_text, TEXT_SIZE);
	}
	return SSL_is_init_finished(link->client) && SSL_is_init_finished(link->server) &&
	       client_text[0] == '\0' && server_text[0] == '\0';
}

/* A byte each way, with which TLS 1.3's tickets come. */
static void link_talk(struct link *link)
{
	char byte = 'x';

	assert_int_equal(SSL_write(link->server, &byte, 1), 1);
	assert_int_equal(SSL_read(link->client, &byte, 1), 1);
	assert_int_equal(SSL_write(link->client, &byte, 1), 1);
	assert_int_equal(SSL_read(link->server, &byte, 1), 1);
}

static void link_close(struct link *link)
{
	SSL_shutdown(link->client);
	SSL_shutdown(link->server);
	SSL_free(link->client);
	SSL_free(link->server);
	for (size_t i = 0; i < link->sessions_n; i++)
		SSL_SESSION_free(link->sessions[i]);
	memset(link, 0, sizeof(*link));
}

/* The file of the certificate that SERVER shows for SNI to a client with these signature
 * algorithms (NULL: all). */
static const char *shown(struct cg_tls_server *server, const char *sni, const char *sigalgs)
{
	static char cn[64];
	struct cg_tls_client *client = client_for(sni, NULL, false);
	char a[TEXT_SIZE], b[TEXT_SIZE];
	struct link link;

	link_open(&link, client, server, NULL);
	if (sigalgs != NULL)
		assert_int_equal(SSL_set1_sigalgs_list(link.client, sigalgs), 1);
	assert_true(link_shake(&link, a, b));
	X509_NAME_get_text_by_NID(X509_get_subject_name(SSL_get0_peer_certificate(link.client)),
	                          NID_commonName, cn, sizeof(cn));
	link_close(&link);
	cg_tls_client_free(client);
	return cn;
}

static void test_names_choose_the_certificate(void **state)
{
	struct cg_tls_server *server = serve_files("default", "wild", "exact");

	(void)state;
	assert_string_equal(shown(server, "a.wild.test", NULL), "wild");
	assert_string_equal(shown(server, "A.WILD.test", NULL), "wild");
	assert_string_equal(shown(server, "exact.wild.test", NULL), "exact");
	assert_string_equal(shown(server, "a.b.wild.test", NULL), "default");
	assert_string_equal(shown(server, "wild.test", NULL), "default");
	assert_string_equal(shown(server, "unknown.test", NULL), "default");
	assert_string_equal(shown(server, "127.0.0.1", NULL), "default");
	cg_tls_server_free(server);
}

static void test_key_type_follows_the_client(void **state)
{
	struct cg_tls_server *server = serve_files("wild", "wild_ec", "default");

	(void)state;
	assert_string_equal(shown(server, "a.wild.test", "ECDSA+SHA256"), "wild_ec");
	assert_string_equal(shown(server, "a.wild.test", "RSA-PSS+SHA256:RSA+SHA256"), "wild");
	/* The default too. */
	assert_string_equal(shown(server, "unknown.test", "ECDSA+SHA256"), "wild_ec");
	assert_string_equal(shown(server, "unknown.test", "RSA-PSS+SHA256:RSA+SHA256"), "wild");
	assert_string_equal(shown(server, "www.default.test", "RSA-PSS+SHA256"), "default");
	cg_tls_server_free(server);
}

static void test_facts_of_certificates(void **state)
{
	struct cg_tls_server *server = serve_files("two", "cn_only", "wild_ec");
	const struct cg_tls_certificate *facts = cg_tls_server_certificate(server, 0);

	(void)state;
	assert_int_equal(cg_tls_server_certificates_n(server), 3);
	assert_string_equal(facts->file, certs_path("two", ".pem"));
	assert_string_equal(facts->subject, "CN=Two");
	assert_int_equal(facts->names_n, 2);
	assert_string_equal(facts->names[0], "one.two.test");
	assert_string_equal(facts->names[1], "*.two.test");
	assert_string_equal(facts->key_type, "RSA");
	assert_int_equal(facts->not_after_s - facts->not_before_s, 2 * CERTS_DAY_S);
	facts = cg_tls_server_certificate(server, 1);
	assert_int_equal(facts->names_n, 1);
	assert_string_equal(facts->names[0], "cn-only.test");
	assert_string_equal(cg_tls_server_certificate(server, 2)->key_type, "ECDSA");
	cg_tls_server_free(server);
}

/* What is reported about these files, as "LINE: error: TEXT" lines. */
static void report_of(struct listen *listen, char *out, size_t size)
{
	struct cg_report report;
	struct cg_tls_server *server;

	cg_report_init(&report);
	server = cg_tls_server_new(&listen->config, &report);
	assert_int_equal(server == NULL, report.errors_n > 0);
	out[0] = '\0';
	for (size_t i = 0; i < report.n; i++) {
		char *text = cg_problem_format(&report.items[i]);
		size_t len = strlen(out);

		snprintf(out + len, size - len, "%s\n", text);
		free(text);
	}
	cg_tls_server_free(server);
	cg_report_fini(&report);
	listen_free(listen);
}

static void test_every_bad_file_is_reported_with_its_line(void **state)
{
	struct listen listen = {0};
	char out[4096];

	(void)state;
	listen_add_files(&listen, "nowhere.pem", "nowhere.key");
	listen_add_files(&listen, "text", "text");
	listen_add_files(&listen, "default.pem", "wild.key");
	listen_add_files(&listen, "locked.pem", "locked.key");
	listen_add_files(&listen, "broken_chain", "default.key");
	listen_add_files(&listen, "weak.pem", "weak.key");
	report_of(&listen, out, sizeof(out));
	assert_non_null(strstr(out, "t.ini:10: error: cannot read certificate /"));
	assert_non_null(strstr(out, "t.ini:20: error: cannot read private key /"));
	assert_non_null(strstr(out, "nowhere.key: No such file or directory"));
	assert_non_null(strstr(out, "t.ini:11: error: no PEM certificate in /"));
	assert_non_null(strstr(out, "t.ini:21: error: no PEM private key in /"));
	assert_non_null(strstr(out, "t.ini:22: error: private key /"));
	assert_non_null(strstr(out, "does not belong to certificate /"));
	assert_non_null(strstr(out, "t.ini:23: error: private key /"));
	assert_non_null(strstr(out, "is encrypted"));
	assert_non_null(strstr(out, "t.ini:14: error: broken certificate in the chain in /"));
	assert_non_null(strstr(out, "t.ini:15: error: cannot use certificate /"));
	assert_non_null(strstr(out, "weak.pem: ee key too small"));
}

static void test_dates_and_doubles_are_warnings(void **state)
{
	struct listen listen = {0};
	char out[4096];

	(void)state;
	listen_add(&listen, "default");
	listen_add(&listen, "expired");
	listen_add(&listen, "future");
	listen_add(&listen, "default");
	report_of(&listen, out, sizeof(out));
	assert_null(strstr(out, "error"));
	assert_non_null(strstr(out, "t.ini:11: warning: certificate /"));
	assert_non_null(strstr(out, "expired.pem has expired: 20"));
	assert_non_null(strstr(out, "t.ini:12: warning: certificate /"));
	assert_non_null(strstr(out, "future.pem is not valid before 20"));
	assert_non_null(strstr(out, "t.ini:13: warning: certificate /"));
	assert_non_null(strstr(out, "default.pem is never used: /"));
}

static void test_bad_cipher_lists_are_reported(void **state)
{
	struct listen listen = {0};
	struct listen suites = {0};
	char out[4096];

	(void)state;
	listen_add(&listen, "default");
	listen.config.tls_ciphers = (char *)(uintptr_t) "NOT-A-CIPHER";
	report_of(&listen, out, sizeof(out));
	assert_non_null(strstr(out, "t.ini:5: error: tls_ciphers: no cipher match"));
	listen_add(&suites, "default");
	suites.config.tls_ciphersuites = (char *)(uintptr_t) "NOT-A-SUITE";
	report_of(&suites, out, sizeof(out));
	assert_non_null(strstr(out, "t.ini:5: error: tls_ciphersuites: "));
}

static void test_client_accepts_the_right_name(void **state)
{
	struct cg_tls_server *server = serve_files("signed", NULL, NULL);
	struct cg_tls_client *client = client_for("Signed.test.", "ca.pem", true);
	char client_text[TEXT_SIZE], server_text[TEXT_SIZE];
	const unsigned char *alpn;
	unsigned alpn_len;
	struct link link;

	(void)state;
	link_open(&link, client, server, NULL);
	assert_true(link_shake(&link, client_text, server_text));
	assert_int_equal(SSL_version(link.client), TLS1_3_VERSION);
	SSL_get0_alpn_selected(link.client, &alpn, &alpn_len);
	assert_int_equal(alpn_len, 8);
	assert_memory_equal(alpn, "http/1.1", 8);
	link_talk(&link);
	link_close(&link);
	cg_tls_client_free(client);
	cg_tls_server_free(server);
}

/* How the client of SNI and CA judges a server's certificate. */
static const char *verdict(const char *file, const char *sni, const char *ca)
{
	static char client_text[TEXT_SIZE];
	char server_text[TEXT_SIZE];
	struct cg_tls_server *server = serve_files(file, NULL, NULL);
	struct cg_tls_client *client = client_for(sni, ca, true);
	struct link link;

	link_open(&link, client, server, NULL);
	(void)link_shake(&link, client_text, server_text);
	link_close(&link);
	cg_tls_client_free(client);
	cg_tls_server_free(server);
	return client_text;
}

static void test_client_refuses_with_good_words(void **state)
{
	(void)state;
	assert_string_equal(verdict("signed", "signed.test", "ca.pem"), "");
	assert_string_equal(verdict("signed", "192.0.2.7", "ca.pem"), "");
	assert_string_equal(verdict("signed", "other.test", "ca.pem"),
	                    "certificate verify failed: hostname mismatch");
	assert_string_equal(verdict("signed", "192.0.2.8", "ca.pem"),
	                    "certificate verify failed: IP address mismatch");
	assert_string_equal(verdict("signed", "signed.test", "default.pem"),
	                    "certificate verify failed: unable to get local issuer certificate");
	assert_string_equal(verdict("signed", "signed.test", NULL),
	                    "certificate verify failed: unable to get local issuer certificate");
	assert_string_equal(verdict("expired", "expired.test", "ca.pem"),
	                    "certificate verify failed: certificate has expired");
	assert_string_equal(verdict("default", "www.default.test", "ca.pem"),
	                    "certificate verify failed: self-signed certificate");
	assert_string_equal(verdict("default", "www.default.test", "default.pem"), "");
}

static void test_verification_off_takes_anything(void **state)
{
	struct cg_tls_server *server = serve_files("expired", NULL, NULL);

	(void)state;
	assert_string_equal(shown(server, "wrong.test", NULL), "expired");
	cg_tls_server_free(server);
}

static void test_bad_ca_file_is_reported(void **state)
{
	struct cg_config_tenant tenant = {
	        .place = {.file = "t.ini", .line = 7},
	        .tls_verify = true,
	        .ca_file = (char *)(uintptr_t)certs_path("nowhere", ""),
	        .sni = (char *)(uintptr_t) "a.test",
	};
	struct cg_report report;

	(void)state;
	cg_report_init(&report);
	assert_null(cg_tls_client_new(&tenant, &report));
	tenant.ca_file = (char *)(uintptr_t)certs_path("text", "");
	assert_null(cg_tls_client_new(&tenant, &report));
	assert_int_equal(report.errors_n, 2);
	assert_int_equal(report.items[0].line, 7);
	assert_non_null(strstr(report.items[0].text, "No such file"));
	assert_non_null(strstr(report.items[1].text, "no PEM certificate in ca_file"));
	cg_report_fini(&report);
}

/* One handshake at VERSION; the session of it, or NULL, and whether RESUME was taken. */
static SSL_SESSION *visit(struct cg_tls_client *client, struct cg_tls_server *server, int version,
                          SSL_SESSION *resume, bool *is_resumed)
{
	char client_text[TEXT_SIZE], server_text[TEXT_SIZE];
	SSL_SESSION *session = NULL;
	struct link link;

	link_open(&link, client, server, resume);
	SSL_set_max_proto_version(link.client, version);
	assert_true(link_shake(&link, client_text, server_text));
	assert_int_equal(SSL_version(link.client), version);
	link_talk(&link);
	assert_true(link.sessions_n <= 1);
	if (link.sessions_n == 1) {
		session = link.sessions[0];
		link.sessions_n = 0;
	}
	*is_resumed = SSL_session_reused(link.client) && SSL_session_reused(link.server);
	link_close(&link);
	return session;
}

static void check_resumption(int version, struct cg_tls_server *server, const char *sni)
{
	struct cg_tls_client *client = client_for(sni, "ca.pem", true);
	SSL_SESSION *second;
	SSL_SESSION *first;
	bool is_resumed;

	first = visit(client, server, version, NULL, &is_resumed);
	assert_non_null(first);
	assert_false(is_resumed);
	second = visit(client, server, version, first, &is_resumed);
	assert_true(is_resumed);
	SSL_SESSION_free(first);
	SSL_SESSION_free(second);
	cg_tls_client_free(client);
}

static void test_sessions_resume(void **state)
{
	struct cg_tls_server *server = serve_files("default", "signed", NULL);

	(void)state;
	/* A name of the second context: its tickets are sealed by the first one. */
	check_resumption(TLS1_3_VERSION, server, "signed.test");
	check_resumption(TLS1_2_VERSION, server, "signed.test");
	cg_tls_server_free(server);
}

static void test_session_resumes_in_another_context(void **state)
{
	struct cg_tls_server *server = serve_files("default", "wild", NULL);
	struct cg_tls_client *one = client_for("a.wild.test", NULL, false);
	struct cg_tls_client *other = client_for("www.default.test", NULL, false);
	bool is_resumed;
	SSL_SESSION *first = visit(one, server, TLS1_3_VERSION, NULL, &is_resumed);

	(void)state;
	assert_non_null(first);
	SSL_SESSION_free(visit(other, server, TLS1_3_VERSION, first, &is_resumed));
	assert_true(is_resumed);
	SSL_SESSION_free(first);
	cg_tls_client_free(one);
	cg_tls_client_free(other);
	cg_tls_server_free(server);
}

static void test_min_version(void **state)
{
	struct listen listen = {0};
	struct cg_tls_client *client = client_for("www.default.test", NULL, false);
	struct cg_tls_server *server;
	char client_text[TEXT_SIZE], server_text[TEXT_SIZE];
	struct link link;

	(void)state;
	listen_add(&listen, "default");
	listen.config.tls_min_version = CG_TLS_1_3;
	server = serve(&listen);
	link_open(&link, client, server, NULL);
	SSL_set_max_proto_version(link.client, TLS1_2_VERSION);
	assert_false(link_shake(&link, client_text, server_text));
	assert_string_equal(client_text, "tlsv1 alert protocol version");
	assert_string_equal(server_text, "unsupported protocol");
	link_close(&link);
	cg_tls_server_free(server);
	cg_tls_client_free(client);
	listen_free(&listen);
}

static void test_cipher_of_each_version_is_an_aead(void **state)
{
	struct cg_tls_server *server = serve_files("default", NULL, NULL);
	SSL *ssl = cg_tls_server_ssl(server);
	STACK_OF(SSL_CIPHER) *ciphers = SSL_get1_supported_ciphers(ssl);

	(void)state;
	assert_true(sk_SSL_CIPHER_num(ciphers) > 4);
	for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++)
		assert_true(SSL_CIPHER_is_aead(sk_SSL_CIPHER_value(ciphers, i)));
	sk_SSL_CIPHER_free(ciphers);
	SSL_free(ssl);
	cg_tls_server_free(server);
}

static void test_alpn_of_strangers_is_refused(void **state)
{
	static const unsigned char strange[] = "\x03smb";
	struct cg_tls_server *server = serve_files("default", NULL, NULL);
	struct cg_tls_client *client = client_for("www.default.test", NULL, false);
	char client_text[TEXT_SIZE], server_text[TEXT_SIZE];
	struct link link;

	(void)state;
	link_open(&link, client, server, NULL);
	assert_int_equal(SSL_set_alpn_protos(link.client, strange, 4), 0);
	assert_false(link_shake(&link, client_text, server_text));
	assert_string_equal(client_text, "tlsv1 alert no application protocol");
	link_close(&link);
	/* No ALPN at all is fine. */
	link_open(&link, client, server, NULL);
	assert_int_equal(SSL_set_alpn_protos(link.client, NULL, 0), 0);
	assert_true(link_shake(&link, client_text, server_text));
	link_close(&link);
	cg_tls_client_free(client);
	cg_tls_server_free(server);
}

static void test_may_serve_only_what_the_certificate_covers(void **state)
{
	struct cg_tls_server *server = serve_files("default", "wild", "exact");
	struct cg_tls_client *client = client_for("a.wild.test", NULL, false);
	struct cg_tls_server *single = serve_files("default", NULL, NULL);
	char client_text[TEXT_SIZE], server_text[TEXT_SIZE];
	struct link link;

	(void)state;
	link_open(&link, client, server, NULL);
	assert_true(link_shake(&link, client_text, server_text));
	assert_true(cg_tls_server_may_serve(server, link.server, CG_STR("a.wild.test")));
	assert_true(cg_tls_server_may_serve(server, link.server, CG_STR("B.wild.TEST.")));
	/* The wildcard covers it, although there is a better certificate for it. */
	assert_true(cg_tls_server_may_serve(server, link.server, CG_STR("exact.wild.test")));
	assert_false(cg_tls_server_may_serve(server, link.server, CG_STR("www.default.test")));
	assert_true(cg_tls_server_may_serve(server, link.server, CG_STR("covered.nowhere.test")));
	assert_true(cg_tls_server_may_serve(server, link.server, CG_STR("")));
	assert_true(cg_tls_server_may_serve(server, link.server, CG_STR(".wild.test")));
	/* After a reload that left one certificate. */
	assert_true(cg_tls_server_may_serve(single, link.server, CG_STR("www.default.test")));
	link_close(&link);
	cg_tls_client_free(client);
	cg_tls_server_free(single);
	cg_tls_server_free(server);
}

static void test_handshake_outlives_the_server(void **state)
{
	struct cg_tls_server *server = serve_files("default", "wild", NULL);
	struct cg_tls_server *later = serve_files("default", "wild", NULL);
	struct cg_tls_client *client = client_for("a.wild.test", NULL, false);
	char client_text[TEXT_SIZE], server_text[TEXT_SIZE];
	struct link link;

	(void)state;
	link_open(&link, client, server, NULL);
	cg_tls_server_free(server);
	cg_tls_client_free(client);
	assert_true(link_shake(&link, client_text, server_text));
	assert_true(cg_tls_server_may_serve(later, link.server, CG_STR("b.wild.test")));
	assert_false(cg_tls_server_may_serve(later, link.server, CG_STR("www.default.test")));
	link_talk(&link);
	link_close(&link);
	cg_tls_server_free(later);
}

static void test_plain_http_is_called_by_its_name(void **state)
{
	struct cg_tls_client *client = client_for("a.test", NULL, true);
	SSL *ssl = cg_tls_client_ssl(client, NULL);
	BIO *in = BIO_new(BIO_s_mem());
	char text[TEXT_SIZE];
	char tiny[8];

	(void)state;
	BIO_puts(in, "HTTP/1.1 400 Bad Request\r\n\r\n");
	SSL_set_bio(ssl, in, BIO_new(BIO_s_mem()));
	assert_int_equal(SSL_do_handshake(ssl), -1);
	cg_tls_error_text(ssl, text, sizeof(text));
	assert_string_equal(text, "wrong version number");
	assert_int_equal(ERR_peek_error(), 0);
	cg_tls_error_text(ssl, tiny, sizeof(tiny));
	assert_string_equal(tiny, "connect");
	SSL_free(ssl);
	cg_tls_client_free(client);
}

static int setup(void **state)
{
	char *text;

	(void)state;
	if (certs_setup() != 0)
		return -1;
	certs_make((struct certs_wish){.file = "ca", .cn = "CA", .is_ca = 1});
	certs_make((struct certs_wish){
	        .file = "default", .cn = "default", .names = "DNS:www.default.test"});
	certs_make((struct certs_wish){.file = "wild", .cn = "wild", .names = "DNS:*.wild.test"});
	certs_make((struct certs_wish){
	        .file = "wild_ec", .cn = "wild_ec", .names = "DNS:*.wild.test", .ec = "P-256"});
	certs_make((struct certs_wish){
	        .file = "exact", .cn = "exact", .names = "DNS:exact.wild.test", .ec = "P-256"});
	certs_make(
	        (struct certs_wish){.file = "two",
	                            .cn = "Two",
	                            .names = "DNS:One.Two.test,DNS:*.two.test,DNS:ONE.two.test"});
	certs_make((struct certs_wish){.file = "cn_only", .cn = "CN-only.test"});
	certs_make((struct certs_wish){
	        .file = "signed", .issuer = "ca", .names = "DNS:signed.test,IP:192.0.2.7"});
	certs_make((struct certs_wish){.file = "expired",
	                               .cn = "expired",
	                               .issuer = "ca",
	                               .names = "DNS:expired.test",
	                               .from_s = -2 * CERTS_DAY_S,
	                               .until_s = -CERTS_DAY_S});
	certs_make((struct certs_wish){.file = "future",
	                               .names = "DNS:future.test",
	                               .from_s = CERTS_DAY_S,
	                               .until_s = 2 * CERTS_DAY_S});
	certs_make((struct certs_wish){.file = "locked", .cipher_password = "secret"});
	certs_make((struct certs_wish){.file = "weak", .rsa_bits = 1024});
	certs_write_text("text", "no certificate\n");
	text = cg_str_printf("cat %s > %s; printf -- '-----BEGIN CERTIFICATE-----\\nAAAA\\n"
	                     "-----END CERTIFICATE-----\\n' >> %s",
	                     certs_path("default", ".pem"), certs_path("broken_chain", ""),
	                     certs_path("broken_chain", ""));
	assert_int_equal(system(text), 0);
	free(text);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return certs_teardown();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_names_choose_the_certificate),
	        cmocka_unit_test(test_key_type_follows_the_client),
	        cmocka_unit_test(test_facts_of_certificates),
	        cmocka_unit_test(test_every_bad_file_is_reported_with_its_line),
	        cmocka_unit_test(test_dates_and_doubles_are_warnings),
	        cmocka_unit_test(test_bad_cipher_lists_are_reported),
	        cmocka_unit_test(test_client_accepts_the_right_name),
	        cmocka_unit_test(test_client_refuses_with_good_words),
	        cmocka_unit_test(test_verification_off_takes_anything),
	        cmocka_unit_test(test_bad_ca_file_is_reported),
	        cmocka_unit_test(test_sessions_resume),
	        cmocka_unit_test(test_session_resumes_in_another_context),
	        cmocka_unit_test(test_min_version),
	        cmocka_unit_test(test_cipher_of_each_version_is_an_aead),
	        cmocka_unit_test(test_alpn_of_strangers_is_refused),
	        cmocka_unit_test(test_may_serve_only_what_the_certificate_covers),
	        cmocka_unit_test(test_handshake_outlives_the_server),
	        cmocka_unit_test(test_plain_http_is_called_by_its_name),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
