/* SPDX-License-Identifier: BSD-2-Clause */
/* Each step leads from one version to the next. A step that was released is never changed: a new
 * one is appended. */
#include "state/store_schema.h"

#include <stdbool.h>
#include <stdio.h>

static const char *const store_schema_steps[] = {
        /* 0 > 1 */
        "CREATE TABLE events ("
        " id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " wall_ms INTEGER NOT NULL,"
        " kind TEXT NOT NULL,"
        " tenant TEXT, pool TEXT, was TEXT, became TEXT, reason TEXT, note TEXT,"
        " lasted_ms INTEGER NOT NULL);"
        "CREATE TABLE drains ("
        " tenant TEXT PRIMARY KEY NOT NULL,"
        " since_ms INTEGER NOT NULL,"
        " until_ms INTEGER NOT NULL,"
        " note TEXT) WITHOUT ROWID;"
        "CREATE TABLE switches ("
        " pool TEXT PRIMARY KEY NOT NULL,"
        " tenant TEXT NOT NULL,"
        " since_ms INTEGER NOT NULL,"
        " note TEXT) WITHOUT ROWID;",
};

int cg_store_schema_version(void)
{
	return (int)CG_ARRAY_LEN(store_schema_steps);
}

static bool store_schema_read_version(sqlite3 *sqlite, int *version)
{
	sqlite3_stmt *statement;
	bool is_read = false;

	if (sqlite3_prepare_v2(sqlite, "PRAGMA user_version", -1, &statement, NULL) != SQLITE_OK)
		return false;
	if (sqlite3_step(statement) == SQLITE_ROW) {
		*version = sqlite3_column_int(statement, 0);
		is_read = true;
	}
	(void)sqlite3_finalize(statement);
	return is_read;
}

static bool store_schema_step(sqlite3 *sqlite, int version)
{
	char pragma[64];

	(void)snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %d", version + 1);
	return sqlite3_exec(sqlite, store_schema_steps[version], NULL, NULL, NULL) == SQLITE_OK &&
	       sqlite3_exec(sqlite, pragma, NULL, NULL, NULL) == SQLITE_OK;
}

static enum cg_store_schema_result store_schema_migrate(sqlite3 *sqlite, int *version)
{
	if (!store_schema_read_version(sqlite, version))
		return CG_STORE_SCHEMA_FAILED;
	if (*version < 0 || *version > cg_store_schema_version())
		return CG_STORE_SCHEMA_NEWER;
	for (; *version < cg_store_schema_version(); (*version)++)
		if (!store_schema_step(sqlite, *version))
			return CG_STORE_SCHEMA_FAILED;
	return CG_STORE_SCHEMA_OK;
}

enum cg_store_schema_result cg_store_schema_apply(sqlite3 *sqlite, int *version)
{
	enum cg_store_schema_result result;

	/* Read first: where nothing is to be done, nothing is written. */
	if (!store_schema_read_version(sqlite, version))
		return CG_STORE_SCHEMA_FAILED;
	if (*version == cg_store_schema_version())
		return CG_STORE_SCHEMA_OK;
	/* Under the lock it is read again: another process may have been faster. A failure leaves
	 * the transaction to the closing of the file, so that its message is not lost. */
	if (sqlite3_exec(sqlite, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		return CG_STORE_SCHEMA_FAILED;
	result = store_schema_migrate(sqlite, version);
	if (result == CG_STORE_SCHEMA_OK &&
	    sqlite3_exec(sqlite, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		return CG_STORE_SCHEMA_FAILED;
	return result;
}
