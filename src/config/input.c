/* SPDX-License-Identifier: BSD-2-Clause */
/* Room is made once and before reading: a buffer that grew would leave copies of a secret behind.
 */
#include "config/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static size_t input_guess_size(int fd, size_t limit)
{
	struct stat st;

	/* A pipe has no size. */
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size > limit)
		return limit;
	return (size_t)st.st_size;
}

/* One byte more than expected is asked for: it tells the end from the limit. */
static int input_read_fd(int fd, size_t limit, struct cg_buf *buf, struct cg_error *err)
{
	cg_buf_reserve(buf, input_guess_size(fd, limit) + 1);
	for (;;) {
		ssize_t n;

		if (cg_buf_len(buf) > limit)
			return cg_error_set(err, "larger than %zu bytes", limit);
		if (buf->end == buf->cap) /* it grew meanwhile */
			cg_buf_reserve(buf, limit + 1 - cg_buf_len(buf));
		n = read(fd, buf->data + buf->end, buf->cap - buf->end);
		if (n == 0)
			return 0;
		if (n > 0)
			buf->end += (size_t)n;
		else if (errno != EINTR)
			return cg_error_set(err, "%s", strerror(errno));
	}
}

int cg_input_read(const char *file, size_t limit, struct cg_buf *buf, struct cg_error *err)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	int result;

	if (fd < 0)
		return cg_error_set(err, "%s", strerror(errno));
	result = input_read_fd(fd, limit, buf, err);
	close(fd);
	return result;
}

void cg_input_wipe(struct cg_buf *buf)
{
	if (buf->data != NULL)
		cg_mem_wipe(buf->data, buf->cap);
	cg_buf_fini(buf);
}

char *cg_input_path(const char *file, struct cg_str name)
{
	const char *slash = strrchr(file, '/');

	if (slash == NULL || (name.len > 0 && name.ptr[0] == '/'))
		return cg_str_dup(name);
	return cg_str_printf("%.*s%.*s", (int)(slash + 1 - file), file, CG_STR_ARGS(name));
}
