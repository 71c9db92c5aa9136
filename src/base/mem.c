/* SPDX-License-Identifier: BSD-2-Clause */
/* Allocation that aborts when the system is out, the wiping of secrets, and the end of a failed
 * cg_assert. */
#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Straight to stderr: the log may need memory, or be what failed. */
static CG_NORETURN void mem_abort(size_t n)
{
	fprintf(stderr, "cpigate: out of memory (%zu bytes wanted)\n", n);
	abort();
}

void cg_assert_failed(const char *condition, const char *file, int line)
{
	fprintf(stderr, "cpigate: %s:%d: assertion failed: %s\n", file, line, condition);
	abort();
}

void *cg_mem_alloc(size_t n)
{
	return cg_mem_alloc_array(1, n);
}

void *cg_mem_alloc_array(size_t count, size_t size)
{
	size_t n;

	if (__builtin_mul_overflow(count, size, &n))
		mem_abort(SIZE_MAX);
	/* calloc may answer NULL to 0 bytes, which would look like a failure. */
	void *ptr = calloc(1, n == 0 ? 1 : n);
	if (ptr == NULL)
		mem_abort(n);
	return ptr;
}

void *cg_mem_realloc(void *ptr, size_t n)
{
	ptr = realloc(ptr, n == 0 ? 1 : n);
	if (ptr == NULL)
		mem_abort(n);
	return ptr;
}

char *cg_mem_dup(const void *ptr, size_t n)
{
	cg_assert(n < SIZE_MAX);
	char *copy = cg_mem_realloc(NULL, n + 1);
	if (n > 0)
		memcpy(copy, ptr, n);
	copy[n] = '\0';
	return copy;
}

char *cg_mem_strdup(const char *text)
{
	if (text == NULL)
		return NULL;
	return cg_mem_dup(text, strlen(text));
}

void cg_mem_wipe(void *ptr, size_t n)
{
	if (n > 0)
		explicit_bzero(ptr, n);
}

void cg_mem_free_secret(char *secret)
{
	if (secret == NULL)
		return;
	cg_mem_wipe(secret, strlen(secret));
	free(secret);
}
