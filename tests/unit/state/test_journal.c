/* SPDX-License-Identifier: BSD-2-Clause */
/* The journal keeps its own copies, newest first, and is bounded. */
#include "state/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void test_newest_first_with_own_texts(void **state)
{
	struct cg_journal *journal = cg_journal_new();
	char tenant[] = "eu20";

	(void)state;
	assert_int_equal(cg_journal_count(journal), 0);
	cg_journal_add(journal, &(struct cg_event){.kind = CG_EVENT_START, .wall_ms = 5});
	cg_journal_add(journal, &(struct cg_event){.kind = CG_EVENT_STATE, .tenant = tenant});
	tenant[0] = 'X';
	assert_int_equal(cg_journal_count(journal), 2);
	assert_string_equal(cg_journal_at(journal, 0)->tenant, "eu20");
	assert_true(cg_journal_at(journal, 0)->wall_ms > 0);
	assert_int_equal(cg_journal_at(journal, 1)->wall_ms, 5);
	assert_null(cg_journal_at(journal, 1)->tenant);
	assert_string_equal(cg_event_kind_name(CG_EVENT_FAILBACK), "failback");
	cg_journal_free(journal);
}

static void test_the_oldest_go(void **state)
{
	struct cg_journal *journal = cg_journal_new();
	char reason[32];

	(void)state;
	for (int i = 0; i < CG_JOURNAL_SIZE + 7; i++) {
		snprintf(reason, sizeof(reason), "%d", i);
		cg_journal_add(journal, &(struct cg_event){.reason = reason});
	}
	assert_int_equal(cg_journal_count(journal), CG_JOURNAL_SIZE);
	assert_string_equal(cg_journal_at(journal, 0)->reason, "1006");
	assert_string_equal(cg_journal_at(journal, CG_JOURNAL_SIZE - 1)->reason, "7");
	cg_journal_free(journal);
	cg_journal_free(NULL);
}

static void count_and_copy(void *owner, const struct cg_event *event)
{
	struct cg_event *last = owner;

	assert_true(event->wall_ms > 0);
	cg_event_fini(last);
	*last = cg_event_copy(event);
}

static void test_sink_hears_what_is_added_but_not_what_is_loaded(void **state)
{
	struct cg_journal *journal = cg_journal_new();
	struct cg_event heard = {.wall_ms = 0};

	(void)state;
	cg_journal_set_sink(journal, count_and_copy, &heard);
	cg_journal_load(journal, &(struct cg_event){.wall_ms = 5, .tenant = (char *)"old"});
	assert_int_equal(heard.wall_ms, 0);
	cg_journal_add(journal, &(struct cg_event){.kind = CG_EVENT_DRAIN,
	                                           .tenant = (char *)"new",
	                                           .note = (char *)"why"});
	assert_int_equal(heard.kind, CG_EVENT_DRAIN);
	assert_string_equal(heard.tenant, "new");
	assert_string_equal(heard.note, "why");
	assert_int_equal(cg_journal_count(journal), 2);
	assert_string_equal(cg_journal_at(journal, 1)->tenant, "old");
	cg_journal_set_sink(journal, NULL, NULL);
	cg_journal_add(journal, &(struct cg_event){.tenant = (char *)"newest"});
	assert_string_equal(heard.tenant, "new");
	cg_event_fini(&heard);
	cg_journal_free(journal);
}

static void test_kinds_are_found_by_their_names(void **state)
{
	enum cg_event_kind kind;

	(void)state;
	for (int i = CG_EVENT_START; i <= CG_EVENT_STOP; i++) {
		assert_true(cg_event_kind_find(cg_event_kind_name((enum cg_event_kind)i), &kind));
		assert_int_equal(kind, i);
	}
	assert_false(cg_event_kind_find("", &kind));
	assert_false(cg_event_kind_find("starts", &kind));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_newest_first_with_own_texts),
	        cmocka_unit_test(test_the_oldest_go),
	        cmocka_unit_test(test_sink_hears_what_is_added_but_not_what_is_loaded),
	        cmocka_unit_test(test_kinds_are_found_by_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
