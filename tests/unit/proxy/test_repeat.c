/* SPDX-License-Identifier: BSD-2-Clause */
/* proxy/repeat: every combination of facts against the rows of SPEC section 4. */
#include "proxy/repeat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const enum cg_failure all[] = {CG_FAILURE_NONE,
#define X(id, status, name, proxy_error, text) CG_FAILURE_##id,
                                      CG_FAILURES(X)
#undef X
};

enum { COMBINATIONS = 8 };

/* The bits of I as the facts that leave open whether a byte was sent. */
static struct cg_repeat_facts facts_of(enum cg_failure failure, bool was_sent, unsigned i)
{
	return (struct cg_repeat_facts){
	        .failure = failure,
	        .was_sent = was_sent,
	        .was_reused = (i & 1) != 0,
	        .has_next_addr = (i & 2) != 0,
	        .has_attempt = (i & 4) != 0,
	};
}

/* Rows "closed or reset after request bytes left", "no answer in time", "malformed answer". */
static void test_nothing_is_ever_sent_twice(void **state)
{
	(void)state;
	for (size_t f = 0; f < CG_ARRAY_LEN(all); f++) {
		for (unsigned i = 0; i < COMBINATIONS; i++) {
			struct cg_repeat_facts facts = facts_of(all[f], true, i);

			assert_int_equal(cg_repeat_decide(&facts), CG_REPEAT_NEVER);
		}
	}
}

/* Row "a pooled connection was closed by the tenant before a byte was written": whatever is left of
 * addresses and attempts. */
static void test_stale_connection_is_replaced_at_the_same_tenant(void **state)
{
	(void)state;
	for (size_t f = 0; f < CG_ARRAY_LEN(all); f++) {
		for (unsigned i = 0; i < COMBINATIONS; i++) {
			struct cg_repeat_facts facts = facts_of(all[f], false, i);

			if (facts.was_reused)
				assert_int_equal(cg_repeat_decide(&facts), CG_REPEAT_FRESH);
		}
	}
}

/* Row "name, connect or TLS failure: not one request byte left": next address, then next tenant. A
 * fresh connection that ends before a byte is written is one of them. */
static void test_failure_to_connect_goes_to_next_address_then_tenant(void **state)
{
	static const enum cg_failure connecting[] = {CG_FAILURE_CONNECT, CG_FAILURE_CONNECT_TIMEOUT,
	                                             CG_FAILURE_TLS, CG_FAILURE_CLOSED};

	(void)state;
	for (size_t f = 0; f < CG_ARRAY_LEN(connecting); f++) {
		struct cg_repeat_facts facts = {.failure = connecting[f]};

		assert_int_equal(cg_repeat_decide(&facts), CG_REPEAT_NEVER);
		facts.has_attempt = true;
		assert_int_equal(cg_repeat_decide(&facts), CG_REPEAT_NEXT_TENANT);
		facts.has_next_addr = true;
		assert_int_equal(cg_repeat_decide(&facts), CG_REPEAT_NEXT_ADDRESS);
		/* An address is no attempt: the last tenant's are all tried. */
		facts.has_attempt = false;
		assert_int_equal(cg_repeat_decide(&facts), CG_REPEAT_NEXT_ADDRESS);
	}
}

static void test_name_without_address_goes_to_next_tenant(void **state)
{
	(void)state;
	for (unsigned i = 0; i < COMBINATIONS; i++) {
		struct cg_repeat_facts facts = facts_of(CG_FAILURE_NAME, false, i);

		if (!facts.was_reused)
			assert_int_equal(cg_repeat_decide(&facts), facts.has_attempt
			                                                   ? CG_REPEAT_NEXT_TENANT
			                                                   : CG_REPEAT_NEVER);
	}
}

static bool is_of_connecting(enum cg_failure failure)
{
	switch (failure) {
	case CG_FAILURE_NAME:
	case CG_FAILURE_CONNECT:
	case CG_FAILURE_CONNECT_TIMEOUT:
	case CG_FAILURE_TLS:
	case CG_FAILURE_CLOSED:
		return true;
	default:
		return false;
	}
}

static void test_every_other_failure_is_final(void **state)
{
	(void)state;
	for (size_t f = 0; f < CG_ARRAY_LEN(all); f++) {
		for (unsigned i = 0; i < COMBINATIONS; i++) {
			struct cg_repeat_facts facts = facts_of(all[f], false, i);

			if (!facts.was_reused && !is_of_connecting(all[f]))
				assert_int_equal(cg_repeat_decide(&facts), CG_REPEAT_NEVER);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_nothing_is_ever_sent_twice),
	        cmocka_unit_test(test_stale_connection_is_replaced_at_the_same_tenant),
	        cmocka_unit_test(test_failure_to_connect_goes_to_next_address_then_tenant),
	        cmocka_unit_test(test_name_without_address_goes_to_next_tenant),
	        cmocka_unit_test(test_every_other_failure_is_final),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
