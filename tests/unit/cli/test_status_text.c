/* SPDX-License-Identifier: BSD-2-Clause */
/* A status document as people see it. */
#include "cli/status_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const char document[] =
        "{\"gateway\": {\"name\": \"edge1\", \"version\": \"0.1.0\", \"pid\": 42,"
        "  \"started\": \"2026-11-21T05:28:00.500Z\", \"uptime\": 5400},"
        " \"warnings\": [\"tenant us21: its certificate is not verified\"],"
        " \"pools\": [{\"name\": \"default\", \"active\": \"eu20\","
        "  \"since\": \"2026-11-21T05:28:10.000Z\"}, {\"name\": \"b\", \"active\": null}],"
        " \"tenants\": [{\"name\": \"eu20\", \"state\": \"online\", \"priority\": 1,"
        "  \"since\": \"2026-11-21T05:28:10.000Z\", \"region\": \"Frankfurt\", \"in_flight\": 3,"
        "  \"requests\": 1042, \"reason\": \"first probe\", \"waits_for\": null, \"last_probes\":"
        "  [{\"phase\": \"done\", \"status\": 401, \"duration_ms\": 23}]},"
        "  {\"name\": \"us21\", \"state\": \"recovering\", \"priority\": 2, \"region\": \"\","
        "  \"since\": \"2026-11-21T06:57:48.000Z\", \"in_flight\": 0, \"requests\": 0,"
        "  \"reason\": \"probe is good\", \"waits_for\": \"operator\", \"last_probes\":"
        "  [{\"phase\": \"connect\", \"status\": null, \"duration_ms\": 5000}]}]}";

static void assert_text(const char *json_text, const char *wanted)
{
	struct cg_buf out = {0};
	json_t *json = json_loads(json_text, 0, NULL);

	assert_non_null(json);
	cg_status_text(json, false, &out);
	char *text = cg_str_dup(cg_buf_str(&out));
	assert_string_equal(text, wanted);
	free(text);
	cg_buf_fini(&out);
	json_decref(json);
}

static void test_what_people_see(void **state)
{
	(void)state;
	assert_text(document,
	            "warning: tenant us21: its certificate is not verified\n"
	            "\n"
	            "edge1  cpigate 0.1.0  pid 42  up 1h 30m, since 2026-11-21T05:28:00.500Z\n"
	            "\n"
	            "POOL     ACTIVE  SINCE   NOTE\n"
	            "default  eu20    1h 29m\n"
	            "b        none    -\n"
	            "\n"
	            "TENANT  STATE       SINCE   PRIORITY  REGION     LAST PROBE      IN FLIGHT  "
	            "REQUESTS  REASON\n"
	            "eu20    online      1h 29m  1         Frankfurt  done 401 23ms   3          "
	            "1042\n"
	            "us21    recovering  12s     2         -          connect 5000ms  0          "
	            "0      "
	            "   probe is good; waits for operator\n");
}

static void test_what_operators_decided_is_seen(void **state)
{
	(void)state;
	assert_text(
	        "{\"pools\": [{\"name\": \"a\", \"active\": \"x\", \"switched_to\": \"y\", "
	        "\"switch_note\": \"drill\"},"
	        "  {\"name\": \"b\", \"active\": \"z\", \"switched_to\": null}],"
	        " \"tenants\": [{\"name\": \"x\", \"state\": \"drained\", \"reason\": \"r\","
	        "  \"drained_until\": \"2026-11-21T07:28:00.000Z\", \"drain_note\": \"patch day\","
	        "  \"in_flight\": 3, \"max_requests\": 10, \"waits_for\": null},"
	        "  {\"name\": \"y\", \"state\": \"drained\", \"drained_until\": null,"
	        "  \"drain_note\": null, \"waits_for\": \"operator\"}]}",
	        "-  cpigate -  pid 0  up 0ms, since -\n"
	        "\n"
	        "POOL  ACTIVE  SINCE  NOTE\n"
	        "a     x       -      switched to y: drill\n"
	        "b     z       -\n"
	        "\n"
	        "TENANT  STATE    SINCE  PRIORITY  REGION  LAST PROBE  IN FLIGHT  REQUESTS  "
	        "REASON\n"
	        "x       drained  -      0         -       -           3/10       0         until "
	        "2026-11-21T07:28:00.000Z: patch day\n"
	        "y       drained  -      0         -       -           0          0         until "
	        "resumed\n");
}

static void test_a_document_without_members_is_no_danger(void **state)
{
	(void)state;
	assert_text(
	        "{\"tenants\": [{}], \"pools\": [1], \"warnings\": [1]}",
	        "warning: -\n"
	        "\n"
	        "-  cpigate -  pid 0  up 0ms, since -\n"
	        "\n"
	        "POOL  ACTIVE  SINCE  NOTE\n"
	        "-     none    -\n"
	        "\n"
	        "TENANT  STATE  SINCE  PRIORITY  REGION  LAST PROBE  IN FLIGHT  REQUESTS  REASON\n"
	        "-       -      -      0         -       -           0          0\n");
}

static void assert_serves(const char *text, bool wanted)
{
	json_t *json = json_loads(text, 0, NULL);

	assert_int_equal(cg_status_text_can_serve(json), wanted);
	json_decref(json);
}

static void test_one_active_tenant_is_enough(void **state)
{
	(void)state;
	assert_serves(document, true);
	assert_serves("{\"pools\": [{\"name\": \"a\", \"active\": null}]}", false);
	assert_serves("{}", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_what_people_see),
	        cmocka_unit_test(test_what_operators_decided_is_seen),
	        cmocka_unit_test(test_a_document_without_members_is_no_danger),
	        cmocka_unit_test(test_one_active_tenant_is_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
