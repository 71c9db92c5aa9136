/* SPDX-License-Identifier: BSD-2-Clause */
/* Both formats say the same: what an option means, then its type, range and default. */
#include "config/show.h"

#include <string.h>

#include "config/options.h"
#include "config/value.h"

/* Appends TEXT so that it means itself in a format. */
typedef void (*show_text_fn)(struct cg_buf *out, const char *text);

static void show_text_markdown(struct cg_buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (strchr("|*<\\", *text) != NULL)
			cg_buf_append_char(out, '\\');
		cg_buf_append_char(out, *text);
	}
}

/* A new line for each sentence and before column 80, as mandoc wants it; "\&" keeps the start of a
 * word from being read as a request. */
static void show_text_mdoc(struct cg_buf *out, const char *text)
{
	struct cg_str rest = cg_str_from(text);
	struct cg_str word;
	size_t column = 0;
	bool is_sentence_end = false;

	while (cg_str_next(&rest, ' ', &word)) {
		bool breaks = is_sentence_end || column + word.len > 76;

		if (column > 0)
			cg_buf_append_char(out, breaks ? '\n' : ' ');
		column = breaks ? word.len : column + 1 + word.len;
		is_sentence_end = cg_str_has_suffix(word, CG_STR("."));
		if (strchr(".'", word.ptr[0]) != NULL)
			cg_buf_append_str(out, CG_STR("\\&"));
		for (size_t i = 0; i < word.len; i++)
			cg_buf_append_str(out, word.ptr[i] == '\\'
			                               ? CG_STR("\\e")
			                               : (struct cg_str){&word.ptr[i], 1});
	}
}

static void show_range(struct cg_buf *out, const struct cg_option *option)
{
	if (option->max == 0)
		return;
	if (option->max == INT64_MAX) {
		cg_buf_append_str(out, CG_STR(", "));
		cg_value_format_number(option, option->min, out);
		cg_buf_append_str(out, CG_STR(" or more"));
		return;
	}
	cg_buf_append_str(out, CG_STR(", "));
	cg_value_format_number(option, option->min, out);
	cg_buf_append_str(out, CG_STR(" to "));
	cg_value_format_number(option, option->max, out);
}

static void show_type(struct cg_buf *out, const struct cg_option *option)
{
	if (option->type != CG_OPTION_WORD)
		cg_buf_append_str(out, cg_str_from(cg_option_type_name(option)));
	show_range(out, option);
	if (option->words != NULL && option->type != CG_OPTION_WORD)
		cg_buf_append_str(out,
		                  option->words[1].name == NULL ? CG_STR(" or ") : CG_STR(", "));
	if (option->words != NULL)
		cg_value_list_words(option, out);
	if (cg_option_is_list(option))
		cg_buf_append_str(out, CG_STR("; may be repeated"));
}

static void show_default(struct cg_buf *out, const struct cg_option *option)
{
	if ((option->flags & CG_OPTION_REQUIRED) != 0)
		cg_buf_append_str(out, CG_STR("required"));
	else if (option->fallback != NULL)
		cg_buf_appendf(out, "default: %s", option->fallback);
	else
		cg_buf_appendf(out, "default: %s", option->unset);
	if ((option->flags & CG_OPTION_RESTART) != 0)
		cg_buf_append_str(out, CG_STR("; changes need a restart"));
}

/* "duration, 1ms to 24h; default: 10s", as text that is not escaped yet. */
static void show_facts(struct cg_buf *out, const struct cg_option *option, show_text_fn show_text)
{
	struct cg_buf facts = {.data = NULL};

	show_type(&facts, option);
	cg_buf_append_str(&facts, CG_STR("; "));
	show_default(&facts, option);
	cg_buf_append_char(&facts, '\0');
	show_text(out, cg_buf_ptr(&facts));
	cg_buf_fini(&facts);
}

static void show_section_name(struct cg_buf *out, const struct cg_section *section)
{
	if (section->naming != CG_SECTION_NAMED)
		cg_buf_appendf(out, "[%s]", section->kind);
	if (section->naming == CG_SECTION_MAYBE_NAMED)
		cg_buf_append_str(out, CG_STR(", "));
	if (section->naming != CG_SECTION_ONCE)
		cg_buf_appendf(out, "[%s NAME]", section->kind);
}

static void show_markdown_option(struct cg_buf *out, const struct cg_option *option)
{
	cg_buf_appendf(out, "| `%s`", option->key);
	if (cg_option_is_secret(option))
		cg_buf_appendf(out, ", `%s_file`", option->key);
	cg_buf_append_str(out, CG_STR(" | "));
	show_text_markdown(out, option->help);
	cg_buf_append_str(out, CG_STR(" | "));
	show_facts(out, option, show_text_markdown);
	cg_buf_append_str(out, CG_STR(" |\n"));
}

void cg_show_markdown(struct cg_buf *out)
{
	cg_buf_append_str(out, CG_STR("# Options of cpigate.ini\n\n"
	                              "Generated from src/config/options.c by `make options`. "
	                              "The syntax is described in cpigate.ini(5).\n"));
	for (int i = 0; i < CG_SECTION_KINDS_N; i++) {
		const struct cg_section *section = cg_section_get((enum cg_section_kind)i);

		cg_buf_append_str(out, CG_STR("\n## "));
		show_section_name(out, section);
		cg_buf_append_str(out, CG_STR("\n\n"));
		show_text_markdown(out, section->help);
		cg_buf_append_str(out,
		                  CG_STR("\n\n| key | meaning | value |\n| --- | --- | --- |\n"));
		for (size_t k = 0; k < section->options_n; k++)
			show_markdown_option(out, &section->options[k]);
	}
}

static void show_mdoc_option(struct cg_buf *out, const struct cg_option *option)
{
	cg_buf_appendf(out, ".It Ic %s", option->key);
	if (cg_option_is_secret(option))
		cg_buf_appendf(out, " , Ic %s_file", option->key);
	cg_buf_append_char(out, '\n');
	show_text_mdoc(out, option->help);
	cg_buf_append_str(out, CG_STR("\n.br\n("));
	show_facts(out, option, show_text_mdoc);
	cg_buf_append_str(out, CG_STR(")\n"));
}

void cg_show_mdoc(struct cg_buf *out)
{
	cg_buf_append_str(out, CG_STR(".Sh OPTIONS\n"));
	for (int i = 0; i < CG_SECTION_KINDS_N; i++) {
		const struct cg_section *section = cg_section_get((enum cg_section_kind)i);

		cg_buf_append_str(out, CG_STR(".Ss "));
		show_section_name(out, section);
		cg_buf_append_str(out, CG_STR("\\&\n"));
		show_text_mdoc(out, section->help);
		cg_buf_append_str(out, CG_STR("\n.Bl -tag -width Ds\n"));
		for (size_t k = 0; k < section->options_n; k++)
			show_mdoc_option(out, &section->options[k]);
		cg_buf_append_str(out, CG_STR(".El\n"));
	}
}
