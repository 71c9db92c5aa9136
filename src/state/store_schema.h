/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of the file in state_dir, and how an older file becomes a newer one. */
#ifndef CG_STATE_STORE_SCHEMA_H
#define CG_STATE_STORE_SCHEMA_H

#include <sqlite3.h>

#include "base/defs.h"

enum cg_store_schema_result {
	CG_STORE_SCHEMA_OK,
	CG_STORE_SCHEMA_NEWER,  /* of a later version of the program; VERSION says which */
	CG_STORE_SCHEMA_FAILED, /* sqlite3_errmsg() says why */
};

/* Bring the file to the version of this program, all or nothing; safe beside another process that
 * does the same. */
CG_MUST_USE enum cg_store_schema_result cg_store_schema_apply(sqlite3 *sqlite, int *version);

/* The version that this program writes. */
int cg_store_schema_version(void);

#endif
