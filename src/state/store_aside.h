/* SPDX-License-Identifier: BSD-2-Clause */
/* What happens to a damaged file: it is kept for people, out of the way. */
#ifndef CG_STATE_STORE_ASIDE_H
#define CG_STATE_STORE_ASIDE_H

#include <stddef.h>
#include <stdint.h>

#include "base/defs.h"
#include "base/err.h"

/* Rename the database PATH with its -wal and -shm to PATH.damaged-YYYYMMDDTHHMMSS (UTC; a number
 * follows if that is taken), which is written to NAME. 0 or -1. */
CG_MUST_USE int cg_store_aside(const char *path, int64_t wall_ms, char *name, size_t size,
                               struct cg_error *err);

#endif
