/* SPDX-License-Identifier: BSD-2-Clause */
/* Queries of admin calls: names, decoding, what is refused. */
#include "admin/admin_query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Expect A and B (NULL: not given) from QUERY. */
static void assert_query(const char *query, const char *a, const char *b)
{
	struct cg_admin_param params[] = {{.name = "a"}, {.name = "b"}};
	const char *const wanted[] = {a, b};
	struct cg_error err;

	assert_int_equal(cg_admin_query_read(query, params, 2, &err), 0);
	for (size_t i = 0; i < 2; i++) {
		if (wanted[i] == NULL)
			assert_null(params[i].value);
		else
			assert_string_equal(params[i].value, wanted[i]);
	}
	cg_admin_query_fini(params, 2);
}

/* Expect QUERY to be refused with TEXT in the reason. */
static void assert_refused(const char *query, const char *text)
{
	struct cg_admin_param params[] = {{.name = "a"}, {.name = "b"}};
	struct cg_error err;

	assert_int_equal(cg_admin_query_read(query, params, 2, &err), -1);
	if (strstr(err.text, text) == NULL)
		fail_msg("%s: no \"%s\" in: %s", query, text, err.text);
	cg_admin_query_fini(params, 2);
}

static void test_parameters(void **state)
{
	(void)state;
	assert_query(NULL, NULL, NULL);
	assert_query("", NULL, NULL);
	assert_query("a=1", "1", NULL);
	assert_query("b=2&a=1", "1", "2");
	assert_query("a=x=y", "x=y", NULL);
}

static void test_decoding(void **state)
{
	(void)state;
	assert_query("a=%2Fhttp%2fx", "/http/x", NULL);
	assert_query("a=1+2", "1+2", NULL);
	assert_query("a=%2520", "%20", NULL);
	assert_query("a=%26b%3D1", "&b=1", NULL);
	assert_query("a=%C3%A4", "\xc3\xa4", NULL);
}

static void test_refusals(void **state)
{
	(void)state;
	assert_refused("c=1", "no parameter \"c\"");
	assert_refused("a=1&", "no parameter \"\"");
	assert_refused("=1", "no parameter \"\"");
	assert_refused("a=1&a=2", "a is given twice");
	assert_refused("a", "a has no value");
	assert_refused("a=", "a has no value");
	assert_refused("a=%", "malformed");
	assert_refused("a=%2", "malformed");
	assert_refused("a=%2&b=f", "malformed");
	assert_refused("a=%zz", "malformed");
	assert_refused("a=%00", "control");
	assert_refused("a=x%0d%0ay", "control");
	assert_refused("a=%7f", "control");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_parameters),
	        cmocka_unit_test(test_decoding),
	        cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
