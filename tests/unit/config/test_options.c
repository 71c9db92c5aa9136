/* SPDX-License-Identifier: BSD-2-Clause */
/* The options table itself, and etc/cpigate.ini against it: each has what the other has. */
#include "config/options.h"

#include "config/show.h"
#include "load.h"

enum { SEEN_MAX = 64 };

static void test_rows_are_complete(void **state)
{
	(void)state;
	for (int i = 0; i < CG_SECTION_KINDS_N; i++) {
		const struct cg_section *section = cg_section_get((enum cg_section_kind)i);

		assert_ptr_equal(cg_section_find(cg_str_from(section->kind)), section);
		assert_int_equal(cg_section_kind(section), i);
		assert_non_null(section->help);
		assert_true(section->options_n > 0 && section->options_n <= SEEN_MAX);
		for (size_t k = 0; k < section->options_n; k++) {
			const struct cg_option *option = &section->options[k];
			bool is_file;

			assert_ptr_equal(
			        cg_option_find(section, cg_str_from(option->key), &is_file),
			        option);
			assert_non_null(option->help);
			assert_true(option->fallback != NULL || option->unset != NULL ||
			            (option->flags & CG_OPTION_REQUIRED) != 0);
		}
	}
}

static void test_twins_are_for_secrets(void **state)
{
	const struct cg_section *admin = cg_section_get(CG_SECTION_ADMIN);
	bool is_file;

	(void)state;
	assert_string_equal(cg_option_find(admin, CG_STR("token_file"), &is_file)->key, "token");
	assert_true(is_file);
	assert_null(cg_option_find(admin, CG_STR("address_file"), &is_file));
	assert_null(cg_option_find(admin, CG_STR("token_fil"), &is_file));
}

static char *sample_path(void)
{
	const char *srcdir = getenv("srcdir");

	return cg_str_printf("%s/etc/cpigate.ini", srcdir == NULL ? "." : srcdir);
}

/* What the sample says about one section of the table. */
struct sample {
	const struct cg_section *section;
	bool has_key[CG_SECTION_KINDS_N][SEEN_MAX];
};

/* "[kind name]", perhaps commented out. */
static void sample_take_section(struct sample *sample, const char *line)
{
	char kind[32];

	assert_int_equal(sscanf(line, "[%31[a-z]", kind), 1);
	sample->section = cg_section_find(cg_str_from(kind));
	assert_non_null(sample->section);
}

/* "key = value"; one that is commented out shows its default. */
static void sample_take_key(struct sample *sample, const char *line, bool is_comment)
{
	struct cg_str value = cg_str_from(line);
	struct cg_str key;
	const struct cg_option *option;
	bool is_file;

	assert_true(cg_str_next(&value, '=', &key));
	assert_non_null(value.ptr);
	assert_non_null(sample->section);
	option = cg_option_find(sample->section, key, &is_file);
	if (option == NULL)
		fail_msg("etc/cpigate.ini: %s", line);
	if (is_file)
		return;
	sample->has_key[cg_section_kind(sample->section)][option - sample->section->options] = true;
	value = cg_str_trim(value);
	if (is_comment && (option->flags & CG_OPTION_REQUIRED) == 0 &&
	    !cg_str_eq(value, cg_str_from(option->fallback)))
		fail_msg("etc/cpigate.ini: %s: the default is \"%s\"", line,
		         option->fallback == NULL ? "" : option->fallback);
}

static void test_sample_file_has_each_option_with_its_default(void **state)
{
	struct sample sample = {.section = NULL};
	char *path = sample_path();
	FILE *file = fopen(path, "r");
	char line[512];

	(void)state;
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		bool is_comment = line[0] == ';';
		char *text = line + is_comment;

		line[strcspn(line, "\n")] = '\0';
		if (text[0] == '[')
			sample_take_section(&sample, text);
		else if (text[0] != '\0' && text[0] != ' ')
			sample_take_key(&sample, text, is_comment);
	}
	fclose(file);
	free(path);
	for (int i = 0; i < CG_SECTION_KINDS_N; i++) {
		const struct cg_section *section = cg_section_get((enum cg_section_kind)i);

		for (size_t k = 0; k < section->options_n; k++)
			if (!sample.has_key[i][k])
				fail_msg("etc/cpigate.ini lacks %s in [%s]",
				         section->options[k].key, section->kind);
	}
}

static void test_sample_file_loads(void **state)
{
	struct cg_report report;
	struct cg_config *config;
	char *path = sample_path();

	(void)state;
	cg_report_init(&report);
	config = cg_config_load(path, &report);
	assert_int_equal(report.n, 0);
	assert_non_null(config);
	assert_int_equal(config->tenants_n, 2);
	assert_string_equal(config->tenants[1].name, "us21");
	cg_config_free(config);
	cg_report_fini(&report);
	free(path);
}

static void test_documentation_names_each_key(void **state)
{
	struct cg_buf markdown = {.data = NULL};
	struct cg_buf mdoc = {.data = NULL};

	(void)state;
	cg_show_markdown(&markdown);
	cg_show_mdoc(&mdoc);
	cg_buf_append_char(&markdown, '\0');
	cg_buf_append_char(&mdoc, '\0');
	assert_non_null(strstr(cg_buf_ptr(&markdown), "| `token`, `token_file` |"));
	assert_non_null(strstr(cg_buf_ptr(&markdown), "\\*.domain"));
	assert_non_null(strstr(cg_buf_ptr(&mdoc), "\n.It Ic token , Ic token_file\n"));
	assert_non_null(strstr(cg_buf_ptr(&markdown), "default: auto; changes need a restart |"));
	assert_non_null(strstr(cg_buf_ptr(&mdoc), "(duration, 100ms to 1h; default: 10s)\n"));
	cg_buf_fini(&markdown);
	cg_buf_fini(&mdoc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_rows_are_complete),
	        cmocka_unit_test(test_twins_are_for_secrets),
	        cmocka_unit_test(test_sample_file_has_each_option_with_its_default),
	        cmocka_unit_test(test_sample_file_loads),
	        cmocka_unit_test(test_documentation_names_each_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
