/* SPDX-License-Identifier: BSD-2-Clause */
/* proxy/rewrite: the header rules of SPEC section 4, on heads as they are parsed and written. */
#include "proxy/rewrite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/h1_head.h"
#include "http/h1_write.h"

static const struct cg_h1_limits limits = {.line = 8192, .bytes = 32768, .fields = 100};

/* A head that was read, and what was made of it. */
struct head {
	struct cg_arena arena;
	struct cg_message message;
	struct cg_framing framing;
	struct cg_buf out;
	char text[8192]; /* of the input */
};

static void head_free(struct head *head)
{
	cg_buf_fini(&head->out);
	cg_arena_fini(&head->arena);
}

static const char *head_out(struct head *head)
{
	cg_buf_append_char(&head->out, '\0');
	return cg_buf_ptr(&head->out);
}

/* ---- requests ---- */

/* FIELDS behind a request line and Host. */
static void request_read(struct head *head, const char *fields)
{
	struct cg_h1_scan scan = {0};
	enum cg_refusal refusal;
	size_t used;

	memset(head, 0, sizeof(*head));
	cg_arena_init(&head->arena, 1024);
	snprintf(head->text, sizeof(head->text),
	         "POST /http/order?x=1 HTTP/1.1\r\nHost: api.acme.test:8443\r\n%s\r\n", fields);
	assert_int_equal(cg_h1_parse_request(&scan, cg_str_from(head->text), &limits, &head->arena,
	                                     &head->message, &used, &refusal),
	                 CG_H1_DONE);
	assert_int_equal(cg_framing_of_request(&head->message, &head->framing), CG_REFUSAL_NONE);
}

static struct cg_rewrite_request request_values(void)
{
	return (struct cg_rewrite_request){
	        .host = CG_STR("eu20.tenant.test"),
	        .client_ip = CG_STR("203.0.113.9"),
	        .said_host = CG_STR("api.acme.test:8443"),
	        .port = 8443,
	        .is_tls = true,
	        .via = CG_STR("1.1 edge"),
	        .request_id = CG_STR("id-1"),
	};
}

#define REQUEST_BEGIN "POST /http/order?x=1 HTTP/1.1\r\nHost: eu20.tenant.test\r\n"
#define REQUEST_END                                                                                \
	"X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n"                             \
	"X-Forwarded-Host: api.acme.test:8443\r\nX-Forwarded-Port: 8443\r\n"                       \
	"X-Request-Id: id-1\r\nVia: 1.1 edge\r\n"

/* FIELDS of the client become KEPT, framing included, and what the gateway adds. */
static void request_check(const char *fields, const char *kept, const char *framing)
{
	struct cg_rewrite_request values = request_values();
	struct head head;
	char *want = NULL;

	request_read(&head, fields);
	cg_rewrite_request(&head.out, &head.message, &head.framing, &values);
	assert_true(asprintf(&want, REQUEST_BEGIN "%s" REQUEST_END "%s\r\n", kept, framing) > 0);
	assert_string_equal(head_out(&head), want);
	free(want);
	head_free(&head);
}

static void test_plain_request_gets_what_the_gateway_adds(void **state)
{
	(void)state;
	request_check("", "", "");
	request_check("Accept: */*\r\nsoapaction: \"x\"\r\n",
	              "Accept: */*\r\nsoapaction: \"x\"\r\n", "");
}

static void test_hop_by_hop_fields_of_a_request_are_dropped(void **state)
{
	(void)state;
	request_check("Connection: keep-alive\r\nKeep-Alive: timeout=5\r\nTE: trailers\r\n"
	              "Trailer: X-Sum\r\nUpgrade: h2c\r\nProxy-Connection: close\r\n"
	              "Proxy-Authorization: Basic eA==\r\nProxy-Authenticate: x\r\nA: b\r\n",
	              "A: b\r\n", "");
}

static void test_fields_named_in_connection_are_dropped(void **state)
{
	(void)state;
	request_check("X-One: 1\r\nConnection: x-one ,,\t X-TWO\t,close\r\nX-Two: 2\r\n"
	              "Connection: x-three\r\nx-THREE: 3\r\nX-Thre: 4\r\nX-Three-B: 5\r\n"
	              "Close: 6\r\nConnection:\r\nX-Two: 7\r\n",
	              "X-Thre: 4\r\nX-Three-B: 5\r\nClose: 6\r\n", "");
	request_check("Connection: x-one; x-two, \"x-three\"\r\nX-One: 1\r\nX-Three: 3\r\n",
	              "X-One: 1\r\nX-Three: 3\r\n", "");
}

/* What the gateway sets itself can't be taken away, nor can the body's end be lost. */
static void test_connection_cannot_name_what_the_gateway_sets(void **state)
{
	(void)state;
	request_check("Content-Length: 5\r\nConnection: content-length, host, via, "
	              "transfer-encoding, x-forwarded-for, x-request-id\r\n"
	              "X-Request-Id: mine\r\nVia: 1.1 other\r\nA: b\r\n",
	              "A: b\r\n", "Content-Length: 5\r\n");
}

static void test_framing_is_written_anew(void **state)
{
	(void)state;
	request_check("Content-length:  007 \r\nA: b\r\n", "A: b\r\n", "Content-Length: 7\r\n");
	request_check("transfer-encoding: CHUNKED\r\nA: b\r\n", "A: b\r\n",
	              "Transfer-Encoding: chunked\r\n");
	request_check("Content-Length: 0\r\n", "", "Content-Length: 0\r\n");
}

static void test_what_only_a_gateway_may_say_is_replaced(void **state)
{
	(void)state;
	request_check("X-Forwarded-For: 10.0.0.1\r\nx-forwarded-proto: http\r\n"
	              "X-FORWARDED-HOST: evil.test\r\nX-Forwarded-Port: 1\r\n"
	              "X-Forwarded-For: 10.0.0.2\r\nForwarded: for=10.0.0.1\r\n"
	              "X-Real-IP: 10.0.0.1\r\nX-Forwarded-Client-Cert: Hash=1\r\n"
	              "X-SSL-Client-Cert: a\r\nX-SSL-Client-S-DN: b\r\nX-SSL-Client: 1\r\n"
	              "SSL_CLIENT_CERT: c\r\nssl_client_verify: SUCCESS\r\n"
	              "X-CF-APP-INSTANCE: guid:0\r\nX-Forwarded-Prefix: /p\r\n",
	              "X-Forwarded-Prefix: /p\r\n", "");
}

static void test_forged_spellings_are_dropped(void **state)
{
	(void)state;
	request_check("X_Forwarded_For: 10.0.0.1\r\nX-Forwarded_Proto: http\r\n"
	              "Transfer_Encoding: chunked\r\nContent_Length: 3\r\nX_Real_IP: 1\r\n"
	              "SSL-CLIENT-CERT: c\r\nX_SSL_Client_Cert: c\r\nX_Request_Id: 9\r\n"
	              "X_CF_APP_INSTANCE: 1\r\nProxy_Connection: a\r\nUser_Agent: kept\r\n",
	              "User_Agent: kept\r\n", "");
}

static void test_sap_fields_and_cookies_pass_byte_for_byte(void **state)
{
	static const char fields[] = "SAP_ApplicationID: A_1\r\nsap_messagetype: x  y\r\n"
	                             "SAP_Sender: \xc3\xa4\xff\r\n"
	                             "Cookie: JSESSIONID=\"a b\"; ;x=,y;  z\r\nCookie: second\r\n"
	                             "Authorization: Bearer abc\r\n";

	(void)state;
	request_check(fields, fields, "");
}

static void test_expect_and_host_are_the_gateways_affair(void **state)
{
	(void)state;
	request_check("Expect: 100-continue\r\nContent-Length: 3\r\n", "", "Content-Length: 3\r\n");
}

static void test_via_is_added_behind_those_before(void **state)
{
	(void)state;
	request_check("Via: 1.0 a, 1.1 b (c)\r\nVia: 1.1 d\r\n",
	              "Via: 1.0 a, 1.1 b (c)\r\nVia: 1.1 d\r\n", "");
}

static void test_two_tenants_get_the_same_request(void **state)
{
	struct cg_rewrite_request values = request_values();
	struct cg_buf second = {0};
	struct head head;
	char *at;

	(void)state;
	request_read(&head, "Connection: x-a\r\nX-A: 1\r\nX-B: 2\r\nExpect: 100-continue\r\n"
	                    "X-Request-Id: other\r\nTransfer-Encoding: chunked\r\n");
	cg_rewrite_request(&head.out, &head.message, &head.framing, &values);
	values.host = CG_STR("us21.tenant.test");
	cg_rewrite_request(&second, &head.message, &head.framing, &values);
	cg_buf_append_char(&second, '\0');
	at = strstr(second.data, "us21");
	assert_non_null(at);
	memcpy(at, "eu20", 4);
	assert_string_equal(second.data, head_out(&head));
	cg_buf_fini(&second);
	head_free(&head);
}

static void test_plain_listener_and_its_port_are_told(void **state)
{
	struct cg_rewrite_request values = request_values();
	struct head head;

	(void)state;
	values.is_tls = false;
	values.port = 80;
	values.client_ip = CG_STR("2001:db8::1");
	request_read(&head, "");
	cg_rewrite_request(&head.out, &head.message, &head.framing, &values);
	assert_non_null(strstr(head_out(&head), "\r\nX-Forwarded-For: 2001:db8::1\r\n"
	                                        "X-Forwarded-Proto: http\r\n"));
	assert_non_null(strstr(cg_buf_ptr(&head.out), "\r\nX-Forwarded-Port: 80\r\n"));
	head_free(&head);
}

/* ---- request ids and loops ---- */

static void kept_id_check(const char *fields, const char *want)
{
	struct head head;
	struct cg_str id;

	request_read(&head, fields);
	id = cg_rewrite_kept_request_id(&head.message);
	assert_int_equal(id.len, strlen(want));
	if (id.len > 0)
		assert_memory_equal(id.ptr, want, id.len);
	head_free(&head);
}

static void test_request_id_is_kept_if_sound(void **state)
{
	char line[256], id[130];

	(void)state;
	kept_id_check("", "");
	kept_id_check("X-Request-Id:\r\n", "");
	kept_id_check("x-request-ID:  a \r\n", "a");
	kept_id_check("X-Request-Id: !~\"\\{}\r\n", "!~\"\\{}");
	kept_id_check("X-Request-Id: a b\r\n", "");
	kept_id_check("X-Request-Id: a\tb\r\n", "");
	kept_id_check("X-Request-Id: \xc3\xa4\r\n", "");
	kept_id_check("X-Request-Id: a\r\nX-Request-Id: a\r\n", "");
	kept_id_check("X-Request-Id: a\r\nX-Request-Id:\r\n", "");
	memset(id, 'i', sizeof(id));
	id[128] = '\0';
	snprintf(line, sizeof(line), "X-Request-Id: %s\r\n", id);
	kept_id_check(line, id);
	snprintf(line, sizeof(line), "X-Request-Id: %si\r\n", id);
	kept_id_check(line, "");
}

static bool is_loop(const char *fields)
{
	struct head head;
	bool result;

	request_read(&head, fields);
	result = cg_rewrite_is_loop(&head.message, CG_STR("1.1 edge"));
	head_free(&head);
	return result;
}

static void test_own_entry_in_via_is_a_loop(void **state)
{
	(void)state;
	assert_true(is_loop("Via: 1.1 edge\r\n"));
	assert_true(is_loop("Via: 1.1 EDGE\r\n"));
	assert_true(is_loop("via: HTTP/2 edge\r\n"));
	assert_true(is_loop("Via: 1.0 a, 1.1\t edge \t, 1.1 b\r\n"));
	assert_true(is_loop("Via: 1.0 a,1.1 edge\r\n"));
	assert_true(is_loop("Via: 1.1 edge (comment)\r\n"));
	assert_true(is_loop("Via: 1.1 edge(comment), 1.1 b\r\n"));
	assert_true(is_loop("Via: 1.1 a (b (c)), 1.1 edge\r\n"));
	assert_true(is_loop("Via: 1.1 a\r\nX: y\r\nVia: 1.1 b\r\nVia: 1.1 edge\r\n"));
	/* Even if it asks to have the field dropped. */
	assert_true(is_loop("Connection: via\r\nVia: 1.1 edge\r\n"));
}

static void test_other_entries_in_via_are_no_loop(void **state)
{
	(void)state;
	assert_false(is_loop(""));
	assert_false(is_loop("Via:\r\n"));
	assert_false(is_loop("Via: ,,\r\n"));
	assert_false(is_loop("Via: edge\r\n"));
	assert_false(is_loop("Via: 1.1 edge2, 1.1 my-edge, 1.1 edge.test, 1.1 edg\r\n"));
	assert_false(is_loop("Via: 1.1 a (edge)\r\n"));
	assert_false(is_loop("Via: 1.1 a (1.1 edge)\r\n"));
	assert_false(is_loop("Via: 1.1 a (b, 1.1 edge)\r\n"));
	assert_false(is_loop("Via: edge 1.1\r\n"));
	assert_false(is_loop("X-Via: 1.1 edge\r\nServer: edge\r\n"));
}

/* ---- answers ---- */

static void answer_read(struct head *head, const char *fields)
{
	struct cg_h1_scan scan = {0};
	enum cg_refusal refusal;
	size_t used;

	memset(head, 0, sizeof(*head));
	cg_arena_init(&head->arena, 1024);
	snprintf(head->text, sizeof(head->text), "HTTP/1.1 200 OK\r\n%s\r\n", fields);
	assert_int_equal(cg_h1_parse_response(&scan, cg_str_from(head->text), &limits, &head->arena,
	                                      &head->message, &used, &refusal),
	                 CG_H1_DONE);
}

static struct cg_rewrite_answer answer_values(void)
{
	return (struct cg_rewrite_answer){
	        .tenant_host = CG_STR("eu20.tenant.test"),
	        .said_host = CG_STR("api.acme.test:8443"),
	        .is_tls = true,
	        .via = CG_STR("1.1 edge"),
	        .date = CG_STR("NOW"),
	        .tenant = CG_STR("eu20"),
	};
}

#define ANSWER_END "Via: 1.1 edge\r\nX-Cpigate-Tenant: eu20\r\n"

static void answer_check_with(const struct cg_rewrite_answer *values, const char *fields,
                              const char *want)
{
	struct head head;

	answer_read(&head, fields);
	cg_rewrite_answer(&head.message, values, &head.arena);
	cg_h1_write_fields(&head.out, &head.message);
	assert_string_equal(head_out(&head), want);
	head_free(&head);
}

static void answer_check(const char *fields, const char *want)
{
	struct cg_rewrite_answer values = answer_values();

	answer_check_with(&values, fields, want);
}

/* One field, with a Date of its own, that becomes WANT. */
static void answer_check_field_with(const struct cg_rewrite_answer *values, const char *field,
                                    const char *want)
{
	char in[512], out[512];

	snprintf(in, sizeof(in), "Date: D\r\n%s\r\n", field);
	snprintf(out, sizeof(out), "Date: D\r\n%s\r\n" ANSWER_END, want);
	answer_check_with(values, in, out);
}

static void answer_check_field(const char *field, const char *want)
{
	struct cg_rewrite_answer values = answer_values();

	answer_check_field_with(&values, field, want);
}

static void test_answer_gets_what_the_gateway_adds(void **state)
{
	struct cg_rewrite_answer values = answer_values();

	(void)state;
	answer_check("", "Date: NOW\r\n" ANSWER_END);
	answer_check("Date: D\r\nServer: s\r\n", "Date: D\r\nServer: s\r\n" ANSWER_END);
	answer_check("Via: 1.1 r\r\n", "Via: 1.1 r\r\nDate: NOW\r\n" ANSWER_END);
	values.tenant = (struct cg_str){0};
	answer_check_with(&values, "Date: D\r\n", "Date: D\r\nVia: 1.1 edge\r\n");
}

static void test_hop_by_hop_and_framing_of_an_answer_are_dropped(void **state)
{
	(void)state;
	answer_check("Date: D\r\nConnection: x-a, Keep-Alive\r\nX-A: 1\r\nKeep-Alive: timeout=5\r\n"
	             "Transfer-Encoding: chunked\r\nTrailer: x\r\nUpgrade: h2\r\n"
	             "Proxy-Authenticate: Basic\r\nX-B: 2\r\nConnection: X-B\r\nX-C: 3\r\n",
	             "Date: D\r\nX-C: 3\r\n" ANSWER_END);
	answer_check("Date: D\r\nContent-Length: 5\r\n", "Date: D\r\n" ANSWER_END);
}

/* RFC 9110 section 6.6.1. */
static void test_dropped_date_is_replaced(void **state)
{
	(void)state;
	answer_check("Connection: date\r\nDate: D\r\n", "Date: NOW\r\n" ANSWER_END);
}

static void test_fields_that_clients_may_not_send_pass_in_answers(void **state)
{
	static const char fields[] = "Date: D\r\nX-CF-APP-INSTANCE: a\r\nX-Forwarded-For: b\r\n"
	                             "X_Forwarded_For: c\r\nSAP_MessageProcessingLogID: Abc\r\n"
	                             "X-Request-Id: d\r\n";
	char want[512];

	(void)state;
	snprintf(want, sizeof(want), "%s" ANSWER_END, fields);
	answer_check(fields, want);
}

static void test_tenants_own_gateway_fields_are_dropped(void **state)
{
	(void)state;
	answer_check("Date: D\r\nX-Cpigate-Tenant: us21\r\nx-cpigate-delivery: no\r\n"
	             "X-CPIGATE-TENANT: x\r\n",
	             "Date: D\r\n" ANSWER_END);
}

static void test_location_of_the_tenant_leads_back(void **state)
{
	struct cg_rewrite_answer values = answer_values();

	(void)state;
	answer_check_field("Location: https://eu20.tenant.test/a?b#c",
	                   "Location: https://api.acme.test:8443/a?b#c");
	answer_check_field("Location: HTTPS://EU20.Tenant.test",
	                   "Location: https://api.acme.test:8443");
	answer_check_field("Location: http://eu20.tenant.test:443/",
	                   "Location: https://api.acme.test:8443/");
	answer_check_field("Location: //eu20.tenant.test?q", "Location: //api.acme.test:8443?q");
	answer_check_field("Location: https://eu20.tenant.test#f",
	                   "Location: https://api.acme.test:8443#f");
	answer_check_field("content-location: https://eu20.tenant.test/x",
	                   "content-location: https://api.acme.test:8443/x");
	values.is_tls = false;
	answer_check_field_with(&values, "Location: https://eu20.tenant.test/a",
	                        "Location: http://api.acme.test:8443/a");
	values.tenant_host = CG_STR("[2001:db8::1]:8080");
	answer_check_field_with(&values, "Location: http://[2001:DB8::1]:8080/a",
	                        "Location: http://api.acme.test:8443/a");
}

static void test_other_locations_stay(void **state)
{
	static const char *const fields[] = {
	        "Location: /relative?https://eu20.tenant.test/",
	        "Location: relative",
	        "Location:",
	        "Location: https:",
	        "Location: https:/eu20.tenant.test/",
	        "Location: https://",
	        "Location: https://other.test/https://eu20.tenant.test/",
	        "Location: https://eu20.tenant.test.evil.test/",
	        "Location: https://x.eu20.tenant.test/",
	        "Location: https://user@eu20.tenant.test/",
	        "Location: https://eu20.tenant.test:pw@evil.test/",
	        "Location: ftp://eu20.tenant.test/",
	        "Location: https://eu20.tenant.test\\evil.test/",
	        "Refresh: 0; url=https://eu20.tenant.test/",
	        "X-Location: https://eu20.tenant.test/",
	};

	(void)state;
	for (size_t i = 0; i < CG_ARRAY_LEN(fields); i++) {
		char want[128];

		snprintf(want, sizeof(want), "%s%s", fields[i],
		         fields[i][strlen(fields[i]) - 1] == ':' && strchr(fields[i], ' ') == NULL
		                 ? " "
		                 : "");
		answer_check_field(fields[i], want);
	}
}

static void test_cookie_domain_of_the_tenant_leads_back(void **state)
{
	(void)state;
	answer_check_field("Set-Cookie: a=b; Domain=eu20.tenant.test",
	                   "Set-Cookie: a=b; Domain=api.acme.test");
	answer_check_field("Set-Cookie: a=\"b c\" ;Path=/;  DOMAIN=.EU20.tenant.TEST ; ;Secure;"
	                   "SameSite=None",
	                   "Set-Cookie: a=\"b c\" ;Path=/;  DOMAIN=.api.acme.test ; ;Secure;"
	                   "SameSite=None");
	/* Spaces around "=" are no part of name and value (RFC 6265 section 5.2). */
	answer_check_field("Set-Cookie: a=b;domain =\teu20.tenant.test ;x",
	                   "Set-Cookie: a=b;domain =\tapi.acme.test ;x");
	answer_check("Date: D\r\nSet-Cookie: a=1; Domain=eu20.tenant.test\r\n"
	             "Set-Cookie: b=2; domain=eu20.tenant.test; HttpOnly\r\n",
	             "Date: D\r\nSet-Cookie: a=1; Domain=api.acme.test\r\n"
	             "Set-Cookie: b=2; domain=api.acme.test; HttpOnly\r\n" ANSWER_END);
}

static void test_rest_of_a_cookie_stays(void **state)
{
	static const char *const fields[] = {
	        "Set-Cookie: a=b",
	        "Set-Cookie: a=eu20.tenant.test; Path=/eu20.tenant.test",
	        "Set-Cookie: Domain=eu20.tenant.test",
	        "Set-Cookie: Domain=eu20.tenant.test; Path=/",
	        "Set-Cookie: a=Domain=eu20.tenant.test; Secure",
	        "Set-Cookie: a=b; Domain=tenant.test",
	        "Set-Cookie: a=b; Domain=x.eu20.tenant.test",
	        "Set-Cookie: a=b; Domain=..eu20.tenant.test",
	        "Set-Cookie: a=b; Domain=eu20.tenant.test:443",
	        "Set-Cookie: a=b; Domain=",
	        "Set-Cookie: a=b; Domain",
	        "Set-Cookie: a=b; XDomain=eu20.tenant.test",
	        "Set-Cookie: a=b; Domains=eu20.tenant.test",
	        "Set-Cookie: a=b;;  ;Expires=Wed, 21 Nov 2026 05:28:00 GMT",
	        "Cookie: a=b; Domain=eu20.tenant.test",
	};

	(void)state;
	for (size_t i = 0; i < CG_ARRAY_LEN(fields); i++)
		answer_check_field(fields[i], fields[i]);
}

static void test_domain_behind_a_cookie_of_that_name_leads_back(void **state)
{
	(void)state;
	answer_check_field("Set-Cookie: Domain=eu20.tenant.test; Domain=eu20.tenant.test",
	                   "Set-Cookie: Domain=eu20.tenant.test; Domain=api.acme.test");
	answer_check_field("Set-Cookie: a=b; Domain=other.test; Domain=eu20.tenant.test",
	                   "Set-Cookie: a=b; Domain=other.test; Domain=api.acme.test");
}

/* host_header = preserve, or a client that said no host. */
static void test_kept_host_changes_nothing_back(void **state)
{
	static const char *const fields[] = {
	        "Location: https://eu20.tenant.test/a",
	        "Set-Cookie: a=b; Domain=eu20.tenant.test",
	};
	struct cg_rewrite_answer preserved = answer_values();
	struct cg_rewrite_answer hostless = answer_values();

	(void)state;
	preserved.tenant_host = (struct cg_str){0};
	hostless.said_host = (struct cg_str){0};
	for (size_t i = 0; i < CG_ARRAY_LEN(fields); i++) {
		answer_check_field_with(&preserved, fields[i], fields[i]);
		answer_check_field_with(&hostless, fields[i], fields[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_plain_request_gets_what_the_gateway_adds),
	        cmocka_unit_test(test_hop_by_hop_fields_of_a_request_are_dropped),
	        cmocka_unit_test(test_fields_named_in_connection_are_dropped),
	        cmocka_unit_test(test_connection_cannot_name_what_the_gateway_sets),
	        cmocka_unit_test(test_framing_is_written_anew),
	        cmocka_unit_test(test_what_only_a_gateway_may_say_is_replaced),
	        cmocka_unit_test(test_forged_spellings_are_dropped),
	        cmocka_unit_test(test_sap_fields_and_cookies_pass_byte_for_byte),
	        cmocka_unit_test(test_expect_and_host_are_the_gateways_affair),
	        cmocka_unit_test(test_via_is_added_behind_those_before),
	        cmocka_unit_test(test_two_tenants_get_the_same_request),
	        cmocka_unit_test(test_plain_listener_and_its_port_are_told),
	        cmocka_unit_test(test_request_id_is_kept_if_sound),
	        cmocka_unit_test(test_own_entry_in_via_is_a_loop),
	        cmocka_unit_test(test_other_entries_in_via_are_no_loop),
	        cmocka_unit_test(test_answer_gets_what_the_gateway_adds),
	        cmocka_unit_test(test_hop_by_hop_and_framing_of_an_answer_are_dropped),
	        cmocka_unit_test(test_dropped_date_is_replaced),
	        cmocka_unit_test(test_fields_that_clients_may_not_send_pass_in_answers),
	        cmocka_unit_test(test_tenants_own_gateway_fields_are_dropped),
	        cmocka_unit_test(test_location_of_the_tenant_leads_back),
	        cmocka_unit_test(test_other_locations_stay),
	        cmocka_unit_test(test_cookie_domain_of_the_tenant_leads_back),
	        cmocka_unit_test(test_rest_of_a_cookie_stays),
	        cmocka_unit_test(test_domain_behind_a_cookie_of_that_name_leads_back),
	        cmocka_unit_test(test_kept_host_changes_nothing_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
