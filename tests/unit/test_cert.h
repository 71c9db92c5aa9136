/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates for tests: self-signed, so that the file is its own CA file. */
#ifndef CG_TESTS_TEST_CERT_H
#define CG_TESTS_TEST_CERT_H

#include <assert.h>
#include <stdio.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static inline void test_cert_extend(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert(extension != NULL);
	X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
}

/* Write a certificate for NAMES ("DNS:a.test,IP:127.0.0.1") and its key as PEM, valid for a day
 * from now. */
static inline void test_cert_write(const char *cert_path, const char *key_path, const char *names)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *subject = X509_get_subject_name(cert);
	FILE *file;

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1,
	                           -1, 0);
	X509_set_issuer_name(cert, subject);
	test_cert_extend(cert, NID_subject_alt_name, names);
	test_cert_extend(cert, NID_basic_constraints, "critical,CA:TRUE");
	assert(X509_sign(cert, key, EVP_sha256()) > 0);
	file = fopen(cert_path, "w");
	assert(file != NULL && PEM_write_X509(file, cert) == 1);
	fclose(file);
	file = fopen(key_path, "w");
	assert(file != NULL && PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1);
	fclose(file);
	X509_free(cert);
	EVP_PKEY_free(key);
}

#endif
