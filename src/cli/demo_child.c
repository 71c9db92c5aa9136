/* SPDX-License-Identifier: BSD-2-Clause */
/* One child process of the demo. */
#include "cli/demo_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

enum { DEMO_CHILD_STOP_MS = 5000, DEMO_CHILD_STEP_MS = 20, DEMO_CHILD_NOT_STARTED = 127 };

void cg_demo_child_init(struct cg_demo_child *child, const char *log)
{
	*child = (struct cg_demo_child){.log = cg_mem_strdup(log)};
}

void cg_demo_child_add(struct cg_demo_child *child, const char *format, ...)
{
	char text[1024];
	va_list args;

	cg_assert(child->argc < CG_DEMO_CHILD_ARGS_MAX);
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	child->argv[child->argc++] = cg_mem_strdup(text);
}

void cg_demo_child_fini(struct cg_demo_child *child)
{
	cg_demo_child_stop(child);
	for (size_t i = 0; i < child->argc; i++)
		free(child->argv[i]);
	free(child->log);
	*child = (struct cg_demo_child){0};
}

/* In the child; only calls that are safe after fork. */
CG_NORETURN static void demo_child_run(const struct cg_demo_child *child, int log_fd, pid_t parent)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The demo may have died before that took effect. */
	if (getppid() != parent)
		_exit(DEMO_CHILD_NOT_STARTED);
	/* Ctrl-C is for the demo alone, which then stops the children in order. */
	setpgid(0, 0);
	dup2(log_fd, STDOUT_FILENO);
	dup2(log_fd, STDERR_FILENO);
	execv(child->argv[0], child->argv);
	_exit(DEMO_CHILD_NOT_STARTED);
}

int cg_demo_child_start(struct cg_demo_child *child, struct cg_error *err)
{
	int fd = open(child->log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	pid_t parent = getpid();
	pid_t pid;

	if (fd == -1)
		return cg_error_set(err, "%s: %s", child->log, strerror(errno));
	pid = fork();
	if (pid == 0)
		demo_child_run(child, fd, parent);
	if (pid == -1)
		cg_error_set(err, "%s: %s", child->argv[0], strerror(errno));
	else
		child->pid = pid;
	close(fd);
	return pid == -1 ? -1 : 0;
}

bool cg_demo_child_runs(struct cg_demo_child *child)
{
	if (child->pid == 0)
		return false;
	if (waitpid(child->pid, &child->status, WNOHANG) != child->pid)
		return true;
	child->pid = 0;
	return false;
}

void cg_demo_child_stop(struct cg_demo_child *child)
{
	const struct timespec step = {.tv_nsec = DEMO_CHILD_STEP_MS * 1000 * 1000};

	if (!cg_demo_child_runs(child))
		return;
	kill(child->pid, SIGTERM);
	for (int ms = 0; ms < DEMO_CHILD_STOP_MS; ms += DEMO_CHILD_STEP_MS) {
		if (!cg_demo_child_runs(child))
			return;
		nanosleep(&step, NULL);
	}
	kill(child->pid, SIGKILL);
	while (waitpid(child->pid, &child->status, 0) == -1 && errno == EINTR)
		continue;
	child->pid = 0;
}

bool cg_demo_child_said(const struct cg_demo_child *child, const char *text)
{
	FILE *file = fopen(child->log, "re");
	char *line = NULL;
	size_t size = 0;
	bool is_found = false;

	if (file == NULL)
		return false;
	while (!is_found && getline(&line, &size, file) != -1)
		is_found = strncmp(line, text, strlen(text)) == 0 && strchr(line, '\n') != NULL;
	free(line);
	fclose(file);
	return is_found;
}

void cg_demo_child_print_log(const struct cg_demo_child *child, size_t lines_n)
{
	FILE *file = fopen(child->log, "re");
	char *line = NULL;
	size_t size = 0;
	size_t n = 0;

	if (file == NULL)
		return;
	while (getline(&line, &size, file) != -1)
		n++;
	rewind(file);
	while (getline(&line, &size, file) != -1) {
		if (n-- <= lines_n)
			fprintf(stderr, "  %s", line);
	}
	free(line);
	fclose(file);
}

void cg_demo_child_end_text(const struct cg_demo_child *child, char *out, size_t size)
{
	int status = child->status;

	if (WIFSIGNALED(status))
		snprintf(out, size, "was killed by signal %d (%s)", WTERMSIG(status),
		         strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) == DEMO_CHILD_NOT_STARTED)
		snprintf(out, size, "could not be started");
	else
		snprintf(out, size, "ended with status %d", WEXITSTATUS(status));
}

/* A folder's name may hold anything. */
static void demo_child_quote(struct cg_buf *out, const char *arg)
{
	const char *plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:=";

	if (arg[0] != '\0' && arg[strspn(arg, plain)] == '\0') {
		cg_buf_append_str(out, cg_str_from(arg));
		return;
	}
	cg_buf_append_char(out, '\'');
	for (const char *c = arg; *c != '\0'; c++) {
		if (*c == '\'')
			cg_buf_append_str(out, CG_STR("'\\''"));
		else
			cg_buf_append_char(out, *c);
	}
	cg_buf_append_char(out, '\'');
}

char *cg_demo_child_command(const struct cg_demo_child *child)
{
	struct cg_buf text = {0};

	for (size_t i = 0; i < child->argc; i++) {
		if (i > 0)
			cg_buf_append_char(&text, ' ');
		demo_child_quote(&text, child->argv[i]);
	}
	char *command = cg_str_dup(cg_buf_str(&text));
	cg_buf_fini(&text);
	return command;
}
