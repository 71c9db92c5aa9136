/* SPDX-License-Identifier: BSD-2-Clause */
/* Errors and reports of the cold path. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"

int cg_error_set(struct cg_error *err, const char *format, ...)
{
	if (err == NULL)
		return -1;

	va_list args;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return -1;
}

void cg_report_init(struct cg_report *report)
{
	*report = (struct cg_report){0};
}

void cg_report_fini(struct cg_report *report)
{
	for (size_t i = 0; i < report->n; i++) {
		free(report->items[i].file);
		free(report->items[i].text);
	}
	free(report->items);
	cg_report_init(report);
}

/* Takes TEXT. */
static void report_add(struct cg_report *report, const char *file, int line, bool is_error,
                       char *text)
{
	/* Full at each power of two, so that no capacity needs to be kept. */
	if ((report->n & (report->n - 1)) == 0) {
		size_t cap = report->n == 0 ? 1 : report->n * 2;
		report->items = cg_mem_realloc(report->items, cap * sizeof(*report->items));
	}
	report->items[report->n++] = (struct cg_problem){
	        .file = cg_mem_strdup(file),
	        .line = line,
	        .is_error = is_error,
	        .text = text,
	};
	if (is_error)
		report->errors_n++;
}

void cg_report_error(struct cg_report *report, const char *file, int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report_add(report, file, line, true, cg_str_vprintf(format, args));
	va_end(args);
}

void cg_report_warning(struct cg_report *report, const char *file, int line, const char *format,
                       ...)
{
	va_list args;

	va_start(args, format);
	report_add(report, file, line, false, cg_str_vprintf(format, args));
	va_end(args);
}

char *cg_problem_format(const struct cg_problem *problem)
{
	const char *kind = problem->is_error ? "error" : "warning";
	const char *file = problem->file == NULL ? "-" : problem->file;

	if (problem->line <= 0)
		return cg_str_printf("%s: %s: %s", file, kind, problem->text);
	return cg_str_printf("%s:%d: %s: %s", file, problem->line, kind, problem->text);
}
