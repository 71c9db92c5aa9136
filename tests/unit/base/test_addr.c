/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses. */
#include "base/addr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_parse_and_format(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint16_t default_port;
		const char *want;
	} cases[] = {
	        {"192.0.2.1:443", 0, "192.0.2.1:443"},
	        {"192.0.2.1:443", 80, "192.0.2.1:443"},
	        {"192.0.2.1", 80, "192.0.2.1:80"},
	        {"0.0.0.0:0", 0, "0.0.0.0:0"},
	        {"[2001:db8::1]:443", 0, "[2001:db8::1]:443"},
	        {"[2001:DB8:0::1]", 80, "[2001:db8::1]:80"},
	        {"2001:db8::1", 80, "[2001:db8::1]:80"},
	        {"[::]:65535", 0, "[::]:65535"},
	        {"::", 53, "[::]:53"},
	        {"[::ffff:192.0.2.1]:1", 0, "[::ffff:192.0.2.1]:1"},
	        {"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", 0,
	         "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
	};

	for (size_t i = 0; i < CG_ARRAY_LEN(cases); i++) {
		struct cg_addr addr;
		char text[CG_ADDR_TEXT_SIZE];

		assert_true(
		        cg_addr_parse(&addr, cg_str_from(cases[i].text), cases[i].default_port));
		cg_addr_format(&addr, text);
		assert_string_equal(text, cases[i].want);
	}
}

static void test_malformed(void **state)
{
	(void)state;
	static const char *const cases[] = {
	        "",
	        ":",
	        ":443",
	        "[]",
	        "[]:443",
	        "[",
	        "]",
	        "[2001:db8::1",
	        "[2001:db8::1]443",
	        "[2001:db8::1]:",
	        "[2001:db8::1]:x",
	        "[192.0.2.1]:443",
	        "[192.0.2.1]",
	        "192.0.2.1:",
	        "192.0.2.1:65536",
	        "192.0.2.1:-1",
	        "192.0.2.1:+1",
	        "192.0.2.1: 1",
	        "192.0.2.1:000080",
	        "192.0.2.1:4294967376",
	        "192.0.2.1 :80",
	        " 192.0.2.1:80",
	        "192.0.2:80",
	        "192.0.2.256:80",
	        "192.0.2.1.5:80",
	        "0x7f.0.0.1:80",
	        "1:80",
	        "localhost:80",
	        "example.com",
	        "2001:db8::1::2",
	        "[2001:db8:::1]:80",
	        "[fe80::1%eth0]:80",
	        "1:2:3:4:5:6:7:8:9",
	        "[::1]]:80",
	        "[[::1]]:80",
	        "192.0.2.1:80:90",
	        "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:1",
	};
	struct cg_addr addr;

	for (size_t i = 0; i < CG_ARRAY_LEN(cases); i++)
		if (cg_addr_parse(&addr, cg_str_from(cases[i]), 80))
			fail_msg("taken: \"%s\"", cases[i]);
	assert_false(cg_addr_parse(&addr, CG_STR("192.0.2.1\0:80"), 80));
	assert_false(cg_addr_parse(&addr, CG_STR("192.0.2.1\0"), 80));
	assert_false(cg_addr_parse(&addr, (struct cg_str){0}, 80));
}

static void test_port_is_needed_without_default(void **state)
{
	(void)state;
	struct cg_addr addr;

	assert_false(cg_addr_parse(&addr, CG_STR("192.0.2.1"), 0));
	assert_false(cg_addr_parse(&addr, CG_STR("2001:db8::1"), 0));
	assert_false(cg_addr_parse(&addr, CG_STR("[2001:db8::1]"), 0));
}

static void test_ip_alone(void **state)
{
	(void)state;
	struct cg_addr addr;
	char text[CG_ADDR_TEXT_SIZE];

	assert_true(cg_addr_parse_ip(&addr, CG_STR("192.0.2.1")));
	assert_int_equal(cg_addr_len(&addr), sizeof(struct sockaddr_in));
	assert_true(cg_addr_parse_ip(&addr, CG_STR("2001:db8::1")));
	assert_int_equal(cg_addr_len(&addr), sizeof(struct sockaddr_in6));
	cg_addr_format_ip(&addr, text);
	assert_string_equal(text, "2001:db8::1");
	assert_false(cg_addr_parse_ip(&addr, CG_STR("[2001:db8::1]")));
	assert_false(cg_addr_parse_ip(&addr, CG_STR("192.0.2.1:80")));
}

static void test_mapped_sockaddr_becomes_ipv4(void **state)
{
	(void)state;
	struct cg_addr mapped, addr;
	char text[CG_ADDR_TEXT_SIZE];

	assert_true(cg_addr_parse(&mapped, CG_STR("[::ffff:192.0.2.1]:443"), 0));
	assert_true(cg_addr_from_sockaddr(&addr, &mapped.sa));
	cg_addr_format(&addr, text);
	assert_string_equal(text, "192.0.2.1:443");
	assert_true(cg_addr_parse(&mapped, CG_STR("[2001:db8::1]:443"), 0));
	assert_true(cg_addr_from_sockaddr(&addr, &mapped.sa));
	assert_true(cg_addr_eq(&addr, &mapped));
	struct sockaddr other = {.sa_family = AF_UNIX};
	assert_false(cg_addr_from_sockaddr(&addr, &other));
}

static void test_loopback(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool want;
	} cases[] = {
	        {"127.0.0.1", true},  {"127.255.0.9", true},
	        {"128.0.0.1", false}, {"0.0.0.0", false},
	        {"::1", true},        {"::", false},
	        {"::2", false},       {"::ffff:127.0.0.1", true},
	};

	for (size_t i = 0; i < CG_ARRAY_LEN(cases); i++) {
		struct cg_addr addr;

		assert_true(cg_addr_parse_ip(&addr, cg_str_from(cases[i].text)));
		assert_int_equal(cg_addr_is_loopback(&addr), cases[i].want);
	}
}

static void test_equality_has_family_ip_and_port(void **state)
{
	(void)state;
	struct cg_addr a, b;

	assert_true(cg_addr_parse(&a, CG_STR("192.0.2.1:443"), 0));
	b = a;
	assert_true(cg_addr_eq(&a, &b));
	cg_addr_set_port(&b, 444);
	assert_int_equal(cg_addr_port(&b), 444);
	assert_false(cg_addr_eq(&a, &b));
	assert_true(cg_addr_parse(&b, CG_STR("192.0.2.2:443"), 0));
	assert_false(cg_addr_eq(&a, &b));
	assert_true(cg_addr_parse(&b, CG_STR("[::ffff:192.0.2.1]:443"), 0));
	assert_false(cg_addr_eq(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_parse_and_format),
	        cmocka_unit_test(test_malformed),
	        cmocka_unit_test(test_port_is_needed_without_default),
	        cmocka_unit_test(test_ip_alone),
	        cmocka_unit_test(test_mapped_sockaddr_becomes_ipv4),
	        cmocka_unit_test(test_loopback),
	        cmocka_unit_test(test_equality_has_family_ip_and_port),
	};

	return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}
