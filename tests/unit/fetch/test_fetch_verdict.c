/* SPDX-License-Identifier: BSD-2-Clause */
/* Phases and words from curl's codes. */
#include "fetch/fetch_verdict.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void check(struct cg_fetch_facts facts, enum cg_fetch_phase phase, const char *words)
{
	char text[CG_FETCH_VERDICT_SIZE];

	facts.timeout_ms = 5000;
	if (facts.text == NULL)
		facts.text = "";
	assert_int_equal(cg_fetch_verdict_phase(&facts), phase);
	cg_fetch_verdict_words(&facts, phase, text, sizeof(text));
	assert_string_equal(text, words);
}

static void test_time_outs_tell_where(void **state)
{
	struct cg_fetch_facts facts = {.code = CURLE_OPERATION_TIMEDOUT, .is_tls = true};

	(void)state;
	check(facts, CG_FETCH_CONNECT, "timed out after 5s");
	facts.is_connected = true;
	check(facts, CG_FETCH_HANDSHAKE, "timed out after 5s");
	facts.is_secured = true;
	check(facts, CG_FETCH_WAIT, "timed out after 5s");
	facts.status = 200;
	check(facts, CG_FETCH_BODY, "timed out after 5s");
}

static void test_words_are_short(void **state)
{
	(void)state;
	check((struct cg_fetch_facts){.code = CURLE_OK}, CG_FETCH_DONE, "");
	check((struct cg_fetch_facts){.code = CURLE_COULDNT_CONNECT, .os_errno = EHOSTUNREACH},
	      CG_FETCH_CONNECT, "No route to host");
	check((struct cg_fetch_facts){.code = CURLE_PEER_FAILED_VERIFICATION,
	                              .text = "SSL certificate problem: expired"},
	      CG_FETCH_HANDSHAKE, "certificate problem: expired");
	check((struct cg_fetch_facts){.code = CURLE_SSL_CONNECT_ERROR,
	                              .text = "error:0A000410:SSL routines::alert"},
	      CG_FETCH_HANDSHAKE, "alert");
	check((struct cg_fetch_facts){.code = CURLE_URL_MALFORMAT}, CG_FETCH_NAME,
	      curl_easy_strerror(CURLE_URL_MALFORMAT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_time_outs_tell_where),
	        cmocka_unit_test(test_words_are_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
