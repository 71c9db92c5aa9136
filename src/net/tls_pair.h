/* SPDX-License-Identifier: BSD-2-Clause */
/* A certificate with its chain and private key, read from PEM files, and what there is to know
 * about it. Which connection it is shown to is tls_ctx's. */
#ifndef CG_NET_TLS_PAIR_H
#define CG_NET_TLS_PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "base/defs.h"
#include "base/err.h"
#include "base/str.h"
#include "config/config.h"

/* Facts about a served certificate. */
struct cg_tls_certificate {
	char *file;
	char *subject; /* one line */
	/* DNS names it covers, lower case; wildcards as "*.domain"; the CN only if there is no SAN
	 */
	char **names;
	size_t names_n;
	int64_t not_before_s; /* seconds since 1970 */
	int64_t not_after_s;
	const char *key_type; /* "RSA", "ECDSA", "Ed25519", ... */
};

struct cg_tls_pair {
	struct cg_tls_certificate facts;
	X509 *leaf;
	STACK_OF(X509) * chain;
	EVP_PKEY *key;
};

/* Fill PAIR from two files; problems go to REPORT with the certificate's or the key's place. False
 * with any error; PAIR is to be finished all the same. */
CG_MUST_USE bool cg_tls_pair_read(struct cg_tls_pair *pair, const char *certificate,
                                  const struct cg_place *certificate_place, const char *key,
                                  const struct cg_place *key_place, struct cg_report *report);
void cg_tls_pair_fini(struct cg_tls_pair *pair);

/* Whether it lists NAME as it is written ("*.domain" included). */
bool cg_tls_pair_has_name(const struct cg_tls_pair *pair, struct cg_str name);

/* "TEXT: REASON" from OpenSSL's error queue, which is emptied. */
void cg_tls_report(struct cg_report *report, const struct cg_place *place, const char *text);

#endif
