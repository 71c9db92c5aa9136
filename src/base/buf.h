/* SPDX-License-Identifier: BSD-2-Clause */
/* A growing run of bytes, read at the front and written at the end:
 *
 *   data      start          end        cap
 *   | consumed | readable     | room     |
 *
 * Owned by one object; not for sharing between threads. */
#ifndef CG_BASE_BUF_H
#define CG_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/defs.h"
#include "base/str.h"

struct cg_buf {
	char *data;
	size_t start;
	size_t end;
	size_t cap;
};

/* An all-zero struct is an empty buffer without memory. */
void cg_buf_init(struct cg_buf *buf);
/* Give the memory back; the buffer may be used again. */
void cg_buf_fini(struct cg_buf *buf);
/* Forget the bytes, keep the memory. */
void cg_buf_clear(struct cg_buf *buf);
/* Make room for N bytes after the end, moving the readable bytes to the front first if that is
 * enough. Pointers into the buffer are invalid afterwards. */
void cg_buf_reserve(struct cg_buf *buf, size_t n);
void cg_buf_append(struct cg_buf *buf, const void *ptr, size_t n);
void cg_buf_append_str(struct cg_buf *buf, struct cg_str str);
void cg_buf_append_char(struct cg_buf *buf, char c);
void cg_buf_append_u64(struct cg_buf *buf, uint64_t value);
void cg_buf_appendf(struct cg_buf *buf, const char *format, ...) CG_PRINTF(2, 3);
/* Drop the first N readable bytes (N <= length); an emptied buffer starts at its front again. */
void cg_buf_consume(struct cg_buf *buf, size_t n);

static inline size_t cg_buf_len(const struct cg_buf *buf)
{
	return buf->end - buf->start;
}

static inline bool cg_buf_is_empty(const struct cg_buf *buf)
{
	return buf->end == buf->start;
}

static inline const char *cg_buf_ptr(const struct cg_buf *buf)
{
	return buf->data + buf->start;
}

static inline struct cg_str cg_buf_str(const struct cg_buf *buf)
{
	return (struct cg_str){.ptr = buf->data + buf->start, .len = buf->end - buf->start};
}

#endif
