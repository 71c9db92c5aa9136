/* SPDX-License-Identifier: BSD-2-Clause */
/* http/message: methods and questions about fields. */
#include "http/message.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct cg_field fields[] = {
        {.name = {"A", 1}, .value = {"1", 1}, .id = CG_FIELD_OTHER},
        {.name = {"Connection", 10}, .value = {"Upgrade ,  x,", 13}, .id = CG_FIELD_CONNECTION},
        {.name = {"Via", 3}, .value = {"v", 1}, .id = CG_FIELD_VIA},
        {.name = {"Connection", 10}, .value = {"CLOSE", 5}, .id = CG_FIELD_CONNECTION},
};
static const struct cg_message message = {.fields = fields, .fields_n = CG_ARRAY_LEN(fields)};

static void test_methods(void **state)
{
	(void)state;
#define X(name) assert_int_equal(cg_method_find(CG_STR(#name)), CG_METHOD_##name);
	CG_METHODS(X)
#undef X
	assert_int_equal(cg_method_find(CG_STR("get")), CG_METHOD_UNKNOWN);
	assert_int_equal(cg_method_find(CG_STR("GE")), CG_METHOD_UNKNOWN);
	assert_int_equal(cg_method_find(CG_STR("")), CG_METHOD_UNKNOWN);
	assert_int_equal(cg_method_find(CG_STR("UNKNOWN")), CG_METHOD_UNKNOWN);
}

static void test_find_gives_the_first(void **state)
{
	(void)state;
	assert_ptr_equal(cg_message_find(&message, CG_FIELD_CONNECTION), &fields[1]);
	assert_null(cg_message_find(&message, CG_FIELD_HOST));
	assert_int_equal(cg_message_count(&message, CG_FIELD_CONNECTION), 2);
	assert_int_equal(cg_message_count(&message, CG_FIELD_HOST), 0);
}

static void test_tokens_are_found_in_all_fields(void **state)
{
	(void)state;
	assert_true(cg_message_has_token(&message, CG_FIELD_CONNECTION, CG_STR("upgrade")));
	assert_true(cg_message_has_token(&message, CG_FIELD_CONNECTION, CG_STR("close")));
	assert_true(cg_message_has_token(&message, CG_FIELD_CONNECTION, CG_STR("x")));
	assert_false(cg_message_has_token(&message, CG_FIELD_CONNECTION, CG_STR("clos")));
	assert_false(cg_message_has_token(&message, CG_FIELD_VIA, CG_STR("close")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_methods),
	        cmocka_unit_test(test_find_gives_the_first),
	        cmocka_unit_test(test_tokens_are_found_in_all_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
