/* SPDX-License-Identifier: BSD-2-Clause */
/* The method "priority": the fittest state first (online, then recovering, then checking), among
 * those the one that an operator switched to, then the lowest number, the least requests in flight
 * among equals, the first in the list among those. */
#ifndef CG_TENANT_SELECT_PRIORITY_H
#define CG_TENANT_SELECT_PRIORITY_H

#include "tenant/select.h"

/* The index of the chosen one of N candidates, or -1 if none may be chosen. Each candidate's reason
 * is filled only if WANTS_REASONS (the hot path asks for the index alone). Any thread. */
int cg_select_priority(struct cg_candidate *candidates, size_t n, bool wants_reasons);

/* The same where none may be chosen and the pool says all_down = try: every state counts as online
 * but drained; tried and full ones still may not be chosen. */
int cg_select_priority_any(struct cg_candidate *candidates, size_t n, bool wants_reasons);

#endif
