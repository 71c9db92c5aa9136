/* SPDX-License-Identifier: BSD-2-Clause */
/* proxy/repeat: every combination of facts against the rows of SPEC section 4. */
#include "proxy/repeat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* ---- the request ---- */

static bool is_safe(enum cg_method method, enum cg_route_repeat rule, const char *field)
{
	struct cg_field fields[] = {
	        {.name = CG_STR("Accept"), .value = CG_STR("*/*")},
	        {.name = cg_str_from(field), .value = CG_STR("4711")},
	};
	struct cg_message request = {
	        .method = method, .fields = fields, .fields_n = field == NULL ? 1 : 2};

	return cg_repeat_is_safe(&request, rule, CG_STR("Idempotency-Key"));
}

static void test_methods_and_rule_decide_what_is_safe(void **state)
{
	static const struct {
		enum cg_method method;
		bool by_default;
		bool by_word; /* repeat = idempotent */
	} rows[] = {
	        {CG_METHOD_GET, true, true},       {CG_METHOD_HEAD, true, true},
	        {CG_METHOD_OPTIONS, true, true},   {CG_METHOD_PUT, false, true},
	        {CG_METHOD_DELETE, false, true},   {CG_METHOD_POST, false, false},
	        {CG_METHOD_PATCH, false, false},   {CG_METHOD_TRACE, false, false},
	        {CG_METHOD_CONNECT, false, false}, {CG_METHOD_UNKNOWN, false, false},
	};

	(void)state;
	for (size_t i = 0; i < CG_ARRAY_LEN(rows); i++) {
		enum cg_method method = rows[i].method;

		assert_int_equal(is_safe(method, CG_ROUTE_REPEAT_SAFE, NULL), rows[i].by_default);
		assert_int_equal(is_safe(method, CG_ROUTE_REPEAT_IDEMPOTENT, NULL),
		                 rows[i].by_word);
		assert_false(is_safe(method, CG_ROUTE_REPEAT_NEVER, NULL));
	}
}

static void test_client_may_promise_it_by_the_header(void **state)
{
	static const enum cg_method methods[] = {CG_METHOD_POST, CG_METHOD_PATCH, CG_METHOD_PUT,
	                                         CG_METHOD_DELETE, CG_METHOD_GET};

	(void)state;
	for (size_t i = 0; i < CG_ARRAY_LEN(methods); i++) {
		assert_true(is_safe(methods[i], CG_ROUTE_REPEAT_SAFE, "idempotency-KEY"));
		assert_true(is_safe(methods[i], CG_ROUTE_REPEAT_IDEMPOTENT, "Idempotency-Key"));
		assert_false(is_safe(methods[i], CG_ROUTE_REPEAT_NEVER, "Idempotency-Key"));
	}
	assert_false(is_safe(CG_METHOD_POST, CG_ROUTE_REPEAT_SAFE, "Idempotency-Key2"));
	assert_false(is_safe(CG_METHOD_POST, CG_ROUTE_REPEAT_SAFE, "Idempotency"));
}

/* ---- an attempt without an answer ---- */

static const enum cg_failure all[] = {CG_FAILURE_NONE,
#define X(id, status, name, proxy_error, text) CG_FAILURE_##id,
                                      CG_FAILURES(X)
#undef X
};

enum { COMBINATIONS = 64 };

/* The bits of I as facts. */
static struct cg_repeat_facts facts_of(enum cg_failure failure, unsigned i)
{
	return (struct cg_repeat_facts){
	        .failure = failure,
	        .is_safe = (i & 1) != 0,
	        .has_body = (i & 2) != 0,
	        .was_reused = (i & 4) != 0,
	        .was_sent = (i & 8) != 0,
	        .has_next_addr = (i & 16) != 0,
	        .has_attempt = (i & 32) != 0,
	};
}

/* Loops over every combination of FACTS with one of the failures of ARRAY. */
#define FOR_ALL(facts, array)                                                                      \
	for (unsigned for_all = 0; for_all < COMBINATIONS * CG_ARRAY_LEN(array); for_all++)        \
		for (struct cg_repeat_facts facts = facts_of((array)[for_all / COMBINATIONS],      \
		                                             for_all % COMBINATIONS),              \
		                            *for_once = &(facts);                                  \
		     for_once != NULL; for_once = NULL)

static enum cg_repeat next_tenant(const struct cg_repeat_facts *facts)
{
	return facts->has_attempt ? CG_REPEAT_NEXT_TENANT : CG_REPEAT_NEVER;
}

/* The right column of the table: POST and PATCH without a promise, and a body that is not here any
 * more. */
static void test_what_was_sent_and_is_not_safe_is_never_sent_again(void **state)
{
	(void)state;
	FOR_ALL(facts, all)
	{
		if (facts.was_sent && !(facts.is_safe && facts.has_body))
			assert_int_equal(cg_repeat_decide(&facts), CG_REPEAT_NEVER);
	}
}

/* Bytes of the body that were taken from the client and are not kept can't go anywhere. */
static void test_lost_body_is_never_sent(void **state)
{
	(void)state;
	FOR_ALL(facts, all)
	{
		if (!facts.has_body)
			assert_int_equal(cg_repeat_decide(&facts), CG_REPEAT_NEVER);
	}
}

/* Row "a pooled connection was closed by the tenant before a byte was written": whatever is left of
 * addresses and attempts, and whatever the method. */
static void test_stale_connection_is_replaced_at_the_same_tenant(void **state)
{
	(void)state;
	FOR_ALL(facts, all)
	{
		if (!facts.was_sent && facts.was_reused && facts.has_body)
			assert_int_equal(cg_repeat_decide(&facts), CG_REPEAT_FRESH);
	}
}

/* Row "name, connect or TLS failure: not one request byte left": next address, then next tenant, of
 * any method. A fresh connection that ends before a byte is written is one of them. */
static void test_failure_to_connect_goes_to_next_address_then_tenant(void **state)
{
	static const enum cg_failure connecting[] = {CG_FAILURE_CONNECT, CG_FAILURE_CONNECT_TIMEOUT,
	                                             CG_FAILURE_TLS, CG_FAILURE_CLOSED};

	(void)state;
	FOR_ALL(facts, connecting)
	{
		if (facts.was_sent || facts.was_reused || !facts.has_body)
			continue;
		/* An address is no attempt: the last tenant's are all tried. */
		assert_int_equal(cg_repeat_decide(&facts), facts.has_next_addr
		                                                   ? CG_REPEAT_NEXT_ADDRESS
		                                                   : next_tenant(&facts));
	}
}

/* A name without an address, a tenant with max_requests in flight, one found down meanwhile: its
 * other addresses are no help. */
static void test_tenant_that_cannot_be_tried_leaves_it_to_the_next(void **state)
{
	static const enum cg_failure unusable[] = {CG_FAILURE_NAME, CG_FAILURE_FULL,
	                                           CG_FAILURE_UNREACHABLE};

	(void)state;
	FOR_ALL(facts, unusable)
	{
		if (!facts.was_sent && !facts.was_reused && facts.has_body)
			assert_int_equal(cg_repeat_decide(&facts), next_tenant(&facts));
	}
}

/* Row "closed or reset after request bytes left, before any answer byte". */
static void test_closed_after_sending_goes_to_a_fresh_connection_then_tenant(void **state)
{
	static const enum cg_failure closed[] = {CG_FAILURE_CLOSED};

	(void)state;
	FOR_ALL(facts, closed)
	{
		if (facts.was_sent && facts.is_safe && facts.has_body)
			assert_int_equal(cg_repeat_decide(&facts),
			                 facts.was_reused ? CG_REPEAT_FRESH : next_tenant(&facts));
	}
}

/* Rows "no answer yet, and the tenant can no longer be reached" and "bytes sent stay
 * unacknowledged": not to the same tenant again, not even on a fresh connection. */
static void test_lost_tenant_is_left_at_once(void **state)
{
	static const enum cg_failure lost[] = {CG_FAILURE_ACK_TIMEOUT, CG_FAILURE_UNREACHABLE};

	(void)state;
	FOR_ALL(facts, lost)
	{
		if (facts.was_sent && facts.is_safe && facts.has_body)
			assert_int_equal(cg_repeat_decide(&facts), next_tenant(&facts));
	}
}

static bool is_repeatable(const struct cg_repeat_facts *facts)
{
	switch (facts->failure) {
	case CG_FAILURE_CLOSED:
	case CG_FAILURE_UNREACHABLE:
		return true;
	case CG_FAILURE_ACK_TIMEOUT:
		return facts->was_sent;
	case CG_FAILURE_NAME:
	case CG_FAILURE_CONNECT:
	case CG_FAILURE_CONNECT_TIMEOUT:
	case CG_FAILURE_TLS:
	case CG_FAILURE_FULL:
		return !facts->was_sent;
	default:
		return false;
	}
}

/* Rows "no answer in response time", "a malformed answer", "failure after the answer's head", and
 * all that is no tenant's fault. */
static void test_every_other_failure_is_final(void **state)
{
	(void)state;
	FOR_ALL(facts, all)
	{
		bool is_stale = facts.was_reused && !facts.was_sent;

		if (!is_stale && !is_repeatable(&facts))
			assert_int_equal(cg_repeat_decide(&facts), CG_REPEAT_NEVER);
	}
}

static void test_attempts_and_addresses_are_never_overdrawn(void **state)
{
	(void)state;
	FOR_ALL(facts, all)
	{
		enum cg_repeat repeat = cg_repeat_decide(&facts);

		assert_true(repeat != CG_REPEAT_NEXT_TENANT || facts.has_attempt);
		assert_true(repeat != CG_REPEAT_NEXT_ADDRESS || facts.has_next_addr);
		/* Or it would go on for ever. */
		assert_true(repeat != CG_REPEAT_FRESH || facts.was_reused);
	}
}

/* ---- an answer ---- */

static enum cg_verdict judge(int status, const char *router_error)
{
	struct cg_field fields[] = {
	        {.name = CG_STR("Server"), .value = CG_STR("x")},
	        {.name = CG_STR("X-Cf-RouterError"),
	         .value = cg_str_from(router_error),
	         .id = CG_FIELD_CF_ROUTER_ERROR},
	};
	struct cg_message answer = {
	        .status = status, .fields = fields, .fields_n = router_error == NULL ? 1 : 2};

	return cg_repeat_judge(&answer);
}

static void test_only_502_503_504_make_a_tenant_sick(void **state)
{
	(void)state;
	for (int status = 200; status < 600; status++) {
		bool is_sick = status == 502 || status == 503 || status == 504;

		assert_int_equal(judge(status, NULL),
		                 is_sick ? CG_VERDICT_SICK : CG_VERDICT_ANSWER);
	}
}

static void test_platform_says_that_no_application_was_reached(void **state)
{
	(void)state;
	assert_int_equal(judge(404, "unknown_route"), CG_VERDICT_REFUSED);
	assert_int_equal(judge(404, "Unknown_Route"), CG_VERDICT_REFUSED);
	assert_int_equal(judge(503, "no_endpoints"), CG_VERDICT_REFUSED);
	/* These it may have reached. */
	assert_int_equal(judge(502, "endpoint_failure"), CG_VERDICT_SICK);
	assert_int_equal(judge(502, "endpoint_failure (unknown_route)"), CG_VERDICT_SICK);
	assert_int_equal(judge(503, "no_endpoints2"), CG_VERDICT_SICK);
	assert_int_equal(judge(503, ""), CG_VERDICT_SICK);
}

static void test_what_may_be_held_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		bool safe = (i & 1) != 0, has_body = (i & 2) != 0;

		assert_int_equal(cg_repeat_may_hold(CG_VERDICT_REFUSED, safe, has_body), has_body);
		assert_int_equal(cg_repeat_may_hold(CG_VERDICT_SICK, safe, has_body),
		                 safe && has_body);
		assert_false(cg_repeat_may_hold(CG_VERDICT_ANSWER, safe, has_body));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_methods_and_rule_decide_what_is_safe),
	        cmocka_unit_test(test_client_may_promise_it_by_the_header),
	        cmocka_unit_test(test_what_was_sent_and_is_not_safe_is_never_sent_again),
	        cmocka_unit_test(test_lost_body_is_never_sent),
	        cmocka_unit_test(test_stale_connection_is_replaced_at_the_same_tenant),
	        cmocka_unit_test(test_failure_to_connect_goes_to_next_address_then_tenant),
	        cmocka_unit_test(test_tenant_that_cannot_be_tried_leaves_it_to_the_next),
	        cmocka_unit_test(test_closed_after_sending_goes_to_a_fresh_connection_then_tenant),
	        cmocka_unit_test(test_lost_tenant_is_left_at_once),
	        cmocka_unit_test(test_every_other_failure_is_final),
	        cmocka_unit_test(test_attempts_and_addresses_are_never_overdrawn),
	        cmocka_unit_test(test_only_502_503_504_make_a_tenant_sick),
	        cmocka_unit_test(test_platform_says_that_no_application_was_reached),
	        cmocka_unit_test(test_what_may_be_held_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
