/* SPDX-License-Identifier: BSD-2-Clause */
/* Why a message is refused: one name for the log, the metrics, the problem+json and the tests; with
 * the status that a client gets when the message was its request. A tenant's bad answer is a 502
 * whatever the name. */
#ifndef CG_HTTP_REFUSAL_H
#define CG_HTTP_REFUSAL_H

#include "base/defs.h"

/* Identifier, status, name, sentence for people. Add rows as rules need them; keep names stable. */
#define CG_REFUSALS(X)                                                                             \
	X(BARE_LF, 400, "bare_lf", "a line ends in LF without CR")                                 \
	X(BARE_CR, 400, "bare_cr", "CR without LF")                                                \
	X(BAD_BYTE, 400, "bad_byte", "a NUL or another control character in the head")             \
	X(BAD_REQUEST_LINE, 400, "bad_request_line", "malformed request line")                     \
	X(BAD_STATUS_LINE, 400, "bad_status_line", "malformed status line")                        \
	X(BAD_TARGET, 400, "bad_target", "malformed request target")                               \
	X(BAD_VERSION, 400, "bad_version", "malformed HTTP version")                               \
	X(VERSION, 505, "http_version", "HTTP version not supported")                              \
	X(METHOD_UNKNOWN, 501, "method_unknown", "method not known")                               \
	X(METHOD_REFUSED, 405, "method_refused", "TRACE and CONNECT are refused")                  \
	X(LINE_TOO_LONG, 414, "request_line_too_long", "request line over the limit")              \
	X(HEAD_TOO_LARGE, 431, "head_too_large", "header fields over the limit")                   \
	X(TOO_MANY_FIELDS, 431, "too_many_fields", "more header fields than the limit")            \
	X(FOLDED, 400, "folded_field", "folded header field")                                      \
	X(BAD_FIELD_NAME, 400, "bad_field_name", "malformed header field name")                    \
	X(BAD_FIELD_VALUE, 400, "bad_field_value", "malformed header field value")                 \
	X(SPACE_BEFORE_COLON, 400, "space_before_colon", "space between field name and colon")     \
	X(HOST_MISSING, 400, "host_missing", "no Host field")                                      \
	X(HOST_REPEATED, 400, "host_repeated", "more than one Host field")                         \
	X(BAD_HOST, 400, "bad_host", "malformed Host field")                                       \
	X(BAD_LENGTH, 400, "bad_content_length", "malformed Content-Length")                       \
	X(LENGTH_REPEATED, 400, "content_length_repeated", "more than one Content-Length")         \
	X(LENGTH_AND_CODING, 400, "length_and_coding",                                             \
	  "both Content-Length and Transfer-Encoding")                                             \
	X(BAD_CODING, 400, "bad_transfer_encoding", "malformed or repeated Transfer-Encoding")     \
	X(CODING_UNKNOWN, 501, "transfer_coding_unknown", "transfer coding not known")             \
	X(CODING_IN_1_0, 400, "coding_in_http_1_0", "Transfer-Encoding in HTTP/1.0")               \
	X(BAD_EXPECT, 417, "bad_expect", "expectation not known")                                  \
	X(BAD_CHUNK, 400, "bad_chunk", "malformed chunk")                                          \
	X(CHUNK_EXT_TOO_LONG, 400, "chunk_extensions_too_long", "chunk extensions over the limit") \
	X(BAD_TRAILER, 400, "bad_trailer", "malformed trailer section")                            \
	X(BODY_TOO_LARGE, 413, "body_too_large", "body over the limit")

enum cg_refusal {
	CG_REFUSAL_NONE,
#define X(id, status, name, text) CG_REFUSAL_##id,
	CG_REFUSALS(X)
#undef X
};

int cg_refusal_status(enum cg_refusal refusal);
const char *cg_refusal_name(enum cg_refusal refusal);
const char *cg_refusal_text(enum cg_refusal refusal);

#endif
