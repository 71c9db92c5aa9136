/* SPDX-License-Identifier: BSD-2-Clause */
/* The demo's certificates are what clients want: signed by the CA, for the names, with their key.
 */
#include "cli/demo_cert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/str.h"

static void assert_pair(const char *dir, const char *cert, const char *key, const char *host)
{
	char *ca_path = cg_str_printf("%s/%s", dir, CG_DEMO_CERT_CA);
	char *cert_path = cg_str_printf("%s/%s", dir, cert);
	char *key_path = cg_str_printf("%s/%s", dir, key);
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	assert_int_equal(SSL_CTX_use_certificate_file(ctx, cert_path, SSL_FILETYPE_PEM), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey_file(ctx, key_path, SSL_FILETYPE_PEM), 1);
	assert_int_equal(SSL_CTX_load_verify_locations(ctx, ca_path, NULL), 1);

	X509_STORE_CTX *verify = X509_STORE_CTX_new();
	X509 *x509 = SSL_CTX_get0_certificate(ctx);
	assert_int_equal(X509_STORE_CTX_init(verify, SSL_CTX_get_cert_store(ctx), x509, NULL), 1);
	assert_int_equal(X509_verify_cert(verify), 1);
	assert_int_equal(X509_check_host(x509, host, 0, 0, NULL), 1);
	X509_STORE_CTX_free(verify);
	SSL_CTX_free(ctx);
	unlink(cert_path);
	unlink(key_path);
	free(ca_path);
	free(cert_path);
	free(key_path);
}

static void test_certificates_fit(void **state)
{
	char dir[] = "/tmp/cpigate-test-XXXXXX";
	struct cg_error err;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(cg_demo_cert_make(dir, &err), 0);
	/* A second time would overwrite keys in use. */
	assert_int_equal(cg_demo_cert_make(dir, &err), -1);
	assert_pair(dir, CG_DEMO_CERT_GATEWAY, CG_DEMO_CERT_GATEWAY_KEY, "demo.cpi.localhost");
	assert_pair(dir, CG_DEMO_CERT_TENANT, CG_DEMO_CERT_TENANT_KEY, "cf-eu20.tenants.localhost");
	char *ca_path = cg_str_printf("%s/%s", dir, CG_DEMO_CERT_CA);
	unlink(ca_path);
	free(ca_path);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_certificates_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
