/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may call the admin port. The order of the checks and the refusals are admin.c's. */
#include "admin/admin_auth.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/addr.h"

/* HOST without ":PORT"; empty if what follows the colon is no port. */
static struct cg_str admin_auth_name(struct cg_str host)
{
	uint64_t port = 0;
	struct cg_str text;
	const char *colon = host.len == 0 ? NULL : memchr(host.ptr, ':', host.len);

	if (colon == NULL)
		return host;
	text.ptr = colon + 1;
	text.len = host.len - (size_t)(text.ptr - host.ptr);
	if (!cg_str_to_u64(text, UINT16_MAX, &port))
		return CG_STR("");
	host.len = (size_t)(colon - host.ptr);
	return host;
}

bool cg_admin_auth_is_host(const struct cg_texts *names, struct cg_str host)
{
	struct cg_addr addr;
	/* Any port will do: it only lets literals without one pass. */
	if (cg_addr_parse(&addr, host, 80))
		return true;

	struct cg_str name = admin_auth_name(host);
	if (cg_str_ieq(name, CG_STR("localhost")))
		return true;
	for (size_t i = 0; i < names->n; i++) {
		if (name.len > 0 && cg_str_ieq(name, cg_str_from(names->items[i])))
			return true;
	}
	return false;
}

/* Digests have one length, so that the comparison tells nothing about the token's. */
static bool admin_auth_is_equal(struct cg_str a, struct cg_str b)
{
	unsigned char digest_a[EVP_MAX_MD_SIZE];
	unsigned char digest_b[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (EVP_Digest(a.ptr, a.len, digest_a, &len, EVP_sha256(), NULL) != 1 ||
	    EVP_Digest(b.ptr, b.len, digest_b, &len, EVP_sha256(), NULL) != 1)
		return false;
	return CRYPTO_memcmp(digest_a, digest_b, len) == 0;
}

bool cg_admin_auth_is_token(const char *token, const char *authorization)
{
	struct cg_str field = cg_str_from(authorization);
	struct cg_str scheme = CG_STR("Bearer ");

	if (field.len < scheme.len ||
	    !cg_str_ieq((struct cg_str){.ptr = field.ptr, .len = scheme.len}, scheme))
		return false;
	field.ptr += scheme.len;
	field.len -= scheme.len;
	return admin_auth_is_equal(cg_str_trim(field), cg_str_from(token));
}
