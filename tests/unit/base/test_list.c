/* SPDX-License-Identifier: BSD-2-Clause */
/* The list. */
#include "base/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct item {
	int number;
	struct cg_list node;
};

static void test_order_of_pushes(void **state)
{
	(void)state;
	struct item items[3] = {{.number = 1}, {.number = 2}, {.number = 3}};
	struct cg_list list;
	int want = 1;

	cg_list_init(&list);
	assert_true(cg_list_is_empty(&list));
	cg_list_push_back(&list, &items[1].node);
	cg_list_push_back(&list, &items[2].node);
	cg_list_push_front(&list, &items[0].node);
	CG_LIST_FOREACH(node, following, &list)
	assert_int_equal(CG_LIST_ENTRY(node, struct item, node)->number, want++);
	assert_int_equal(want, 4);
}

static void test_current_may_be_removed_and_twice(void **state)
{
	(void)state;
	struct item items[4] = {0};
	struct cg_list list;
	int n = 0;

	cg_list_init(&list);
	for (size_t i = 0; i < CG_ARRAY_LEN(items); i++)
		cg_list_push_back(&list, &items[i].node);
	CG_LIST_FOREACH(node, following, &list)
	{
		cg_list_remove(node);
		cg_list_remove(node);
		n++;
	}
	assert_int_equal(n, 4);
	assert_true(cg_list_is_empty(&list));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_order_of_pushes),
	        cmocka_unit_test(test_current_may_be_removed_and_twice),
	};

	return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
