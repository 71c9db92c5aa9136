/* SPDX-License-Identifier: BSD-2-Clause */
/* What each byte may be part of, as one table for the parsers of this directory: one load and one
 * test for a byte. Not for other directories; those ask http/field and http/target. */
#ifndef CG_HTTP_CHAR_IMPL_H
#define CG_HTTP_CHAR_IMPL_H

#include <stdbool.h>
#include <stdint.h>

enum {
	CG_CHAR_TOKEN = 1,  /* tchar, RFC 9110 section 5.6.2 */
	CG_CHAR_VALUE = 2,  /* VCHAR, obs-text, SP, HTAB, RFC 9110 section 5.5 */
	CG_CHAR_TARGET = 4, /* visible ASCII but '#'; http/target says why so many */
	CG_CHAR_HOST = 8,   /* unreserved, RFC 3986 section 2.3 */
	CG_CHAR_HEX = 16,
};

#define CG_CHAR_T CG_CHAR_TOKEN
#define CG_CHAR_VG (CG_CHAR_VALUE | CG_CHAR_TARGET)
#define CG_CHAR_TVG (CG_CHAR_T | CG_CHAR_VG)
#define CG_CHAR_TVGH (CG_CHAR_TVG | CG_CHAR_HOST)

static const uint8_t cg_char_classes[256] = {
        ['\t'] = CG_CHAR_VALUE,
        [' '] = CG_CHAR_VALUE,
        ['!'] = CG_CHAR_TVG,
        ['"'] = CG_CHAR_VG,
        ['#'] = CG_CHAR_T | CG_CHAR_VALUE,
        ['$' ... '\''] = CG_CHAR_TVG,
        ['(' ... ')'] = CG_CHAR_VG,
        ['*' ... '+'] = CG_CHAR_TVG,
        [','] = CG_CHAR_VG,
        ['-' ... '.'] = CG_CHAR_TVGH,
        ['/'] = CG_CHAR_VG,
        ['0' ... '9'] = CG_CHAR_TVGH | CG_CHAR_HEX,
        [':' ... '@'] = CG_CHAR_VG,
        ['A' ... 'F'] = CG_CHAR_TVGH | CG_CHAR_HEX,
        ['G' ... 'Z'] = CG_CHAR_TVGH,
        ['[' ... ']'] = CG_CHAR_VG,
        ['^'] = CG_CHAR_TVG,
        ['_'] = CG_CHAR_TVGH,
        ['`'] = CG_CHAR_TVG,
        ['a' ... 'f'] = CG_CHAR_TVGH | CG_CHAR_HEX,
        ['g' ... 'z'] = CG_CHAR_TVGH,
        ['{'] = CG_CHAR_VG,
        ['|'] = CG_CHAR_TVG,
        ['}'] = CG_CHAR_VG,
        ['~'] = CG_CHAR_TVGH,
        [0x80 ... 0xff] = CG_CHAR_VALUE,
};

static inline bool cg_char_is(char c, unsigned classes)
{
	return (cg_char_classes[(uint8_t)c] & classes) != 0;
}

/* The first byte from AT on that is in none of CLASSES, or END. Mostly by fours: this loop is the
 * cost of names and targets. */
static inline const char *cg_char_skip(const char *at, const char *end, unsigned classes)
{
	while (end - at >= 4 && cg_char_is(at[0], classes) && cg_char_is(at[1], classes) &&
	       cg_char_is(at[2], classes) && cg_char_is(at[3], classes))
		at += 4;
	while (at < end && cg_char_is(*at, classes))
		at++;
	return at;
}

#endif
