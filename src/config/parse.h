/* SPDX-License-Identifier: BSD-2-Clause */
/* From lines to the structs of a config, by the options table. What several values must be together
 * is check's. */
#ifndef CG_CONFIG_PARSE_H
#define CG_CONFIG_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "config/config.h"
#include "config/lines.h"
#include "config/options.h"

/* The sections of one kind, as many as the config has structs of it. */
struct cg_parse_kind {
	const struct cg_lines_section **sections; /* NULL: not written, all defaults */
	size_t n;
};

/* A config while it is being made. */
struct cg_parse {
	struct cg_config *config;
	struct cg_report *report;
	struct cg_parse_kind kinds[CG_SECTION_KINDS_N];
};

/* Fill the fields of CONFIG (zeroed but for its file) that options set. LINES are lent until
 * cg_parse_fini. After errors each field still has a value that can be freed and looked at, NULL
 * for texts included. */
void cg_parse_init(struct cg_parse *parse, struct cg_config *config, const struct cg_lines *lines,
                   struct cg_report *report);
void cg_parse_fini(struct cg_parse *parse);

/* Whether section INDEX of KIND itself sets KEY (or its twin). */
bool cg_parse_has(const struct cg_parse *parse, enum cg_section_kind kind, size_t index,
                  const char *key);
/* Where it does so; else where the section begins; 0: it is not written. */
int cg_parse_line(const struct cg_parse *parse, enum cg_section_kind kind, size_t index,
                  const char *key);

/* Struct INDEX of KIND in CONFIG. */
void *cg_parse_item(struct cg_config *config, enum cg_section_kind kind, size_t index);
/* Free what options have put into a struct of SECTION, wiping secrets. */
void cg_parse_free_item(const struct cg_section *section, void *item);

#endif
