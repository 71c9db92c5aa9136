/* SPDX-License-Identifier: BSD-2-Clause */
/* http/field: every row is found, and only under its own spelling. */
#include "http/field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <ctype.h>
#include <string.h>

#include <cmocka.h>

struct row {
	enum cg_field_id id;
	const char *name;
	enum cg_field_kind kind;
};

static const struct row rows[] = {
#define X(id, name, kind) {CG_FIELD_##id, name, CG_FIELD_KIND_##kind},
        CG_FIELDS(X)
#undef X
};

static enum cg_field_id find(const char *name)
{
	return cg_field_find(cg_str_from(name));
}

static void test_each_row_is_found_in_any_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < CG_ARRAY_LEN(rows); i++) {
		char name[64] = {0};
		size_t len = strlen(rows[i].name);

		assert_int_equal(find(rows[i].name), rows[i].id);
		for (size_t j = 0; j < len; j++)
			name[j] = (char)tolower((unsigned char)rows[i].name[j]);
		assert_int_equal(find(name), rows[i].id);
		for (size_t j = 0; j < len; j++)
			name[j] = (char)toupper((unsigned char)rows[i].name[j]);
		assert_int_equal(find(name), rows[i].id);
		assert_int_equal(cg_field_kind(rows[i].id), rows[i].kind);
	}
}

/* A byte more, less or changed, and it is another field. */
static void test_neighbours_are_others(void **state)
{
	(void)state;
	for (size_t i = 0; i < CG_ARRAY_LEN(rows); i++) {
		char name[64] = {0};
		size_t len = strlen(rows[i].name);

		if (rows[i].id == CG_FIELD_SSL_CLIENT)
			continue;
		memcpy(name, rows[i].name, len);
		for (size_t j = 0; j < len; j++) {
			name[j] = '~';
			assert_int_equal(find(name), CG_FIELD_OTHER);
			name[j] = rows[i].name[j];
		}
		name[len] = 's';
		assert_int_equal(find(name), CG_FIELD_OTHER);
		name[len - 1] = '\0';
		assert_int_equal(cg_field_find((struct cg_str){.ptr = name, .len = len - 1}),
		                 CG_FIELD_OTHER);
	}
}

static void test_names_with_the_prefix_of_client_certificates(void **state)
{
	(void)state;
	assert_int_equal(find("SSL_CLIENT_CERT"), CG_FIELD_SSL_CLIENT);
	assert_int_equal(find("ssl_client_s_dn"), CG_FIELD_SSL_CLIENT);
	assert_int_equal(find("X-SSL-Client-Verify"), CG_FIELD_SSL_CLIENT);
	assert_int_equal(find("x-ssl-client-"), CG_FIELD_SSL_CLIENT);
	assert_int_equal(find("X-SSL-Client"), CG_FIELD_SSL_CLIENT);
	assert_int_equal(find("X-SSL-Clients"), CG_FIELD_OTHER);
	assert_int_equal(find("X-SSL-Cipher"), CG_FIELD_OTHER);
	assert_int_equal(find("SSL_CLIENT"), CG_FIELD_OTHER);
}

static void test_spellings_that_pretend(void **state)
{
	static const char *const forged[] = {
	        "X_Forwarded_For",
	        "x-forwarded_for",
	        "X_FORWARDED-PROTO",
	        "Transfer_Encoding",
	        "Content_Length",
	        "X_Real_IP",
	        "X_Forwarded_Client_Cert",
	        "X_CF_APP_INSTANCE",
	        "X_SSL_Client_Cert",
	        "X-SSL_Client-Cert",
	        "X-SSL-Client_Cert",
	        "X_SSL_CLIENT",
	        "SSL-Client-Cert",
	        "SSL_CLIENT-CERT",
	        "SSL-CLIENT_CERT",
	        "Proxy_Connection",
	        "Keep_Alive",
	        "X_Request_Id",
	        "Max_Forwards",
	        "Proxy_Authorization",
	};

	(void)state;
	for (size_t i = 0; i < CG_ARRAY_LEN(forged); i++)
		assert_int_equal(find(forged[i]), CG_FIELD_FORGED);
	assert_int_equal(cg_field_kind(CG_FIELD_FORGED), CG_FIELD_KIND_CLIENT);
}

static void test_other_names_with_underscores_pass(void **state)
{
	static const char *const normal[] = {
	        "SAP_ApplicationID",
	        "SAP_MessageType",
	        "User_Agent",
	        "Content_Type",
	        "Set_Cookie",
	        "_",
	        "X_",
	        "Content_Length_",
	        "SSL_",
	        "X_SSL",
	        "Retry_After",
	        "X_Forwarded_For_A_Name_Longer_Than_All",
	        "SAP-MplCorrelationId",
	};

	(void)state;
	for (size_t i = 0; i < CG_ARRAY_LEN(normal); i++)
		assert_int_equal(find(normal[i]), CG_FIELD_OTHER);
	assert_int_equal(find(""), CG_FIELD_OTHER);
	assert_int_equal(cg_field_kind(CG_FIELD_OTHER), CG_FIELD_KIND_NONE);
}

static void test_character_classes_are_those_of_the_rfc(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		bool is_tchar =
		        c != 0 && c < 128 && (isalnum(c) || strchr("!#$%&'*+-.^_`|~", c) != NULL);

		assert_int_equal(cg_field_is_tchar((char)c), is_tchar);
		assert_int_equal(cg_field_is_value_char((char)c),
		                 c == '\t' || (c >= 0x20 && c != 0x7f));
	}
	assert_true(cg_field_is_token(CG_STR("a-b")));
	assert_false(cg_field_is_token(CG_STR("a b")));
	assert_false(cg_field_is_token(CG_STR("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_each_row_is_found_in_any_case),
	        cmocka_unit_test(test_neighbours_are_others),
	        cmocka_unit_test(test_names_with_the_prefix_of_client_certificates),
	        cmocka_unit_test(test_spellings_that_pretend),
	        cmocka_unit_test(test_other_names_with_underscores_pass),
	        cmocka_unit_test(test_character_classes_are_those_of_the_rfc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
