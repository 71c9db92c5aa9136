/* SPDX-License-Identifier: BSD-2-Clause */
/* A loaded configuration from text, for tests. */
#ifndef CG_TESTS_TEST_CONFIG_H
#define CG_TESTS_TEST_CONFIG_H

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "config/config.h"

/* Write TEXT to PATH and load it; problems are printed. */
static inline struct cg_config *test_config_load(const char *path, const char *text)
{
	struct cg_config *config;
	struct cg_report report;
	FILE *file = fopen(path, "w");

	assert(file != NULL);
	fputs(text, file);
	fclose(file);
	cg_report_init(&report);
	config = cg_config_load(path, &report);
	for (size_t i = 0; i < report.n; i++)
		if (report.items[i].is_error)
			fprintf(stderr, "%s:%d: %s\n", report.items[i].file, report.items[i].line,
			        report.items[i].text);
	cg_report_fini(&report);
	return config;
}

#endif
