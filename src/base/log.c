/* SPDX-License-Identifier: BSD-2-Clause */
/* The error log. A line is one write(2), so that threads need no lock. The descriptor of a file
 * keeps its number for ever: another file, or stderr again, is put over it with dup3, and a thread
 * that writes meanwhile hits the old target or the new one, never a stranger's descriptor. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

/* Not over PIPE_BUF: a longer write to a pipe may be mixed with others. */
enum { LOG_LINE_SIZE = 4096 };

#define LOG_FILE_MODE 0640

static struct {
	/* shared, atomic */
	_Atomic int level;
	_Atomic int fd;
	_Atomic bool is_syslog;

	/* control thread only */
	char *path; /* NULL unless a file is the target */
} log_state = {.level = CG_LOG_INFO, .fd = STDERR_FILENO};

static const struct {
	const char *name;
	int priority;
} log_levels[] = {
        [CG_LOG_ERROR] = {"error", LOG_ERR},
        [CG_LOG_WARNING] = {"warning", LOG_WARNING},
        [CG_LOG_INFO] = {"info", LOG_INFO},
        [CG_LOG_DEBUG] = {"debug", LOG_DEBUG},
};

/* Append TEXT at AT, controls as \xHH, up to LIMIT; a cut is marked by the last three bytes. Return
 * the new end. */
static size_t log_escape(char *line, size_t at, size_t limit, const char *text)
{
	static const char digits[] = "0123456789abcdef";
	size_t mark = at;

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		bool is_control = c < 0x20 || c == 0x7f;
		size_t len = is_control ? 4 : 1;

		/* The last border between characters that leaves room for the mark. */
		if (at + 3 <= limit && (c & 0xc0) != 0x80)
			mark = at;
		if (at + len > limit) {
			memcpy(line + mark, "...", 3);
			return mark + 3;
		}
		if (is_control) {
			char hex[4] = {'\\', 'x', digits[c >> 4], digits[c & 15]};

			memcpy(line + at, hex, sizeof(hex));
		} else {
			line[at] = *text;
		}
		at += len;
	}
	return at;
}

/* "TIME LEVEL " at the front of LINE; return its length. */
static size_t log_put_head(char line[LOG_LINE_SIZE], enum cg_log_level level)
{
	size_t at = CG_CLOCK_RFC3339_SIZE - 1;
	const char *name = cg_log_level_name(level);
	size_t name_len = strlen(name);

	cg_clock_format_rfc3339(line, cg_clock_wall_ms());
	line[at++] = ' ';
	memcpy(line + at, name, name_len);
	at += name_len;
	line[at++] = ' ';
	return at;
}

/* What cannot be written is lost: there is no better place to complain. */
static void log_write(const char *line, size_t len)
{
	ssize_t n;

	do
		n = write(atomic_load(&log_state.fd), line, len);
	while (n < 0 && errno == EINTR);
}

static int log_open_file(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, LOG_FILE_MODE);
}

/* Make FD, which stays the caller's, what the log's own descriptor stands for. */
static int log_redirect(int fd)
{
	int own = atomic_load(&log_state.fd);

	if (own != STDERR_FILENO)
		return dup3(fd, own, O_CLOEXEC);
	own = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (own >= 0)
		atomic_store(&log_state.fd, own);
	return own;
}

/* To PATH; on failure errno says why and nothing has changed. */
static int log_redirect_to_file(const char *path)
{
	int fd = log_open_file(path);

	if (fd < 0)
		return -1;
	int result = log_redirect(fd);
	int saved_errno = errno;
	close(fd);
	errno = saved_errno;
	return result < 0 ? -1 : 0;
}

static void log_redirect_to_stderr(void)
{
	if (atomic_load(&log_state.fd) != STDERR_FILENO)
		(void)log_redirect(STDERR_FILENO);
}

static void log_set_path(const char *path)
{
	char *copy = cg_mem_strdup(path);

	free(log_state.path);
	log_state.path = copy;
}

int cg_log_open(const char *target, enum cg_log_level level, struct cg_error *err)
{
	bool is_syslog = strcmp(target, "syslog") == 0;
	bool is_file = !is_syslog && strcmp(target, "stderr") != 0;

	if (is_file && log_redirect_to_file(target) < 0)
		return cg_error_set(err, "cannot open the log %s: %s", target, strerror(errno));
	if (is_syslog)
		openlog("cpigate", LOG_PID | LOG_NDELAY, LOG_DAEMON);
	atomic_store(&log_state.level, (int)level);
	atomic_store(&log_state.is_syslog, is_syslog);
	if (!is_file)
		log_redirect_to_stderr();
	log_set_path(is_file ? target : NULL);
	return 0;
}

void cg_log_reopen(void)
{
	if (log_state.path == NULL)
		return;
	if (log_redirect_to_file(log_state.path) < 0)
		cg_log(CG_LOG_ERROR, "cannot reopen the log %s, the old file stays in use: %s",
		       log_state.path, strerror(errno));
}

void cg_log_close(void)
{
	if (atomic_exchange(&log_state.is_syslog, false))
		closelog();
	log_redirect_to_stderr();
	log_set_path(NULL);
}

const char *cg_log_level_name(enum cg_log_level level)
{
	cg_assert(level < CG_ARRAY_LEN(log_levels));
	return log_levels[level].name;
}

bool cg_log_is_on(enum cg_log_level level)
{
	return (int)level <= atomic_load_explicit(&log_state.level, memory_order_relaxed);
}

void cg_log(enum cg_log_level level, const char *format, ...)
{
	char text[LOG_LINE_SIZE];
	char line[LOG_LINE_SIZE];
	int saved_errno = errno;
	va_list args;

	if (!cg_log_is_on(level))
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);

	/* Room is left for the newline, in syslog's case for the NUL. As TEXT is as large as LINE
	 * and the head comes first, a text that was cut is always cut again and so marked. */
	size_t head = log_put_head(line, level);
	size_t end = log_escape(line, head, sizeof(line) - 1, text);
	if (atomic_load(&log_state.is_syslog)) {
		line[end] = '\0';
		syslog(log_levels[level].priority, "%s", line + head);
	} else {
		line[end] = '\n';
		log_write(line, end + 1);
	}
	errno = saved_errno;
}
