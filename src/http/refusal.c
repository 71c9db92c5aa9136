/* SPDX-License-Identifier: BSD-2-Clause */
/* The rows of CG_REFUSALS as three questions. */
#include "http/refusal.h"

struct refusal_row {
	int status;
	const char *name;
	const char *text;
};

static const struct refusal_row refusal_rows[] = {[CG_REFUSAL_NONE] = {200, "none", "not refused"},
#define X(id, status, name, text) [CG_REFUSAL_##id] = {status, name, text},
                                                  CG_REFUSALS(X)
#undef X
};

int cg_refusal_status(enum cg_refusal refusal)
{
	cg_assert((size_t)refusal < CG_ARRAY_LEN(refusal_rows));
	return refusal_rows[refusal].status;
}

const char *cg_refusal_name(enum cg_refusal refusal)
{
	cg_assert((size_t)refusal < CG_ARRAY_LEN(refusal_rows));
	return refusal_rows[refusal].name;
}

const char *cg_refusal_text(enum cg_refusal refusal)
{
	cg_assert((size_t)refusal < CG_ARRAY_LEN(refusal_rows));
	return refusal_rows[refusal].text;
}
