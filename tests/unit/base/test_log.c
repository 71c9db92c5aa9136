/* SPDX-License-Identifier: BSD-2-Clause */
/* The error log: its lines, levels, truncation, rotation under fire. */
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"

enum { LINE_MAX_LEN = 4096, THREADS_N = 3, LINES_N = 2000, TIME_LEN = 24 };

struct place {
	char dir[64];
	char path[96];
	char old_path[96];
};

static int setup(void **state)
{
	struct place *place = cg_mem_alloc(sizeof(*place));

	snprintf(place->dir, sizeof(place->dir), "/tmp/cpigate-test-log-XXXXXX");
	if (mkdtemp(place->dir) == NULL)
		return -1;
	snprintf(place->path, sizeof(place->path), "%s/log", place->dir);
	snprintf(place->old_path, sizeof(place->old_path), "%s/log.1", place->dir);
	*state = place;
	return 0;
}

static int teardown(void **state)
{
	struct place *place = *state;

	cg_log_close();
	unlink(place->path);
	unlink(place->old_path);
	rmdir(place->dir);
	free(place);
	return 0;
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	size_t size = 0;
	char *text = NULL;

	if (file == NULL)
		return cg_mem_strdup("");
	if (getdelim(&text, &size, '\0', file) < 0) {
		free(text);
		text = cg_mem_strdup("");
	}
	fclose(file);
	return text;
}

/* The only line of the file, without its time and newline. */
static char *read_line(const char *path)
{
	char *text = read_file(path);
	size_t len = strlen(text);

	assert_true(len > TIME_LEN + 1);
	assert_ptr_equal(strchr(text, '\n'), text + len - 1);
	text[len - 1] = '\0';
	memmove(text, text + TIME_LEN + 1, len - TIME_LEN - 1);
	return text;
}

static void open_log(const struct place *place, enum cg_log_level level)
{
	struct cg_error err;

	assert_int_equal(cg_log_open(place->path, level, &err), 0);
}

static void test_line_has_time_level_and_text(void **state)
{
	struct place *place = *state;

	open_log(place, CG_LOG_INFO);
	cg_log(CG_LOG_WARNING, "tenant %s is %d", "eu20", 7);
	char *text = read_file(place->path);
	assert_int_equal(text[4], '-');
	assert_int_equal(text[10], 'T');
	assert_int_equal(text[19], '.');
	assert_string_equal(text + TIME_LEN - 1, "Z warning tenant eu20 is 7\n");
	free(text);
}

static void test_level_filters(void **state)
{
	struct place *place = *state;

	open_log(place, CG_LOG_WARNING);
	assert_true(cg_log_is_on(CG_LOG_ERROR));
	assert_true(cg_log_is_on(CG_LOG_WARNING));
	assert_false(cg_log_is_on(CG_LOG_INFO));
	cg_log(CG_LOG_INFO, "not this");
	cg_log(CG_LOG_DEBUG, "nor this");
	cg_log(CG_LOG_ERROR, "but this");
	char *line = read_line(place->path);
	assert_string_equal(line, "error but this");
	free(line);
	assert_string_equal(cg_log_level_name(CG_LOG_DEBUG), "debug");
}

static void test_value_cannot_forge_a_line(void **state)
{
	struct place *place = *state;

	open_log(place, CG_LOG_INFO);
	cg_log(CG_LOG_INFO, "host %s",
	       "a\r\n2026-11-21T05:28:00.123Z error \x1b[31m\x7f\tM\xc3\xbc");
	char *line = read_line(place->path);
	assert_string_equal(line, "info host a\\x0d\\x0a2026-11-21T05:28:00.123Z error "
	                          "\\x1b[31m\\x7f\\x09M\xc3\xbc");
	free(line);
}

static void test_long_line_is_cut_and_marked(void **state)
{
	struct place *place = *state;
	char text[6000];
	size_t room = LINE_MAX_LEN - TIME_LEN - strlen(" info ") - 1;

	memset(text, 'x', sizeof(text));
	for (size_t len = room - 5; len < room + 5; len++) {
		open_log(place, CG_LOG_INFO);
		cg_log(CG_LOG_INFO, "%.*s", (int)len, text);
		char *line = read_line(place->path);
		assert_int_equal(strlen(line), strlen("info ") + CG_MIN(len, room));
		assert_int_equal(strcmp(line + strlen(line) - 3, "...") == 0, len > room);
		free(line);
		unlink(place->path);
	}
}

static void test_cut_does_not_split_characters(void **state)
{
	struct place *place = *state;

	for (int shift = 0; shift < 4; shift++) {
		struct cg_str part[2] = {CG_STR("\xf0\x9f\x98\x80"), CG_STR("\n")};

		for (size_t kind = 0; kind < 2; kind++) {
			char text[5000] = "aaaa";
			size_t at = (size_t)shift;

			for (; at + part[kind].len < sizeof(text); at += part[kind].len)
				memcpy(text + at, part[kind].ptr, part[kind].len);
			text[at] = '\0';
			open_log(place, CG_LOG_INFO);
			cg_log(CG_LOG_INFO, "%s", text);
			char *line = read_line(place->path);
			size_t len = strlen(line) - strlen("info ") - (size_t)shift - 3;
			assert_string_equal(line + strlen(line) - 3, "...");
			assert_int_equal(len % 4, 0);
			free(line);
			unlink(place->path);
		}
	}
}

static void test_reopen_after_rename(void **state)
{
	struct place *place = *state;

	open_log(place, CG_LOG_INFO);
	cg_log(CG_LOG_INFO, "first");
	assert_int_equal(rename(place->path, place->old_path), 0);
	cg_log(CG_LOG_INFO, "second");
	cg_log_reopen();
	cg_log(CG_LOG_INFO, "third");
	char *old_text = read_file(place->old_path);
	char *line = read_line(place->path);
	assert_non_null(strstr(old_text, "info first\n"));
	assert_non_null(strstr(old_text, "info second\n"));
	assert_string_equal(line, "info third");
	free(old_text);
	free(line);
}

static void test_failed_open_keeps_the_target(void **state)
{
	struct place *place = *state;
	struct cg_error err;

	open_log(place, CG_LOG_INFO);
	assert_int_equal(cg_log_open("/nonexistent/log", CG_LOG_DEBUG, &err), -1);
	assert_non_null(strstr(err.text, "/nonexistent/log"));
	assert_false(cg_log_is_on(CG_LOG_DEBUG));
	cg_log(CG_LOG_INFO, "still here");
	char *line = read_line(place->path);
	assert_string_equal(line, "info still here");
	free(line);
}

static void test_errno_survives(void **state)
{
	open_log(*state, CG_LOG_INFO);
	errno = ENOENT;
	cg_log(CG_LOG_INFO, "why: %s", strerror(errno));
	assert_int_equal(errno, ENOENT);
}

static void *write_lines(void *arg)
{
	_Atomic int *done = arg;

	for (int i = 0; i < LINES_N; i++)
		cg_log(CG_LOG_INFO, "line %d", i);
	atomic_fetch_add(done, 1);
	return NULL;
}

static size_t count_lines(const char *path)
{
	char *text = read_file(path);
	size_t n = 0;

	for (char *p = text; *p != '\0'; p++)
		n += *p == '\n';
	free(text);
	return n;
}

static void test_no_line_is_lost_while_reopening(void **state)
{
	struct place *place = *state;
	pthread_t threads[THREADS_N];
	_Atomic int done = 0;

	open_log(place, CG_LOG_INFO);
	for (size_t i = 0; i < THREADS_N; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_lines, &done), 0);
	/* The file stays where it is: each line must arrive, whichever descriptor it went through.
	 */
	while (atomic_load(&done) < THREADS_N) {
		open_log(place, CG_LOG_INFO);
		cg_log_reopen();
	}
	for (size_t i = 0; i < THREADS_N; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(count_lines(place->path), THREADS_N * LINES_N);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_line_has_time_level_and_text, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_level_filters, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_value_cannot_forge_a_line, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_long_line_is_cut_and_marked, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_cut_does_not_split_characters, setup,
	                                        teardown),
	        cmocka_unit_test_setup_teardown(test_reopen_after_rename, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_failed_open_keeps_the_target, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_errno_survives, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_no_line_is_lost_while_reopening, setup,
	                                        teardown),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
