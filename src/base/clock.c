/* SPDX-License-Identifier: BSD-2-Clause */
/* Clocks, and times as people write them. */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

#include "base/defs.h"

enum { CLOCK_DAY_S = 86400 };

static int64_t clock_read(clockid_t id, int64_t per_second)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * per_second + now.tv_nsec / (1000000000 / per_second);
}

/* N decimal digits of VALUE, zeros in front. */
static char *clock_put_digits(char *out, int64_t value, int n)
{
	for (int i = n - 1; i >= 0; i--) {
		out[i] = (char)('0' + value % 10);
		value /= 10;
	}
	return out + n;
}

int64_t cg_clock_now_ms(void)
{
	return clock_read(CLOCK_MONOTONIC, 1000);
}

int64_t cg_clock_now_us(void)
{
	return clock_read(CLOCK_MONOTONIC, 1000000);
}

int64_t cg_clock_wall_ms(void)
{
	return clock_read(CLOCK_REALTIME, 1000);
}

/* By hand, as each log line asks and gmtime_r takes a lock. The day count to a civil date follows
 * Howard Hinnant's "chrono-compatible low-level date algorithms": years begin in March, so that the
 * leap day is the last. */
void cg_clock_format_rfc3339(char out[CG_CLOCK_RFC3339_SIZE], int64_t wall_ms)
{
	/* 0000-03-01 to 9999-12-31: what four digits can hold. */
	wall_ms = CG_MIN(CG_MAX(wall_ms, INT64_C(-62162035200000)), INT64_C(253402300799999));
	int64_t since_era = wall_ms + INT64_C(719468) * CLOCK_DAY_S * 1000;
	int64_t day = since_era / (CLOCK_DAY_S * INT64_C(1000));
	int64_t ms = since_era % (CLOCK_DAY_S * INT64_C(1000));
	int64_t era = day / 146097;
	int64_t of_era = day % 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;
	int64_t of_month = of_year - (153 * month + 2) / 5 + 1;

	month = month < 10 ? month + 3 : month - 9;
	out = clock_put_digits(out, era * 400 + year + (month <= 2), 4);
	*out++ = '-';
	out = clock_put_digits(out, month, 2);
	*out++ = '-';
	out = clock_put_digits(out, of_month, 2);
	*out++ = 'T';
	out = clock_put_digits(out, ms / 3600000, 2);
	*out++ = ':';
	out = clock_put_digits(out, ms / 60000 % 60, 2);
	*out++ = ':';
	out = clock_put_digits(out, ms / 1000 % 60, 2);
	*out++ = '.';
	out = clock_put_digits(out, ms % 1000, 3);
	*out++ = 'Z';
	*out = '\0';
}

/* The two largest units; a second one of 0 is left out. */
void cg_clock_format_duration(char *out, size_t size, int64_t ms)
{
	static const struct {
		int64_t ms;
		char name;
	} units[] = {{86400000, 'd'}, {3600000, 'h'}, {60000, 'm'}, {1000, 's'}};
	size_t i = 0;

	ms = CG_MAX(ms, 0);
	if (ms < 1000) {
		snprintf(out, size, "%dms", (int)ms);
		return;
	}
	while (ms < units[i].ms)
		i++;
	long long whole = ms / units[i].ms;
	long long part = 0;
	if (i + 1 < CG_ARRAY_LEN(units))
		part = ms % units[i].ms / units[i + 1].ms;
	if (part == 0)
		snprintf(out, size, "%lld%c", whole, units[i].name);
	else
		snprintf(out, size, "%lld%c %lld%c", whole, units[i].name, part, units[i + 1].name);
}
