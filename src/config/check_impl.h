/* SPDX-License-Identifier: BSD-2-Clause */
/* For the check files: how a rule reports, and the rules by what they are about. */
#ifndef CG_CONFIG_CHECK_IMPL_H
#define CG_CONFIG_CHECK_IMPL_H

#include "config/parse.h"

#define CHECK_ERROR(parse, line, ...)                                                              \
	cg_report_error((parse)->report, (parse)->config->file, line, __VA_ARGS__)
#define CHECK_WARNING(parse, line, ...)                                                            \
	cg_report_warning((parse)->report, (parse)->config->file, line, __VA_ARGS__)

/* Listeners, health and admin addresses. */
void cg_check_listeners(const struct cg_parse *parse);
/* Pools and routes. */
void cg_check_routing(const struct cg_parse *parse);

#endif
