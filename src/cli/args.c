/* SPDX-License-Identifier: BSD-2-Clause */
/* Options and operands of one command. getopt_long keeps its place in global variables and takes
 * abbreviations, which would break scripts as soon as a second option begins alike. */
#include "cli/args.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

static int args_fail(const struct cg_args *args, const char *what, const char *which)
{
	fprintf(stderr, "cpigate %s: %s%s; see cpigate %s --help\n", args->command, what, which,
	        args->command);
	return -1;
}

/* The option that ARG names, and in *VALUE what follows "=" (NULL: nothing). */
static const struct cg_args_option *args_find(const struct cg_args *args, const char *arg,
                                              const char **value)
{
	struct cg_str name = cg_str_from(arg + (arg[1] == '-' ? 2 : 1));
	const char *equals = strchr(arg, '=');

	*value = NULL;
	if (arg[1] == '-' && equals != NULL) {
		name.len = (size_t)(equals - name.ptr);
		*value = equals + 1;
	}
	for (size_t i = 0; i < args->options_n; i++) {
		const struct cg_args_option *option = &args->options[i];
		struct cg_str letter = {.ptr = &option->letter, .len = 1};
		if (cg_str_eq(name, arg[1] == '-' ? cg_str_from(option->name) : letter))
			return option;
	}
	return NULL;
}

/* Take the option at ARGV[AT]; returns how many arguments it was, or -1. */
static int args_take(const struct cg_args *args, int argc, char **argv, int at)
{
	const char *value;
	const struct cg_args_option *option = args_find(args, argv[at], &value);

	if (option == NULL)
		return args_fail(args, "there is no option ", argv[at]);
	if (option->flag != NULL) {
		*option->flag = true;
		return value == NULL ? 1 : args_fail(args, "no value goes with --", option->name);
	}
	if (value == NULL && at + 1 == argc)
		return args_fail(args, "a value is missing after ", argv[at]);
	*option->value = value == NULL ? argv[at + 1] : value;
	return value == NULL ? 2 : 1;
}

int cg_args_parse(const struct cg_args *args, int argc, char **argv)
{
	size_t operands_n = 0;
	bool has_ended = false;
	int i = 0;

	while (i < argc) {
		bool is_option = !has_ended && argv[i][0] == '-' && argv[i][1] != '\0';
		if (is_option && strcmp(argv[i], "--") == 0) {
			has_ended = true;
			i++;
		} else if (is_option) {
			int taken = args_take(args, argc, argv, i);
			if (taken == -1)
				return -1;
			i += taken;
		} else {
			if (operands_n == args->operands_n)
				return args_fail(args, "there is no use for ", argv[i]);
			args->operands[operands_n++] = argv[i++];
		}
	}
	if (operands_n < args->operands_n)
		return args_fail(args, args->operand_names[operands_n], " is missing");
	return 0;
}
