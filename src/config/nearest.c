/* SPDX-License-Identifier: BSD-2-Clause */
/* Near is what differs in at most a third of its letters, and never in more than three. */
#include "config/nearest.h"

#include <stdio.h>
#include <string.h>

void cg_nearest_init(struct cg_nearest *nearest, struct cg_str wanted)
{
	size_t third = (wanted.len + 2) / 3;

	nearest->wanted = wanted;
	nearest->best[0] = '\0';
	nearest->distance = (unsigned)CG_MIN(third, 3) + 1;
}

void cg_nearest_offer(struct cg_nearest *nearest, const char *name)
{
	struct cg_str offered = cg_str_from(name);
	unsigned distance;

	if (offered.len >= sizeof(nearest->best))
		return;
	distance = cg_str_distance(nearest->wanted, offered);
	if (distance >= nearest->distance)
		return;
	memcpy(nearest->best, name, offered.len + 1);
	nearest->distance = distance;
}

const char *cg_nearest_hint(const struct cg_nearest *nearest, char out[CG_NEAREST_HINT_SIZE])
{
	out[0] = '\0';
	if (nearest->best[0] != '\0')
		snprintf(out, CG_NEAREST_HINT_SIZE, "; did you mean \"%s\"?", nearest->best);
	return out;
}
