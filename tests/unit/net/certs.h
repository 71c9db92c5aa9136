/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates for tests, made while they run and written to a folder of their own. */
#ifndef CG_TESTS_NET_CERTS_H
#define CG_TESTS_NET_CERTS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cmocka.h>

enum { CERTS_PATH_SIZE = 256, CERTS_DAY_S = 86400 };

static char certs_folder[] = "/tmp/cpigate-certs-XXXXXX";

struct certs_wish {
	const char *file;            /* FILE.pem and FILE.key */
	const char *names;           /* "DNS:a,DNS:b"; NULL: no SAN */
	const char *cn;              /* NULL: "test" */
	const char *issuer;          /* FILE of the CA; NULL: self-signed */
	const char *ec;              /* curve; NULL: RSA-2048 */
	const char *cipher_password; /* of the key; NULL: none */
	int rsa_bits;                /* 0: 2048 */
	long from_s;                 /* relative to now */
	long until_s;                /* 0: a day */
	int is_ca;
};

static inline const char *certs_path(const char *file, const char *suffix)
{
	static char paths[16][CERTS_PATH_SIZE];
	static unsigned next;
	char *path = paths[next++ % 16];

	snprintf(path, CERTS_PATH_SIZE, "%s/%s%s", certs_folder, file, suffix);
	return path;
}

static inline void certs_add_extension(X509 *x509, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, NULL, nid, value);

	assert_non_null(extension);
	assert_int_equal(X509_add_ext(x509, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static inline FILE *certs_open(const char *file, const char *suffix, const char *mode)
{
	FILE *stream = fopen(certs_path(file, suffix), mode);

	assert_non_null(stream);
	return stream;
}

/* Fill in who issues and sign. */
static inline void certs_sign(X509 *x509, EVP_PKEY *key, const char *issuer)
{
	EVP_PKEY *ca_key = key;
	X509 *ca = x509;

	if (issuer != NULL) {
		FILE *stream = certs_open(issuer, ".key", "r");

		ca_key = PEM_read_PrivateKey(stream, NULL, NULL, NULL);
		fclose(stream);
		stream = certs_open(issuer, ".pem", "r");
		ca = PEM_read_X509(stream, NULL, NULL, NULL);
		fclose(stream);
	}
	assert_int_equal(X509_set_issuer_name(x509, X509_get_subject_name(ca)), 1);
	assert_true(X509_sign(x509, ca_key, EVP_sha256()) > 0);
	if (issuer != NULL) {
		EVP_PKEY_free(ca_key);
		X509_free(ca);
	}
}

static inline void certs_write(const struct certs_wish *wish, X509 *x509, EVP_PKEY *key)
{
	const char *password = wish->cipher_password;
	FILE *stream = certs_open(wish->file, ".pem", "w");

	assert_int_equal(PEM_write_X509(stream, x509), 1);
	fclose(stream);
	stream = certs_open(wish->file, ".key", "w");
	assert_int_equal(PEM_write_PKCS8PrivateKey(
	                         stream, key, password == NULL ? NULL : EVP_aes_128_cbc(), password,
	                         password == NULL ? 0 : (int)strlen(password), NULL, NULL),
	                 1);
	fclose(stream);
}

static inline void certs_make(struct certs_wish wish)
{
	static long serial = 1;
	const char *cn = wish.cn == NULL ? "test" : wish.cn;
	EVP_PKEY *key = wish.ec != NULL
	                        ? EVP_EC_gen(wish.ec)
	                        : EVP_RSA_gen(wish.rsa_bits == 0 ? 2048u : (unsigned)wish.rsa_bits);
	X509 *x509 = X509_new();

	assert_non_null(key);
	X509_set_version(x509, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x509), serial++);
	X509_gmtime_adj(X509_getm_notBefore(x509), wish.from_s == 0 ? -CERTS_DAY_S : wish.from_s);
	X509_gmtime_adj(X509_getm_notAfter(x509), wish.until_s == 0 ? CERTS_DAY_S : wish.until_s);
	X509_set_pubkey(x509, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8,
	                           (const unsigned char *)cn, -1, -1, 0);
	if (wish.names != NULL)
		certs_add_extension(x509, NID_subject_alt_name, wish.names);
	if (wish.is_ca)
		certs_add_extension(x509, NID_basic_constraints, "critical,CA:TRUE");
	certs_sign(x509, key, wish.issuer);
	certs_write(&wish, x509, key);
	X509_free(x509);
	EVP_PKEY_free(key);
}

static inline void certs_write_text(const char *file, const char *text)
{
	FILE *stream = certs_open(file, "", "w");

	fputs(text, stream);
	fclose(stream);
}

static inline int certs_setup(void)
{
	return mkdtemp(certs_folder) == NULL ? -1 : 0;
}

static inline int certs_teardown(void)
{
	char *command = NULL;
	int status;

	if (asprintf(&command, "rm -rf %s", certs_folder) < 0)
		return -1;
	status = system(command);
	free(command);
	return status;
}

#endif
