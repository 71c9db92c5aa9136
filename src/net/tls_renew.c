/* SPDX-License-Identifier: BSD-2-Clause */
/* The gate for renewed certificates. */
#include "net/tls_renew.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/mem.h"
#include "base/str.h"

/* ---- content ---- */

static bool tls_renew_add_file(EVP_MD_CTX *digest, const char *path)
{
	char buf[4096];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		(void)EVP_DigestUpdate(digest, buf, (size_t)n);
	(void)close(fd);
	cg_mem_wipe(buf, sizeof(buf));
	return n == 0;
}

static bool tls_renew_add_files(EVP_MD_CTX *digest, const struct cg_texts *paths)
{
	for (size_t i = 0; i < paths->n; i++) {
		/* Where one file ends and the next begins is part of the content. */
		(void)EVP_DigestUpdate(digest, "", 1);
		if (!tls_renew_add_file(digest, paths->items[i]))
			return false;
	}
	return true;
}

bool cg_tls_files_digest(const struct cg_config_listen *listen,
                         unsigned char out[CG_TLS_DIGEST_SIZE])
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	bool is_ok;

	cg_assert(digest != NULL && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1);
	is_ok = tls_renew_add_files(digest, &listen->certificate) &&
	        tls_renew_add_files(digest, &listen->private_key) &&
	        EVP_DigestFinal_ex(digest, out, NULL) == 1;
	EVP_MD_CTX_free(digest);
	return is_ok;
}

/* ---- the gate ---- */

static bool tls_renew_is_wildcard_for(const char *pattern, const char *name)
{
	const char *dot = strchr(name, '.');

	return strncmp(pattern, "*.", 2) == 0 && dot != NULL && name[0] != '*' &&
	       strcmp(pattern + 1, dot) == 0;
}

static bool tls_renew_covers(const struct cg_tls_server *server, const char *name)
{
	for (size_t i = 0; i < cg_tls_server_certificates_n(server); i++) {
		const struct cg_tls_certificate *certificate = cg_tls_server_certificate(server, i);

		for (size_t j = 0; j < certificate->names_n; j++)
			if (strcmp(certificate->names[j], name) == 0 ||
			    tls_renew_is_wildcard_for(certificate->names[j], name))
				return true;
	}
	return false;
}

static int tls_renew_check_dates(const struct cg_tls_server *server, int64_t now_s,
                                 struct cg_error *err)
{
	for (size_t i = 0; i < cg_tls_server_certificates_n(server); i++) {
		const struct cg_tls_certificate *certificate = cg_tls_server_certificate(server, i);

		if (certificate->not_after_s < now_s)
			return cg_error_set(err, "%s has expired", certificate->file);
		if (certificate->not_before_s > now_s)
			return cg_error_set(err, "%s is not valid yet", certificate->file);
	}
	return 0;
}

int cg_tls_server_may_replace(const struct cg_tls_server *fresh, const struct cg_tls_server *old,
                              int64_t now_s, struct cg_error *err)
{
	if (tls_renew_check_dates(fresh, now_s, err) < 0)
		return -1;
	for (size_t i = 0; i < cg_tls_server_certificates_n(old); i++) {
		const struct cg_tls_certificate *certificate = cg_tls_server_certificate(old, i);

		for (size_t j = 0; j < certificate->names_n; j++)
			if (!tls_renew_covers(fresh, certificate->names[j]))
				return cg_error_set(err, "no new certificate covers %s",
				                    certificate->names[j]);
	}
	return 0;
}
