/* SPDX-License-Identifier: BSD-2-Clause */
/* The growing buffer. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { BUF_CAP_MIN = 256, BUF_U64_DIGITS = 20 };

static void buf_move_to_front(struct cg_buf *buf)
{
	if (buf->start == 0)
		return;
	memmove(buf->data, buf->data + buf->start, cg_buf_len(buf));
	buf->end -= buf->start;
	buf->start = 0;
}

/* At least doubled, so that appending byte by byte stays linear. */
static void buf_grow(struct cg_buf *buf, size_t n)
{
	size_t wanted;
	size_t cap = CG_MAX(buf->cap, (size_t)BUF_CAP_MIN);

	cg_assert(!__builtin_add_overflow(buf->end, n, &wanted) && wanted <= SIZE_MAX / 2);
	while (cap < wanted || cap == buf->cap)
		cap *= 2;
	buf->data = cg_mem_realloc(buf->data, cap);
	buf->cap = cap;
}

void cg_buf_init(struct cg_buf *buf)
{
	*buf = (struct cg_buf){0};
}

void cg_buf_fini(struct cg_buf *buf)
{
	free(buf->data);
	cg_buf_init(buf);
}

void cg_buf_clear(struct cg_buf *buf)
{
	buf->start = buf->end = 0;
}

void cg_buf_reserve(struct cg_buf *buf, size_t n)
{
	if (buf->cap - buf->end >= n)
		return;
	buf_move_to_front(buf);
	if (buf->cap - buf->end < n)
		buf_grow(buf, n);
}

void cg_buf_append(struct cg_buf *buf, const void *ptr, size_t n)
{
	if (n == 0)
		return;
	cg_buf_reserve(buf, n);
	memcpy(buf->data + buf->end, ptr, n);
	buf->end += n;
}

void cg_buf_append_str(struct cg_buf *buf, struct cg_str str)
{
	cg_buf_append(buf, str.ptr, str.len);
}

void cg_buf_append_char(struct cg_buf *buf, char c)
{
	cg_buf_reserve(buf, 1);
	buf->data[buf->end++] = c;
}

void cg_buf_append_u64(struct cg_buf *buf, uint64_t value)
{
	char digits[BUF_U64_DIGITS];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	cg_buf_append(buf, digits + at, sizeof(digits) - at);
}

void cg_buf_appendf(struct cg_buf *buf, const char *format, ...)
{
	va_list args;

	/* The NUL that vsnprintf insists on needs room but is not counted. */
	cg_buf_reserve(buf, 1);
	va_start(args, format);
	int len = vsnprintf(buf->data + buf->end, buf->cap - buf->end, format, args);
	va_end(args);
	cg_assert(len >= 0);

	if ((size_t)len >= buf->cap - buf->end) {
		cg_buf_reserve(buf, (size_t)len + 1);
		va_start(args, format);
		vsnprintf(buf->data + buf->end, (size_t)len + 1, format, args);
		va_end(args);
	}
	buf->end += (size_t)len;
}

void cg_buf_consume(struct cg_buf *buf, size_t n)
{
	cg_assert(n <= cg_buf_len(buf));
	buf->start += n;
	if (buf->start == buf->end)
		cg_buf_clear(buf);
}
