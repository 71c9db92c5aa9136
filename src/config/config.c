/* SPDX-License-Identifier: BSD-2-Clause */
/* Loading from one end to the other: read the file, split it into lines, parse, derive, check, put
 * the findings in the order of the file. */
#include "config/config.h"

#include <stdlib.h>

#include "base/mem.h"
#include "config/check.h"
#include "config/derive.h"
#include "config/input.h"
#include "config/lines.h"
#include "config/parse.h"

enum { CONFIG_FILE_MAX = 16 << 20 };

struct config_finding {
	struct cg_problem problem;
	size_t index;
};

static int config_compare_findings(const void *a, const void *b)
{
	const struct config_finding *x = a;
	const struct config_finding *y = b;

	if (x->problem.line != y->problem.line)
		return x->problem.line < y->problem.line ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

/* Those from FIRST on; what the caller had in the report before stays in front. */
static void config_sort_report(struct cg_report *report, size_t first)
{
	size_t n = report->n - first;
	struct config_finding *findings = cg_mem_alloc_array(n, sizeof(*findings));

	for (size_t i = 0; i < n; i++)
		findings[i] = (struct config_finding){report->items[first + i], i};
	if (n > 0)
		qsort(findings, n, sizeof(*findings), config_compare_findings);
	for (size_t i = 0; i < n; i++)
		report->items[first + i] = findings[i].problem;
	free(findings);
}

static void config_fill(struct cg_config *config, struct cg_str text, struct cg_report *report)
{
	struct cg_lines lines;
	struct cg_parse parse;

	cg_lines_init(&lines, config->file, text, report);
	cg_parse_init(&parse, config, &lines, report);
	cg_derive(&parse);
	cg_check(&parse);
	cg_parse_fini(&parse);
	cg_lines_fini(&lines);
}

struct cg_config *cg_config_load(const char *file, struct cg_report *report)
{
	struct cg_config *config = cg_mem_alloc(sizeof(*config));
	struct cg_buf text = {.data = NULL};
	size_t first = report->n;
	size_t errors_n = report->errors_n;
	struct cg_error err;

	config->file = cg_mem_strdup(file);
	if (cg_input_read(file, CONFIG_FILE_MAX, &text, &err) != 0)
		cg_report_error(report, file, 0, "cannot read: %s", err.text);
	else
		config_fill(config, cg_buf_str(&text), report);
	cg_input_wipe(&text);
	config_sort_report(report, first);
	if (report->errors_n == errors_n)
		return config;
	cg_config_free(config);
	return NULL;
}

static void config_free_array(struct cg_config *config, enum cg_section_kind kind, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		void *item = cg_parse_item(config, kind, i);

		cg_parse_free_item(cg_section_get(kind), item);
		free(*(char **)item); /* each begins with its name */
	}
}

void cg_config_free(struct cg_config *config)
{
	if (config == NULL)
		return;
	cg_derive_free(config);
	for (int i = 0; i < CG_SECTION_KINDS_N; i++)
		if (cg_section_get((enum cg_section_kind)i)->naming == CG_SECTION_ONCE)
			cg_parse_free_item(cg_section_get((enum cg_section_kind)i),
			                   cg_parse_item(config, (enum cg_section_kind)i, 0));
	config_free_array(config, CG_SECTION_LISTEN, config->listens_n);
	config_free_array(config, CG_SECTION_POOL, config->pools_n);
	config_free_array(config, CG_SECTION_ROUTE, config->routes_n);
	config_free_array(config, CG_SECTION_TENANT, config->tenants_n);
	config_free_array(config, CG_SECTION_PROBE, config->probes_n);
	free(config->listens);
	free(config->pools);
	free(config->routes);
	free(config->tenants);
	free(config->probes);
	free(config->file);
	free(config);
}

bool cg_status_ranges_has(const struct cg_status_ranges *ranges, int status)
{
	for (size_t i = 0; i < ranges->n; i++)
		if (status >= ranges->items[i].first && status <= ranges->items[i].last)
			return true;
	return false;
}
