/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything unsafe in force, in words: the `warnings` of the status call. */
#ifndef CG_ADMIN_API_WARNINGS_H
#define CG_ADMIN_API_WARNINGS_H

#include <stdint.h>

#include <jansson.h>

#include "base/defs.h"
#include "state/snapshot.h"

enum { CG_API_WARNINGS_EXPIRY_DAYS = 14 };

/* An array of texts; NOW_S is seconds since 1970. */
CG_MUST_USE json_t *cg_api_warnings(const struct cg_snapshot *snapshot, int64_t now_s);

/* Whole days until WHEN_S, rounded down; negative if it is past. */
int64_t cg_api_warnings_days(int64_t when_s, int64_t now_s);

#endif
