/* SPDX-License-Identifier: BSD-2-Clause */
/* net/tls_renew: files by content, and which new certificates may take the place of the old. */
#include "net/tls_renew.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "net/certs.h"

enum { PAIRS_MAX = 3 };

struct listen {
	struct cg_config_listen config;
	char *certificates[PAIRS_MAX];
	char *keys[PAIRS_MAX];
	struct cg_place places[PAIRS_MAX];
};

static void listen_add(struct listen *listen, const char *certificate, const char *key)
{
	size_t i = listen->config.certificate.n;

	listen->config.name = (char *)(uintptr_t) "https";
	listen->config.tls = true;
	listen->certificates[i] = strdup(certs_path(certificate, ""));
	listen->keys[i] = strdup(certs_path(key, ""));
	listen->places[i] = (struct cg_place){.file = "t.ini", .line = (int)i + 1};
	listen->config.certificate = (struct cg_texts){
	        .items = listen->certificates, .places = listen->places, .n = i + 1};
	listen->config.private_key =
	        (struct cg_texts){.items = listen->keys, .places = listen->places, .n = i + 1};
}

static void listen_free(struct listen *listen)
{
	for (size_t i = 0; i < listen->config.certificate.n; i++) {
		free(listen->certificates[i]);
		free(listen->keys[i]);
	}
}

/* A server of one or two pairs; B may be NULL. */
static struct cg_tls_server *serve(const char *a, const char *b)
{
	const char *files[] = {a, b};
	struct listen listen = {0};
	struct cg_report report;
	struct cg_tls_server *server;

	cg_report_init(&report);
	for (size_t i = 0; i < CG_ARRAY_LEN(files) && files[i] != NULL; i++) {
		char certificate[64], key[64];

		snprintf(certificate, sizeof(certificate), "%s.pem", files[i]);
		snprintf(key, sizeof(key), "%s.key", files[i]);
		listen_add(&listen, certificate, key);
	}
	server = cg_tls_server_new(&listen.config, &report);
	assert_non_null(server);
	cg_report_fini(&report);
	listen_free(&listen);
	return server;
}

/* ---- content ---- */

static void digest(const struct listen *listen, unsigned char out[CG_TLS_DIGEST_SIZE])
{
	memset(out, 0, CG_TLS_DIGEST_SIZE);
	assert_true(cg_tls_files_digest(&listen->config, out));
}

/* Whether it is another than in LAST, which becomes the present one. */
static bool has_changed(const struct listen *listen, unsigned char last[CG_TLS_DIGEST_SIZE])
{
	unsigned char now[CG_TLS_DIGEST_SIZE];
	bool is_other;

	digest(listen, now);
	is_other = memcmp(now, last, sizeof(now)) != 0;
	memcpy(last, now, sizeof(now));
	return is_other;
}

static void test_digest_follows_the_content_of_every_file(void **state)
{
	static const char *const files[] = {"c0", "k0", "c1", "k1"};
	unsigned char last[CG_TLS_DIGEST_SIZE];
	struct listen listen = {0};

	(void)state;
	for (size_t i = 0; i < CG_ARRAY_LEN(files); i++)
		certs_write_text(files[i], "before\n");
	listen_add(&listen, "c0", "k0");
	listen_add(&listen, "c1", "k1");
	digest(&listen, last);
	for (size_t i = 0; i < CG_ARRAY_LEN(files); i++) {
		assert_false(has_changed(&listen, last));
		certs_write_text(files[i], "after_\n"); /* as long as it was */
		assert_true(has_changed(&listen, last));
		certs_write_text(files[i], "after_\n"); /* a new time alone is no change */
		assert_false(has_changed(&listen, last));
	}
	listen_free(&listen);
}

static void test_digest_knows_where_a_file_ends(void **state)
{
	unsigned char last[CG_TLS_DIGEST_SIZE];
	struct listen listen = {0};

	(void)state;
	certs_write_text("c0", "ab");
	certs_write_text("k0", "c");
	listen_add(&listen, "c0", "k0");
	digest(&listen, last);
	certs_write_text("c0", "a");
	certs_write_text("k0", "bc");
	assert_true(has_changed(&listen, last));
	listen_free(&listen);
}

static void link_to(const char *target, const char *name)
{
	char temporary[CERTS_PATH_SIZE];

	snprintf(temporary, sizeof(temporary), "%s", certs_path(name, ".new"));
	assert_int_equal(symlink(certs_path(target, ""), temporary), 0);
	assert_int_equal(rename(temporary, certs_path(name, "")), 0);
}

static void test_switched_link_is_a_change(void **state)
{
	unsigned char last[CG_TLS_DIGEST_SIZE];
	struct listen listen = {0};

	(void)state;
	certs_write_text("live1", "one");
	certs_write_text("live2", "two");
	certs_write_text("live3", "two");
	certs_write_text("k0", "key");
	link_to("live1", "live");
	listen_add(&listen, "live", "k0");
	digest(&listen, last);
	link_to("live2", "live");
	assert_true(has_changed(&listen, last));
	link_to("live3", "live"); /* another file, the same content */
	assert_false(has_changed(&listen, last));
	listen_free(&listen);
}

static void test_missing_file_has_no_digest(void **state)
{
	unsigned char out[CG_TLS_DIGEST_SIZE];
	struct listen listen = {0};

	(void)state;
	certs_write_text("c0", "c");
	listen_add(&listen, "c0", "not_there");
	assert_false(cg_tls_files_digest(&listen.config, out));
	listen_free(&listen);
}

/* ---- the gate ---- */

/* NULL if FRESH may replace OLD (one or two pairs each), else why not. */
static const char *refusal(const char *fresh_a, const char *fresh_b, const char *old_a,
                           const char *old_b)
{
	static struct cg_error err;
	struct cg_tls_server *fresh = serve(fresh_a, fresh_b);
	struct cg_tls_server *old = serve(old_a, old_b);
	int result;

	err.text[0] = '\0';
	result = cg_tls_server_may_replace(fresh, old, time(NULL), &err);
	cg_tls_server_free(fresh);
	cg_tls_server_free(old);
	assert_int_equal(result, err.text[0] == '\0' ? 0 : -1);
	return result == 0 ? NULL : err.text;
}

static void assert_refused(const char *why, const char *wanted)
{
	assert_non_null(why);
	assert_non_null(strstr(why, wanted));
}

static void test_renewed_pair_is_taken(void **state)
{
	(void)state;
	assert_null(refusal("one_new", NULL, "one", NULL));
	assert_null(refusal("one_new", "two", "one", "two"));
	/* In another order; with more names; in place of two. */
	assert_null(refusal("two", "one_new", "one", "two"));
	assert_null(refusal("both", NULL, "one", NULL));
	assert_null(refusal("both", NULL, "one", "two"));
	/* The old one may be bad. */
	assert_null(refusal("one_new", NULL, "expired", NULL));
}

static void test_pair_out_of_date_is_left(void **state)
{
	(void)state;
	assert_refused(refusal("expired", NULL, "one", NULL), "expired.pem has expired");
	assert_refused(refusal("future", NULL, "one", NULL), "future.pem is not valid yet");
	/* One of several. */
	assert_refused(refusal("one_new", "expired", "one", NULL), "expired.pem has expired");
}

static void test_dates_are_judged_at_the_time_given(void **state)
{
	struct cg_tls_server *server = serve("one", NULL);
	const struct cg_tls_certificate *facts = cg_tls_server_certificate(server, 0);

	(void)state;
	assert_int_equal(cg_tls_server_may_replace(server, server, facts->not_before_s, NULL), 0);
	assert_int_equal(cg_tls_server_may_replace(server, server, facts->not_after_s, NULL), 0);
	assert_int_equal(cg_tls_server_may_replace(server, server, facts->not_before_s - 1, NULL),
	                 -1);
	assert_int_equal(cg_tls_server_may_replace(server, server, facts->not_after_s + 1, NULL),
	                 -1);
	cg_tls_server_free(server);
}

static void test_name_that_would_be_lost_keeps_the_old(void **state)
{
	(void)state;
	assert_refused(refusal("one_new", NULL, "both", NULL), "covers two.test");
	assert_refused(refusal("one_new", NULL, "one", "two"), "covers two.test");
}

static void test_wildcard_covers_names_one_label_below(void **state)
{
	(void)state;
	assert_null(refusal("wild", NULL, "exact", NULL));
	assert_null(refusal("wild", NULL, "wild", NULL));
	assert_refused(refusal("exact", NULL, "wild", NULL), "covers *.wild.test");
	assert_refused(refusal("wild", NULL, "deep", NULL), "covers a.b.wild.test");
	assert_refused(refusal("wild", NULL, "apex", NULL), "covers wild.test");
	assert_refused(refusal("wild", NULL, "deep_wild", NULL), "covers *.b.wild.test");
}

/* ---- tickets ---- */

static void on_session(void *owner, SSL_SESSION *session)
{
	SSL_SESSION **kept = owner;

	SSL_SESSION_free(*kept);
	*kept = session;
}

/* One connection in memory; the session that it is given (the caller's) goes to GOT. Whether
 * RESUME was. */
static bool visit(struct cg_tls_client *client, struct cg_tls_server *server, int version,
                  SSL_SESSION *resume, SSL_SESSION **got)
{
	SSL *ours = cg_tls_client_ssl(client, resume);
	SSL *theirs = cg_tls_server_ssl(server);
	BIO *our_bio, *their_bio;
	bool is_resumed;
	char byte = 'x';

	*got = NULL;
	cg_tls_client_on_session(ours, on_session, got);
	assert_int_equal(SSL_set_max_proto_version(ours, version), 1);
	assert_int_equal(BIO_new_bio_pair(&our_bio, 0, &their_bio, 0), 1);
	SSL_set_bio(ours, our_bio, our_bio);
	SSL_set_bio(theirs, their_bio, their_bio);
	for (int i = 0; i < 20; i++) {
		(void)SSL_do_handshake(ours);
		(void)SSL_do_handshake(theirs);
	}
	assert_true(SSL_is_init_finished(ours) && SSL_is_init_finished(theirs));
	/* TLS 1.3's tickets come with it. */
	assert_int_equal(SSL_write(theirs, &byte, 1), 1);
	assert_int_equal(SSL_read(ours, &byte, 1), 1);
	is_resumed = SSL_session_reused(ours) && SSL_session_reused(theirs);
	SSL_shutdown(ours);
	SSL_shutdown(theirs);
	SSL_free(ours);
	SSL_free(theirs);
	return is_resumed;
}

static void check_tickets(struct cg_tls_client *client, struct cg_tls_server *fresh,
                          struct cg_tls_server *old, int version, bool wanted)
{
	SSL_SESSION *first, *second;

	assert_false(visit(client, old, version, NULL, &first));
	assert_non_null(first);
	assert_int_equal(visit(client, fresh, version, first, &second), wanted);
	SSL_SESSION_free(second);
	SSL_SESSION_free(first);
}

static void test_session_of_the_old_resumes_at_the_new(void **state)
{
	struct cg_config_tenant tenant = {.name = (char *)(uintptr_t) "eu20",
	                                  .place = {.file = "t.ini", .line = 7},
	                                  .is_https = true,
	                                  .sni = (char *)(uintptr_t) "one.test"};
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	struct cg_tls_server *old = serve("one", "two");
	struct cg_tls_server *fresh = serve("two", "one_new");
	struct cg_report report;
	struct cg_tls_client *client;

	(void)state;
	cg_report_init(&report);
	client = cg_tls_client_new(&tenant, &report);
	assert_non_null(client);
	for (size_t i = 0; i < CG_ARRAY_LEN(versions); i++)
		check_tickets(client, fresh, old, versions[i], false);
	cg_tls_server_share_tickets(fresh, old);
	for (size_t i = 0; i < CG_ARRAY_LEN(versions); i++) {
		check_tickets(client, fresh, old, versions[i], true);
		/* A connection that was opened with the old one, after the change. */
		check_tickets(client, old, fresh, versions[i], true);
	}
	cg_tls_client_free(client);
	cg_tls_server_free(old);
	cg_tls_server_free(fresh);
	cg_report_fini(&report);
}

static void make(const char *file, const char *names, long from_s, long until_s)
{
	certs_make((struct certs_wish){
	        .file = file, .names = names, .ec = "P-256", .from_s = from_s, .until_s = until_s});
}

static int setup(void **state)
{
	(void)state;
	if (certs_setup() != 0)
		return -1;
	make("one", "DNS:one.test", 0, 0);
	make("one_new", "DNS:one.test", 0, 0);
	make("two", "DNS:two.test", 0, 0);
	make("both", "DNS:two.test,DNS:One.test", 0, 0);
	make("expired", "DNS:one.test", -2 * CERTS_DAY_S, -CERTS_DAY_S);
	make("future", "DNS:one.test", CERTS_DAY_S, 2 * CERTS_DAY_S);
	make("wild", "DNS:*.wild.test", 0, 0);
	make("exact", "DNS:a.wild.test,DNS:b.wild.test", 0, 0);
	make("deep", "DNS:a.b.wild.test", 0, 0);
	make("deep_wild", "DNS:*.b.wild.test", 0, 0);
	make("apex", "DNS:wild.test", 0, 0);
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
	        cmocka_unit_test(test_digest_follows_the_content_of_every_file),
	        cmocka_unit_test(test_digest_knows_where_a_file_ends),
	        cmocka_unit_test(test_switched_link_is_a_change),
	        cmocka_unit_test(test_missing_file_has_no_digest),
	        cmocka_unit_test(test_renewed_pair_is_taken),
	        cmocka_unit_test(test_pair_out_of_date_is_left),
	        cmocka_unit_test(test_dates_are_judged_at_the_time_given),
	        cmocka_unit_test(test_name_that_would_be_lost_keeps_the_old),
	        cmocka_unit_test(test_wildcard_covers_names_one_label_below),
	        cmocka_unit_test(test_session_of_the_old_resumes_at_the_new),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
