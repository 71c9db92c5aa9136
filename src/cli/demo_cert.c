/* SPDX-License-Identifier: BSD-2-Clause */
/* The demo's certificates: ECDSA, valid for a month, good for nothing else. */
#include "cli/demo_cert.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "base/str.h"

enum { DEMO_CERT_AGE_S = 60 * 60, DEMO_CERT_LIFE_S = 30 * 24 * 60 * 60 };

/* A certificate and its key; the issuer's too. */
struct demo_cert {
	X509 *x509;
	EVP_PKEY *key;
};

struct demo_extension {
	int nid;
	const char *value;
};

static void demo_cert_fini(struct demo_cert *cert)
{
	X509_free(cert->x509);
	EVP_PKEY_free(cert->key);
}

static bool demo_cert_add_extension(X509 *x509, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, x509, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	bool is_added = extension != NULL && X509_add_ext(x509, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return is_added;
}

static bool demo_cert_add_extensions(X509 *x509, X509 *issuer, const char *name)
{
	char *san = name == NULL ? NULL : cg_str_printf("DNS:%s", name);
	const struct demo_extension ca[] = {
	        {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
	        {NID_key_usage, "critical,keyCertSign,cRLSign"},
	        {NID_subject_key_identifier, "hash"},
	};
	const struct demo_extension leaf[] = {
	        {NID_basic_constraints, "critical,CA:FALSE"},
	        {NID_key_usage, "critical,digitalSignature"},
	        {NID_ext_key_usage, "serverAuth"},
	        {NID_authority_key_identifier, "keyid:always"},
	        {NID_subject_alt_name, san},
	};
	const struct demo_extension *extensions = name == NULL ? ca : leaf;
	size_t n = name == NULL ? CG_ARRAY_LEN(ca) : CG_ARRAY_LEN(leaf);
	bool is_good = true;

	for (size_t i = 0; i < n && is_good; i++)
		is_good = demo_cert_add_extension(x509, issuer, extensions[i].nid,
		                                  extensions[i].value);
	free(san);
	return is_good;
}

static bool demo_cert_set_facts(X509 *x509, EVP_PKEY *key, const char *subject)
{
	X509_NAME *name = X509_get_subject_name(x509);
	unsigned char serial[8];
	uint64_t number;

	if (RAND_bytes(serial, sizeof(serial)) != 1)
		return false;
	memcpy(&number, serial, sizeof(number));
	return X509_set_version(x509, X509_VERSION_3) == 1 &&
	       ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), number >> 1) == 1 &&
	       X509_gmtime_adj(X509_getm_notBefore(x509), -DEMO_CERT_AGE_S) != NULL &&
	       X509_gmtime_adj(X509_getm_notAfter(x509), DEMO_CERT_LIFE_S) != NULL &&
	       X509_set_pubkey(x509, key) == 1 &&
	       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)subject,
	                                  -1, -1, 0) == 1;
}

/* A certificate for NAME signed by ISSUER; without both the CA itself. */
static bool demo_cert_build(struct demo_cert *cert, const char *name,
                            const struct demo_cert *issuer)
{
	const struct demo_cert *signer = issuer == NULL ? cert : issuer;

	cert->x509 = X509_new();
	cert->key = EVP_EC_gen("P-256");
	return cert->x509 != NULL && cert->key != NULL &&
	       demo_cert_set_facts(cert->x509, cert->key,
	                           name == NULL ? "cpigate demo test CA" : name) &&
	       X509_set_issuer_name(cert->x509, X509_get_subject_name(signer->x509)) == 1 &&
	       demo_cert_add_extensions(cert->x509, signer->x509, name) &&
	       X509_sign(cert->x509, signer->key, EVP_sha256()) > 0;
}

/* Created for the owner alone; also certificates, since there is no harm in it. */
static FILE *demo_cert_open(const char *dir, const char *base, struct cg_error *err)
{
	char *path = cg_str_printf("%s/%s", dir, base);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *file = fd == -1 ? NULL : fdopen(fd, "w");

	if (file == NULL)
		cg_error_set(err, "%s: %s", path, strerror(errno));
	free(path);
	return file;
}

static int demo_cert_write(const char *dir, const char *base, X509 *x509, EVP_PKEY *key,
                           struct cg_error *err)
{
	FILE *file = demo_cert_open(dir, base, err);
	bool is_written;

	if (file == NULL)
		return -1;
	is_written = x509 != NULL ? PEM_write_X509(file, x509) == 1
	                          : PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1;
	if (fclose(file) != 0 || !is_written)
		return cg_error_set(err, "%s/%s: could not be written", dir, base);
	return 0;
}

static int demo_cert_make_leaf(const char *dir, const char *name, const char *const files[2],
                               const struct demo_cert *ca, struct cg_error *err)
{
	struct demo_cert cert = {0};
	int result = -1;

	if (!demo_cert_build(&cert, name, ca))
		cg_error_set(err, "the certificate for %s could not be made: %s", name,
		             ERR_reason_error_string(ERR_get_error()));
	else if (demo_cert_write(dir, files[0], cert.x509, NULL, err) == 0)
		result = demo_cert_write(dir, files[1], NULL, cert.key, err);
	demo_cert_fini(&cert);
	return result;
}

int cg_demo_cert_make(const char *dir, struct cg_error *err)
{
	static const char *const gateway[] = {CG_DEMO_CERT_GATEWAY, CG_DEMO_CERT_GATEWAY_KEY};
	static const char *const tenant[] = {CG_DEMO_CERT_TENANT, CG_DEMO_CERT_TENANT_KEY};
	struct demo_cert ca = {0};
	int result = -1;

	if (!demo_cert_build(&ca, NULL, NULL))
		cg_error_set(err, "the test CA could not be made: %s",
		             ERR_reason_error_string(ERR_get_error()));
	else if (demo_cert_write(dir, CG_DEMO_CERT_CA, ca.x509, NULL, err) == 0 &&
	         demo_cert_make_leaf(dir, CG_DEMO_CERT_GATEWAY_NAME, gateway, &ca, err) == 0)
		result = demo_cert_make_leaf(dir, CG_DEMO_CERT_TENANT_NAME, tenant, &ca, err);
	demo_cert_fini(&ca);
	return result;
}
