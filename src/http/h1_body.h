/* SPDX-License-Identifier: BSD-2-Clause */
/* A body's bytes out of HTTP/1.x framing, in place and without copying: the caller feeds what it
 * has and gets slices of payload back. Trailers are read, judged and dropped. Pure. */
#ifndef CG_HTTP_H1_BODY_H
#define CG_HTTP_H1_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/defs.h"
#include "base/str.h"
#include "http/framing.h"
#include "http/refusal.h"

enum cg_h1_body_state {
	CG_H1_BODY_LENGTH, /* LEFT bytes follow */
	CG_H1_BODY_UNTIL_CLOSE,
	CG_H1_BODY_SIZE, /* chunk-size digits */
	CG_H1_BODY_EXT,  /* chunk extensions, to the line's end */
	CG_H1_BODY_SIZE_LF,
	CG_H1_BODY_DATA, /* LEFT bytes of this chunk follow */
	CG_H1_BODY_DATA_CR,
	CG_H1_BODY_DATA_LF,
	CG_H1_BODY_TRAILER, /* trailer section, line by line */
	CG_H1_BODY_DONE,
	CG_H1_BODY_BAD,
};

struct cg_h1_body {
	enum cg_h1_body_state state;
	uint64_t left;
	uint64_t bytes;     /* payload so far */
	uint64_t max_bytes; /* of payload; 0: no limit */
	size_t digits;
	size_t ext_bytes; /* in sum; at most 8 KiB (SPEC section 4) */
	size_t trailer_bytes;
	size_t trailer_fields;
	size_t max_trailer_bytes;
	size_t max_trailer_fields;
	unsigned line_state; /* private: place in a trailer line, or in an extension's quoted string
	                      */
	enum cg_refusal refusal; /* set with BAD */
};

enum cg_h1_body_result {
	CG_H1_BODY_PIECE, /* *piece holds payload (at least one byte) */
	CG_H1_BODY_WANT,  /* all input used, more is needed */
	CG_H1_BODY_END,   /* complete; input after *used belongs to the next message */
	CG_H1_BODY_ERROR, /* body->refusal */
};

/* MAX_BYTES of payload (0: none); a LENGTH body above it must have been refused before. HEAD_LIMITS
 * for trailers as for heads. */
void cg_h1_body_init(struct cg_h1_body *body, const struct cg_framing *framing, uint64_t max_bytes,
                     size_t max_trailer_bytes, size_t max_trailer_fields);

/* Decode from IN: *used bytes were taken (framing and the piece together), *piece lies in IN. Call
 * again with the rest, also if it is empty: the last piece comes before END. A body over the limit
 * is refused at the chunk-size that exceeds it, one without a length after the last byte that fits.
 */
CG_MUST_USE enum cg_h1_body_result cg_h1_body_next(struct cg_h1_body *body, struct cg_str in,
                                                   size_t *used, struct cg_str *piece);

/* Whether the connection's end at this point completes the body (only UNTIL_CLOSE, or DONE). */
bool cg_h1_body_may_end(const struct cg_h1_body *body);

#endif
