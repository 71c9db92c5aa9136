/* SPDX-License-Identifier: BSD-2-Clause */
/* cg-options, a program of the build: prints the options table for the documentation that is made
 * of it. "page" copies a manual page from the input and puts the table where it says @OPTIONS@. */
#include <stdio.h>
#include <string.h>

#include "config/show.h"

static void main_fill_page(struct cg_buf *out)
{
	char line[1024];

	while (fgets(line, sizeof(line), stdin) != NULL)
		if (strcmp(line, "@OPTIONS@\n") == 0)
			cg_show_mdoc(out);
		else
			cg_buf_append_str(out, cg_str_from(line));
}

int main(int argc, char **argv)
{
	struct cg_buf out = {.data = NULL};
	size_t written;

	if (argc == 2 && strcmp(argv[1], "page") == 0) {
		main_fill_page(&out);
	} else if (argc == 2 && strcmp(argv[1], "markdown") == 0) {
		cg_show_markdown(&out);
	} else {
		fputs("usage: cg-options markdown | cg-options page <PAGE.in\n", stderr);
		return 2;
	}
	written = fwrite(cg_buf_ptr(&out), 1, cg_buf_len(&out), stdout);
	if (written != cg_buf_len(&out) || fflush(stdout) != 0) {
		perror("cg-options");
		return 1;
	}
	cg_buf_fini(&out);
	return 0;
}
