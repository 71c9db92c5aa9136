/* SPDX-License-Identifier: BSD-2-Clause */
/* What all methods of a pool share: how fit each state is, and the names of the reasons. */
#include "tenant/select.h"

const char *cg_select_reason_name(enum cg_select_reason reason)
{
	static const char *const names[] = {
#define X(id, name) name,
	        CG_SELECT_REASONS(X)
#undef X
	};

	cg_assert((size_t)reason < CG_ARRAY_LEN(names));
	return names[reason];
}

int cg_select_rank(enum cg_health_state state)
{
	switch (state) {
	case CG_HEALTH_ONLINE:
		return 0;
	case CG_HEALTH_RECOVERING:
		return 1;
	case CG_HEALTH_CHECKING:
		return 2;
	case CG_HEALTH_DEGRADED:
	case CG_HEALTH_DRAINED:
		break;
	}
	return -1;
}
