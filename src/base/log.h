/* SPDX-License-Identifier: BSD-2-Clause */
/* The error log: one line per decision, from any thread. "TIME LEVEL TEXT" to stderr, a file or
 * syslog. The access log is proxy/access_log's. */
#ifndef CG_BASE_LOG_H
#define CG_BASE_LOG_H

#include <stdbool.h>

#include "base/defs.h"
#include "base/err.h"

enum cg_log_level { CG_LOG_ERROR, CG_LOG_WARNING, CG_LOG_INFO, CG_LOG_DEBUG };

/* Send lines of LEVEL and more important ones to TARGET: "stderr", "syslog" or a file's path
 * (opened for appending, mode 0640). On failure the old target stays. Control thread. */
CG_MUST_USE int cg_log_open(const char *target, enum cg_log_level level, struct cg_error *err);

/* Open the file again under its name (SIGUSR1, log rotation); no effect on other targets. On
 * failure the old one stays in use and the error is logged. Control thread. */
void cg_log_reopen(void);

/* Close the target; later lines go to stderr. */
void cg_log_close(void);

/* "error", "warning", "info", "debug". */
const char *cg_log_level_name(enum cg_log_level level);

/* Whether a line of LEVEL would be written: asked before work that only a line needs. */
bool cg_log_is_on(enum cg_log_level level);

/* Write one line; control characters in the text are escaped as \xHH so that no value can forge a
 * line. */
void cg_log(enum cg_log_level level, const char *format, ...) CG_PRINTF(2, 3);

#endif
