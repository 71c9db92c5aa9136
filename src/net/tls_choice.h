/* SPDX-License-Identifier: BSD-2-Clause */
/* Which certificates of a listener are shown for which name: decided here, done by tls_ctx. */
#ifndef CG_NET_TLS_CHOICE_H
#define CG_NET_TLS_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

#include "base/map.h"
#include "base/str.h"
#include "net/tls_pair.h"

/* RSA, RSA-PSS, ECDSA, Ed25519, Ed448 and one more. */
enum { CG_TLS_KEY_TYPES = 6 };

/* Certificates that are shown for the same names; at most one of a key type: OpenSSL picks among
 * them by what the client can verify. */
struct cg_tls_choice {
	const struct cg_tls_pair *pairs[CG_TLS_KEY_TYPES];
	size_t pairs_n;
	SSL_CTX *ctx; /* tls_ctx's: made and freed there */
};

struct cg_tls_choices {
	struct cg_tls_choice **items; /* distinct; [0] is the default */
	size_t n;
	struct cg_map *names; /* as in the certificates */
};

/* From PAIRS, lent until fini; at least one. */
void cg_tls_choices_init(struct cg_tls_choices *choices, const struct cg_tls_pair *pairs, size_t n);
void cg_tls_choices_fini(struct cg_tls_choices *choices);

/* For HOST (any case): by its own name, else by the wildcard in place of its first label; NULL if
 * no certificate covers it. Any thread. */
struct cg_tls_choice *cg_tls_choices_find(const struct cg_tls_choices *choices, struct cg_str host);
/* Whether a certificate of CHOICE covers HOST. Any thread. */
bool cg_tls_choice_covers(const struct cg_tls_choice *choice, struct cg_str host);

#endif
