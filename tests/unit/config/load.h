/* SPDX-License-Identifier: BSD-2-Clause */
/* Configurations from text: in a folder of their own, so that they can name files. */
#ifndef CG_TESTS_CONFIG_LOAD_H
#define CG_TESTS_CONFIG_LOAD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "config/config.h"

#define LOAD_LISTEN "[listen l]\naddress = 127.0.0.1:8080\ntls = off\n" /* 3 lines */
#define LOAD_TENANT "[tenant a]\nurl = https://a.example\n"             /* 2 lines */
#define LOAD_BASE LOAD_LISTEN LOAD_TENANT                               /* 5 lines */

struct load {
	char dir[32];
	char file[48];
	struct cg_config *config;
	struct cg_buf problems; /* "LINE: error: TEXT\n" each */
};

static inline void load_write(const struct load *load, const char *name, const void *ptr, size_t n)
{
	char *path = cg_str_printf("%s/%s", load->dir, name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(ptr, 1, n, file), n);
	fclose(file);
	free(path);
}

static inline void load_begin(struct load *load)
{
	*load = (struct load){.dir = "/tmp/cpigate-test-XXXXXX"};
	assert_non_null(mkdtemp(load->dir));
	snprintf(load->file, sizeof(load->file), "%s/c.ini", load->dir);
}

static inline void load_bytes(struct load *load, const void *ptr, size_t n)
{
	struct cg_report report;

	load_write(load, "c.ini", ptr, n);
	cg_report_init(&report);
	load->config = cg_config_load(load->file, &report);
	for (size_t i = 0; i < report.n; i++) {
		assert_string_equal(report.items[i].file, load->file);
		cg_buf_appendf(&load->problems, "%d: %s: %s\n", report.items[i].line,
		               report.items[i].is_error ? "error" : "warning",
		               report.items[i].text);
	}
	cg_buf_append(&load->problems, "", 1);
	assert_true((load->config == NULL) == (report.errors_n > 0));
	cg_report_fini(&report);
}

static inline void load_end(struct load *load)
{
	char *command = cg_str_printf("rm -r '%s'", load->dir);

	cg_config_free(load->config);
	cg_buf_fini(&load->problems);
	assert_int_equal(system(command), 0);
	free(command);
}

static inline void load_text(struct load *load, const char *text)
{
	load_begin(load);
	load_bytes(load, text, strlen(text));
}

/* TEXT has exactly these problems; "" for none. */
static inline void load_expect(const char *text, const char *problems)
{
	struct load load;

	load_text(&load, text);
	assert_string_equal(cg_buf_ptr(&load.problems), problems);
	load_end(&load);
}

#endif
