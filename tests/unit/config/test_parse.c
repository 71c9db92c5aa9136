/* SPDX-License-Identifier: BSD-2-Clause */
/* What is refused while lines become structs: sections, keys, values and secrets, with exact words
 * and lines. */
#include "config/parse.h"

#include "load.h"

static void test_unknown_key_with_suggestion(void **state)
{
	(void)state;
	load_expect("[listen https]\nadress = 127.0.0.1:1\ntls = off\n" LOAD_TENANT,
	            "1: error: key \"address\" is missing in [listen https]\n"
	            "2: error: unknown key \"adress\" in [listen https]; did you mean "
	            "\"address\"?\n");
	load_expect(LOAD_BASE "[admin]\ntokn_file = x\nfrobnicate = 1\n",
	            "7: error: unknown key \"tokn_file\" in [admin]; did you mean \"token_file\"?\n"
	            "8: error: unknown key \"frobnicate\" in [admin]\n");
}

static void test_keys_of_later_versions_are_unknown(void **state)
{
	static const char *const lines[] = {
	        "[gateway]\nuser",           "[gateway]\ngroup",  "[gateway]\nsandbox",
	        "[listen m]\nclient_ca",     "[listen m]\nhttp2", "[listen m]\nclient_verify",
	        "[listen m]\nproxy_protocol"};

	(void)state;
	for (size_t i = 0; i < CG_ARRAY_LEN(lines); i++) {
		char *text = cg_str_printf(LOAD_BASE "%s = 1\n", lines[i]);
		struct load load;

		load_text(&load, text);
		assert_non_null(strstr(cg_buf_ptr(&load.problems), "7: error: unknown key \""));
		load_end(&load);
		free(text);
	}
	load_expect(LOAD_BASE "[notify]\nurl = x\n", "6: error: unknown section [notify]\n");
}

static void test_sections(void **state)
{
	(void)state;
	load_expect(LOAD_BASE "[tennant b]\nurl = x\n[]\nx = y\n[gateway\nname = x\n[log] x\n",
	            "6: error: unknown section [tennant]; did you mean \"tenant\"?\n"
	            "8: error: not a section: write [kind] or [kind NAME]\n"
	            "10: error: not a section: write [kind] or [kind NAME]\n"
	            "12: error: not a section: write [kind] or [kind NAME]\n");
	load_expect(LOAD_BASE "[gateway main]\n[tenant]\nurl = https://b.example\n"
	                      "[tenant b c]\nurl = https://c.example\n",
	            "6: error: [gateway] takes no name, but \"main\" is given\n"
	            "7: error: [tenant] needs a name: [tenant NAME]\n"
	            "9: error: \"b c\" is not a name (1 to 64 of A-Z a-z 0-9 _ . -)\n");
	load_expect("x = 1\n" LOAD_BASE, "1: error: key \"x\" stands before any [section]\n");
}

static void test_duplicates(void **state)
{
	(void)state;
	load_expect(LOAD_BASE "[gateway]\n[gateway]\nworkers = 0\n[tenant a]\n[probe]\n[probe]\n",
	            "7: error: section [gateway] is already in line 6\n"
	            "8: error: workers: \"0\" is out of range (1 to 256)\n"
	            "9: error: section [tenant a] is already in line 4\n"
	            "9: error: key \"url\" is missing in [tenant a]\n"
	            "11: error: section [probe] is already in line 10\n");
	load_expect(LOAD_BASE "priority = 1\npriority = 2\npriority = x\n",
	            "7: error: priority: set a second time; \"priority\" is already in line 6\n"
	            "8: error: priority: set a second time; \"priority\" is already in line 6\n");
}

static void test_lines_that_are_no_ini(void **state)
{
	(void)state;
	load_expect(LOAD_BASE "region\nregion: x\nregion x = y\n= z\nregion =\nregion = ; c\n",
	            "6: error: neither \"key = value\" nor a section nor a comment\n"
	            "7: error: neither \"key = value\" nor a section nor a comment\n"
	            "8: error: what stands before \"=\" is not a key\n"
	            "9: error: what stands before \"=\" is not a key\n"
	            "10: error: region: a value is missing\n"
	            "11: error: region: set a second time; \"region\" is already in line 10\n");
}

static void test_bad_values(void **state)
{
	(void)state;
	load_expect(LOAD_BASE "priority = 1001\ntls_verify = perhaps\n"
	                      "[log]\nlevel = loud\n"
	                      "[probe]\nexpect_status = 200, , 99\ninterval = 10\n",
	            "6: error: priority: \"1001\" is out of range (1 to 1000)\n"
	            "7: error: tls_verify: \"perhaps\" is neither on nor off\n"
	            "9: error: level: \"loud\" is not error, warning, info or debug\n"
	            "11: error: expect_status: a value is missing\n"
	            "11: error: expect_status: \"99\" is not a status code (100 to 599) or a range "
	            "of them like 200-299\n"
	            "12: error: interval: \"10\" is not a duration like 250ms, 10s, 2m or 1h\n");
}

static void test_all_errors_in_file_order(void **state)
{
	(void)state;
	load_expect(
	        "[tenant b]\nurl = https://b.example\nprobe = deap\n"
	        "[pool p]\ntenants = b, c\n"
	        "[listen l]\naddress = 127.0.0.1\nbogus line\n"
	        "[probe deep]\nfall = 0\n",
	        "3: error: unknown probe \"deap\"; did you mean \"deep\"?\n"
	        "5: error: unknown tenant \"c\"; did you mean \"b\"?\n"
	        "6: error: key \"certificate\" is missing in [listen l]; without TLS: tls = off\n"
	        "6: error: key \"private_key\" is missing in [listen l]; without TLS: tls = off\n"
	        "7: error: address: \"127.0.0.1\" is not an address (IP:PORT or [IP6]:PORT)\n"
	        "8: error: neither \"key = value\" nor a section nor a comment\n"
	        "9: warning: probe \"deep\" is used by no tenant\n"
	        "10: error: fall: \"0\" is out of range (1 to 100)\n");
}

static void test_secrets_from_files(void **state)
{
	static const char text[] = LOAD_BASE "[admin]\ntoken_file = token\n"
	                                     "[probe]\nheader = C: y\nheader_file = headers\n";
	struct load load;

	(void)state;
	load_begin(&load);
	load_write(&load, "token", "s3cret\r\n\n", 9);
	load_write(&load, "headers", "A: 1, 2 ; 3\r\n\nB: x\n", 19);
	load_bytes(&load, text, sizeof(text) - 1);
	assert_string_equal(cg_buf_ptr(&load.problems), "");
	assert_string_equal(load.config->admin.token, "s3cret");
	assert_int_equal(load.config->probes[0].header.n, 3);
	assert_string_equal(load.config->probes[0].header.items[0], "C: y");
	assert_string_equal(load.config->probes[0].header.items[1], "A: 1, 2 ; 3");
	assert_int_equal(load.config->probes[0].header.places[2].line, 10);
	load_end(&load);
}

static void test_secret_files_that_do_not_fit(void **state)
{
	static const char text[] = LOAD_BASE "[admin]\ntoken_file = none\n"
	                                     "[probe]\nheader_file = bad\n[probe x]\n"
	                                     "header_file = empty\n";
	struct load load;
	char *want;

	(void)state;
	load_begin(&load);
	load_write(&load, "bad", "A: 1\npassw0rd\n", 14);
	load_write(&load, "empty", "\n", 1);
	load_bytes(&load, text, sizeof(text) - 1);
	want = cg_str_printf(
	        "7: error: token_file: cannot read \"%s/none\": No such file or directory\n"
	        "9: error: header_file: not a header (Name: value)\n"
	        "10: warning: probe \"x\" is used by no tenant\n"
	        "11: error: header_file: the file is empty\n",
	        load.dir);
	assert_string_equal(cg_buf_ptr(&load.problems), want);
	free(want);
	load_end(&load);
}

static void test_secret_with_comment_is_refused(void **state)
{
	(void)state;
	load_expect(
	        LOAD_BASE "[admin]\ntoken = geheim ;x\n",
	        "7: error: token: \" ;\" may begin a comment or belong to the secret; write the "
	        "comment on a line of its own, or the secret to a file\n");
	load_expect(LOAD_BASE "[admin]\ntoken = a;b\n", "");
	load_expect(
	        LOAD_BASE "[admin]\ntoken = ge heim\n",
	        "7: error: token: the secret has a space, a control character or a letter beyond "
	        "ASCII\n");
}

static void test_secret_twice(void **state)
{
	(void)state;
	load_expect(LOAD_BASE "[admin]\ntoken = a\ntoken_file = b\n",
	            "8: error: token_file: set a second time; \"token\" is already in line 7\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_unknown_key_with_suggestion),
	        cmocka_unit_test(test_keys_of_later_versions_are_unknown),
	        cmocka_unit_test(test_sections),
	        cmocka_unit_test(test_duplicates),
	        cmocka_unit_test(test_lines_that_are_no_ini),
	        cmocka_unit_test(test_bad_values),
	        cmocka_unit_test(test_all_errors_in_file_order),
	        cmocka_unit_test(test_secrets_from_files),
	        cmocka_unit_test(test_secret_files_that_do_not_fit),
	        cmocka_unit_test(test_secret_with_comment_is_refused),
	        cmocka_unit_test(test_secret_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
