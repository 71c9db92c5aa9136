/* SPDX-License-Identifier: BSD-2-Clause */
/* The database's own name goes last: until then the next start finds it damaged again. */
#include "state/store_aside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"

enum { STORE_ASIDE_TRIES = 100 };

static void store_aside_name(const char *path, int64_t wall_ms, int try, char *name, size_t size)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	char number[16] = "";
	char stamp[32];
	struct tm tm;

	cg_assert(gmtime_r(&seconds, &tm) != NULL);
	(void)strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%S", &tm);
	if (try > 0)
		(void)snprintf(number, sizeof(number), "-%d", try);
	(void)snprintf(name, size, "%s.damaged-%s%s", path, stamp, number);
}

/* Any of the three may be missing. */
static int store_aside_rename(const char *path, const char *name, const char *suffix,
                              struct cg_error *err)
{
	char *from = cg_str_printf("%s%s", path, suffix);
	char *to = cg_str_printf("%s%s", name, suffix);
	int result = 0;

	if (rename(from, to) < 0 && errno != ENOENT)
		result = cg_error_set(err, "cannot rename %s to %s: %s", from, to, strerror(errno));
	free(from);
	free(to);
	return result;
}

int cg_store_aside(const char *path, int64_t wall_ms, char *name, size_t size, struct cg_error *err)
{
	for (int try = 0; try < STORE_ASIDE_TRIES; try++) {
		store_aside_name(path, wall_ms, try, name, size);
		if (access(name, F_OK) < 0 && errno == ENOENT)
			break;
	}
	if (store_aside_rename(path, name, "-wal", err) < 0 ||
	    store_aside_rename(path, name, "-shm", err) < 0)
		return -1;
	return store_aside_rename(path, name, "", err);
}
