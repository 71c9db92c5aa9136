/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules across values: one case each, with its exact words and line. */
#include "config/check.h"

#include "load.h"

static void test_something_to_do_is_needed(void **state)
{
	(void)state;
	load_expect("", "0: error: there is no [listen NAME]: at least one is needed\n"
	                "0: error: there is no [tenant NAME]: at least one is needed\n");
}

static void test_certificates_go_in_pairs(void **state)
{
	(void)state;
	load_expect("[listen l]\naddress = 127.0.0.1:1\ncertificate = a\ncertificate = b\n"
	            "private_key = a\n" LOAD_TENANT,
	            "5: error: [listen l] has 2 certificate and 1 private_key: they go in pairs\n");
	load_expect("[listen l]\naddress = 127.0.0.1:1\ncertificate = a\n" LOAD_TENANT,
	            "1: error: key \"private_key\" is missing in [listen l]; without TLS: tls = "
	            "off\n");
	load_expect(LOAD_LISTEN "certificate = a\nprivate_key = a\ntls_ciphers = x\n" LOAD_TENANT,
	            "4: error: certificate: [listen l] has tls = off\n"
	            "5: error: private_key: [listen l] has tls = off\n"
	            "6: warning: tls_ciphers has no effect: [listen l] has tls = off\n");
}

static void test_addresses_are_used_once(void **state)
{
	(void)state;
	load_expect(LOAD_BASE "[listen m]\ntls = off\n"
	                      "address = 127.0.0.1:8080, 127.0.0.1:9090, 127.0.0.1:1\n"
	                      "[health]\naddress = 127.0.0.1:1\n",
	            "8: error: address 127.0.0.1:8080 is already used by [listen l]\n"
	            "8: error: address 127.0.0.1:9090 is already used by [admin] (its default)\n"
	            "10: error: address 127.0.0.1:1 is already used by [listen m]\n");
	load_expect(LOAD_BASE "[admin]\naddress = 127.0.0.1:8080\n",
	            "7: error: address 127.0.0.1:8080 is already used by [listen l]\n");
	load_expect(LOAD_BASE "[admin]\naddress = off\n[health]\naddress = 127.0.0.1:9090\n", "");
}

static void test_admin_beyond_loopback_needs_token(void **state)
{
	(void)state;
	load_expect(LOAD_BASE "[admin]\naddress = 0.0.0.0:9090\n",
	            "7: error: [admin] listens beyond loopback, so it needs a token\n");
	load_expect(LOAD_BASE "[admin]\naddress = 0.0.0.0:9090\ntoken = x\n", "");
	load_expect(LOAD_BASE "[admin]\naddress = [::1]:9090\n", "");
}

static void test_pools(void **state)
{
	(void)state;
	load_expect(LOAD_BASE "[tenant bb]\nurl = https://b.example\n[pool p]\n"
	                      "tenants = bb, bc\ntenants = bb\n",
	            "4: warning: tenant \"a\" is in no pool\n"
	            "9: error: unknown tenant \"bc\"; did you mean \"bb\"?\n"
	            "10: error: tenant \"bb\" is in [pool p] twice\n");
	load_expect(LOAD_BASE "[pool p]\ntenants =\n", "4: warning: tenant \"a\" is in no pool\n"
	                                               "7: error: tenants: a value is missing\n");
	load_expect(LOAD_BASE "[pool p]\n[health]\nmin_online = 2\n",
	            "8: warning: min_online is 2, but pool \"p\" has 1: the health endpoint can "
	            "never say 200\n");
}

static void test_pools_of_a_tenant_agree(void **state)
{
	(void)state;
	load_expect(LOAD_BASE "[pool p]\nfailback_delay = 5s\n[pool q]\nfailback = manual\n"
	                      "[route r]\npool = p\n[route s]\npool = q\nhost = x.example\n",
	            "8: error: failback_delay differs between [pool p] and [pool q], but tenant "
	            "\"a\" is in both\n"
	            "9: error: failback differs between [pool p] and [pool q], but tenant \"a\" is "
	            "in both\n");
}

static void test_routes(void **state)
{
	(void)state;
	load_expect(
	        LOAD_BASE "[pool p]\n[pool q]\n",
	        "7: error: there are several pools but no [route NAME] that says which requests "
	        "go where\n");
	load_expect(LOAD_BASE "[route r]\npath = /x\n[route s]\npool = defalt\n",
	            "0: warning: pool \"default\" is used by no route\n"
	            "6: error: key \"pool\" is missing in [route r]\n"
	            "9: error: unknown pool \"defalt\"; did you mean \"default\"?\n");
	load_expect(LOAD_BASE "[pool p]\n[pool q]\n[route r]\npool = p\n",
	            "7: warning: pool \"q\" is used by no route\n");
	load_expect(LOAD_BASE "[route r]\npool = default\nhost = a.example, B.example\n"
	                      "[route s]\npool = default\nhost = b.example\npath = /x, /\n"
	                      "[route t]\npool = default\n[route u]\npool = default\n",
	            "12: error: [route r] and [route s] both have host \"b.example\" with path "
	            "\"/\"\n"
	            "15: error: [route t] and [route u] both have host \"any\" with path \"/\"\n");
}

static void test_tenants(void **state)
{
	(void)state;
	load_expect(LOAD_BASE "tls_verify = off\n",
	            "6: warning: tls_verify is off: anyone could pose as tenant \"a\"\n");
	load_expect(LOAD_LISTEN "[tenant a]\nurl = http://a.example\nsni = x.example\n"
	                        "ca_file = x\n",
	            "6: warning: sni has no effect: the url is http://\n"
	            "7: warning: ca_file has no effect: the url is http://\n");
	load_expect(LOAD_BASE "[tenant auto]\nurl = https://b.example\n",
	            "6: error: a tenant cannot be named \"auto\": the command switch means the "
	            "priority order by it\n");
}

static void test_lame_duck_needs_a_health_endpoint(void **state)
{
	(void)state;
	load_expect(LOAD_BASE "[gateway]\nlame_duck = 5s\n", "");
	load_expect(LOAD_BASE "[gateway]\nlame_duck = 5s\n[health]\npath = off\n",
	            "7: warning: lame_duck only delays the stop: there is no health endpoint that "
	            "could tell anyone\n");
}

static void test_probes(void **state)
{
	(void)state;
	load_expect(
	        LOAD_BASE "probe = x\nfailback_probe = x\n[probe x]\ninterval = 3s\n",
	        "7: warning: failback_probe is the same as probe, so it proves nothing more\n"
	        "9: warning: timeout is longer than interval: a probe that hangs delays the next "
	        "one\n");
	load_expect(LOAD_BASE "[probe]\ntype = tcp\npath = /x\nexpect_status = 200\n",
	            "8: warning: path has no effect: type is not http\n"
	            "9: warning: expect_status has no effect: type is not http\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_something_to_do_is_needed),
	        cmocka_unit_test(test_certificates_go_in_pairs),
	        cmocka_unit_test(test_addresses_are_used_once),
	        cmocka_unit_test(test_admin_beyond_loopback_needs_token),
	        cmocka_unit_test(test_pools),
	        cmocka_unit_test(test_pools_of_a_tenant_agree),
	        cmocka_unit_test(test_routes),
	        cmocka_unit_test(test_tenants),
	        cmocka_unit_test(test_lame_duck_needs_a_health_endpoint),
	        cmocka_unit_test(test_probes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
