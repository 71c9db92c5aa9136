/* SPDX-License-Identifier: BSD-2-Clause */
/* IMF-fixdate (RFC 9110 section 5.6.7). */
#ifndef CG_HTTP_DATE_H
#define CG_HTTP_DATE_H

#include <stdint.h>

enum { CG_DATE_SIZE = 30 };

/* "Sun, 06 Nov 1994 08:49:37 GMT" and a NUL, from seconds since 1970. */
void cg_date_format(char out[CG_DATE_SIZE], int64_t wall_s);

#endif
