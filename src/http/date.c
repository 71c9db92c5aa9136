/* SPDX-License-Identifier: BSD-2-Clause */
/* IMF-fixdate, whatever the locale is. */
#include "http/date.h"

#include <string.h>
#include <time.h>

static char *date_put(char *at, const char *text, size_t len)
{
	memcpy(at, text, len);
	return at + len;
}

static char *date_put_two(char *at, int value)
{
	*at++ = (char)('0' + value / 10 % 10);
	*at++ = (char)('0' + value % 10);
	return at;
}

void cg_date_format(char out[CG_DATE_SIZE], int64_t wall_s)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t seconds = (time_t)wall_s;
	struct tm tm = {0};
	char *at = out;
	int year;

	gmtime_r(&seconds, &tm);
	year = tm.tm_year + 1900;
	at = date_put(at, &days[3 * tm.tm_wday], 3);
	at = date_put(at, ", ", 2);
	at = date_put_two(at, tm.tm_mday);
	*at++ = ' ';
	at = date_put(at, &months[3 * tm.tm_mon], 3);
	*at++ = ' ';
	at = date_put_two(at, year / 100);
	at = date_put_two(at, year);
	*at++ = ' ';
	at = date_put_two(at, tm.tm_hour);
	*at++ = ':';
	at = date_put_two(at, tm.tm_min);
	*at++ = ':';
	at = date_put_two(at, tm.tm_sec);
	date_put(at, " GMT", 5);
}
