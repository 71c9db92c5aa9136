/* SPDX-License-Identifier: BSD-2-Clause */
/* Attributes and small macros that every file may need. The only header that includes
 * build_config.h, so that feature macros come from one place. */
#ifndef CG_BASE_DEFS_H
#define CG_BASE_DEFS_H

#include "build_config.h"

#include <stddef.h>

#define CG_MUST_USE __attribute__((warn_unused_result))
#define CG_PRINTF(format_at, args_at) __attribute__((format(printf, format_at, args_at)))
#define CG_NORETURN __attribute__((noreturn))
#define CG_CACHE_LINE 64

#define CG_ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))
#define CG_MIN(a, b) ((a) < (b) ? (a) : (b))
#define CG_MAX(a, b) ((a) > (b) ? (a) : (b))

/* The struct of TYPE whose MEMBER is at PTR. */
#define CG_CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/* Our own mistakes only; stays on in releases. Prints the place and aborts. */
#define cg_assert(condition)                                                                       \
	((condition) ? (void)0 : cg_assert_failed(#condition, __FILE__, __LINE__))

CG_NORETURN void cg_assert_failed(const char *condition, const char *file, int line);

#endif
