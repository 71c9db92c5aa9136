/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables for people. */
#include "cli/table.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"

static const char *const looks[] = {
        [CG_TABLE_PLAIN] = "",        [CG_TABLE_HEAD] = "\033[1m", [CG_TABLE_GOOD] = "\033[32m",
        [CG_TABLE_WARN] = "\033[33m", [CG_TABLE_BAD] = "\033[31m",
};

void cg_table_init(struct cg_table *table, size_t columns_n)
{
	*table = (struct cg_table){.columns_n = columns_n};
}

void cg_table_fini(struct cg_table *table)
{
	for (size_t i = 0; i < table->cells_n; i++)
		free(table->cells[i].text);
	free(table->cells);
	*table = (struct cg_table){0};
}

void cg_table_add(struct cg_table *table, enum cg_table_look look, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	table->cells = cg_mem_realloc(table->cells, (table->cells_n + 1) * sizeof(*table->cells));
	table->cells[table->cells_n++] =
	        (struct cg_table_cell){.text = cg_mem_strdup(text), .look = look};
}

void cg_table_print_text(struct cg_buf *out, const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
		/* C1 controls are C2 80 to C2 9F in UTF-8; some terminals obey them. */
		if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f) {
			cg_buf_append_char(out, '?');
			c++;
		} else {
			cg_buf_append_char(out, *c < 0x20 || *c == 0x7f ? '?' : (char)*c);
		}
	}
}

void cg_table_print_look(struct cg_buf *out, enum cg_table_look look, bool has_colour,
                         const char *text)
{
	bool is_coloured = has_colour && look != CG_TABLE_PLAIN;

	if (is_coloured)
		cg_buf_append_str(out, cg_str_from(looks[look]));
	cg_table_print_text(out, text);
	if (is_coloured)
		cg_buf_append_str(out, CG_STR("\033[0m"));
}

/* Code points; wide and combining ones are rare in names and do no harm but to the alignment. */
static size_t table_width(const char *text)
{
	size_t width = 0;

	for (const char *c = text; *c != '\0'; c++)
		width += ((unsigned char)*c & 0xc0) != 0x80;
	return width;
}

static size_t table_column_width(const struct cg_table *table, size_t column)
{
	size_t width = 0;

	for (size_t i = column; i < table->cells_n; i += table->columns_n)
		width = CG_MAX(width, table_width(table->cells[i].text));
	return width;
}

static void table_pad(struct cg_buf *out, size_t n)
{
	while (n-- > 0)
		cg_buf_append_char(out, ' ');
}

/* The number of cells of the row at FIRST that are not empty at its end. */
static size_t table_row_len(const struct cg_table *table, size_t first)
{
	size_t n = CG_MIN(table->columns_n, table->cells_n - first);

	while (n > 0 && table->cells[first + n - 1].text[0] == '\0')
		n--;
	return n;
}

void cg_table_print(const struct cg_table *table, unsigned indent, bool has_colour,
                    struct cg_buf *out)
{
	size_t *widths = cg_mem_alloc_array(table->columns_n, sizeof(*widths));

	for (size_t i = 0; i < table->columns_n; i++)
		widths[i] = table_column_width(table, i);
	for (size_t row = 0; row < table->cells_n; row += table->columns_n) {
		size_t n = table_row_len(table, row);
		table_pad(out, indent);
		for (size_t i = 0; i < n; i++) {
			const struct cg_table_cell *cell = &table->cells[row + i];
			cg_table_print_look(out, cell->look, has_colour, cell->text);
			if (i + 1 < n)
				table_pad(out, widths[i] - table_width(cell->text) + 2);
		}
		cg_buf_append_char(out, '\n');
	}
	free(widths);
}
