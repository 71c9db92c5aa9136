/* SPDX-License-Identifier: BSD-2-Clause */
/* proxy/access_writer: lines arrive whole and in order, through rotation and a full disk. */
#include "proxy/access_writer.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"

enum { WORKERS_N = 2, LINES_N = 20000, LINE_SIZE = 128, LIMIT_MS = 20000 };

struct place {
	char dir[64];
	char path[96];
	char old_path[96];
	char log_path[96];
};

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	struct cg_error err;

	snprintf(place->dir, sizeof(place->dir), "/tmp/cpigate-test-writer-XXXXXX");
	if (mkdtemp(place->dir) == NULL)
		return -1;
	snprintf(place->path, sizeof(place->path), "%s/access", place->dir);
	snprintf(place->old_path, sizeof(place->old_path), "%s/access.1", place->dir);
	snprintf(place->log_path, sizeof(place->log_path), "%s/log", place->dir);
	*state = place;
	return cg_log_open(place->log_path, CG_LOG_INFO, &err);
}

static int teardown(void **state)
{
	struct place *place = *state;

	cg_log_close();
	(void)remove(place->path);
	(void)remove(place->old_path);
	(void)remove(place->log_path);
	(void)rmdir(place->dir);
	free(place);
	return 0;
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (file == NULL)
		return strdup("");
	if (getdelim(&text, &size, '\0', file) < 0) {
		free(text);
		text = strdup("");
	}
	fclose(file);
	return text;
}

/* Until PATH holds TEXT. */
static void wait_for(const char *path, const char *text)
{
	int64_t end = cg_clock_now_ms() + LIMIT_MS;
	bool is_there = false;

	while (!is_there) {
		char *all = read_file(path);

		is_there = strstr(all, text) != NULL;
		free(all);
		assert_true(is_there || cg_clock_now_ms() < end);
		sched_yield();
	}
}

static size_t count(const char *path, const char *text)
{
	char *all = read_file(path);
	size_t n = 0;

	for (const char *at = all; (at = strstr(at, text)) != NULL; at++)
		n++;
	free(all);
	return n;
}

static struct cg_access_writer *writer_new(const char *target, unsigned workers_n)
{
	struct cg_error err;
	struct cg_access_writer *writer = cg_access_writer_new(target, workers_n, &err);

	assert_non_null(writer);
	return writer;
}

/* As a test may: a worker would drop the line. */
static void put(struct cg_access_writer *writer, unsigned worker, const char *line)
{
	while (!cg_access_writer_put(writer, worker, cg_str_from(line)))
		sched_yield();
}

/* ---- two workers ---- */

struct source {
	struct cg_access_writer *writer;
	unsigned worker;
};

/* Lines of all lengths, so that they lie across the ring's end in many ways. */
static void line_make(char line[LINE_SIZE], unsigned worker, unsigned number)
{
	int len = snprintf(line, LINE_SIZE, "%u %u ", worker, number);
	size_t fill = number % 97;

	memset(line + len, 'x', fill);
	memcpy(line + (size_t)len + fill, "\n", 2);
}

static void *source_run(void *arg)
{
	struct source *source = arg;
	char line[LINE_SIZE];

	for (unsigned i = 0; i < LINES_N; i++) {
		line_make(line, source->worker, i);
		put(source->writer, source->worker, line);
	}
	return NULL;
}

static void test_lines_of_two_workers_are_whole_and_in_order(void **state)
{
	struct place *place = *state;
	struct cg_access_writer *writer = writer_new(place->path, WORKERS_N);
	struct source sources[WORKERS_N];
	pthread_t threads[WORKERS_N];
	unsigned next[WORKERS_N] = {0};
	char *text, *at;

	for (unsigned i = 0; i < WORKERS_N; i++) {
		sources[i] = (struct source){.writer = writer, .worker = i};
		assert_int_equal(pthread_create(&threads[i], NULL, source_run, &sources[i]), 0);
	}
	for (unsigned i = 0; i < WORKERS_N; i++)
		pthread_join(threads[i], NULL);
	cg_access_writer_free(writer);
	text = at = read_file(place->path);
	while (*at != '\0') {
		unsigned worker = (unsigned)(*at - '0');
		char line[LINE_SIZE];

		assert_true(worker < WORKERS_N);
		line_make(line, worker, next[worker]++);
		assert_int_equal(strncmp(at, line, strlen(line)), 0);
		at += strlen(line);
	}
	assert_int_equal(next[0], LINES_N);
	assert_int_equal(next[1], LINES_N);
	free(text);
}

/* ---- begin and end ---- */

static void test_free_writes_what_the_rings_hold(void **state)
{
	struct place *place = *state;
	struct cg_access_writer *writer = writer_new(place->path, WORKERS_N);

	for (unsigned i = 0; i < 100; i++)
		put(writer, i % WORKERS_N, "line\n");
	cg_access_writer_free(writer);
	assert_int_equal(count(place->path, "line\n"), 100);
	cg_access_writer_free(NULL);
}

static void test_line_arrives_by_itself(void **state)
{
	struct place *place = *state;
	struct cg_access_writer *writer = writer_new(place->path, 1);

	put(writer, 0, "one\n");
	wait_for(place->path, "one\n");
	put(writer, 0, "two\n");
	wait_for(place->path, "two\n");
	cg_access_writer_free(writer);
}

static void test_file_is_appended_to_and_not_for_all_eyes(void **state)
{
	struct place *place = *state;
	struct stat facts;
	mode_t mask = umask(0);
	char *text;

	for (int i = 0; i < 2; i++) {
		struct cg_access_writer *writer = writer_new(place->path, 1);

		put(writer, 0, i == 0 ? "a\n" : "b\n");
		cg_access_writer_free(writer);
	}
	umask(mask);
	text = read_file(place->path);
	assert_string_equal(text, "a\nb\n");
	free(text);
	assert_int_equal(stat(place->path, &facts), 0);
	assert_int_equal(facts.st_mode & 0777, 0640);
}

static void test_file_that_cannot_be_opened_is_an_error(void **state)
{
	struct place *place = *state;
	struct cg_error err;

	assert_null(cg_access_writer_new(place->dir, 1, &err));
	assert_non_null(strstr(err.text, place->dir));
	assert_non_null(strstr(err.text, "Is a directory"));
}

static void test_stdout_is_a_target(void **state)
{
	struct place *place = *state;
	struct cg_access_writer *writer;
	FILE *file = fopen(place->path, "w");
	int saved;

	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	assert_true(saved >= 0 && file != NULL);
	dup2(fileno(file), STDOUT_FILENO);
	writer = writer_new("stdout", 1);
	cg_access_writer_reopen(writer);
	put(writer, 0, "to stdout\n");
	cg_access_writer_free(writer);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	fclose(file);
	assert_int_equal(count(place->path, "to stdout\n"), 1);
}

static void test_closed_stdout_is_an_error(void **state)
{
	struct cg_access_writer *writer;
	struct cg_error err = {0};
	int saved;

	(void)state;
	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	close(STDOUT_FILENO);
	writer = cg_access_writer_new("stdout", 1, &err);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	assert_null(writer);
	assert_string_equal(err.text, "access log stdout: Bad file descriptor");
}

static void test_line_larger_than_the_ring_is_refused(void **state)
{
	enum { HUGE = 2 << 20 };
	struct place *place = *state;
	struct cg_access_writer *writer = writer_new(place->path, 1);
	char *line = calloc(1, HUGE);

	assert_false(cg_access_writer_put(writer, 0, (struct cg_str){.ptr = line, .len = HUGE}));
	put(writer, 0, "next\n");
	cg_access_writer_free(writer);
	free(line);
	line = read_file(place->path);
	assert_string_equal(line, "next\n");
	free(line);
}

/* ---- rotation ---- */

static void test_reopen_after_rename_goes_to_a_new_file(void **state)
{
	struct place *place = *state;
	struct cg_access_writer *writer = writer_new(place->path, 1);
	char *text;

	put(writer, 0, "before\n");
	wait_for(place->path, "before\n");
	assert_int_equal(rename(place->path, place->old_path), 0);
	put(writer, 0, "between\n");
	wait_for(place->old_path, "between\n");
	cg_access_writer_reopen(writer);
	put(writer, 0, "after\n");
	cg_access_writer_free(writer);
	text = read_file(place->old_path);
	assert_string_equal(text, "before\nbetween\n");
	free(text);
	text = read_file(place->path);
	assert_string_equal(text, "after\n");
	free(text);
}

static void test_failed_reopen_keeps_the_old_file(void **state)
{
	struct place *place = *state;
	struct cg_access_writer *writer = writer_new(place->path, 1);

	put(writer, 0, "before\n");
	wait_for(place->path, "before\n");
	assert_int_equal(rename(place->path, place->old_path), 0);
	assert_int_equal(mkdir(place->path, 0700), 0);
	cg_access_writer_reopen(writer);
	assert_int_equal(count(place->log_path, "Is a directory; the old file stays in use"), 1);
	put(writer, 0, "after\n");
	cg_access_writer_free(writer);
	assert_int_equal(count(place->old_path, "before\nafter\n"), 1);
	cg_access_writer_reopen(NULL);
}

/* ---- a full disk ---- */

/* Three rings full: several writes must fail before the last line has found room. */
static void test_full_disk_is_told_once_and_the_writer_goes_on(void **state)
{
	enum { FULL_LINES_N = 3 * 1024, FULL_LINE = 1024 };
	struct place *place = *state;
	struct cg_access_writer *writer;
	char line[FULL_LINE + 1];

	if (access("/dev/full", W_OK) != 0)
		skip();
	assert_int_equal(symlink("/dev/full", place->path), 0);
	writer = writer_new(place->path, 1);
	memset(line, 'x', FULL_LINE);
	memcpy(line + FULL_LINE - 1, "\n", 2);
	for (int i = 0; i < FULL_LINES_N; i++)
		put(writer, 0, line);
	wait_for(place->log_path, "No space left on device; lines are lost");
	assert_int_equal(unlink(place->path), 0);
	cg_access_writer_reopen(writer);
	put(writer, 0, "works\n");
	wait_for(place->path, "works\n");
	cg_access_writer_free(writer);
	assert_int_equal(count(place->log_path, "lines are lost"), 1);
	assert_int_equal(count(place->log_path, "can be written again"), 1);
}

/* ---- another target ---- */

static void retarget(struct cg_access_writer *writer, const char *target)
{
	struct cg_error err = {{0}};

	assert_int_equal(cg_access_writer_retarget(writer, target, &err), 0);
	assert_string_equal(err.text, "");
}

static void assert_holds(const char *path, const char *wanted)
{
	char *text = read_file(path);

	assert_string_equal(text, wanted);
	free(text);
}

static void test_lines_follow_the_target(void **state)
{
	struct place *place = *state;
	struct cg_access_writer *writer = writer_new(NULL, 1);

	put(writer, 0, "nobody wants it\n");
	cg_access_writer_reopen(writer); /* off: no effect */
	/* Off means read and forgotten: the ring is empty before the file comes. */
	for (int i = 0; i < 3 << 10; i++)
		put(writer, 0, "                                                               \n");
	retarget(writer, place->path);
	put(writer, 0, "one\n");
	wait_for(place->path, "one\n");
	retarget(writer, place->old_path);
	put(writer, 0, "two\n");
	wait_for(place->old_path, "two\n");
	retarget(writer, NULL);
	put(writer, 0, "off again\n");
	cg_access_writer_free(writer);
	assert_int_equal(count(place->path, "two\n"), 0);
	assert_holds(place->old_path, "two\n");
}

static void test_file_after_stdout_and_back(void **state)
{
	struct place *place = *state;
	struct cg_access_writer *writer;
	int fd = open(place->old_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	int saved;

	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	assert_true(saved >= 0 && fd >= 0);
	dup2(fd, STDOUT_FILENO);
	writer = writer_new(place->path, 1);
	put(writer, 0, "file\n");
	wait_for(place->path, "file\n");
	(void)!cg_access_writer_retarget(writer, "stdout", NULL);
	put(writer, 0, "stdout\n");
	wait_for(place->old_path, "stdout\n");
	(void)!cg_access_writer_retarget(writer, place->path, NULL);
	put(writer, 0, "file again\n");
	cg_access_writer_free(writer);
	/* It was a copy that was closed. */
	assert_int_equal(write(STDOUT_FILENO, "ours\n", 5), 5);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(fd);
	assert_holds(place->path, "file\nfile again\n");
	assert_holds(place->old_path, "stdout\nours\n");
}

static void test_same_target_is_left_alone(void **state)
{
	struct place *place = *state;
	struct cg_access_writer *writer = writer_new(place->path, 1);

	put(writer, 0, "before\n");
	wait_for(place->path, "before\n");
	assert_int_equal(rename(place->path, place->old_path), 0);
	retarget(writer, place->path);
	put(writer, 0, "after\n");
	cg_access_writer_free(writer);
	assert_holds(place->old_path, "before\nafter\n");
	assert_int_not_equal(access(place->path, F_OK), 0);
}

static void test_bad_target_leaves_the_old_one(void **state)
{
	struct place *place = *state;
	struct cg_access_writer *writer = writer_new(place->path, 1);
	struct cg_error err;

	assert_int_equal(cg_access_writer_retarget(writer, place->dir, &err), -1);
	assert_non_null(strstr(err.text, place->dir));
	assert_non_null(strstr(err.text, "Is a directory"));
	put(writer, 0, "still here\n");
	cg_access_writer_free(writer);
	assert_holds(place->path, "still here\n");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_lines_of_two_workers_are_whole_and_in_order),
	        TEST(test_free_writes_what_the_rings_hold),
	        TEST(test_line_arrives_by_itself),
	        TEST(test_file_is_appended_to_and_not_for_all_eyes),
	        TEST(test_file_that_cannot_be_opened_is_an_error),
	        TEST(test_stdout_is_a_target),
	        TEST(test_closed_stdout_is_an_error),
	        TEST(test_line_larger_than_the_ring_is_refused),
	        TEST(test_reopen_after_rename_goes_to_a_new_file),
	        TEST(test_failed_reopen_keeps_the_old_file),
	        TEST(test_full_disk_is_told_once_and_the_writer_goes_on),
	        TEST(test_lines_follow_the_target),
	        TEST(test_file_after_stdout_and_back),
	        TEST(test_same_target_is_left_alone),
	        TEST(test_bad_target_leaves_the_old_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
