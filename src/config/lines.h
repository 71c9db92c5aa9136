/* SPDX-License-Identifier: BSD-2-Clause */
/* The text of a configuration file as sections with keys and values, each with its line. What they
 * mean is parse's. */
#ifndef CG_CONFIG_LINES_H
#define CG_CONFIG_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

/* Longest line, its end not counted. */
enum { CG_LINES_MAX = 8192 };

struct cg_lines_value {
	char *key;
	char *text; /* trimmed; may be a secret */
	int line;
	bool has_comment; /* " ;" and more followed the text */
};

struct cg_lines_section {
	char *kind;
	char *name;      /* "" where none is written */
	int line;        /* 0: no section, the keys before the first one */
	bool is_damaged; /* lines in it could not be read; they are reported */
	struct cg_lines_value *values;
	size_t n;
};

struct cg_lines {
	const char *file;
	struct cg_lines_section *sections; /* in file order */
	size_t n;
};

/* Split TEXT; FILE is lent until cg_lines_fini. Lines that are no INI are reported and left out. */
void cg_lines_init(struct cg_lines *lines, const char *file, struct cg_str text,
                   struct cg_report *report);
/* Wipes the values. */
void cg_lines_fini(struct cg_lines *lines);

#endif
