/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory from the system. Allocation never fails: the process aborts with a line on stderr when the
 * system is out. Limits belong to the callers. Freed with free(). Any thread. */
#ifndef CG_BASE_MEM_H
#define CG_BASE_MEM_H

#include <stddef.h>

#include "base/defs.h"

/* N zeroed bytes; N may be 0. */
CG_MUST_USE void *cg_mem_alloc(size_t n);

/* COUNT zeroed items of SIZE bytes; aborts if the product overflows. */
CG_MUST_USE void *cg_mem_alloc_array(size_t count, size_t size);

/* As realloc; new bytes are not zeroed. */
CG_MUST_USE void *cg_mem_realloc(void *ptr, size_t n);

/* A copy of N bytes with a NUL added after them. */
CG_MUST_USE char *cg_mem_dup(const void *ptr, size_t n);

/* A copy of TEXT; NULL gives NULL. */
CG_MUST_USE char *cg_mem_strdup(const char *text);

/* Overwrite N bytes in a way that the compiler keeps. */
void cg_mem_wipe(void *ptr, size_t n);

/* Wipe and free a NUL-terminated secret; NULL is allowed. */
void cg_mem_free_secret(char *secret);

#endif
