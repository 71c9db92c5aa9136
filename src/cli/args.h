/* SPDX-License-Identifier: BSD-2-Clause */
/* Options and operands of one command. Long options only as "--name VALUE" or "--name=VALUE", short
 * ones as "-c VALUE"; "--" ends them. */
#ifndef CG_CLI_ARGS_H
#define CG_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/defs.h"

/* Either VALUE (the option takes one, lent from ARGV) or FLAG is set. */
struct cg_args_option {
	const char *name; /* without the dashes */
	char letter;      /* 0: none */
	const char **value;
	bool *flag;
};

struct cg_args {
	const char *command; /* for messages */
	const struct cg_args_option *options;
	size_t options_n;
	const char **operands; /* each must be given; filled in order */
	const char *const *operand_names;
	size_t operands_n;
};

/* Read ARGV (without the command's name); -1 after a message on stderr. An option given twice takes
 * its last value. */
CG_MUST_USE int cg_args_parse(const struct cg_args *args, int argc, char **argv);

#endif
