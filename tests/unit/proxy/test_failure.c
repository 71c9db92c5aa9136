/* SPDX-License-Identifier: BSD-2-Clause */
/* proxy/failure: names are what users, scripts and metrics go by, so they never change. */
#include "proxy/failure.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct row {
	enum cg_failure failure;
	int status;
	const char *name;
	const char *proxy_error;
};

/* Written out once more on purpose: a change here is a change for users. */
static const struct row rows[] = {
        {CG_FAILURE_NAME, 502, "name", "dns_error"},
        {CG_FAILURE_CONNECT, 502, "connect", "connection_refused"},
        {CG_FAILURE_CONNECT_TIMEOUT, 502, "connect_timeout", "connection_timeout"},
        {CG_FAILURE_TLS, 502, "tls", "tls_protocol_error"},
        {CG_FAILURE_LOCAL, 503, "no_resources", "proxy_internal_error"},
        {CG_FAILURE_CLOSED, 502, "closed", "connection_terminated"},
        {CG_FAILURE_ACK_TIMEOUT, 502, "ack_timeout", "connection_timeout"},
        {CG_FAILURE_UNREACHABLE, 502, "unreachable", "destination_unavailable"},
        {CG_FAILURE_MALFORMED, 502, "malformed_answer", "http_protocol_error"},
        {CG_FAILURE_RESPONSE_TIMEOUT, 504, "response_timeout", "http_response_timeout"},
        {CG_FAILURE_NO_TENANT, 503, "no_tenant", "destination_unavailable"},
        {CG_FAILURE_FULL, 503, "tenants_full", "connection_limit_reached"},
        {CG_FAILURE_NO_ROUTE, 404, "no_route", "destination_not_found"},
        {CG_FAILURE_MISDIRECTED, 421, "misdirected", "http_request_denied"},
        {CG_FAILURE_LOOP, 508, "loop", "proxy_loop_detected"},
        {CG_FAILURE_HEALTH_METHOD, 405, "method_not_allowed", "http_request_denied"},
        {CG_FAILURE_CLIENT_TIMEOUT, 408, "client_timeout", "http_request_error"},
        {CG_FAILURE_CLIENT_GONE, 499, "client_gone", "connection_terminated"},
        {CG_FAILURE_CLIENT_WRITE_TIMEOUT, 499, "client_write_timeout", "connection_write_timeout"},
        {CG_FAILURE_TRUNCATED, 502, "answer_truncated", "http_response_incomplete"},
        {CG_FAILURE_TENANT_READ_TIMEOUT, 504, "tenant_read_timeout", "connection_read_timeout"},
        {CG_FAILURE_STOPPING, 503, "stopping", "destination_unavailable"},
};

static void test_status_and_names_stay(void **state)
{
	(void)state;
	for (size_t i = 0; i < CG_ARRAY_LEN(rows); i++) {
		enum cg_failure failure = rows[i].failure;

		assert_int_equal(cg_failure_status(failure), rows[i].status);
		assert_string_equal(cg_failure_name(failure), rows[i].name);
		assert_string_equal(cg_failure_proxy_error(failure), rows[i].proxy_error);
	}
}

static void test_every_failure_is_in_the_table(void **state)
{
	size_t n = 0;

	(void)state;
#define X(id, status, name, proxy_error, text)                                                     \
	assert_int_equal(rows[n].failure, CG_FAILURE_##id);                                        \
	n++;
	CG_FAILURES(X)
#undef X
	assert_int_equal(n, CG_ARRAY_LEN(rows));
}

static void test_names_are_unique_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < CG_ARRAY_LEN(rows); i++) {
		const char *name = cg_failure_name(rows[i].failure);

		assert_true(strlen(name) > 0);
		for (const char *c = name; *c != '\0'; c++)
			assert_true(islower((unsigned char)*c) || *c == '_');
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(name, cg_failure_name(rows[j].failure));
	}
}

/* They stand in Proxy-Status between quotes and in JSON. */
static void test_sentences_need_no_escaping(void **state)
{
	(void)state;
	for (size_t i = 0; i < CG_ARRAY_LEN(rows); i++) {
		const char *text = cg_failure_text(rows[i].failure);

		assert_true(strlen(text) > 0);
		for (const char *c = text; *c != '\0'; c++)
			assert_true(*c >= ' ' && *c < 0x7f && *c != '"' && *c != '\\');
	}
}

static void test_no_failure_has_no_name(void **state)
{
	(void)state;
	assert_string_equal(cg_failure_name(CG_FAILURE_NONE), "");
	assert_string_equal(cg_failure_proxy_error(CG_FAILURE_NONE), "");
	assert_string_equal(cg_failure_text(CG_FAILURE_NONE), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_status_and_names_stay),
	        cmocka_unit_test(test_every_failure_is_in_the_table),
	        cmocka_unit_test(test_names_are_unique_words),
	        cmocka_unit_test(test_sentences_need_no_escaping),
	        cmocka_unit_test(test_no_failure_has_no_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
