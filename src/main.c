/* SPDX-License-Identifier: BSD-2-Clause */
/* The program cpigate: everything is in cli/ and below, so that tests can link it. */
#include "cli/cli.h"

int main(int argc, char **argv)
{
	return cg_cli_main(argc, argv);
}
