/* SPDX-License-Identifier: BSD-2-Clause */
/* Which route a host and path lead to. */
#include "config/route.h"

#include "load.h"

static const char routes[] = LOAD_BASE "[pool p]\n"
                                       "[route exact]\nhost = a.b.example\npath = /x\npool = p\n"
                                       "[route deep]\nhost = *.b.example\npool = p\n"
                                       "path = /, /y/z\n"
                                       "[route wide]\nhost = *.example\npool = p\n"
                                       "[route any]\npath = /any, /dir/\npool = p\n"
                                       "[route long]\npath = /any/long/path\npool = p\n";

struct route_case {
	const char *host;
	const char *path;
	const char *route; /* NULL: none */
};

static const struct route_case cases[] = {
        {"a.b.example", "/x", "exact"},
        {"A.B.Example", "/x/y", "exact"},
        {"a.b.example.", "/x?q=/y", "exact"},
        /* the exact host has no path that fits: less specific hosts are asked */
        {"a.b.example", "/xy", "deep"},
        {"a.b.example", "/y/z", "deep"},
        {"q.a.b.example", "/x", "deep"},
        {"b.example", "/x", "wide"},
        {"x.example", "*", "wide"},
        {"example", "/any", "any"},
        {".example", "/x", NULL},
        {"other", "/any/long", "any"},
        {"other", "/any/long/path", "long"},
        {"other", "/any/long/path/", "long"},
        {"other", "/any/long/pathology", "any"},
        {"other", "/anyway", NULL},
        {"other", "/any?x", "any"},
        {"other", "/dir", NULL},
        {"other", "/dir/", "any"},
        {"other", "/dir/x", "any"},
        {"other", "/", NULL},
        {"other", "*", NULL},
        {"other", "", NULL},
        {"", "/any", "any"},
        {"[::1]", "/any", "any"},
};

static void test_most_specific_host_then_longest_path(void **state)
{
	struct cg_route_table *table;
	struct load load;

	(void)state;
	load_text(&load, routes);
	assert_string_equal(cg_buf_ptr(&load.problems), "");
	table = cg_route_table_new(load.config);
	for (size_t i = 0; i < CG_ARRAY_LEN(cases); i++) {
		const struct route_case *c = &cases[i];
		struct cg_route_match match =
		        cg_route_table_find(table, cg_str_from(c->host), cg_str_from(c->path));

		if (c->route == NULL) {
			assert_null(match.route);
			assert_true(match.pool_index == SIZE_MAX);
		} else {
			assert_non_null(match.route);
			assert_string_equal(match.route->name, c->route);
			assert_int_equal(match.pool_index, 0);
		}
	}
	cg_route_table_free(table);
	load_end(&load);
}

static void test_without_routes_everything_fits(void **state)
{
	struct cg_route_table *table;
	struct cg_route_match match;
	struct load load;

	(void)state;
	load_text(&load, LOAD_BASE);
	table = cg_route_table_new(load.config);
	match = cg_route_table_find(table, CG_STR("x"), CG_STR("/"));
	assert_null(match.route);
	assert_int_equal(match.pool_index, 0);
	cg_route_table_free(table);
	cg_route_table_free(NULL);
	load_end(&load);
}

static void test_thousand_routes(void **state)
{
	struct cg_buf text = {.data = NULL};
	struct cg_route_table *table;
	struct load load;

	(void)state;
	cg_buf_append_str(&text, CG_STR(LOAD_BASE));
	for (int i = 0; i < 1000; i++)
		cg_buf_appendf(&text,
		               "[route r%d]\nhost = h%d.example\npath = /p%d\npool = default\n", i,
		               i % 10, i);
	load_begin(&load);
	load_bytes(&load, cg_buf_ptr(&text), cg_buf_len(&text));
	assert_string_equal(cg_buf_ptr(&load.problems), "");
	table = cg_route_table_new(load.config);
	for (int i = 0; i < 1000; i++) {
		char host[32];
		char path[32];
		struct cg_route_match match;

		snprintf(host, sizeof(host), "H%d.example", i % 10);
		snprintf(path, sizeof(path), "/p%d/x", i);
		match = cg_route_table_find(table, cg_str_from(host), cg_str_from(path));
		assert_ptr_equal(match.route, &load.config->routes[i]);
	}
	cg_route_table_free(table);
	load_end(&load);
	cg_buf_fini(&text);
}

static void test_absurd_requests(void **state)
{
	static char slashes[65536];
	static char dots[300];
	struct cg_route_table *table;
	struct cg_route_match match;
	struct load load;

	(void)state;
	memset(slashes, '/', sizeof(slashes));
	memset(dots, '.', sizeof(dots));
	load_text(&load, routes);
	table = cg_route_table_new(load.config);
	for (size_t n = 0; n <= sizeof(dots); n += 100) {
		match = cg_route_table_find(table, (struct cg_str){dots, n},
		                            (struct cg_str){slashes, sizeof(slashes)});
		assert_null(match.route);
	}
	cg_route_table_free(table);
	load_end(&load);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_most_specific_host_then_longest_path),
	        cmocka_unit_test(test_without_routes_everything_fits),
	        cmocka_unit_test(test_thousand_routes),
	        cmocka_unit_test(test_absurd_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
