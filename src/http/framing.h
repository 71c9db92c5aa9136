/* SPDX-License-Identifier: BSD-2-Clause */
/* How long a body is, or why that can't be said: RFC 9112 section 6.3, the strict reading. Judged
 * here alone. Pure. */
#ifndef CG_HTTP_FRAMING_H
#define CG_HTTP_FRAMING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/defs.h"
#include "http/message.h"
#include "http/refusal.h"

enum cg_framing_kind {
	CG_FRAMING_NONE,   /* no body (request without one; HEAD, 1xx, 204, 304) */
	CG_FRAMING_LENGTH, /* length bytes; may be 0 */
	CG_FRAMING_CHUNKED,
	CG_FRAMING_CLOSE, /* answer only: until the connection ends */
};

struct cg_framing {
	enum cg_framing_kind kind;
	uint64_t length;
	bool keeps_alive; /* what version and Connection say about another message on this
	                     connection */
};

/* Of a request. */
CG_MUST_USE enum cg_refusal cg_framing_of_request(const struct cg_message *request,
                                                  struct cg_framing *framing);

/* Of an answer to a request with METHOD. A length in an answer to HEAD or in a 304 is checked, but
 * counts no bytes. Transfer-Encoding in a 1xx or 204, or in an HTTP/1.0 answer, is refused; a
 * length above 0 in a 1xx or 204 ends the connection. */
CG_MUST_USE enum cg_refusal cg_framing_of_response(const struct cg_message *response,
                                                   enum cg_method method,
                                                   struct cg_framing *framing);

/* Whether REQUEST waits for a 100 (RFC 9110 section 10.1.1); never in HTTP/1.0, where it is to be
 * ignored. Anything but one "100-continue" is BAD_EXPECT. */
CG_MUST_USE enum cg_refusal cg_framing_expects_continue(const struct cg_message *request,
                                                        bool *expects);

#endif
