/* SPDX-License-Identifier: BSD-2-Clause */
/* proxy/origin: what a worker keeps of a tenant. */
#include "proxy/origin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/worker.h"

enum { WORKER_INDEX = 2 };

struct scene {
	struct cg_worker *worker;
	struct cg_tenant_counters counters[WORKER_INDEX + 1];
	struct cg_live_tenant live;
};

static int setup(void **state)
{
	struct scene *s = aligned_alloc(CG_CACHE_LINE, sizeof(*s));

	memset(s, 0, sizeof(*s));
	s->worker = calloc(1, sizeof(*s->worker));
	s->worker->index = WORKER_INDEX;
	s->live = (struct cg_live_tenant){.id = CG_LIVE_TENANTS_MAX - 1, .counters = s->counters};
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	cg_origin_free(s->worker->origins[s->live.id]);
	free(s->worker);
	free(s);
	return 0;
}

static void test_each_tenant_has_one_entry(void **state)
{
	struct scene *s = *state;
	struct cg_origin *origin = cg_origin_get(s->worker, &s->live);
	struct cg_tenant_counters others[WORKER_INDEX + 1];
	struct cg_live_tenant other = {.id = 0, .counters = others};

	assert_non_null(origin);
	assert_ptr_equal(cg_origin_get(s->worker, &s->live), origin);
	assert_ptr_equal(origin->live, &s->live);
	assert_ptr_equal(origin->worker, s->worker);
	assert_ptr_equal(origin->counters, &s->counters[WORKER_INDEX]);
	assert_int_equal(origin->addrs_n, 0);
	assert_int_equal(origin->idle_n, 0);
	assert_null(origin->session);
	assert_ptr_not_equal(cg_origin_get(s->worker, &other), origin);
	cg_origin_free(s->worker->origins[0]);
	cg_origin_free(NULL);
}

static void test_addresses_are_replaced_and_limited(void **state)
{
	struct scene *s = *state;
	struct cg_origin *origin = cg_origin_get(s->worker, &s->live);
	struct cg_addr addrs[CG_RESOLVE_ADDRS_MAX + 1];

	for (size_t i = 0; i < CG_ARRAY_LEN(addrs); i++)
		assert_true(cg_addr_parse(&addrs[i], CG_STR("127.0.0.1"), (uint16_t)(1000 + i)));
	cg_origin_set_addrs(origin, addrs, 3);
	assert_int_equal(origin->addrs_n, 3);
	assert_memory_equal(origin->addrs, addrs, 3 * sizeof(*addrs));
	/* Another list: the one that worked may not be in it. */
	origin->addr_first = 2;
	cg_origin_set_addrs(origin, addrs + 1, 1);
	assert_int_equal(origin->addrs_n, 1);
	assert_int_equal(origin->addr_first, 0);
	assert_memory_equal(origin->addrs, addrs + 1, sizeof(*addrs));
	cg_origin_set_addrs(origin, addrs, CG_ARRAY_LEN(addrs));
	assert_int_equal(origin->addrs_n, CG_RESOLVE_ADDRS_MAX);
	cg_origin_set_addrs(origin, addrs, 0);
	assert_int_equal(origin->addrs_n, 0);
}

/* The leak checker tells whether each is freed once. */
static void test_latest_session_is_kept(void **state)
{
	struct scene *s = *state;
	struct cg_origin *origin = cg_origin_get(s->worker, &s->live);
	SSL_SESSION *first = SSL_SESSION_new(), *second = SSL_SESSION_new();

	cg_origin_on_session(origin, first);
	assert_ptr_equal(origin->session, first);
	cg_origin_on_session(origin, second);
	assert_ptr_equal(origin->session, second);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_each_tenant_has_one_entry),
	        TEST(test_addresses_are_replaced_and_limited),
	        TEST(test_latest_session_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
