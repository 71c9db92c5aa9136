/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables for people: aligned columns, colour that never says anything by itself. Any text may go
 * in: what could steer a terminal is replaced. */
#ifndef CG_CLI_TABLE_H
#define CG_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/defs.h"

enum cg_table_look {
	CG_TABLE_PLAIN,
	CG_TABLE_HEAD,
	CG_TABLE_GOOD,
	CG_TABLE_WARN,
	CG_TABLE_BAD,
};

struct cg_table_cell {
	char *text;
	enum cg_table_look look;
};

struct cg_table {
	struct cg_table_cell *cells; /* row by row */
	size_t cells_n;
	size_t columns_n;
};

void cg_table_init(struct cg_table *table, size_t columns_n);
void cg_table_fini(struct cg_table *table);
/* The next cell, in its row or the first of a new one. */
void cg_table_add(struct cg_table *table, enum cg_table_look look, const char *format, ...)
        CG_PRINTF(3, 4);
/* Append the table, each line after INDENT spaces, two spaces between columns, none at the end of a
 * line. */
void cg_table_print(const struct cg_table *table, unsigned indent, bool has_colour,
                    struct cg_buf *out);

/* Append TEXT with controls (C0, DEL, C1) as '?'. */
void cg_table_print_text(struct cg_buf *out, const char *text);
/* The same in the colours of LOOK. */
void cg_table_print_look(struct cg_buf *out, enum cg_table_look look, bool has_colour,
                         const char *text);

#endif
