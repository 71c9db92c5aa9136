/* SPDX-License-Identifier: BSD-2-Clause */
/* proxy/access_log: lines stay one line and valid whatever a client sends, and tell no secrets. */
#include "proxy/access_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include <cmocka.h>

#include "base/clock.h"

/* 2026-11-21T05:28:00.123Z */
static const int64_t started_wall_ms = 1795238880123;

/* All that the functions read of an exchange. */
struct scene {
	struct cg_client client;
	struct cg_stream stream;
	struct cg_config config;
	struct cg_snapshot snapshot;
	struct cg_hold hold;
	struct cg_worker_counters counters;
	struct cg_config_tenant tenant_config;
	struct cg_snapshot_tenant tenant;
	struct cg_field fields[2];
	struct cg_worker *worker;
	struct cg_exchange x;
};

static int setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	s->worker = calloc(1, sizeof(*s->worker));
	s->client = (struct cg_client){.listener = "https",
	                               .is_tls = true,
	                               .port = 443,
	                               .ip = "203.0.113.9",
	                               .tls_version = "TLSv1.3",
	                               .sni = "api.acme.test"};
	s->stream = (struct cg_stream){.client = &s->client, .protocol = "HTTP/1.1"};
	s->snapshot.config = &s->config;
	s->hold.snapshot = &s->snapshot;
	s->worker->counters = &s->counters;
	s->tenant_config.name = (char *)(uintptr_t) "eu20";
	s->tenant.config = &s->tenant_config;
	s->fields[0] = (struct cg_field){
	        .name = CG_STR("User-Agent"), .value = CG_STR("curl/8"), .id = CG_FIELD_USER_AGENT};
	s->fields[1] = (struct cg_field){.name = CG_STR("Referer"),
	                                 .value = CG_STR("https://a.test/?b=c&sig=hidden"),
	                                 .id = CG_FIELD_REFERER};
	s->x = (struct cg_exchange){
	        .worker = s->worker,
	        .hold = &s->hold,
	        .stream = &s->stream,
	        .request = {.method_text = CG_STR("POST"),
	                    .path = CG_STR("/http/order?x=1"),
	                    .host = CG_STR("api.acme.test"),
	                    .fields = s->fields,
	                    .fields_n = CG_ARRAY_LEN(s->fields)},
	        .request_id = CG_STR("id-1"),
	        .started_us = cg_clock_now_us(),
	        .started_wall_ms = started_wall_ms,
	        .attempts_n = 2,
	        .last_tenant = &s->tenant,
	        .status = 200,
	        .delivery = CG_DELIVERY_YES,
	        .mpl_id = CG_STR("AGx"),
	        .correlation_id = CG_STR("AGy"),
	        .bytes_in = 17,
	        .bytes_out = 18446744073709551615u,
	        .tenant_us = 12045,
	};
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	cg_buf_fini(&s->worker->log_line);
	free(s->worker);
	free(s);
	return 0;
}

/* ---- JSON ---- */

/* The line parsed; it must be one line. */
static json_t *json_line(const struct cg_exchange *x)
{
	struct cg_buf out = {0};
	json_error_t error;
	json_t *line;
	size_t len;

	cg_access_log_json(&out, x);
	len = cg_buf_len(&out);
	assert_true(len > 0);
	assert_ptr_equal(memchr(cg_buf_ptr(&out), '\n', len), cg_buf_ptr(&out) + len - 1);
	line = json_loadb(cg_buf_ptr(&out), len, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
	if (line == NULL)
		print_message("# %s: %.*s\n", error.text, (int)len, cg_buf_ptr(&out));
	assert_non_null(line);
	cg_buf_fini(&out);
	return line;
}

static const char *text_of(const json_t *line, const char *key)
{
	const char *text = json_string_value(json_object_get(line, key));

	assert_non_null(text);
	return text;
}

static void test_json_has_every_key_of_the_contract(void **state)
{
	static const struct {
		const char *key;
		json_type type;
	} keys[] = {
	        {"time", JSON_STRING},
	        {"listener", JSON_STRING},
	        {"client", JSON_STRING},
	        {"method", JSON_STRING},
	        {"host", JSON_STRING},
	        {"path", JSON_STRING},
	        {"protocol", JSON_STRING},
	        {"status", JSON_INTEGER},
	        {"bytes_in", JSON_INTEGER},
	        {"bytes_out", JSON_INTEGER},
	        {"duration_ms", JSON_REAL},
	        {"tenant", JSON_STRING},
	        {"attempts", JSON_INTEGER},
	        {"tenant_ms", JSON_REAL},
	        {"tls", JSON_STRING},
	        {"sni", JSON_STRING},
	        {"delivery", JSON_STRING},
	        {"user_agent", JSON_STRING},
	        {"request_id", JSON_STRING},
	        {"mpl_id", JSON_STRING},
	        {"correlation_id", JSON_STRING},
	        {"error", JSON_STRING},
	};
	struct scene *s = *state;
	json_t *line;

	s->x.bytes_out = 18;
	line = json_line(&s->x);
	for (size_t i = 0; i < CG_ARRAY_LEN(keys); i++) {
		assert_non_null(json_object_get(line, keys[i].key));
		assert_int_equal(json_typeof(json_object_get(line, keys[i].key)), keys[i].type);
	}
	assert_int_equal(json_object_size(line), CG_ARRAY_LEN(keys));
	json_decref(line);
}

static void test_json_tells_what_happened(void **state)
{
	struct scene *s = *state;
	json_t *line;

	s->x.bytes_out = 18;
	line = json_line(&s->x);
	assert_string_equal(text_of(line, "time"), "2026-11-21T05:28:00.123Z");
	assert_string_equal(text_of(line, "listener"), "https");
	assert_string_equal(text_of(line, "client"), "203.0.113.9");
	assert_string_equal(text_of(line, "method"), "POST");
	assert_string_equal(text_of(line, "host"), "api.acme.test");
	assert_string_equal(text_of(line, "path"), "/http/order?x=1");
	assert_string_equal(text_of(line, "protocol"), "HTTP/1.1");
	assert_string_equal(text_of(line, "tenant"), "eu20");
	assert_string_equal(text_of(line, "tls"), "TLSv1.3");
	assert_string_equal(text_of(line, "sni"), "api.acme.test");
	assert_string_equal(text_of(line, "delivery"), "yes");
	assert_string_equal(text_of(line, "user_agent"), "curl/8");
	assert_string_equal(text_of(line, "request_id"), "id-1");
	assert_string_equal(text_of(line, "mpl_id"), "AGx");
	assert_string_equal(text_of(line, "correlation_id"), "AGy");
	assert_string_equal(text_of(line, "error"), "");
	assert_int_equal(json_integer_value(json_object_get(line, "status")), 200);
	assert_int_equal(json_integer_value(json_object_get(line, "bytes_in")), 17);
	assert_int_equal(json_integer_value(json_object_get(line, "bytes_out")), 18);
	assert_int_equal(json_integer_value(json_object_get(line, "attempts")), 2);
	assert_true(json_real_value(json_object_get(line, "tenant_ms")) == 12.045);
	assert_true(json_real_value(json_object_get(line, "duration_ms")) >= 0);
	json_decref(line);
}

/* A request that was refused before anything of it was understood. */
static void test_json_of_an_empty_request(void **state)
{
	struct scene *s = *state;
	json_t *line;

	s->x.request = (struct cg_message){0};
	s->x.request_id = s->x.mpl_id = s->x.correlation_id = (struct cg_str){0};
	s->x.last_tenant = NULL;
	s->x.bytes_out = 0;
	s->x.tenant_us = -5;
	s->x.started_us = cg_clock_now_us() + 1000000;
	s->x.delivery = CG_DELIVERY_NO;
	s->x.error = "bare_lf";
	s->client.tls_version = NULL;
	s->client.sni[0] = '\0';
	line = json_line(&s->x);
	assert_string_equal(text_of(line, "method"), "");
	assert_string_equal(text_of(line, "path"), "");
	assert_string_equal(text_of(line, "tenant"), "");
	assert_string_equal(text_of(line, "tls"), "");
	assert_string_equal(text_of(line, "delivery"), "no");
	assert_string_equal(text_of(line, "error"), "bare_lf");
	assert_true(json_real_value(json_object_get(line, "tenant_ms")) == 0);
	assert_true(json_real_value(json_object_get(line, "duration_ms")) == 0);
	json_decref(line);
}

static const struct cg_str hostile[] = {
        {"\",\"status\":0,\"x\":\"", 18},
        {"\\", 1},
        {"\\\"}\n{\"a\":\"", 11},
        {"\r\n\t\b\f\x01\x1f\x7f", 8},
        {"a\0b", 3},
        {"\xff\xfe\xc3", 3},
        {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9},
        {"\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80", 9},
        {"\xe2\x80\xa8</script>%00${x}", 18},
};

static void test_json_stays_valid_for_hostile_values(void **state)
{
	struct scene *s = *state;

	s->x.bytes_out = 18;
	for (size_t i = 0; i < CG_ARRAY_LEN(hostile); i++) {
		json_t *line;

		s->x.request.method_text = s->x.request.host = s->x.request.path = hostile[i];
		s->x.request_id = s->x.mpl_id = s->x.correlation_id = hostile[i];
		s->fields[0].value = hostile[i];
		snprintf(s->client.sni, sizeof(s->client.sni), "%.*s", CG_STR_ARGS(hostile[i]));
		line = json_line(&s->x);
		assert_int_equal(json_object_size(line), 22);
		assert_int_equal(json_integer_value(json_object_get(line, "status")), 200);
		json_decref(line);
	}
	s->x.request.path = CG_STR("/\"?\"=\\\n\xff&key=\"\n");
	json_decref(json_line(&s->x));
}

static void test_values_come_back_from_json(void **state)
{
	struct scene *s = *state;
	json_t *line;

	s->x.bytes_out = 18;
	s->x.request.path = CG_STR("/a\"b\\c\xc3\xa4\xff?d=\"");
	line = json_line(&s->x);
	assert_string_equal(text_of(line, "path"), "/a\"b\\c\xc3\xa4\xef\xbf\xbd?d=\"");
	json_decref(line);
}

/* ---- secrets ---- */

static void path_check(struct scene *s, struct cg_str path, const char *want)
{
	struct cg_buf out = {0};
	char *quoted = NULL;
	json_t *line;

	s->x.request.path = path;
	s->x.bytes_out = 18;
	line = json_line(&s->x);
	assert_string_equal(text_of(line, "path"), want);
	json_decref(line);
	cg_access_log_combined(&out, &s->x);
	cg_buf_append_char(&out, '\0');
	assert_true(asprintf(&quoted, "\"POST %s HTTP/1.1\"", want) > 0);
	assert_non_null(strstr(cg_buf_ptr(&out), quoted));
	free(quoted);
	cg_buf_fini(&out);
}

static void test_secrets_in_the_query_are_hidden(void **state)
{
	struct scene *s = *state;

	path_check(s, CG_STR("/a?b=c"), "/a?b=c");
	path_check(s, CG_STR("/a?access_TOKEN=s&b=c"), "/a?access_TOKEN=***&b=c");
	path_check(s, CG_STR("/a?client_secret=s"), "/a?client_secret=***");
	path_check(s, CG_STR("/a?Password=s&pwd=s&apikey=s&sig=s&x-auth=s&m=n"),
	           "/a?Password=***&pwd=***&apikey=***&sig=***&x-auth=***&m=n");
	path_check(s, CG_STR("/a?%74oken=s=t;u"), "/a?%74oken=***");
	path_check(s, CG_STR("/token=kept"), "/token=kept");
}

static void test_credentials_in_fields_never_appear(void **state)
{
	struct scene *s = *state;
	struct cg_buf out = {0};

	s->fields[0] = (struct cg_field){.name = CG_STR("Authorization"),
	                                 .value = CG_STR("Basic SECRET"),
	                                 .id = CG_FIELD_AUTHORIZATION};
	s->fields[1] = (struct cg_field){
	        .name = CG_STR("Cookie"), .value = CG_STR("SECRET=SECRET"), .id = CG_FIELD_COOKIE};
	cg_access_log_json(&out, &s->x);
	cg_access_log_combined(&out, &s->x);
	cg_buf_append_char(&out, '\0');
	assert_null(strstr(cg_buf_ptr(&out), "SECRET"));
	cg_buf_fini(&out);
}

/* ---- combined ---- */

static void combined_check(const struct scene *s, const char *want)
{
	struct cg_buf out = {0};

	cg_access_log_combined(&out, &s->x);
	cg_buf_append_char(&out, '\0');
	assert_string_equal(cg_buf_ptr(&out), want);
	cg_buf_fini(&out);
}

static void test_combined_is_as_others_write_it(void **state)
{
	struct scene *s = *state;

	combined_check(s, "203.0.113.9 - - [21/Nov/2026:05:28:00 +0000] "
	                  "\"POST /http/order?x=1 HTTP/1.1\" 200 18446744073709551615 "
	                  "\"https://a.test/?b=c&sig=***\" \"curl/8\"\n");
	s->x.request.fields_n = 0;
	s->x.bytes_out = 0;
	combined_check(s, "203.0.113.9 - - [21/Nov/2026:05:28:00 +0000] "
	                  "\"POST /http/order?x=1 HTTP/1.1\" 200 0 \"-\" \"-\"\n");
	s->x.request = (struct cg_message){0};
	s->x.status = 400;
	combined_check(s, "203.0.113.9 - - [21/Nov/2026:05:28:00 +0000] \"  HTTP/1.1\" 400 0 "
	                  "\"-\" \"-\"\n");
}

static void test_combined_stays_one_line_with_its_quotes(void **state)
{
	struct scene *s = *state;

	for (size_t i = 0; i < CG_ARRAY_LEN(hostile); i++) {
		struct cg_buf out = {0};
		size_t quotes_n = 0;

		s->x.request.method_text = s->x.request.path = hostile[i];
		s->fields[0].value = s->fields[1].value = hostile[i];
		cg_access_log_combined(&out, &s->x);
		for (size_t at = 0; at + 1 < cg_buf_len(&out); at++) {
			char c = cg_buf_ptr(&out)[at];

			assert_true(c >= ' ' && c < 0x7f);
			quotes_n += c == '"';
		}
		assert_int_equal(quotes_n, 6);
		assert_int_equal(cg_buf_ptr(&out)[cg_buf_len(&out) - 1], '\n');
		cg_buf_fini(&out);
	}
	s->x.request.path = CG_STR("/");
	s->x.request.method_text = CG_STR("GET");
	s->fields[0].value = CG_STR("a\"b\\\n");
	s->x.request.fields_n = 1;
	s->x.bytes_out = 0;
	combined_check(s, "203.0.113.9 - - [21/Nov/2026:05:28:00 +0000] \"GET / HTTP/1.1\" 200 0 "
	                  "\"-\" \"a\\x22b\\x5c\\x0a\"\n");
}

/* ---- to the writer ---- */

static size_t read_file(const char *path, char *out, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t n;

	assert_non_null(file);
	n = fread(out, 1, size - 1, file);
	out[n] = '\0';
	fclose(file);
	return n;
}

static void test_configured_format_reaches_the_file(void **state)
{
	struct scene *s = *state;
	char path[] = "/tmp/cpigate-test-access-XXXXXX";
	int fd = mkstemp(path);
	struct cg_error err;
	char text[8192];
	char *second;

	assert_true(fd >= 0);
	close(fd);
	s->worker->access_writer = cg_access_writer_new(path, 1, &err);
	assert_non_null(s->worker->access_writer);
	cg_access_log(&s->x); /* no access log in its configuration: no effect */
	s->config.log.access = path;
	s->x.is_unlogged = true;
	cg_access_log(&s->x);
	s->x.is_unlogged = false;
	s->config.log.access_format = CG_ACCESS_COMBINED;
	cg_access_log(&s->x);
	s->config.log.access_format = CG_ACCESS_JSON;
	cg_access_log(&s->x);
	cg_access_writer_free(s->worker->access_writer);
	read_file(path, text, sizeof(text));
	assert_int_equal(strncmp(text, "203.0.113.9 - - [", 17), 0);
	second = strchr(text, '\n') + 1;
	assert_int_equal(strncmp(second, "{\"time\":\"2026-", 14), 0);
	assert_string_equal(strchr(second, '\n'), "\n");
	assert_int_equal(CG_COUNTER_GET(s->counters.log_lines_lost), 0);
	unlink(path);
}

static void test_line_without_room_is_counted_as_lost(void **state)
{
	enum { HUGE = 2 << 20 };
	struct scene *s = *state;
	struct cg_error err;
	char *path = malloc(HUGE);
	char target[] = "/dev/null";

	s->config.log.access = target;
	memset(path, 'a', HUGE);
	s->x.request.path = (struct cg_str){.ptr = path, .len = HUGE};
	s->worker->access_writer = cg_access_writer_new(target, 1, &err);
	assert_non_null(s->worker->access_writer);
	cg_access_log(&s->x);
	assert_int_equal(CG_COUNTER_GET(s->counters.log_lines_lost), 1);
	cg_access_writer_free(s->worker->access_writer);
	free(path);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_json_has_every_key_of_the_contract),
	        TEST(test_json_tells_what_happened),
	        TEST(test_json_of_an_empty_request),
	        TEST(test_json_stays_valid_for_hostile_values),
	        TEST(test_values_come_back_from_json),
	        TEST(test_secrets_in_the_query_are_hidden),
	        TEST(test_credentials_in_fields_never_appear),
	        TEST(test_combined_is_as_others_write_it),
	        TEST(test_combined_stays_one_line_with_its_quotes),
	        TEST(test_configured_format_reaches_the_file),
	        TEST(test_line_without_room_is_counted_as_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
