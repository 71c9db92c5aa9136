/* SPDX-License-Identifier: BSD-2-Clause */
/* Options and operands, in any order, and what is refused. */
#include "cli/args.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const char *config;
static const char *operand;
static bool is_json;

static int parse(char *const *argv)
{
	static const char *const names[] = {"TENANT"};
	const struct cg_args_option options[] = {
	        {.name = "config", .letter = 'c', .value = &config},
	        {.name = "json", .flag = &is_json},
	};
	const struct cg_args args = {.command = "test",
	                             .options = options,
	                             .options_n = CG_ARRAY_LEN(options),
	                             .operands = &operand,
	                             .operand_names = names,
	                             .operands_n = 1};
	int argc = 0;

	config = operand = NULL;
	is_json = false;
	while (argv[argc] != NULL)
		argc++;
	return cg_args_parse(&args, argc, (char **)(uintptr_t)argv);
}

#define PARSE(...) parse((char *[]){__VA_ARGS__, NULL})

static char eu20[] = "eu20";
static char c[] = "-c";
static char file[] = "file";
static char json[] = "--json";

static void test_options_and_operands_in_any_order(void **state)
{
	char with_value[] = "--config=a=b";
	char end[] = "--";
	char dashed[] = "--odd";

	(void)state;
	assert_int_equal(PARSE(json, eu20, c, file), 0);
	assert_true(is_json);
	assert_string_equal(operand, "eu20");
	assert_string_equal(config, "file");
	assert_int_equal(PARSE(with_value, eu20), 0);
	assert_string_equal(config, "a=b");
	assert_int_equal(PARSE(end, dashed), 0);
	assert_string_equal(operand, "--odd");
}

static void test_wrong_usage_is_refused(void **state)
{
	char unknown[] = "--nope";
	char short_name[] = "--conf";
	char valued_flag[] = "--json=1";
	char other_letter[] = "-x";
	char empty_name[] = "--=x";

	(void)state;
	assert_int_equal(PARSE(json), -1);
	assert_int_equal(PARSE(eu20, eu20), -1);
	assert_int_equal(PARSE(eu20, unknown), -1);
	assert_int_equal(PARSE(eu20, short_name, file), -1);
	assert_int_equal(PARSE(eu20, valued_flag), -1);
	assert_int_equal(PARSE(eu20, other_letter), -1);
	assert_int_equal(PARSE(eu20, empty_name), -1);
	assert_int_equal(PARSE(eu20, c), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_options_and_operands_in_any_order),
	        cmocka_unit_test(test_wrong_usage_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
