/* SPDX-License-Identifier: BSD-2-Clause */
/* What is in state_dir after restarts, crashes, damage and full disks. Each test has a directory of
 * its own. */
#include "state/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "state/store_db.h"
#include "state/store_schema.h"

struct fixture {
	char base[32]; /* has the log and the directory */
	char dir[48];
	char db[64];
	char log[48];
};

static int setup(void **state)
{
	struct fixture *f = cg_mem_alloc(sizeof(*f));

	strcpy(f->base, "/tmp/test_store.XXXXXX");
	assert_non_null(mkdtemp(f->base));
	snprintf(f->dir, sizeof(f->dir), "%s/state", f->base);
	snprintf(f->db, sizeof(f->db), "%s/cpigate.db", f->dir);
	snprintf(f->log, sizeof(f->log), "%s/log", f->base);
	assert_int_equal(cg_log_open(f->log, CG_LOG_INFO, NULL), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char *command = cg_str_printf("rm -r '%s'", f->base);

	cg_log_close();
	assert_int_equal(system(command), 0);
	free(command);
	free(f);
	return 0;
}

static size_t count_logged(const struct fixture *f, const char *text)
{
	FILE *file = fopen(f->log, "r");
	char line[4096];
	size_t n = 0;

	while (fgets(line, sizeof(line), file) != NULL)
		n += strstr(line, text) != NULL;
	fclose(file);
	return n;
}

static struct cg_store *open_store(const struct fixture *f)
{
	struct cg_error err;
	struct cg_store *store = cg_store_open(f->dir, &err);

	if (store == NULL)
		fail_msg("%s", err.text);
	return store;
}

static void put_note(struct cg_store *store, const char *format, int i)
{
	char note[64];

	snprintf(note, sizeof(note), format, i);
	cg_store_put_event(store, &(struct cg_event){.wall_ms = i + 1,
	                                             .kind = CG_EVENT_RESUME,
	                                             .note = note,
	                                             .lasted_ms = -1});
}

static void put_drain(struct cg_store *store, const char *tenant, int64_t until, const char *note)
{
	cg_store_put_drain(store, &(struct cg_decision_drain){.tenant = (char *)(uintptr_t)tenant,
	                                                      .since_wall_ms = 5,
	                                                      .until_wall_ms = until,
	                                                      .note = (char *)(uintptr_t)note});
}

static void put_switch(struct cg_store *store, const char *pool, const char *tenant)
{
	cg_store_put_switch(store, &(struct cg_decision_switch){.pool = (char *)(uintptr_t)pool,
	                                                        .tenant = (char *)(uintptr_t)tenant,
	                                                        .since_wall_ms = 7});
}

/* What the file has, by a connection of the test's own. */
static int64_t query(const struct fixture *f, const char *sql)
{
	sqlite3_stmt *statement;
	sqlite3 *sqlite;
	int64_t value;

	assert_int_equal(sqlite3_open_v2(f->db, &sqlite, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	(void)sqlite3_busy_timeout(sqlite, 5000);
	assert_int_equal(sqlite3_prepare_v2(sqlite, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	value = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(sqlite);
	return value;
}

static void execute(const struct fixture *f, const char *sql)
{
	sqlite3 *sqlite;

	assert_int_equal(sqlite3_open(f->db, &sqlite), SQLITE_OK);
	assert_int_equal(sqlite3_exec(sqlite, sql, NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(sqlite);
}

static void wait_for(const struct fixture *f, const char *sql, int64_t value)
{
	for (int i = 0; i < 1000 && query(f, sql) != value; i++)
		(void)poll(NULL, 0, 5);
	assert_int_equal(query(f, sql), value);
}

static size_t count_files(const struct fixture *f, const char *pattern)
{
	char *path = cg_str_printf("%s/%s", f->dir, pattern);
	glob_t found;
	size_t n = glob(path, 0, NULL, &found) == 0 ? found.gl_pathc : 0;

	if (n > 0)
		globfree(&found);
	free(path);
	return n;
}

static void test_events_and_decisions_survive(void **state)
{
	struct fixture *f = *state;
	struct cg_store *store = open_store(f);
	struct cg_journal *journal = cg_journal_new();
	const struct cg_decisions *decisions;
	const struct cg_event *event;
	struct stat st;

	assert_int_equal(stat(f->dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0750);
	assert_int_equal(stat(f->db, &st), 0);
	assert_int_equal(st.st_mode & 0007, 0);
	cg_store_attach(store, journal);
	cg_journal_add(journal, &(struct cg_event){.kind = CG_EVENT_STATE,
	                                           .tenant = (char *)"eu20",
	                                           .pool = (char *)"p",
	                                           .from = (char *)"online",
	                                           .to = (char *)"degraded",
	                                           .reason = (char *)"it's \"why\"",
	                                           .lasted_ms = 123});
	cg_journal_add(journal, &(struct cg_event){.kind = CG_EVENT_STOP, .lasted_ms = -1});
	put_drain(store, "eu20", 99, "n\xc3\xb6te");
	put_drain(store, "us21", 0, NULL);
	put_drain(store, "us21", 1, NULL);
	put_drain(store, "ap10", 1, NULL);
	cg_store_clear_drain(store, "ap10");
	put_switch(store, "p", "eu20");
	put_switch(store, "p", "us21");
	put_switch(store, "q", "us21");
	cg_store_clear_switch(store, "q");
	cg_store_close(store);
	cg_journal_free(journal);

	store = open_store(f);
	journal = cg_journal_new();
	cg_store_attach(store, journal);
	assert_int_equal(cg_journal_count(journal), 2);
	assert_int_equal(cg_journal_at(journal, 0)->kind, CG_EVENT_STOP);
	event = cg_journal_at(journal, 1);
	assert_string_equal(event->tenant, "eu20");
	assert_string_equal(event->pool, "p");
	assert_string_equal(event->from, "online");
	assert_string_equal(event->to, "degraded");
	assert_string_equal(event->reason, "it's \"why\"");
	assert_null(event->note);
	assert_int_equal(event->lasted_ms, 123);
	assert_true(event->wall_ms > 0);
	decisions = cg_store_decisions(store);
	assert_int_equal(decisions->drains_n, 2);
	assert_string_equal(decisions->drains[0].tenant, "eu20");
	assert_string_equal(decisions->drains[0].note, "n\xc3\xb6te");
	assert_int_equal(decisions->drains[0].until_wall_ms, 99);
	assert_int_equal(decisions->drains[0].since_wall_ms, 5);
	assert_int_equal(decisions->drains[1].until_wall_ms, 1);
	assert_null(decisions->drains[1].note);
	assert_int_equal(decisions->switches_n, 1);
	assert_string_equal(decisions->switches[0].pool, "p");
	assert_string_equal(decisions->switches[0].tenant, "us21");
	cg_store_close(store);
	cg_journal_free(journal);
	assert_int_equal(count_files(f, "*"), 1);
	assert_int_equal(count_logged(f, ""), 0);
}

static void test_without_a_store_nothing_happens(void **state)
{
	(void)state;
	cg_store_put_event(NULL, &(struct cg_event){.wall_ms = 1});
	cg_store_clear_drain(NULL, "a");
	cg_store_clear_switch(NULL, "a");
	put_drain(NULL, "a", 0, NULL);
	put_switch(NULL, "a", "b");
	cg_store_close(NULL);
}

static void test_what_is_put_is_soon_in_the_file(void **state)
{
	struct fixture *f = *state;
	struct cg_store *store = open_store(f);

	put_drain(store, "eu20", 0, NULL);
	wait_for(f, "SELECT count(*) FROM drains", 1);
	cg_store_close(store);
}

static void test_the_newest_events_are_kept_and_loaded(void **state)
{
	struct fixture *f = *state;
	struct cg_store *store = open_store(f);
	struct cg_journal *journal = cg_journal_new();

	for (int i = 0; i < CG_STORE_DB_EVENTS_MAX + 500; i++) {
		put_note(store, "%d", i);
		/* The queue is bounded too. */
		if (i % 4000 == 3999)
			wait_for(f, "SELECT max(wall_ms) FROM events", i + 1);
	}
	cg_store_close(store);
	assert_int_equal(query(f, "SELECT count(*) FROM events"), CG_STORE_DB_EVENTS_MAX);
	assert_int_equal(query(f, "SELECT min(wall_ms) FROM events"), 501);
	store = open_store(f);
	cg_store_attach(store, journal);
	assert_int_equal(cg_journal_count(journal), CG_JOURNAL_SIZE);
	assert_string_equal(cg_journal_at(journal, 0)->note, "10499");
	assert_string_equal(cg_journal_at(journal, CG_JOURNAL_SIZE - 1)->note, "9500");
	cg_store_close(store);
	cg_journal_free(journal);
}

/* ---- damage ---- */

static void assert_set_aside(struct fixture *f, const char *why)
{
	struct cg_journal *journal = cg_journal_new();
	struct cg_store *store = open_store(f);

	assert_int_equal(count_files(f, "cpigate.db.damaged-????????T??????"), 1);
	assert_int_equal(count_logged(f, " error "), 1);
	assert_int_equal(count_logged(f, why), 1);
	cg_store_attach(store, journal);
	assert_int_equal(cg_journal_count(journal), 1);
	assert_int_equal(cg_journal_at(journal, 0)->kind, CG_EVENT_STORE);
	assert_non_null(strstr(cg_journal_at(journal, 0)->reason, "is damaged"));
	assert_int_equal(cg_store_decisions(store)->drains_n, 0);
	put_drain(store, "us21", 0, NULL);
	cg_store_close(store);
	cg_journal_free(journal);
	/* The new one is as good as any. */
	store = open_store(f);
	assert_int_equal(cg_store_decisions(store)->drains_n, 1);
	cg_store_close(store);
	assert_int_equal(count_logged(f, " error "), 1);
}

static void write_file(const char *path, const void *bytes, size_t n)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, n, file), n);
	fclose(file);
}

static void test_random_bytes_are_set_aside(void **state)
{
	struct fixture *f = *state;
	char bytes[8192];
	char *wal = cg_str_printf("%s-wal", f->db);

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 2654435761u >> 13);
	assert_int_equal(mkdir(f->dir, 0700), 0);
	write_file(f->db, bytes, sizeof(bytes));
	write_file(wal, bytes, sizeof(bytes));
	assert_set_aside(f, "file is not a database");
	assert_int_equal(count_files(f, "cpigate.db.damaged-*-wal"), 1);
	free(wal);
}

/* A database with some pages. */
static void fill(struct fixture *f)
{
	struct cg_store *store = open_store(f);

	for (int i = 0; i < 3000; i++)
		put_note(store, "note %d", i);
	put_drain(store, "eu20", 0, NULL);
	cg_store_close(store);
}

static void test_a_truncated_file_is_set_aside(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	fill(f);
	assert_int_equal(stat(f->db, &st), 0);
	assert_int_equal(truncate(f->db, st.st_size / 2 + 100), 0);
	assert_set_aside(f, "is damaged (");
}

static void test_an_overwritten_page_is_set_aside(void **state)
{
	struct fixture *f = *state;
	FILE *file;

	fill(f);
	file = fopen(f->db, "r+");
	assert_int_equal(fseek(file, 4096 * 5L, SEEK_SET), 0);
	for (int i = 0; i < 4096; i++)
		fputc(i * 7 % 251, file);
	fclose(file);
	assert_set_aside(f, "is damaged (");
}

static void test_a_later_version_is_set_aside(void **state)
{
	struct fixture *f = *state;

	fill(f);
	execute(f, "PRAGMA user_version = 99");
	assert_set_aside(f, "its version 99 is not known to this program (1)");
}

static void test_tables_of_someone_else_are_set_aside(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(mkdir(f->dir, 0700), 0);
	execute(f, "CREATE TABLE events (x)");
	assert_set_aside(f, "table events already exists");
}

static void test_missing_columns_are_set_aside(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(mkdir(f->dir, 0700), 0);
	execute(f, "CREATE TABLE events (x); PRAGMA user_version = 1");
	assert_set_aside(f, "has no column named");
}

static void test_two_damages_in_one_second_are_both_kept(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(mkdir(f->dir, 0700), 0);
	for (int i = 0; i < 3; i++) {
		write_file(f->db, "this is not a database at all", 29);
		cg_store_close(open_store(f));
	}
	assert_int_equal(count_files(f, "cpigate.db.damaged-*"), 3);
}

static void test_an_empty_file_is_no_damage(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(mkdir(f->dir, 0700), 0);
	write_file(f->db, "", 0);
	cg_store_close(open_store(f));
	assert_int_equal(count_logged(f, ""), 0);
}

/* ---- crashes, neighbours, disks ---- */

/* Event and drain go together, so that a reader can tell a torn state. */
_Noreturn static void write_until_killed(const struct fixture *f, int ready)
{
	struct cg_store *store = open_store(f);
	char tenant[16];

	for (int i = 0;; i++) {
		snprintf(tenant, sizeof(tenant), "t%d", i % 50);
		put_drain(store, tenant, i + 1, "note");
		put_note(store, "%d", i);
		if (i == 200)
			assert_int_equal(write(ready, "x", 1), 1);
		if (i % 64 == 0)
			(void)poll(NULL, 0, 1);
	}
}

static void test_kill_in_the_middle_of_writing(void **state)
{
	struct fixture *f = *state;

	for (int round = 0; round < 10; round++) {
		int pipes[2];
		pid_t child;
		char byte;

		assert_int_equal(pipe(pipes), 0);
		child = fork();
		if (child == 0)
			write_until_killed(f, pipes[1]);
		assert_int_equal(read(pipes[0], &byte, 1), 1);
		(void)poll(NULL, 0, round * 3);
		assert_int_equal(kill(child, SIGKILL), 0);
		assert_int_equal(waitpid(child, NULL, 0), child);
		close(pipes[0]);
		close(pipes[1]);
		cg_store_close(open_store(f));
		/* In order and without gaps: the newest drain is the newest event's, or the next
		 * one's. */
		assert_in_range(query(f, "SELECT (SELECT max(until_ms) FROM drains) - "
		                         "(SELECT wall_ms FROM events ORDER BY id DESC LIMIT 1)"),
		                0, 1);
		execute(f, "DELETE FROM drains");
	}
	assert_int_equal(count_logged(f, " error "), 0);
	assert_int_equal(count_files(f, "*damaged*"), 0);
}

static void test_two_gateways_at_once(void **state)
{
	struct fixture *f = *state;
	struct cg_store *old = open_store(f);
	struct cg_store *fresh;

	put_drain(old, "eu20", 0, NULL);
	wait_for(f, "SELECT count(*) FROM drains", 1);
	fresh = open_store(f);
	assert_int_equal(cg_store_decisions(fresh)->drains_n, 1);
	for (int i = 0; i < 500; i++) {
		put_note(old, "old %d", i);
		put_note(fresh, "fresh %d", i);
	}
	cg_store_clear_drain(fresh, "eu20");
	cg_store_close(old);
	put_note(fresh, "last %d", 1000);
	cg_store_close(fresh);
	assert_int_equal(query(f, "SELECT count(*) FROM events"), 1001);
	assert_int_equal(query(f, "SELECT count(DISTINCT note) FROM events"), 1001);
	assert_int_equal(query(f, "SELECT count(*) FROM drains"), 0);
	assert_int_equal(count_logged(f, " error "), 0);
}

static void test_many_start_at_once(void **state)
{
	enum { N = 8 };
	struct fixture *f = *state;

	for (int i = 0; i < N; i++) {
		if (fork() == 0) {
			struct cg_store *store = open_store(f);

			put_note(store, "%d", i);
			cg_store_close(store);
			_exit(0);
		}
	}
	for (int i = 0; i < N; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(query(f, "SELECT count(*) FROM events"), N);
	assert_int_equal(count_files(f, "*damaged*"), 0);
}

static void expect_refused(const char *dir, const char *why)
{
	struct cg_error err;

	assert_null(cg_store_open(dir, &err));
	if (strstr(err.text, why) == NULL)
		fail_msg("%s", err.text);
}

/* Root may write everywhere, so another user tries it. */
static void expect_refused_as_nobody(const char *dir, const char *why)
{
	int status;

	if (fork() == 0) {
		if (geteuid() == 0 && setuid(65534) != 0)
			_exit(1);
		expect_refused(dir, why);
		_exit(0);
	}
	assert_true(wait(&status) > 0);
	assert_int_equal(status, 0);
}

static void test_unusable_directories_are_errors(void **state)
{
	struct fixture *f = *state;
	char *deep = cg_str_printf("%s/a/b", f->dir);

	expect_refused(deep, "cannot be made: No such file or directory");
	expect_refused(f->log, "is not a directory");
	assert_int_equal(chmod(f->base, 0755), 0);
	assert_int_equal(mkdir(f->dir, 0555), 0);
	assert_int_equal(chmod(f->dir, 0555), 0);
	expect_refused_as_nobody(f->dir, "cannot be written: Permission denied");
	assert_int_equal(chmod(f->dir, 0777), 0);
	cg_store_close(open_store(f));
	assert_int_equal(chmod(f->db, 0444), 0);
	expect_refused_as_nobody(f->dir, "cpigate.db: ");
	assert_int_equal(count_files(f, "*damaged*"), 0);
	free(deep);
}

static void set_file_limit(rlim_t bytes)
{
	struct rlimit limit = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The log must go on being written: it stays far below the limit. */
static void run_on_a_full_disk(const struct fixture *f)
{
	struct cg_store *store = open_store(f);
	int64_t start;

	(void)signal(SIGXFSZ, SIG_IGN);
	put_note(store, "before %d", 0);
	wait_for(f, "SELECT count(*) FROM events", 1);
	set_file_limit(64 * 1024);
	start = cg_clock_now_ms();
	for (int i = 0; i < CG_STORE_QUEUE_MAX * 2; i++)
		put_note(store, "full %d", i);
	put_drain(store, "eu20", 0, NULL);
	assert_true(cg_clock_now_ms() - start < 5000);
	for (int i = 0; i < 1000 && count_logged(f, "cannot be written") == 0; i++)
		(void)poll(NULL, 0, 5);
	/* It tries again a few times without a word. */
	(void)poll(NULL, 0, 2500);
	assert_int_equal(count_logged(f, "cannot be written"), 1);
	set_file_limit(RLIM_INFINITY);
	wait_for(f, "SELECT count(*) FROM drains", 1);
	assert_int_equal(count_logged(f, "can be written again"), 1);
	cg_store_close(store);
}

static void test_full_disk_is_told_once_and_ends(void **state)
{
	struct fixture *f = *state;
	int status;

	if (fork() == 0) {
		run_on_a_full_disk(f);
		_exit(0);
	}
	assert_true(wait(&status) > 0);
	assert_int_equal(status, 0);
	assert_int_equal(count_logged(f, "the disk does not keep up"), 1);
	assert_int_equal(count_logged(f, "events were not kept"), 1);
	/* The newest are those that stay. */
	assert_int_equal(query(f, "SELECT wall_ms FROM events ORDER BY id DESC LIMIT 1"),
	                 CG_STORE_QUEUE_MAX * 2);
	assert_int_equal(query(f, "PRAGMA user_version"), cg_store_schema_version());
}

static void test_close_on_a_full_disk_does_not_hang(void **state)
{
	struct fixture *f = *state;
	int status;

	if (fork() == 0) {
		struct cg_store *store = open_store(f);

		(void)signal(SIGXFSZ, SIG_IGN);
		set_file_limit(16 * 1024);
		for (int i = 0; i < 1000; i++)
			put_note(store, "full %d", i);
		cg_store_close(store);
		_exit(0);
	}
	assert_true(wait(&status) > 0);
	assert_int_equal(status, 0);
	assert_int_equal(count_logged(f, "the last changes are lost"), 1);
	cg_store_close(open_store(f));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_events_and_decisions_survive),
	        TEST(test_without_a_store_nothing_happens),
	        TEST(test_what_is_put_is_soon_in_the_file),
	        TEST(test_the_newest_events_are_kept_and_loaded),
	        TEST(test_random_bytes_are_set_aside),
	        TEST(test_a_truncated_file_is_set_aside),
	        TEST(test_an_overwritten_page_is_set_aside),
	        TEST(test_a_later_version_is_set_aside),
	        TEST(test_tables_of_someone_else_are_set_aside),
	        TEST(test_missing_columns_are_set_aside),
	        TEST(test_two_damages_in_one_second_are_both_kept),
	        TEST(test_an_empty_file_is_no_damage),
	        TEST(test_kill_in_the_middle_of_writing),
	        TEST(test_two_gateways_at_once),
	        TEST(test_many_start_at_once),
	        TEST(test_unusable_directories_are_errors),
	        TEST(test_full_disk_is_told_once_and_ends),
	        TEST(test_close_on_a_full_disk_does_not_hang),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
