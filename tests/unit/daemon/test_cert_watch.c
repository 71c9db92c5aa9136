/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/cert_watch: files that are replaced while a listener serves the old ones. */
#include "daemon/cert_watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/certs.h"

#include "../test_config.h"

struct scene {
	struct cg_loop *loop;
	struct cg_journal *journal;
	struct cg_snapshot *snapshot;
	struct cg_cert_watch watch;
	struct cg_tls_server *first;
};

static void make(const char *file, const char *names, long from_s, long until_s)
{
	certs_make((struct certs_wish){
	        .file = file, .names = names, .ec = "P-256", .from_s = from_s, .until_s = until_s});
}

static int setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct cg_report report;
	struct cg_config *config;

	make("live", "DNS:a.test,DNS:b.test", 0, 0);
	config = test_config_load(certs_path("gw", ".ini"), "[listen plain]\n"
	                                                    "address = 127.0.0.1:0\n"
	                                                    "tls = off\n"
	                                                    "[listen https]\n"
	                                                    "address = 127.0.0.1:0\n"
	                                                    "certificate = live.pem\n"
	                                                    "private_key = live.key\n"
	                                                    "[tenant t]\n"
	                                                    "url = http://127.0.0.1:1\n"
	                                                    "[pool p]\n"
	                                                    "tenants = t\n");
	if (config == NULL)
		return -1;
	cg_report_init(&report);
	s->snapshot = cg_snapshot_new(config, NULL, &report);
	cg_report_fini(&report);
	s->loop = cg_loop_new();
	s->journal = cg_journal_new();
	cg_cert_watch_init(&s->watch, s->loop, s->journal);
	cg_cert_watch_look(&s->watch); /* nothing to watch yet */
	cg_cert_watch_apply(&s->watch, s->snapshot);
	s->first = cg_snapshot_tls(&s->snapshot->listeners[1]);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	cg_cert_watch_fini(&s->watch);
	cg_snapshot_unref(s->snapshot);
	cg_journal_free(s->journal);
	cg_loop_free(s->loop);
	free(s);
	return 0;
}

static void copy(const char *from, const char *to)
{
	char *command = cg_str_printf("cp %s %s", certs_path(from, ""), certs_path(to, ""));

	assert_int_equal(system(command), 0);
	free(command);
}

static bool is_replaced(const struct scene *s)
{
	return cg_snapshot_tls(&s->snapshot->listeners[1]) != s->first;
}

/* EVENTS_N so far; the last one says TO and has REASON in its text. */
static void assert_event(const struct scene *s, size_t events_n, const char *to, const char *reason)
{
	const struct cg_event *event;

	assert_int_equal(cg_journal_count(s->journal), events_n);
	event = cg_journal_at(s->journal, 0);
	assert_int_equal(event->kind, CG_EVENT_CERTIFICATE);
	assert_string_equal(event->to, to);
	assert_non_null(strstr(event->reason, "listener https"));
	assert_non_null(strstr(event->reason, reason));
}

/* Bad files are said once, however often they are looked at. */
static void assert_left_alone(struct scene *s, size_t events_n, const char *reason)
{
	for (int i = 0; i < 5; i++)
		cg_cert_watch_look(&s->watch);
	assert_event(s, events_n, "left", reason);
	assert_false(is_replaced(s));
}

static void test_same_files_are_no_event(void **state)
{
	struct scene *s = *state;

	copy("live.pem", "copy.pem");
	copy("copy.pem", "live.pem"); /* written again as it was */
	cg_cert_watch_look(&s->watch);
	assert_int_equal(cg_journal_count(s->journal), 0);
	assert_false(is_replaced(s));
}

static void test_good_new_pair_is_taken_once(void **state)
{
	struct scene *s = *state;
	struct cg_tls_server *second;

	make("live", "DNS:b.test,DNS:a.test,DNS:c.test", 0, 0);
	cg_cert_watch_look(&s->watch);
	assert_event(s, 1, "taken", "new certificate taken");
	assert_true(is_replaced(s));
	second = cg_snapshot_tls(&s->snapshot->listeners[1]);
	assert_int_equal(cg_tls_server_certificate(second, 0)->names_n, 3);
	cg_cert_watch_look(&s->watch);
	assert_int_equal(cg_journal_count(s->journal), 1);
	assert_ptr_equal(cg_snapshot_tls(&s->snapshot->listeners[1]), second);
	/* And the next one. */
	make("live", "DNS:*.test", 0, 0);
	cg_cert_watch_look(&s->watch);
	assert_int_equal(cg_journal_count(s->journal), 1 + 1);
	assert_ptr_not_equal(cg_snapshot_tls(&s->snapshot->listeners[1]), second);
}

static void test_half_written_pair_is_left_until_it_is_whole(void **state)
{
	struct scene *s = *state;

	make("next", "DNS:a.test,DNS:b.test", 0, 0);
	copy("next.pem", "live.pem");
	assert_left_alone(s, 1, "key");
	copy("next.key", "live.key");
	cg_cert_watch_look(&s->watch);
	assert_event(s, 2, "taken", "");
	assert_true(is_replaced(s));
}

static void test_damaged_file_is_left(void **state)
{
	struct scene *s = *state;

	certs_write_text("live.pem", "no certificate\n");
	assert_left_alone(s, 1, "new certificate files left alone: ");
}

static void test_pair_that_is_no_better_is_left_with_the_reason(void **state)
{
	struct scene *s = *state;

	make("live", "DNS:a.test,DNS:b.test", -2 * CERTS_DAY_S, -CERTS_DAY_S);
	assert_left_alone(s, 1, "has expired");
	make("live", "DNS:a.test,DNS:b.test", CERTS_DAY_S, 2 * CERTS_DAY_S);
	assert_left_alone(s, 2, "is not valid yet");
	make("live", "DNS:a.test", 0, 0);
	assert_left_alone(s, 3, "covers b.test");
}

/* As while it is replaced; missing for longer is said, once. */
static void test_missing_file_is_said_when_it_stays_away(void **state)
{
	struct scene *s = *state;

	copy("live.key", "away.key");
	assert_int_equal(unlink(certs_path("live", ".key")), 0);
	cg_cert_watch_look(&s->watch);
	assert_int_equal(cg_journal_count(s->journal), 0);
	assert_left_alone(s, 1, "can't be read");
	copy("away.key", "live.key");
	cg_cert_watch_look(&s->watch);
	assert_int_equal(cg_journal_count(s->journal), 1);
	assert_false(is_replaced(s));
}

static void test_snapshot_of_a_reload_is_watched_from_its_own_files(void **state)
{
	struct scene *s = *state;

	make("live", "DNS:a.test,DNS:b.test", 0, 0);
	cg_cert_watch_apply(&s->watch, s->snapshot);
	cg_cert_watch_look(&s->watch);
	assert_int_equal(cg_journal_count(s->journal), 0);
}

static int group_setup(void **state)
{
	(void)state;
	return certs_setup();
}

static int group_teardown(void **state)
{
	(void)state;
	return certs_teardown();
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_same_files_are_no_event),
	        TEST(test_good_new_pair_is_taken_once),
	        TEST(test_half_written_pair_is_left_until_it_is_whole),
	        TEST(test_damaged_file_is_left),
	        TEST(test_pair_that_is_no_better_is_left_with_the_reason),
	        TEST(test_missing_file_is_said_when_it_stays_away),
	        TEST(test_snapshot_of_a_reload_is_watched_from_its_own_files),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
