/* SPDX-License-Identifier: BSD-2-Clause */
/* Random numbers: not for keys (OpenSSL makes those). One generator per owner, so that tests can
 * seed it. */
#ifndef CG_BASE_RAND_H
#define CG_BASE_RAND_H

#include <stdint.h>

struct cg_rand {
	uint64_t state[2];
};

enum { CG_RAND_UUID_SIZE = 37 };

/* Seed from the system, or (SEED not 0) to a repeatable sequence. */
void cg_rand_init(struct cg_rand *rand, uint64_t seed);
uint64_t cg_rand_next(struct cg_rand *rand);
/* Even over 0 .. LIMIT-1; LIMIT > 0. */
uint64_t cg_rand_below(struct cg_rand *rand, uint64_t limit);
/* A version 4 UUID in lower case (RFC 9562 section 5.4) and a NUL. */
void cg_rand_uuid(struct cg_rand *rand, char out[CG_RAND_UUID_SIZE]);

#endif
