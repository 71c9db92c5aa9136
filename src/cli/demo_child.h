/* SPDX-License-Identifier: BSD-2-Clause */
/* One child process of the demo: started, listened to, restarted, stopped. It ends when the demo
 * does, however that happens. */
#ifndef CG_CLI_DEMO_CHILD_H
#define CG_CLI_DEMO_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/defs.h"
#include "base/err.h"

enum { CG_DEMO_CHILD_ARGS_MAX = 24 };

struct cg_demo_child {
	char *argv[CG_DEMO_CHILD_ARGS_MAX + 1];
	size_t argc;
	char *log;  /* the file that its standard output and error go to */
	pid_t pid;  /* 0: not running */
	int status; /* of its last end, as from waitpid */
};

/* LOG: path. Arguments are added one by one, the program first. */
void cg_demo_child_init(struct cg_demo_child *child, const char *log);
void cg_demo_child_add(struct cg_demo_child *child, const char *format, ...) CG_PRINTF(2, 3);
/* Stops it first. */
void cg_demo_child_fini(struct cg_demo_child *child);

/* The log begins anew. -1 with ERR if the program could not be started. */
CG_MUST_USE int cg_demo_child_start(struct cg_demo_child *child, struct cg_error *err);
/* Whether it runs; its end is noted here. */
bool cg_demo_child_runs(struct cg_demo_child *child);
/* SIGTERM, and SIGKILL if it has not ended after 5 seconds. */
void cg_demo_child_stop(struct cg_demo_child *child);
/* Whether its log holds a line that begins with TEXT. */
CG_MUST_USE bool cg_demo_child_said(const struct cg_demo_child *child, const char *text);
/* Copy the last LINES_N lines of its log to stderr. */
void cg_demo_child_print_log(const struct cg_demo_child *child, size_t lines_n);
/* How it ended: "was killed by signal 9 (Killed)", "ended with status 2". */
void cg_demo_child_end_text(const struct cg_demo_child *child, char *out, size_t size);
/* The command line for a shell; freed by the caller. */
CG_MUST_USE char *cg_demo_child_command(const struct cg_demo_child *child);

#endif
