/* SPDX-License-Identifier: BSD-2-Clause */
/* A thread that carries access log lines from the workers' rings to stdout or a file, so that no
 * worker waits for a disk. */
#ifndef CG_PROXY_ACCESS_WRITER_H
#define CG_PROXY_ACCESS_WRITER_H

#include <stdbool.h>

#include "base/defs.h"
#include "base/err.h"
#include "base/str.h"

struct cg_access_writer;

/* TARGET: NULL (off), "stdout" or a file's path, opened for appending (mode 0640). Starts the
 * thread. Control.
 */
CG_MUST_USE struct cg_access_writer *cg_access_writer_new(const char *target, unsigned workers_n,
                                                          struct cg_error *err);
/* Write what the rings hold, end the thread. After the workers have ended. Control; NULL is
 * allowed. */
void cg_access_writer_free(struct cg_access_writer *writer);
/* Write to TARGET (as above) from now on; -1 with ERR, and the old one stays. Control. */
CG_MUST_USE int cg_access_writer_retarget(struct cg_access_writer *writer, const char *target,
                                          struct cg_error *err);
/* Open the file again under its name (log rotation); on failure the old one stays and the error is
 * logged. Control. */
void cg_access_writer_reopen(struct cg_access_writer *writer);
/* Hand over one line; false if the worker's ring is full. The worker's thread. */
CG_MUST_USE bool cg_access_writer_put(struct cg_access_writer *writer, unsigned worker,
                                      struct cg_str line);

#endif
