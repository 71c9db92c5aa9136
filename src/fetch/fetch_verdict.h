/* SPDX-License-Identifier: BSD-2-Clause */
/* How far an ended transfer came and what went wrong, in words. Pure: curl's facts in, verdict out.
 */
#ifndef CG_FETCH_FETCH_VERDICT_H
#define CG_FETCH_FETCH_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include "base/defs.h"
#include "fetch/fetch.h"

enum { CG_FETCH_VERDICT_SIZE = 160 };

struct cg_fetch_facts {
	CURLcode code;
	bool is_tls; /* the URL is https */
	bool is_connected;
	bool is_secured; /* the handshake is done */
	int status;      /* final answers only, else 0 */
	long os_errno;   /* of the last failed connect */
	int64_t timeout_ms;
	const char *text; /* curl's error buffer */
};

enum cg_fetch_phase cg_fetch_verdict_phase(const struct cg_fetch_facts *facts);

/* "Connection refused", "timed out after 5s", "certificate problem: self-signed certificate" */
void cg_fetch_verdict_words(const struct cg_fetch_facts *facts, enum cg_fetch_phase phase,
                            char *out, size_t size);

#endif
