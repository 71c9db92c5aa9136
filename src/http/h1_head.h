/* SPDX-License-Identifier: BSD-2-Clause */
/* HTTP/1.x heads from bytes, strictly by RFC 9112: what two parsers could read differently is
 * refused. Framing is judged in http/framing. The result does not depend on how the bytes were cut
 * into reads. Pure. */
#ifndef CG_HTTP_H1_HEAD_H
#define CG_HTTP_H1_HEAD_H

#include <stddef.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "http/message.h"
#include "http/refusal.h"

/* The limits count bytes with line ends: the first line up to its LF, the field lines after it up
 * to and with the empty line. */
struct cg_h1_limits {
	size_t line;   /* request line or status line */
	size_t bytes;  /* all field lines */
	size_t fields; /* how many */
};

/* Where the search for the end of a head stands; all zero at the start of a head. Keeps
 * byte-by-byte arrival linear. */
struct cg_h1_scan {
	size_t at;        /* bytes looked at */
	size_t line;      /* offset of the line that is being looked at */
	size_t lines_n;   /* complete lines so far, leading empty ones excluded */
	size_t skip;      /* leading empty lines: bytes that stand in front of the head (RFC 9112
	                     section 2.2: at most one CRLF) */
	size_t fields;    /* offset of the first field line */
	unsigned classes; /* private: which bytes may come next without a verdict (http/char_impl.h)
	                   */
};

enum cg_h1_result {
	CG_H1_MORE,    /* sound so far, not complete */
	CG_H1_DONE,    /* message filled, *used bytes belong to the head; *scan is zero again */
	CG_H1_REFUSED, /* *refusal says why; the connection can't be used any more */
};

/* Parse a request head from DATA, the same bytes (plus more) at each call of one head. On DONE
 * fills MESSAGE (fields from ARENA, slices into DATA), target and Host included. The first refusal
 * in reading order wins, limits included; Host is judged after the last line. On REFUSED the parts
 * of the request line that were sound are filled, for the log. */
CG_MUST_USE enum cg_h1_result cg_h1_parse_request(struct cg_h1_scan *scan, struct cg_str data,
                                                  const struct cg_h1_limits *limits,
                                                  struct cg_arena *arena,
                                                  struct cg_message *message, size_t *used,
                                                  enum cg_refusal *refusal);

/* The same for an answer's head; no leading empty line is accepted. Status 100..599 (RFC 9110
 * section 15), reason may be empty or, with its space, missing. */
CG_MUST_USE enum cg_h1_result cg_h1_parse_response(struct cg_h1_scan *scan, struct cg_str data,
                                                   const struct cg_h1_limits *limits,
                                                   struct cg_arena *arena,
                                                   struct cg_message *message, size_t *used,
                                                   enum cg_refusal *refusal);

#endif
