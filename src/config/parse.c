/* SPDX-License-Identifier: BSD-2-Clause */
/* Two steps: sort the sections by kind, then fill one struct for each, option by option. An option
 * takes its values from the section's lines; else, in a named probe, from the lines of the default
 * probe; else its default. */
#include "config/parse.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "config/input.h"
#include "config/nearest.h"
#include "config/slot.h"
#include "config/value.h"

enum { PARSE_SECRET_MAX = 65536 };

/* How the structs begin that have a name. */
struct parse_named {
	char *name;
	struct cg_place place;
};

#define ASSERT_NAMED(type)                                                                         \
	_Static_assert(offsetof(struct type, name) == offsetof(struct parse_named, name) &&        \
	                       offsetof(struct type, place) ==                                     \
	                               offsetof(struct parse_named, place),                        \
	               #type " begins with its name and place")

ASSERT_NAMED(cg_config_listen);
ASSERT_NAMED(cg_config_pool);
ASSERT_NAMED(cg_config_route);
ASSERT_NAMED(cg_config_tenant);
ASSERT_NAMED(cg_config_probe);

/* One option of one section on its way into its field. */
struct parse_target {
	const struct cg_parse *parse;
	const struct cg_option *option;
	void *field;
	bool is_quiet; /* the lines are the default probe's, whose faults are reported there */
};

static void parse_complain(const struct parse_target *target, const struct cg_lines_value *value,
                           const char *what)
{
	if (!target->is_quiet)
		cg_report_error(target->parse->report, target->parse->config->file, value->line,
		                "%s: %s", value->key, what);
}

/* The default is in the table, so it fits. */
static void parse_default(const struct parse_target *target)
{
	struct cg_place place = {.file = target->parse->config->file};
	struct cg_error err;

	if (target->option->fallback != NULL &&
	    cg_slot_put(target->option, target->field, cg_str_from(target->option->fallback), place,
	                &err) != 0)
		cg_assert(false);
}

/* A value that is refused is replaced by the default, so that no rule complains about what nobody
 * wrote. */
static void parse_put(const struct parse_target *target, const struct cg_lines_value *value,
                      struct cg_str text)
{
	struct cg_place place = {.file = target->parse->config->file, .line = value->line};
	struct cg_error err;

	if (text.len == 0)
		cg_error_set(&err, "a value is missing");
	else if (cg_slot_put(target->option, target->field, text, place, &err) == 0)
		return;
	parse_complain(target, value, err.text);
	if (!cg_option_is_list(target->option))
		parse_default(target);
}

/* Headers have commas of their own. */
static void parse_inline(const struct parse_target *target, const struct cg_lines_value *value)
{
	const struct cg_option *option = target->option;
	struct cg_str rest = cg_str_from(value->text);
	struct cg_str part;

	if (cg_option_is_secret(option) && value->has_comment)
		parse_complain(target, value,
		               "\" ;\" may begin a comment or belong to the secret; write the "
		               "comment on a line of its own, or the secret to a file");
	else if (!cg_option_is_list(option) || option->type == CG_OPTION_HEADER)
		parse_put(target, value, rest);
	else
		while (cg_str_next(&rest, ',', &part))
			parse_put(target, value, part);
}

static struct cg_str parse_cut_line_end(struct cg_str text)
{
	while (text.len > 0 && (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r'))
		text.len--;
	return text;
}

static void parse_secret_text(const struct parse_target *target, const struct cg_lines_value *value,
                              struct cg_str text)
{
	struct cg_str line;

	text = parse_cut_line_end(text);
	if (text.len == 0)
		parse_complain(target, value, "the file is empty");
	else if (memchr(text.ptr, '\0', text.len) != NULL)
		parse_complain(target, value, "the file contains a NUL byte");
	else if (!cg_option_is_list(target->option))
		parse_put(target, value, text);
	else
		while (cg_str_next(&text, '\n', &line)) {
			line = cg_str_trim(parse_cut_line_end(line));
			if (line.len > 0)
				parse_put(target, value, line);
		}
}

/* The twin KEY_file of a secret. */
static void parse_secret_file(const struct parse_target *target, const struct cg_lines_value *value)
{
	struct cg_buf secret = {.data = NULL};
	struct cg_error err;
	struct cg_error why;
	char *path;

	if (value->text[0] == '\0') {
		parse_complain(target, value, "a value is missing");
		return;
	}
	path = cg_input_path(target->parse->config->file, cg_str_from(value->text));
	if (cg_input_read(path, PARSE_SECRET_MAX, &secret, &why) != 0) {
		cg_error_set(&err, "cannot read \"%s\": %s", path, why.text);
		parse_complain(target, value, err.text);
	} else {
		parse_secret_text(target, value, cg_buf_str(&secret));
	}
	cg_input_wipe(&secret);
	free(path);
}

/* Put all values that SECTION has for the option; false if it has none. */
static bool parse_option_lines(const struct parse_target *target, const struct cg_section *kind,
                               const struct cg_lines_section *section)
{
	const struct cg_lines_value *first = NULL;
	bool is_list = cg_option_is_list(target->option);

	for (size_t i = 0; section != NULL && i < section->n; i++) {
		const struct cg_lines_value *value = &section->values[i];
		bool is_file;

		if (cg_option_find(kind, cg_str_from(value->key), &is_file) != target->option)
			continue;
		if (first != NULL && !is_list) {
			struct cg_error err;

			cg_error_set(&err, "set a second time; \"%s\" is already in line %d",
			             first->key, first->line);
			parse_complain(target, value, err.text);
			continue;
		}
		first = first == NULL ? value : first;
		if (is_file)
			parse_secret_file(target, value);
		else
			parse_inline(target, value);
	}
	return first != NULL;
}

static void parse_missing(const struct cg_parse *parse, const struct cg_option *option,
                          const struct cg_section *kind, const struct cg_lines_section *section)
{
	if ((option->flags & CG_OPTION_REQUIRED) == 0 || section == NULL || section->is_damaged)
		return;
	cg_report_error(parse->report, parse->config->file, section->line,
	                "key \"%s\" is missing in [%s%s%.80s]", option->key, kind->kind,
	                section->name[0] == '\0' ? "" : " ", section->name);
}

/* INHERITED: the default probe's lines, for a named one; else NULL. */
static void parse_item(const struct cg_parse *parse, const struct cg_section *kind, void *item,
                       const struct cg_lines_section *section,
                       const struct cg_lines_section *inherited)
{
	for (size_t i = 0; i < kind->options_n; i++) {
		struct parse_target target = {.parse = parse,
		                              .option = &kind->options[i],
		                              .field = (char *)item + kind->options[i].offset};

		if (parse_option_lines(&target, kind, section))
			continue;
		target.is_quiet = true;
		if (parse_option_lines(&target, kind, inherited))
			continue;
		parse_default(&target);
		parse_missing(parse, target.option, kind, section);
	}
}

static void parse_offer_key(struct cg_nearest *nearest, const struct cg_option *option)
{
	char *twin;

	cg_nearest_offer(nearest, option->key);
	if (!cg_option_is_secret(option))
		return;
	twin = cg_str_printf("%s_file", option->key);
	cg_nearest_offer(nearest, twin);
	free(twin);
}

static void parse_unknown_key(const struct cg_parse *parse, const struct cg_section *kind,
                              const struct cg_lines_section *section,
                              const struct cg_lines_value *value)
{
	struct cg_nearest nearest;
	char hint[CG_NEAREST_HINT_SIZE];

	cg_nearest_init(&nearest, cg_str_from(value->key));
	for (size_t i = 0; i < kind->options_n; i++)
		parse_offer_key(&nearest, &kind->options[i]);
	cg_report_error(parse->report, parse->config->file, value->line,
	                "unknown key \"%s\" in [%s%s%.80s]%s", value->key, kind->kind,
	                section->name[0] == '\0' ? "" : " ", section->name,
	                cg_nearest_hint(&nearest, hint));
}

static void parse_keys(const struct cg_parse *parse, const struct cg_section *kind,
                       const struct cg_lines_section *section)
{
	for (size_t i = 0; i < section->n; i++) {
		bool is_file;

		if (cg_option_find(kind, cg_str_from(section->values[i].key), &is_file) == NULL)
			parse_unknown_key(parse, kind, section, &section->values[i]);
	}
}

static void parse_unknown_section(const struct cg_parse *parse,
                                  const struct cg_lines_section *section)
{
	struct cg_nearest nearest;
	char hint[CG_NEAREST_HINT_SIZE];

	cg_nearest_init(&nearest, cg_str_from(section->kind));
	for (int i = 0; i < CG_SECTION_KINDS_N; i++)
		cg_nearest_offer(&nearest, cg_section_get((enum cg_section_kind)i)->kind);
	cg_report_error(parse->report, parse->config->file, section->line,
	                "unknown section [%.80s]%s", section->kind,
	                cg_nearest_hint(&nearest, hint));
}

static void parse_check_name(const struct cg_parse *parse, const struct cg_section *kind,
                             const struct cg_lines_section *section)
{
	struct cg_str name = cg_str_from(section->name);
	const char *file = parse->config->file;

	if (kind->naming == CG_SECTION_ONCE && name.len > 0)
		cg_report_error(parse->report, file, section->line,
		                "[%s] takes no name, but \"%.80s\" is given", kind->kind,
		                section->name);
	else if (kind->naming == CG_SECTION_NAMED && name.len == 0)
		cg_report_error(parse->report, file, section->line, "[%s] needs a name: [%s NAME]",
		                kind->kind, kind->kind);
	else if (kind->naming != CG_SECTION_ONCE && name.len > 0 && !cg_value_is_name(name))
		cg_report_error(parse->report, file, section->line,
		                "\"%.80s\" is not a name (1 to 64 of A-Z a-z 0-9 _ . -)",
		                section->name);
}

/* False if there is such a section already. */
static bool parse_check_unique(const struct cg_parse *parse, struct cg_map *seen,
                               const struct cg_section *kind,
                               const struct cg_lines_section *section)
{
	bool is_named = kind->naming != CG_SECTION_ONCE && section->name[0] != '\0';
	char *key = cg_str_printf("%s%s%s", kind->kind, is_named ? " " : "",
	                          is_named ? section->name : "");
	const struct cg_lines_section *first = cg_map_get(seen, cg_str_from(key));

	if (first != NULL)
		cg_report_error(parse->report, parse->config->file, section->line,
		                "section [%.100s] is already in line %d", key, first->line);
	else
		cg_map_put(seen, cg_str_from(key), (void *)section);
	free(key);
	return first == NULL;
}

/* A section that is refused anyway is read for its other faults. */
static void parse_scratch(const struct cg_parse *parse, const struct cg_section *kind,
                          const struct cg_lines_section *section)
{
	void *item = cg_mem_alloc(kind->size);

	parse_item(parse, kind, item, section, NULL);
	cg_parse_free_item(kind, item);
	free(item);
}

static void parse_sort_section(struct cg_parse *parse, struct cg_map *seen,
                               const struct cg_lines_section *section)
{
	const struct cg_section *kind = cg_section_find(cg_str_from(section->kind));
	struct cg_parse_kind *found;

	if (kind == NULL) {
		parse_unknown_section(parse, section);
		return;
	}
	parse_check_name(parse, kind, section);
	parse_keys(parse, kind, section);
	found = &parse->kinds[cg_section_kind(kind)];
	if (!parse_check_unique(parse, seen, kind, section))
		parse_scratch(parse, kind, section);
	else if (kind->naming == CG_SECTION_ONCE ||
	         (kind->naming == CG_SECTION_MAYBE_NAMED && section->name[0] == '\0'))
		found->sections[0] = section;
	else
		found->sections[found->n++] = section;
}

/* What is there without being written: [kind] sections, and a pool where no pool is. */
static void parse_sort(struct cg_parse *parse, const struct cg_lines *lines)
{
	struct cg_map *seen = cg_map_new();

	for (int i = 0; i < CG_SECTION_KINDS_N; i++) {
		struct cg_parse_kind *found = &parse->kinds[i];

		found->sections = cg_mem_alloc_array(lines->n + 1, sizeof(*found->sections));
		found->n = cg_section_get((enum cg_section_kind)i)->naming != CG_SECTION_NAMED;
	}
	for (size_t i = 0; i < lines->n; i++)
		parse_sort_section(parse, seen, &lines->sections[i]);
	if (parse->kinds[CG_SECTION_POOL].n == 0)
		parse->kinds[CG_SECTION_POOL].n = 1;
	cg_map_free(seen);
}

static void parse_name_item(const struct cg_parse *parse, enum cg_section_kind kind, size_t index)
{
	struct parse_named *named = cg_parse_item(parse->config, kind, index);
	const struct cg_lines_section *section = parse->kinds[kind].sections[index];
	const char *unwritten = kind == CG_SECTION_POOL ? "default" : "";

	named->name = cg_mem_strdup(section == NULL ? unwritten : section->name);
	named->place = (struct cg_place){.file = parse->config->file,
	                                 .line = section == NULL ? 0 : section->line};
}

static void parse_kind(const struct cg_parse *parse, enum cg_section_kind kind)
{
	const struct cg_section *section = cg_section_get(kind);
	const struct cg_parse_kind *found = &parse->kinds[kind];
	char *config = (char *)parse->config;

	if (section->naming != CG_SECTION_ONCE) {
		void *items = cg_mem_alloc_array(found->n, section->size);

		memcpy(config + section->offset, &items, sizeof(items));
		memcpy(config + section->n_offset, &found->n, sizeof(found->n));
	}
	for (size_t i = 0; i < found->n; i++) {
		bool inherits = section->naming == CG_SECTION_MAYBE_NAMED && i > 0;

		if (section->naming != CG_SECTION_ONCE)
			parse_name_item(parse, kind, i);
		parse_item(parse, section, cg_parse_item(parse->config, kind, i),
		           found->sections[i], inherits ? found->sections[0] : NULL);
	}
}

void cg_parse_init(struct cg_parse *parse, struct cg_config *config, const struct cg_lines *lines,
                   struct cg_report *report)
{
	*parse = (struct cg_parse){.config = config, .report = report};
	parse_sort(parse, lines);
	for (int i = 0; i < CG_SECTION_KINDS_N; i++)
		parse_kind(parse, (enum cg_section_kind)i);
}

void cg_parse_fini(struct cg_parse *parse)
{
	for (int i = 0; i < CG_SECTION_KINDS_N; i++)
		free(parse->kinds[i].sections);
}

/* NULL: KEY is not set there. */
static const struct cg_lines_value *
parse_find(const struct cg_parse *parse, enum cg_section_kind kind, size_t index, const char *key)
{
	const struct cg_section *section = cg_section_get(kind);
	const struct cg_lines_section *lines = parse->kinds[kind].sections[index];
	bool is_file;
	const struct cg_option *option = cg_option_find(section, cg_str_from(key), &is_file);

	cg_assert(option != NULL);
	for (size_t i = 0; lines != NULL && i < lines->n; i++)
		if (cg_option_find(section, cg_str_from(lines->values[i].key), &is_file) == option)
			return &lines->values[i];
	return NULL;
}

bool cg_parse_has(const struct cg_parse *parse, enum cg_section_kind kind, size_t index,
                  const char *key)
{
	return parse_find(parse, kind, index, key) != NULL;
}

int cg_parse_line(const struct cg_parse *parse, enum cg_section_kind kind, size_t index,
                  const char *key)
{
	const struct cg_lines_value *value = parse_find(parse, kind, index, key);
	const struct cg_lines_section *section = parse->kinds[kind].sections[index];

	if (value != NULL)
		return value->line;
	return section == NULL ? 0 : section->line;
}

void *cg_parse_item(struct cg_config *config, enum cg_section_kind kind, size_t index)
{
	const struct cg_section *section = cg_section_get(kind);
	char *at = (char *)config + section->offset;

	if (section->naming != CG_SECTION_ONCE)
		at = *(char **)(void *)at;
	return at + index * section->size;
}

void cg_parse_free_item(const struct cg_section *section, void *item)
{
	for (size_t i = 0; i < section->options_n; i++)
		cg_slot_clear(&section->options[i], (char *)item + section->options[i].offset);
}
