/* SPDX-License-Identifier: BSD-2-Clause */
/* Each type of value: what is taken, in which form, and what is refused with which words. */
#include "config/value.h"

#include "load.h"

struct number_case {
	enum cg_option_type type;
	uint64_t min;
	uint64_t max;
	const char *text;
	uint64_t value;
	const char *error; /* NULL: good */
};

static const struct number_case numbers[] = {
        {CG_OPTION_DURATION, 0, 86400000, "250ms", 250, NULL},
        {CG_OPTION_DURATION, 0, 86400000, "10s", 10000, NULL},
        {CG_OPTION_DURATION, 0, 86400000, "2m", 120000, NULL},
        {CG_OPTION_DURATION, 0, 86400000, "1h", 3600000, NULL},
        {CG_OPTION_DURATION, 0, 86400000, "0", 0, NULL},
        {CG_OPTION_DURATION, 0, 86400000, "0s", 0, NULL},
        {CG_OPTION_DURATION, 0, 86400000, "10", 0,
         "\"10\" is not a duration like 250ms, 10s, 2m or 1h"},
        {CG_OPTION_DURATION, 0, 86400000, "1.5s", 0,
         "\"1.5s\" is not a duration like 250ms, 10s, 2m or 1h"},
        {CG_OPTION_DURATION, 0, 86400000, "-1s", 0,
         "\"-1s\" is not a duration like 250ms, 10s, 2m or 1h"},
        {CG_OPTION_DURATION, 0, 86400000, "1d", 0,
         "\"1d\" is not a duration like 250ms, 10s, 2m or 1h"},
        {CG_OPTION_DURATION, 100, 3600000, "99ms", 0, "\"99ms\" is out of range (100ms to 1h)"},
        {CG_OPTION_DURATION, 100, 3600000, "0", 0, "\"0\" is out of range (100ms to 1h)"},
        {CG_OPTION_DURATION, 0, 86400000, "99999999999999999999h", 0,
         "\"99999999999999999999h\" is out of range (0 to 24h)"},
        {CG_OPTION_DURATION, 0, 86400000, "18446744073709551615h", 0,
         "\"18446744073709551615h\" is out of range (0 to 24h)"},
        {CG_OPTION_SIZE, 0, 1 << 30, "512", 512, NULL},
        {CG_OPTION_SIZE, 0, 1 << 30, "64k", 65536, NULL},
        {CG_OPTION_SIZE, 0, 1 << 30, "10M", 10485760, NULL},
        {CG_OPTION_SIZE, 0, 1 << 30, "1g", 1073741824, NULL},
        {CG_OPTION_SIZE, 64, 1 << 20, "63", 0, "\"63\" is out of range (64 to 1m)"},
        {CG_OPTION_SIZE, 64, 1 << 20, "1kb", 0, "\"1kb\" is not a size like 512, 64k, 10m or 1g"},
        {CG_OPTION_UINT, 1, 16, "16", 16, NULL},
        {CG_OPTION_UINT, 1, 16, "17", 0, "\"17\" is out of range (1 to 16)"},
        {CG_OPTION_UINT, 1, 16, "x", 0, "\"x\" is not a number"},
        {CG_OPTION_UINT, 1, 16, "1k", 0, "\"1k\" is not a number"},
        {CG_OPTION_UINT, 1, 16, "0x1", 0, "\"0x1\" is not a number"},
};

static void test_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < CG_ARRAY_LEN(numbers); i++) {
		const struct number_case *c = &numbers[i];
		struct cg_option option = {.type = c->type, .min = c->min, .max = c->max};
		struct cg_error err = {.text = ""};
		uint64_t value = 0;
		int result = cg_value_read_number(&option, cg_str_from(c->text), &value, &err);

		assert_string_equal(err.text, c->error == NULL ? "" : c->error);
		assert_int_equal(result, c->error == NULL ? 0 : -1);
		if (c->error == NULL)
			assert_int_equal(value, c->value);
	}
}

static void test_booleans(void **state)
{
	static const char *const words[] = {"off", "on", "no",    "yes",  "0",  "1",
	                                    "OFF", "On", "false", "true", "No", "TRUE"};
	struct cg_error err;
	bool value;

	(void)state;
	for (size_t i = 0; i < CG_ARRAY_LEN(words); i++) {
		assert_int_equal(cg_value_read_bool(cg_str_from(words[i]), &value, &err), 0);
		assert_int_equal(value, i % 2);
	}
	assert_int_equal(cg_value_read_bool(CG_STR("maybe"), &value, &err), -1);
	assert_string_equal(err.text, "\"maybe\" is neither on nor off");
}

struct text_case {
	enum cg_option_type type;
	const char *text;
	const char *value; /* NULL: refused */
	const char *error;
};

#define LABEL63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct text_case texts[] = {
        {CG_OPTION_NAME, "eu20_A.b-c", "eu20_A.b-c", NULL},
        {CG_OPTION_NAME, "a" LABEL63, "a" LABEL63, NULL},
        {CG_OPTION_NAME, "ab" LABEL63, NULL,
         "\"ab" LABEL63 "\" is not a name (1 to 64 of A-Z a-z 0-9 _ . -)"},
        {CG_OPTION_NAME, "a b", NULL, "\"a b\" is not a name (1 to 64 of A-Z a-z 0-9 _ . -)"},
        {CG_OPTION_PATH, "/healthz", "/healthz", NULL},
        {CG_OPTION_PATH, "healthz", NULL, "\"healthz\" does not begin with \"/\""},
        {CG_OPTION_PATH, "/a?b", NULL, "\"/a?b\" has a query: only a path is allowed"},
        {CG_OPTION_PATH, "/a#b", NULL, "\"/a#b\" has a space, a \"#\" or a letter beyond ASCII"},
        {CG_OPTION_PATH, "/a b", NULL, "\"/a b\" has a space, a \"#\" or a letter beyond ASCII"},
        {CG_OPTION_TARGET, "/a?b=c", "/a?b=c", NULL},
        {CG_OPTION_METHOD, "HEAD", "HEAD", NULL},
        {CG_OPTION_METHOD, "get", NULL, "\"get\" is not a method that a probe can use"},
        {CG_OPTION_METHOD, "TRACE", NULL, "\"TRACE\" is not a method that a probe can use"},
        {CG_OPTION_HEADER, "Authorization:  Basic a,b==", "Authorization: Basic a,b==", NULL},
        {CG_OPTION_HEADER, "Host: x.example", "Host: x.example", NULL},
        {CG_OPTION_FIELD, "Idempotency-Key", "Idempotency-Key", NULL},
        {CG_OPTION_FIELD, "SAP_MessageId", "SAP_MessageId", NULL},
        {CG_OPTION_FIELD, "Idempotency-Key:", NULL,
         "\"Idempotency-Key:\" is not the name of a header"},
        {CG_OPTION_FIELD, "a b", NULL, "\"a b\" is not the name of a header"},
        {CG_OPTION_FIELD, "host", NULL, "\"host\" has a meaning of its own in every request"},
        {CG_OPTION_FIELD, "Content-Length", NULL,
         "\"Content-Length\" has a meaning of its own in every request"},
        {CG_OPTION_HEADER, "secret", NULL, "not a header (Name: value)"},
        {CG_OPTION_HEADER, "A b: c", NULL, "not a header (Name: value)"},
        {CG_OPTION_HEADER, "A : c", NULL, "not a header (Name: value)"},
        {CG_OPTION_HEADER, ": c", NULL, "not a header (Name: value)"},
        {CG_OPTION_HEADER, "A:", NULL, "header \"A\" has no value"},
        {CG_OPTION_HEADER, "A: b\rc", NULL, "header \"A\" has a control character in its value"},
        {CG_OPTION_HEADER, "content-length: 1", NULL,
         "header \"content-length\" is made by the probe itself"},
        {CG_OPTION_HEADER, "Transfer-Encoding: chunked", NULL,
         "header \"Transfer-Encoding\" is made by the probe itself"},
        {CG_OPTION_HEADER, "Connection: close", NULL,
         "header \"Connection\" is made by the probe itself"},
        {CG_OPTION_TOKEN, "s3cret/+=", "s3cret/+=", NULL},
        {CG_OPTION_TOKEN, "s3 cret", NULL,
         "the secret has a space, a control character or a letter beyond ASCII"},
        {CG_OPTION_HOST, "GW.Example.com", "gw.example.com", NULL},
        {CG_OPTION_HOST, "192.0.2.1", "192.0.2.1", NULL},
        {CG_OPTION_HOST, "1.2.3", NULL, "\"1.2.3\" is not a host name"},
        {CG_OPTION_HOST, "a..b", NULL, "\"a..b\" is not a host name"},
        {CG_OPTION_HOST, "a.example.", NULL, "\"a.example.\" is not a host name"},
        {CG_OPTION_HOST, "a:443", NULL, "\"a:443\" is not a host name"},
        {CG_OPTION_HOST, LABEL63 "b", NULL, "\"" LABEL63 "b\" is not a host name"},
        {CG_OPTION_HOST_PATTERN, "*.Example.com", "*.example.com", NULL},
        {CG_OPTION_HOST_PATTERN, "a.example", "a.example", NULL},
        {CG_OPTION_HOST_PATTERN, "*.", NULL, "\"*.\" is neither a host name nor *.domain"},
        {CG_OPTION_HOST_PATTERN, "*", NULL, "\"*\" is not a host name"},
        {CG_OPTION_HOST_PATTERN, "a.*.b", NULL, "\"a.*.b\" is not a host name"},
        {CG_OPTION_HOST_PATTERN, "a.example:443", NULL, "\"a.example:443\" is not a host name"},
        {CG_OPTION_HOST_PORT, "api.example:8443", "api.example:8443", NULL},
        {CG_OPTION_HOST_PORT, "[::1]:8443", "[::1]:8443", NULL},
        {CG_OPTION_HOST_PORT, "api.example:0", NULL, "\"api.example:0\" is not a host name"},
        {CG_OPTION_HOST_PORT, "api.example:", NULL, "\"api.example:\" is not a host name"},
        {CG_OPTION_URL, "HTTPS://A.Example/", "https://a.example", NULL},
        {CG_OPTION_URL, "https://a.example:443", "https://a.example", NULL},
        {CG_OPTION_URL, "http://a.example:8080", "http://a.example:8080", NULL},
        {CG_OPTION_URL, "http://[::1]:8080/", "http://[::1]:8080", NULL},
        {CG_OPTION_URL, "a.example", NULL, "\"a.example\" does not begin with https:// or http://"},
        {CG_OPTION_URL, "ftp://a.example", NULL,
         "\"ftp://a.example\" does not begin with https:// or http://"},
        {CG_OPTION_URL, "https://a.example/x", NULL,
         "\"https://a.example/x\" has a path or query: only scheme, host and port are allowed"},
        {CG_OPTION_URL, "https://a.example?x", NULL,
         "\"https://a.example?x\" has a path or query: only scheme, host and port are allowed"},
        {CG_OPTION_URL, "https://u:p@a.example", NULL,
         "a user or password in the URL is not allowed"},
        {CG_OPTION_URL, "https://", NULL, "\"https://\" has no valid host and port"},
        {CG_OPTION_URL, "https://a.example:65536", NULL,
         "\"https://a.example:65536\" has no valid host and port"},
        {CG_OPTION_URL, "https://[::1", NULL, "\"https://[::1\" has no valid host and port"},
        {CG_OPTION_URL, "https://[1.2.3.4]", NULL,
         "\"https://[1.2.3.4]\" has no valid host and port"},
};

static void test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < CG_ARRAY_LEN(texts); i++) {
		const struct text_case *c = &texts[i];
		struct cg_error err = {.text = ""};
		char *value = cg_value_read_text(c->type, cg_str_from(c->text), &err);

		assert_string_equal(err.text, c->error == NULL ? "" : c->error);
		if (c->value == NULL)
			assert_null(value);
		else
			assert_string_equal(value, c->value);
		free(value);
	}
}

static void test_long_value_is_quoted_in_part(void **state)
{
	char text[201];
	struct cg_error err;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[200] = '\0';
	assert_null(cg_value_read_text(CG_OPTION_NAME, cg_str_from(text), &err));
	assert_memory_equal(err.text + 81, "...\" is not a name", 18);
}

static void test_addresses(void **state)
{
	static const char *const good[] = {"127.0.0.1:443", "[2001:db8::1]:8443", "0.0.0.0:1",
	                                   "127.0.0.1:0"};
	static const char *const bad[] = {"127.0.0.1", "127.0.0.1:65536", "::1",
	                                  "[::1]",     "localhost:1",     "127.0.0.1:",
	                                  ":443",      "1.2.3.4:x1",      "[1.2.3.4]:1"};
	char text[CG_ADDR_TEXT_SIZE];
	struct cg_addr addr;
	struct cg_error err;

	(void)state;
	for (size_t i = 0; i < CG_ARRAY_LEN(good); i++) {
		assert_int_equal(cg_value_read_address(cg_str_from(good[i]), false, &addr, &err),
		                 0);
		cg_addr_format(&addr, text);
		assert_string_equal(text, good[i]);
	}
	for (size_t i = 0; i < CG_ARRAY_LEN(bad); i++)
		assert_int_equal(cg_value_read_address(cg_str_from(bad[i]), false, &addr, &err),
		                 -1);
	assert_string_equal(err.text, "\"[1.2.3.4]:1\" is not an address (IP:PORT or [IP6]:PORT)");
	assert_int_equal(cg_value_read_address(CG_STR("10.0.0.1"), true, &addr, &err), 0);
	assert_int_equal(cg_addr_port(&addr), 0);
	assert_int_equal(cg_value_read_address(CG_STR("::1"), true, &addr, &err), 0);
	assert_int_equal(cg_value_read_address(CG_STR("::1"), true, &addr, &err), 0);
	assert_int_equal(cg_value_read_address(CG_STR("10.0.0.1:0"), true, &addr, &err), -1);
}

static void test_status_codes(void **state)
{
	static const char *const bad[] = {"99",      "600",         "20",      "2000",
	                                  "299-200", "200-",        "-200",    "200-2x9",
	                                  "abc",     "200-299-300", "100-600", "0200-299"};
	struct cg_status_range range;
	struct cg_error err;

	(void)state;
	assert_int_equal(cg_value_read_status(CG_STR("401"), &range, &err), 0);
	assert_true(range.first == 401 && range.last == 401);
	assert_int_equal(cg_value_read_status(CG_STR("200 - 299"), &range, &err), 0);
	assert_true(range.first == 200 && range.last == 299);
	for (size_t i = 0; i < CG_ARRAY_LEN(bad); i++)
		assert_int_equal(cg_value_read_status(cg_str_from(bad[i]), &range, &err), -1);
	assert_string_equal(err.text, "\"0200-299\" is not a status code (100 to 599) or a range "
	                              "of them like 200-299");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_numbers),
	        cmocka_unit_test(test_booleans),
	        cmocka_unit_test(test_texts),
	        cmocka_unit_test(test_long_value_is_quoted_in_part),
	        cmocka_unit_test(test_addresses),
	        cmocka_unit_test(test_status_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
