/* SPDX-License-Identifier: BSD-2-Clause */
/* Columns are aligned by what is seen, and no text can steer the terminal. */
#include "cli/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_buf(struct cg_buf *buf, const char *wanted)
{
	char *text = cg_str_dup(cg_buf_str(buf));

	assert_string_equal(text, wanted);
	free(text);
	cg_buf_fini(buf);
}

static void test_columns_are_aligned(void **state)
{
	struct cg_table table;
	struct cg_buf out = {0};

	(void)state;
	cg_table_init(&table, 3);
	cg_table_add(&table, CG_TABLE_HEAD, "A");
	cg_table_add(&table, CG_TABLE_HEAD, "B");
	cg_table_add(&table, CG_TABLE_HEAD, "C");
	cg_table_add(&table, CG_TABLE_PLAIN, "M\xc3\xbcnchen");
	cg_table_add(&table, CG_TABLE_PLAIN, "%d", 1);
	cg_table_add(&table, CG_TABLE_PLAIN, "%s", "");
	cg_table_print(&table, 1, false, &out);
	cg_table_fini(&table);
	assert_buf(&out, " A        B  C\n"
	                 " M\xc3\xbcnchen  1\n");
}

static void test_colour_does_not_count(void **state)
{
	struct cg_table table;
	struct cg_buf out = {0};

	(void)state;
	cg_table_init(&table, 2);
	cg_table_add(&table, CG_TABLE_GOOD, "on");
	cg_table_add(&table, CG_TABLE_PLAIN, "x");
	cg_table_print(&table, 0, true, &out);
	cg_table_fini(&table);
	assert_buf(&out, "\033[32mon\033[0m  x\n");
}

static void test_controls_are_replaced(void **state)
{
	struct cg_buf out = {0};

	(void)state;
	cg_table_print_text(&out, "a\033[2Jb\x7f\n\xc2\x9b"
	                          "c\xc3\x9b\xc2");
	assert_buf(&out, "a?[2Jb???c\xc3\x9b\xc2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_columns_are_aligned),
	        cmocka_unit_test(test_colour_does_not_count),
	        cmocka_unit_test(test_controls_are_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
