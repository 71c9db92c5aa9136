/* SPDX-License-Identifier: BSD-2-Clause */
/* A slice: bytes that someone else owns, not NUL-terminated. ASCII rules only. */
#ifndef CG_BASE_STR_H
#define CG_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/defs.h"

struct cg_str {
	const char *ptr;
	size_t len;
};

/* From a literal; from a NUL-terminated text (NULL gives an empty slice); for printf("%.*s"). */
#define CG_STR(literal) ((struct cg_str){.ptr = (literal), .len = sizeof(literal) - 1})
#define CG_STR_ARGS(str) ((int)(str).len), ((str).ptr == NULL ? "" : (str).ptr)

struct cg_str cg_str_from(const char *text);
bool cg_str_eq(struct cg_str a, struct cg_str b);
/* Without regard to ASCII case. */
bool cg_str_ieq(struct cg_str a, struct cg_str b);
bool cg_str_has_prefix(struct cg_str str, struct cg_str prefix);
bool cg_str_has_suffix(struct cg_str str, struct cg_str suffix);
bool cg_str_has_isuffix(struct cg_str str, struct cg_str suffix);
/* Whether NEEDLE occurs, without regard to ASCII case. */
bool cg_str_icontains(struct cg_str str, struct cg_str needle);
/* Without SP and HTAB at both ends. */
struct cg_str cg_str_trim(struct cg_str str);
/* Take the next part before SEPARATOR off REST, trimmed; false at the end. Empty parts are
 * returned. REST with ptr NULL is at its end. */
bool cg_str_next(struct cg_str *rest, char separator, struct cg_str *part);
/* Decimal digits only, no sign, no space; false if empty, otherwise malformed or over MAX. */
CG_MUST_USE bool cg_str_to_u64(struct cg_str str, uint64_t max, uint64_t *value);
/* A NUL-terminated copy, freed by the caller. */
CG_MUST_USE char *cg_str_dup(struct cg_str str);
/* printf into fresh memory, freed by the caller. */
CG_MUST_USE char *cg_str_printf(const char *format, ...) CG_PRINTF(1, 2);
CG_MUST_USE char *cg_str_vprintf(const char *format, va_list args) CG_PRINTF(1, 0);
/* Edits (insert, drop, change one, swap neighbours) between A and B: for "did you mean". If one is
 * over 64 bytes: the longer length. */
unsigned cg_str_distance(struct cg_str a, struct cg_str b);
char cg_char_lower(char c);

#endif
