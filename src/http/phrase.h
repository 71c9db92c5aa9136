/* SPDX-License-Identifier: BSD-2-Clause */
/* Reason phrases of RFC 9110 section 15 (and RFC 6585). */
#ifndef CG_HTTP_PHRASE_H
#define CG_HTTP_PHRASE_H

/* "" for a status without a registered phrase. */
const char *cg_phrase(int status);

#endif
