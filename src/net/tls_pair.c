/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads PEM files by hand rather than by SSL_CTX_use_certificate_chain_file, as each problem is to
 * be reported with the line of the configuration that named the file. */
#include "net/tls_pair.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "base/mem.h"

static BIO *tls_pair_open(const char *file, const char *what, const struct cg_place *place,
                          struct cg_report *report)
{
	FILE *stream = fopen(file, "re");
	BIO *bio;

	if (stream == NULL) {
		cg_report_error(report, place->file, place->line, "cannot read %s %s: %s", what,
		                file, strerror(errno));
		return NULL;
	}
	bio = BIO_new_fp(stream, BIO_CLOSE);
	cg_assert(bio != NULL);
	return bio;
}

/* The certificates after the first; false if one of them is broken. */
static bool tls_pair_read_chain(struct cg_tls_pair *pair, BIO *bio)
{
	X509 *x509;
	unsigned long error;

	pair->chain = sk_X509_new_null();
	cg_assert(pair->chain != NULL);
	ERR_clear_error();
	while ((x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		cg_assert(sk_X509_push(pair->chain, x509) > 0);
	error = ERR_peek_last_error();
	ERR_clear_error();
	return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

static bool tls_pair_read_certificate(struct cg_tls_pair *pair, const char *file,
                                      const struct cg_place *place, struct cg_report *report)
{
	BIO *bio = tls_pair_open(file, "certificate", place, report);
	bool is_good = false;

	if (bio == NULL)
		return false;
	pair->leaf = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL);
	if (pair->leaf == NULL)
		cg_report_error(report, place->file, place->line, "no PEM certificate in %s", file);
	else if (!tls_pair_read_chain(pair, bio))
		cg_report_error(report, place->file, place->line,
		                "broken certificate in the chain in %s", file);
	else
		is_good = true;
	ERR_clear_error();
	BIO_free(bio);
	return is_good;
}

/* Never asks the terminal; notes that the key needs a password. */
static int tls_pair_on_password(char *out, int size, int is_writing, void *arg)
{
	bool *is_encrypted = arg;

	(void)out;
	(void)size;
	(void)is_writing;
	*is_encrypted = true;
	return -1;
}

static bool tls_pair_read_key(struct cg_tls_pair *pair, const char *file,
                              const struct cg_place *place, struct cg_report *report)
{
	BIO *bio = tls_pair_open(file, "private key", place, report);
	bool is_encrypted = false;

	if (bio == NULL)
		return false;
	pair->key = PEM_read_bio_PrivateKey(bio, NULL, tls_pair_on_password, &is_encrypted);
	ERR_clear_error();
	BIO_free(bio);
	if (pair->key != NULL)
		return true;
	if (is_encrypted)
		cg_report_error(report, place->file, place->line,
		                "private key %s is encrypted: remove its password", file);
	else
		cg_report_error(report, place->file, place->line, "no PEM private key in %s", file);
	return false;
}

/* Add a name in lower case; one that is no text, or there already, is left out. */
static void tls_pair_add_name(struct cg_tls_certificate *facts, const ASN1_STRING *text)
{
	const char *ptr = (const char *)ASN1_STRING_get0_data(text);
	size_t len = (size_t)ASN1_STRING_length(text);
	char *name;

	/* A NUL or a space inside: a display name as CN, or an attempt to deceive. */
	if (len == 0 || memchr(ptr, '\0', len) != NULL || memchr(ptr, ' ', len) != NULL)
		return;
	name = cg_mem_dup(ptr, len);
	for (size_t i = 0; i < len; i++)
		name[i] = cg_char_lower(name[i]);
	for (size_t i = 0; i < facts->names_n; i++) {
		if (strcmp(facts->names[i], name) == 0) {
			free(name);
			return;
		}
	}
	facts->names = cg_mem_realloc(facts->names, (facts->names_n + 1) * sizeof(*facts->names));
	facts->names[facts->names_n++] = name;
}

/* The CN counts only where no SAN has a DNS name (RFC 6125 section 6.4.4). */
static void tls_pair_read_names(struct cg_tls_pair *pair)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(pair->leaf, NID_subject_alt_name, NULL, NULL);
	const X509_NAME *subject = X509_get_subject_name(pair->leaf);
	bool has_dns_name = false;
	int last = -1;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type != GEN_DNS)
			continue;
		has_dns_name = true;
		tls_pair_add_name(&pair->facts, name->d.dNSName);
	}
	GENERAL_NAMES_free(names);
	for (int i; (i = X509_NAME_get_index_by_NID(subject, NID_commonName, last)) >= 0;)
		last = i;
	if (!has_dns_name && last >= 0)
		tls_pair_add_name(&pair->facts,
		                  X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last)));
}

static int64_t tls_pair_time(const ASN1_TIME *time)
{
	struct tm tm = {0};

	return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static const char *tls_pair_key_type(const EVP_PKEY *key)
{
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
		return "RSA";
	case EVP_PKEY_RSA_PSS:
		return "RSA-PSS";
	case EVP_PKEY_EC:
		return "ECDSA";
	case EVP_PKEY_ED25519:
		return "Ed25519";
	case EVP_PKEY_ED448:
		return "Ed448";
	default:
		return "other";
	}
}

static void tls_pair_read_facts(struct cg_tls_pair *pair, const char *file)
{
	struct cg_tls_certificate *facts = &pair->facts;
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	cg_assert(bio != NULL);
	X509_NAME_print_ex(bio, X509_get_subject_name(pair->leaf), 0, XN_FLAG_RFC2253);
	len = BIO_get_mem_data(bio, &text);
	facts->subject = cg_mem_dup(text, (size_t)len);
	BIO_free(bio);
	facts->file = cg_mem_strdup(file);
	facts->not_before_s = tls_pair_time(X509_get0_notBefore(pair->leaf));
	facts->not_after_s = tls_pair_time(X509_get0_notAfter(pair->leaf));
	facts->key_type = tls_pair_key_type(pair->key);
	tls_pair_read_names(pair);
}

static void tls_pair_check_dates(const struct cg_tls_certificate *facts,
                                 const struct cg_place *place, struct cg_report *report)
{
	int64_t wall_ms = cg_clock_wall_ms();
	char date[CG_CLOCK_RFC3339_SIZE];

	if (wall_ms / 1000 > facts->not_after_s) {
		cg_clock_format_rfc3339(date, facts->not_after_s * 1000);
		cg_report_warning(report, place->file, place->line,
		                  "certificate %s has expired: %.10s", facts->file, date);
	}
	if (wall_ms / 1000 < facts->not_before_s) {
		cg_clock_format_rfc3339(date, facts->not_before_s * 1000);
		cg_report_warning(report, place->file, place->line,
		                  "certificate %s is not valid before %.10s", facts->file, date);
	}
}

bool cg_tls_pair_read(struct cg_tls_pair *pair, const char *certificate,
                      const struct cg_place *certificate_place, const char *key,
                      const struct cg_place *key_place, struct cg_report *report)
{
	/* Both, so that both problems are told. */
	bool has_certificate =
	        tls_pair_read_certificate(pair, certificate, certificate_place, report);
	bool has_key = tls_pair_read_key(pair, key, key_place, report);

	if (!has_certificate || !has_key)
		return false;
	if (X509_check_private_key(pair->leaf, pair->key) != 1) {
		ERR_clear_error();
		cg_report_error(report, key_place->file, key_place->line,
		                "private key %s does not belong to certificate %s", key,
		                certificate);
		return false;
	}
	tls_pair_read_facts(pair, certificate);
	tls_pair_check_dates(&pair->facts, certificate_place, report);
	return true;
}

void cg_tls_pair_fini(struct cg_tls_pair *pair)
{
	for (size_t i = 0; i < pair->facts.names_n; i++)
		free(pair->facts.names[i]);
	free(pair->facts.names);
	free(pair->facts.subject);
	free(pair->facts.file);
	X509_free(pair->leaf);
	sk_X509_pop_free(pair->chain, X509_free);
	EVP_PKEY_free(pair->key);
	memset(pair, 0, sizeof(*pair));
}

bool cg_tls_pair_has_name(const struct cg_tls_pair *pair, struct cg_str name)
{
	for (size_t i = 0; i < pair->facts.names_n; i++)
		if (cg_str_eq(cg_str_from(pair->facts.names[i]), name))
			return true;
	return false;
}

void cg_tls_report(struct cg_report *report, const struct cg_place *place, const char *text)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	cg_report_error(report, place->file, place->line, "%s: %s", text,
	                reason == NULL ? "unknown error" : reason);
}
