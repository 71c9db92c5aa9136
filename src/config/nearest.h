/* SPDX-License-Identifier: BSD-2-Clause */
/* "did you mean": of the names that are known, the one most like what was written. */
#ifndef CG_CONFIG_NEAREST_H
#define CG_CONFIG_NEAREST_H

#include "base/str.h"

struct cg_nearest {
	struct cg_str wanted;
	char best[65]; /* empty: nothing is near */
	unsigned distance;
};

enum { CG_NEAREST_HINT_SIZE = 128 };

/* WANTED is lent until the hint is written. */
void cg_nearest_init(struct cg_nearest *nearest, struct cg_str wanted);
void cg_nearest_offer(struct cg_nearest *nearest, const char *name);
/* "; did you mean "NAME"?", or an empty text. */
const char *cg_nearest_hint(const struct cg_nearest *nearest, char out[CG_NEAREST_HINT_SIZE]);

#endif
