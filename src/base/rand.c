/* SPDX-License-Identifier: BSD-2-Clause */
/* xoroshiro128+ (Blackman and Vigna), seeded through splitmix64. */
#include "base/rand.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/defs.h"

static uint64_t rand_rotl(uint64_t value, unsigned n)
{
	return (value << n) | (value >> (64 - n));
}

static uint64_t rand_splitmix(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Where the system has no randomness yet (early boot) or refuses the call (a filter), the time and
 * the process will do: these numbers spread probes and name requests. */
static uint64_t rand_system_seed(void)
{
	uint64_t seed = 0;
	ssize_t n;

	do
		n = getrandom(&seed, sizeof(seed), GRND_NONBLOCK);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)sizeof(seed))
		return seed;
	return (uint64_t)cg_clock_now_us() ^ ((uint64_t)cg_clock_wall_ms() << 20) ^
	       ((uint64_t)getpid() << 40);
}

void cg_rand_init(struct cg_rand *rand, uint64_t seed)
{
	if (seed == 0)
		seed = rand_system_seed();
	/* Two outputs of splitmix64 are never both 0, the one state that would stay there. */
	rand->state[0] = rand_splitmix(&seed);
	rand->state[1] = rand_splitmix(&seed);
}

uint64_t cg_rand_next(struct cg_rand *rand)
{
	uint64_t s0 = rand->state[0];
	uint64_t s1 = rand->state[1];
	uint64_t sum = s0 + s1;

	s1 ^= s0;
	rand->state[0] = rand_rotl(s0, 24) ^ s1 ^ (s1 << 16);
	rand->state[1] = rand_rotl(s1, 37);
	return sum;
}

uint64_t cg_rand_below(struct cg_rand *rand, uint64_t limit)
{
	cg_assert(limit > 0);
	/* Numbers below 2^64 mod LIMIT are thrown again: they would make the first ones likelier.
	 */
	uint64_t skip = -limit % limit;
	uint64_t value;

	do
		value = cg_rand_next(rand);
	while (value < skip);
	return value % limit;
}

void cg_rand_uuid(struct cg_rand *rand, char out[CG_RAND_UUID_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	static const char form[] = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
	uint64_t bits = 0;
	unsigned left = 0;

	for (size_t i = 0; i < sizeof(form); i++) {
		if (form[i] != 'x' && form[i] != 'y') {
			out[i] = form[i];
			continue;
		}
		if (left == 0) {
			bits = cg_rand_next(rand);
			left = 16;
		}
		/* From the top: the lowest bit of this generator is the weakest. */
		unsigned nibble = (unsigned)(bits >> 60);
		bits <<= 4;
		left--;
		out[i] = digits[form[i] == 'y' ? (nibble & 3) | 8 : nibble];
	}
}
