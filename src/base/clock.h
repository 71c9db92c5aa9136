/* SPDX-License-Identifier: BSD-2-Clause */
/* Time. Durations and deadlines use the monotonic clock; the wall clock is for people only. Any
 * thread. */
#ifndef CG_BASE_CLOCK_H
#define CG_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Milliseconds and microseconds since an arbitrary start, never going back. */
int64_t cg_clock_now_ms(void);
int64_t cg_clock_now_us(void);

/* Milliseconds since 1970-01-01 UTC. */
int64_t cg_clock_wall_ms(void);

enum { CG_CLOCK_RFC3339_SIZE = 25 };

/* "2026-11-21T05:28:00.123Z" and a NUL. */
void cg_clock_format_rfc3339(char out[CG_CLOCK_RFC3339_SIZE], int64_t wall_ms);

/* A length of time as people say it: "350ms", "12s", "3m 5s", "2h 4m", "5d 3h"; at most SIZE bytes
 * with the NUL. */
void cg_clock_format_duration(char *out, size_t size, int64_t ms);

#endif
