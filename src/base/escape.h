/* SPDX-License-Identifier: BSD-2-Clause */
/* Text made safe for where it is written to: JSON, log lines. Input may be any bytes. Appends to
 * the buffer. */
#ifndef CG_BASE_ESCAPE_H
#define CG_BASE_ESCAPE_H

#include "base/buf.h"
#include "base/str.h"

/* The inside of a JSON string (RFC 8259 section 7): quotes, backslash and controls escaped; bytes
 * that are not valid UTF-8 become U+FFFD each. No quotes around it. */
void cg_escape_json(struct cg_buf *out, struct cg_str text);

/* For a field of a combined log line: quotes, backslash, controls and bytes from 0x7f as \xHH. */
void cg_escape_log(struct cg_buf *out, struct cg_str text);

/* A request target with the values of query parameters whose name contains token, secret, password,
 * pwd, key, auth or sig (any case, also percent-encoded) replaced by "***". Everything else byte
 * for byte. */
void cg_escape_query(struct cg_buf *out, struct cg_str target);

#endif
