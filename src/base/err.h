/* SPDX-License-Identifier: BSD-2-Clause */
/* How the cold path (configuration, certificates, commands) says what went wrong: one error for a
 * call that fails at its first problem, a report for work that collects all of them. */
#ifndef CG_BASE_ERR_H
#define CG_BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/defs.h"

struct cg_error {
	char text[512];
};

/* Write the sentence into ERR; NULL is allowed. Always returns -1, so that a caller can return it.
 */
int cg_error_set(struct cg_error *err, const char *format, ...) CG_PRINTF(2, 3);

/* One finding about a file. Line 0: the file as a whole. */
struct cg_problem {
	char *file;
	int line;
	bool is_error; /* else a warning */
	char *text;
};

/* Problems in the order they were found. */
struct cg_report {
	struct cg_problem *items;
	size_t n;
	size_t errors_n;
};

void cg_report_init(struct cg_report *report);
void cg_report_fini(struct cg_report *report);
void cg_report_error(struct cg_report *report, const char *file, int line, const char *format, ...)
        CG_PRINTF(4, 5);
void cg_report_warning(struct cg_report *report, const char *file, int line, const char *format,
                       ...) CG_PRINTF(4, 5);

/* "FILE:LINE: error: TEXT" (or "warning:"; without line "FILE: error: TEXT"); freed by the caller.
 */
CG_MUST_USE char *cg_problem_format(const struct cg_problem *problem);

#endif
