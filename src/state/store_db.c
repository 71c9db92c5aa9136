/* SPDX-License-Identifier: BSD-2-Clause */
/* WAL keeps the file sound through a crash at any moment and lets an old and a new gateway have it
 * open at once. synchronous = NORMAL: what was committed survives the process; a loss of power may
 * take the last moments, but never the whole. */
#include "state/store_db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "state/store_schema.h"

enum { STORE_DB_BUSY_MS = 5000, STORE_DB_BUSY_STEP_MS = 20 };

#define STORE_DB_TEXT_OF(macro) STORE_DB_TEXT(macro)
#define STORE_DB_TEXT(text) #text
#define STORE_DB_KEPT 10000 /* in a statement an enum has no digits */
_Static_assert(STORE_DB_KEPT == CG_STORE_DB_EVENTS_MAX, "both are the same");

#define STORE_DB_EVENT_COLUMNS "wall_ms, kind, tenant, pool, was, became, reason, note, lasted_ms"

#define STORE_DB_STATEMENTS(X)                                                                     \
	X(BEGIN, "BEGIN IMMEDIATE")                                                                \
	X(COMMIT, "COMMIT")                                                                        \
	X(ROLLBACK, "ROLLBACK")                                                                    \
	X(PUT_EVENT, "INSERT INTO events (" STORE_DB_EVENT_COLUMNS ")"                             \
	             " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")                               \
	X(TRIM, "DELETE FROM events WHERE id <="                                                   \
	        " (SELECT max(id) FROM events) - " STORE_DB_TEXT_OF(STORE_DB_KEPT))                \
	X(READ_EVENTS, "SELECT " STORE_DB_EVENT_COLUMNS " FROM"                                    \
	               " (SELECT * FROM events ORDER BY id DESC LIMIT ?1) ORDER BY id")            \
	X(PUT_DRAIN, "INSERT OR REPLACE INTO drains (tenant, since_ms, until_ms, note)"            \
	             " VALUES (?1, ?2, ?3, ?4)")                                                   \
	X(CLEAR_DRAIN, "DELETE FROM drains WHERE tenant = ?1")                                     \
	X(READ_DRAINS, "SELECT tenant, since_ms, until_ms, note FROM drains")                      \
	X(PUT_SWITCH, "INSERT OR REPLACE INTO switches (pool, tenant, since_ms, note)"             \
	              " VALUES (?1, ?2, ?3, ?4)")                                                  \
	X(CLEAR_SWITCH, "DELETE FROM switches WHERE pool = ?1")                                    \
	X(READ_SWITCHES, "SELECT pool, tenant, since_ms, note FROM switches")

enum store_db_statement {
#define X(id, sql) STORE_DB_##id,
	STORE_DB_STATEMENTS(X)
#undef X
	        STORE_DB_STATEMENTS_N
};

static const char *const store_db_sql[STORE_DB_STATEMENTS_N] = {
#define X(id, sql) [STORE_DB_##id] = sql,
        STORE_DB_STATEMENTS(X)
#undef X
};

struct cg_store_db {
	sqlite3 *sqlite;
	sqlite3_stmt *statements[STORE_DB_STATEMENTS_N];
	bool has_new_events; /* in this transaction */
	char error[256];
};

/* ---- opening ---- */

/* Codes that another file would not give. SQLITE_ERROR: tables are missing or not ours. */
static bool store_db_is_damage(sqlite3 *sqlite)
{
	int extended = sqlite3_extended_errcode(sqlite);

	switch (extended & 0xff) {
	case SQLITE_ERROR:
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
	case SQLITE_MISMATCH:
	case SQLITE_CONSTRAINT:
		return true;
	default:
		return extended == SQLITE_IOERR_SHORT_READ;
	}
}

/* Closing would tidy up, which is the last thing that a damaged file needs. */
static void store_db_blame(struct cg_store_db *db, bool *is_damaged)
{
	*is_damaged = true;
	(void)sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

static int store_db_fail(struct cg_store_db *db, bool *is_damaged, struct cg_error *err)
{
	(void)cg_error_set(err, "%s", sqlite3_errmsg(db->sqlite));
	if (store_db_is_damage(db->sqlite))
		store_db_blame(db, is_damaged);
	return -1;
}

/* The change to WAL does not wait by itself for another process that does the same. */
static int store_db_exec_patiently(sqlite3 *sqlite, const char *sql)
{
	int result = sqlite3_exec(sqlite, sql, NULL, NULL, NULL);

	for (int waited = 0; result == SQLITE_BUSY && waited < STORE_DB_BUSY_MS;
	     waited += STORE_DB_BUSY_STEP_MS) {
		(void)usleep(STORE_DB_BUSY_STEP_MS * 1000);
		result = sqlite3_exec(sqlite, sql, NULL, NULL, NULL);
	}
	return result;
}

static int store_db_check(struct cg_store_db *db, bool *is_damaged, struct cg_error *err)
{
	sqlite3_stmt *statement;
	const char *text;
	int result = 0;

	if (sqlite3_prepare_v2(db->sqlite, "PRAGMA quick_check(1)", -1, &statement, NULL) !=
	            SQLITE_OK ||
	    sqlite3_step(statement) != SQLITE_ROW) {
		result = store_db_fail(db, is_damaged, err);
	} else {
		text = (const char *)sqlite3_column_text(statement, 0);
		if (text == NULL || strcmp(text, "ok") != 0) {
			store_db_blame(db, is_damaged);
			result = cg_error_set(err, "%s", text == NULL ? "quick_check" : text);
		}
	}
	(void)sqlite3_finalize(statement);
	return result;
}

static int store_db_migrate(struct cg_store_db *db, bool *is_damaged, struct cg_error *err)
{
	int version = 0;

	switch (cg_store_schema_apply(db->sqlite, &version)) {
	case CG_STORE_SCHEMA_OK:
		return 0;
	case CG_STORE_SCHEMA_NEWER:
		store_db_blame(db, is_damaged);
		return cg_error_set(err, "its version %d is not known to this program (%d)",
		                    version, cg_store_schema_version());
	case CG_STORE_SCHEMA_FAILED:
		break;
	}
	return store_db_fail(db, is_damaged, err);
}

static int store_db_prepare(struct cg_store_db *db, bool *is_damaged, struct cg_error *err)
{
	for (int i = 0; i < STORE_DB_STATEMENTS_N; i++)
		if (sqlite3_prepare_v3(db->sqlite, store_db_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
		                       &db->statements[i], NULL) != SQLITE_OK)
			return store_db_fail(db, is_damaged, err);
	return 0;
}

static int store_db_set_up(struct cg_store_db *db, const char *path, bool *is_damaged,
                           struct cg_error *err)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

	if (sqlite3_open_v2(path, &db->sqlite, flags, NULL) != SQLITE_OK ||
	    sqlite3_busy_timeout(db->sqlite, STORE_DB_BUSY_MS) != SQLITE_OK)
		return store_db_fail(db, is_damaged, err);
	if (sqlite3_db_readonly(db->sqlite, "main") == 1)
		return cg_error_set(err, "it may not be written");
	if (store_db_exec_patiently(db->sqlite, "PRAGMA journal_mode = WAL") != SQLITE_OK ||
	    sqlite3_exec(db->sqlite, "PRAGMA synchronous = NORMAL", NULL, NULL, NULL) != SQLITE_OK)
		return store_db_fail(db, is_damaged, err);
	if (store_db_check(db, is_damaged, err) < 0 || store_db_migrate(db, is_damaged, err) < 0)
		return -1;
	return store_db_prepare(db, is_damaged, err);
}

struct cg_store_db *cg_store_db_open(const char *path, bool *is_damaged, struct cg_error *err)
{
	struct cg_store_db *db = cg_mem_alloc(sizeof(*db));

	*is_damaged = false;
	if (store_db_set_up(db, path, is_damaged, err) == 0)
		return db;
	cg_store_db_close(db);
	return NULL;
}

void cg_store_db_close(struct cg_store_db *db)
{
	if (db == NULL)
		return;
	for (int i = 0; i < STORE_DB_STATEMENTS_N; i++)
		(void)sqlite3_finalize(db->statements[i]);
	(void)sqlite3_close(db->sqlite);
	free(db);
}

/* ---- statements ---- */

static void store_db_bind(sqlite3_stmt *statement, int at, const char *text)
{
	/* The text outlives the step; it can only be refused for its place or its size. */
	cg_assert(sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC) == SQLITE_OK);
}

static void store_db_bind_number(sqlite3_stmt *statement, int at, int64_t number)
{
	cg_assert(sqlite3_bind_int64(statement, at, number) == SQLITE_OK);
}

static int store_db_run(struct cg_store_db *db, enum store_db_statement which)
{
	sqlite3_stmt *statement = db->statements[which];
	int result = sqlite3_step(statement);

	if (result != SQLITE_DONE)
		(void)snprintf(db->error, sizeof(db->error), "%s", sqlite3_errmsg(db->sqlite));
	(void)sqlite3_reset(statement);
	(void)sqlite3_clear_bindings(statement);
	return result == SQLITE_DONE ? 0 : -1;
}

int cg_store_db_begin(struct cg_store_db *db)
{
	db->has_new_events = false;
	return store_db_run(db, STORE_DB_BEGIN);
}

int cg_store_db_commit(struct cg_store_db *db)
{
	if (db->has_new_events && store_db_run(db, STORE_DB_TRIM) < 0)
		return -1;
	return store_db_run(db, STORE_DB_COMMIT);
}

void cg_store_db_rollback(struct cg_store_db *db)
{
	/* Some failures have ended the transaction by themselves. */
	if (sqlite3_get_autocommit(db->sqlite))
		return;
	(void)sqlite3_step(db->statements[STORE_DB_ROLLBACK]);
	(void)sqlite3_reset(db->statements[STORE_DB_ROLLBACK]);
}

int cg_store_db_put_event(struct cg_store_db *db, const struct cg_event *event)
{
	sqlite3_stmt *statement = db->statements[STORE_DB_PUT_EVENT];

	store_db_bind_number(statement, 1, event->wall_ms);
	store_db_bind(statement, 2, cg_event_kind_name(event->kind));
	store_db_bind(statement, 3, event->tenant);
	store_db_bind(statement, 4, event->pool);
	store_db_bind(statement, 5, event->from);
	store_db_bind(statement, 6, event->to);
	store_db_bind(statement, 7, event->reason);
	store_db_bind(statement, 8, event->note);
	store_db_bind_number(statement, 9, event->lasted_ms);
	db->has_new_events = true;
	return store_db_run(db, STORE_DB_PUT_EVENT);
}

int cg_store_db_put_drain(struct cg_store_db *db, const struct cg_decision_drain *drain)
{
	sqlite3_stmt *statement = db->statements[STORE_DB_PUT_DRAIN];

	store_db_bind(statement, 1, drain->tenant);
	store_db_bind_number(statement, 2, drain->since_wall_ms);
	store_db_bind_number(statement, 3, drain->until_wall_ms);
	store_db_bind(statement, 4, drain->note);
	return store_db_run(db, STORE_DB_PUT_DRAIN);
}

int cg_store_db_clear_drain(struct cg_store_db *db, const char *tenant)
{
	store_db_bind(db->statements[STORE_DB_CLEAR_DRAIN], 1, tenant);
	return store_db_run(db, STORE_DB_CLEAR_DRAIN);
}

int cg_store_db_put_switch(struct cg_store_db *db, const struct cg_decision_switch *switched)
{
	sqlite3_stmt *statement = db->statements[STORE_DB_PUT_SWITCH];

	store_db_bind(statement, 1, switched->pool);
	store_db_bind(statement, 2, switched->tenant);
	store_db_bind_number(statement, 3, switched->since_wall_ms);
	store_db_bind(statement, 4, switched->note);
	return store_db_run(db, STORE_DB_PUT_SWITCH);
}

int cg_store_db_clear_switch(struct cg_store_db *db, const char *pool)
{
	store_db_bind(db->statements[STORE_DB_CLEAR_SWITCH], 1, pool);
	return store_db_run(db, STORE_DB_CLEAR_SWITCH);
}

const char *cg_store_db_error(const struct cg_store_db *db)
{
	return db->error;
}

/* ---- reading ---- */

/* Valid until the next step. */
static char *store_db_text(sqlite3_stmt *statement, int at)
{
	return (char *)(uintptr_t)sqlite3_column_text(statement, at);
}

/* After the last row. */
static int store_db_end_reading(struct cg_store_db *db, sqlite3_stmt *statement, int result,
                                bool *is_damaged, struct cg_error *err)
{
	int status = result == SQLITE_DONE ? 0 : store_db_fail(db, is_damaged, err);

	(void)sqlite3_reset(statement);
	return status;
}

int cg_store_db_read_events(struct cg_store_db *db, int n,
                            void (*fn)(void *owner, const struct cg_event *event), void *owner,
                            bool *is_damaged, struct cg_error *err)
{
	sqlite3_stmt *statement = db->statements[STORE_DB_READ_EVENTS];
	int result;

	store_db_bind_number(statement, 1, n);
	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *kind = store_db_text(statement, 1);
		struct cg_event event = {
		        .wall_ms = sqlite3_column_int64(statement, 0),
		        .tenant = store_db_text(statement, 2),
		        .pool = store_db_text(statement, 3),
		        .from = store_db_text(statement, 4),
		        .to = store_db_text(statement, 5),
		        .reason = store_db_text(statement, 6),
		        .note = store_db_text(statement, 7),
		        .lasted_ms = sqlite3_column_int64(statement, 8),
		};

		if (kind != NULL && cg_event_kind_find(kind, &event.kind))
			fn(owner, &event);
	}
	return store_db_end_reading(db, statement, result, is_damaged, err);
}

static int store_db_read_drains(struct cg_store_db *db, struct cg_decisions *decisions,
                                bool *is_damaged, struct cg_error *err)
{
	sqlite3_stmt *statement = db->statements[STORE_DB_READ_DRAINS];
	int result;

	while ((result = sqlite3_step(statement)) == SQLITE_ROW)
		cg_decisions_add_drain(decisions,
		                       &(struct cg_decision_drain){
		                               .tenant = store_db_text(statement, 0),
		                               .since_wall_ms = sqlite3_column_int64(statement, 1),
		                               .until_wall_ms = sqlite3_column_int64(statement, 2),
		                               .note = store_db_text(statement, 3),
		                       });
	return store_db_end_reading(db, statement, result, is_damaged, err);
}

static int store_db_read_switches(struct cg_store_db *db, struct cg_decisions *decisions,
                                  bool *is_damaged, struct cg_error *err)
{
	sqlite3_stmt *statement = db->statements[STORE_DB_READ_SWITCHES];
	int result;

	while ((result = sqlite3_step(statement)) == SQLITE_ROW)
		cg_decisions_add_switch(decisions,
		                        &(struct cg_decision_switch){
		                                .pool = store_db_text(statement, 0),
		                                .tenant = store_db_text(statement, 1),
		                                .since_wall_ms = sqlite3_column_int64(statement, 2),
		                                .note = store_db_text(statement, 3),
		                        });
	return store_db_end_reading(db, statement, result, is_damaged, err);
}

int cg_store_db_read_decisions(struct cg_store_db *db, struct cg_decisions *decisions,
                               bool *is_damaged, struct cg_error *err)
{
	if (store_db_read_drains(db, decisions, is_damaged, err) < 0)
		return -1;
	return store_db_read_switches(db, decisions, is_damaged, err);
}
