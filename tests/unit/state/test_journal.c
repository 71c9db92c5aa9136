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

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_newest_first_with_own_texts),
	        cmocka_unit_test(test_the_oldest_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
