/* SPDX-License-Identifier: BSD-2-Clause */
/* HTTP/1.1 heads and chunk framing into a buffer. What is written comes from parsed values only.
 * Pure. */
#ifndef CG_HTTP_H1_WRITE_H
#define CG_HTTP_H1_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "http/framing.h"
#include "http/message.h"

/* "METHOD PATH HTTP/1.1" CRLF. */
void cg_h1_write_request_line(struct cg_buf *out, struct cg_str method, struct cg_str path);
/* "HTTP/1.1 STATUS REASON" CRLF; an empty reason is taken from http/phrase. */
void cg_h1_write_status_line(struct cg_buf *out, int status, struct cg_str reason);
/* "Name: value" CRLF. */
void cg_h1_write_field(struct cg_buf *out, struct cg_str name, struct cg_str value);
/* All fields of MESSAGE that are not dropped (is_dropped), in order. */
void cg_h1_write_fields(struct cg_buf *out, const struct cg_message *message);
/* The field that FRAMING needs: Content-Length, Transfer-Encoding: chunked, or nothing. */
void cg_h1_write_framing(struct cg_buf *out, const struct cg_framing *framing);
void cg_h1_write_end_of_head(struct cg_buf *out);

/* Longest result of the two calls below. */
enum { CG_H1_CHUNK_HEAD_SIZE = 18 };

/* "HEX" CRLF in front of LEN (> 0) bytes of data; returns its length. The data is followed by CRLF.
 */
size_t cg_h1_write_chunk_head(char out[CG_H1_CHUNK_HEAD_SIZE], size_t len);
/* "0" CRLF CRLF. */
struct cg_str cg_h1_last_chunk(void);

#endif
