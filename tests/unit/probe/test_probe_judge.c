/* SPDX-License-Identifier: BSD-2-Clause */
/* Which answers are good, and what is said of the others. */
#include "probe/probe_judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct cg_status_range ranges[] = {{200, 299}, {401, 401}};

static struct cg_probe_result judge(struct cg_config_probe probe, struct cg_fetch_answer answer)
{
	struct cg_probe_result result;

	probe.expect_status.items = ranges;
	probe.expect_status.n = 2;
	answer.duration_ms = 7;
	cg_probe_judge(&probe, &answer, &result);
	assert_int_equal(result.duration_ms, 7);
	assert_int_equal(result.is_good, result.error[0] == '\0');
	assert_int_equal(result.is_good, result.phase == CG_PROBE_PHASE_DONE);
	return result;
}

static void test_expected_statuses_are_good(void **state)
{
	struct cg_config_probe http = {.type = CG_PROBE_HTTP};

	(void)state;
	assert_true(judge(http, (struct cg_fetch_answer){.phase = CG_FETCH_DONE, .status = 401})
	                    .is_good);
	assert_true(judge(http, (struct cg_fetch_answer){.phase = CG_FETCH_DONE, .status = 299})
	                    .is_good);
}

static void test_other_statuses_are_told(void **state)
{
	struct cg_config_probe http = {.type = CG_PROBE_HTTP};
	struct cg_probe_result result;

	(void)state;
	result = judge(http, (struct cg_fetch_answer){.phase = CG_FETCH_DONE, .status = 500});
	assert_int_equal(result.phase, CG_PROBE_PHASE_STATUS);
	assert_int_equal(result.status, 500);
	assert_string_equal(result.error, "status 500 is not expected");
	/* Also if the body broke off. */
	result = judge(http, (struct cg_fetch_answer){
	                             .phase = CG_FETCH_BODY, .status = 503, .error = "broke"});
	assert_int_equal(result.phase, CG_PROBE_PHASE_STATUS);
}

static void test_the_body_must_hold_the_text(void **state)
{
	struct cg_config_probe http = {.type = CG_PROBE_HTTP, .expect_body = (char *)"UP"};
	struct cg_fetch_answer answer = {.phase = CG_FETCH_DONE, .status = 200};

	(void)state;
	answer.body = CG_STR("status: UP");
	assert_true(judge(http, answer).is_good);
	answer.body = CG_STR("status: DOWN");
	assert_int_equal(judge(http, answer).phase, CG_PROBE_PHASE_BODY);
	answer.body = (struct cg_str){0};
	assert_int_equal(judge(http, answer).phase, CG_PROBE_PHASE_BODY);
}

static void test_only_the_first_64k_count(void **state)
{
	struct cg_config_probe http = {.type = CG_PROBE_HTTP, .expect_body = (char *)"UP"};
	struct cg_fetch_answer answer = {.phase = CG_FETCH_DONE, .status = 200};
	char *body = malloc(CG_PROBE_JUDGE_BODY_MAX + 2);

	(void)state;
	memset(body, '.', CG_PROBE_JUDGE_BODY_MAX + 2);
	memcpy(body + CG_PROBE_JUDGE_BODY_MAX - 1, "UP", 2);
	answer.body = (struct cg_str){body, CG_PROBE_JUDGE_BODY_MAX + 2};
	assert_false(judge(http, answer).is_good);
	memcpy(body + CG_PROBE_JUDGE_BODY_MAX - 2, "UP", 2);
	assert_true(judge(http, answer).is_good);
	free(body);
}

static void test_failures_keep_their_phase_and_words(void **state)
{
	static const struct {
		enum cg_fetch_phase fetch;
		enum cg_probe_phase probe;
	} phases[] = {
	        {CG_FETCH_NAME, CG_PROBE_PHASE_NAME},
	        {CG_FETCH_CONNECT, CG_PROBE_PHASE_CONNECT},
	        {CG_FETCH_HANDSHAKE, CG_PROBE_PHASE_TLS},
	        {CG_FETCH_WAIT, CG_PROBE_PHASE_WAIT},
	};
	struct cg_config_probe http = {.type = CG_PROBE_HTTP};

	(void)state;
	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
		struct cg_probe_result result = judge(
		        http, (struct cg_fetch_answer){.phase = phases[i].fetch, .error = "why"});

		assert_int_equal(result.phase, phases[i].probe);
		assert_string_equal(result.error, "why");
	}
}

static void test_tcp_and_tls_need_no_status(void **state)
{
	struct cg_config_probe tcp = {.type = CG_PROBE_TCP, .expect_body = (char *)"UP"};
	struct cg_config_probe tls = {.type = CG_PROBE_TLS};

	(void)state;
	assert_true(judge(tcp, (struct cg_fetch_answer){.phase = CG_FETCH_DONE}).is_good);
	assert_true(judge(tls, (struct cg_fetch_answer){.phase = CG_FETCH_DONE}).is_good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_expected_statuses_are_good),
	        cmocka_unit_test(test_other_statuses_are_told),
	        cmocka_unit_test(test_the_body_must_hold_the_text),
	        cmocka_unit_test(test_only_the_first_64k_count),
	        cmocka_unit_test(test_failures_keep_their_phase_and_words),
	        cmocka_unit_test(test_tcp_and_tls_need_no_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
