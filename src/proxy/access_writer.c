/* SPDX-License-Identifier: BSD-2-Clause */
/* The writer sleeps on an eventfd while all rings are empty; a worker wakes it with one system call
 * then, and with none while it is awake. */
#include "proxy/access_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/ring.h"

enum {
	ACCESS_RING_SIZE = 1 << 20,
	ACCESS_GATHER_MS = 5, /* lines that come together leave together */
};

struct cg_access_writer {
	/* control only */
	char *target; /* NULL: off */
	/* set at start, then read-only */
	unsigned workers_n;
	struct cg_ring **rings;
	int wake_fd;
	pthread_t thread;
	int fd; /* the number stays; reopen puts another file behind it */
	/* shared, atomic */
	atomic_bool is_asleep;
	atomic_bool is_stopping;
	/* writer only */
	bool is_failing; /* said once until it works again */
};

static void access_writer_note(struct cg_access_writer *writer, bool failed)
{
	if (failed && !writer->is_failing)
		cg_log(CG_LOG_ERROR, "access log: %s; lines are lost until it can be written",
		       strerror(errno));
	else if (!failed && writer->is_failing)
		cg_log(CG_LOG_INFO, "access log: can be written again");
	writer->is_failing = failed;
}

/* Bytes that could be written; the rest is lost with a full disk. */
static bool access_writer_write(struct cg_access_writer *writer, struct cg_str part)
{
	while (part.len > 0) {
		ssize_t n = write(writer->fd, part.ptr, part.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		part.ptr += n;
		part.len -= (size_t)n;
	}
	return true;
}

/* True if the ring had anything. */
static bool access_writer_drain(struct cg_access_writer *writer, struct cg_ring *ring)
{
	struct cg_str parts[2];
	size_t n = cg_ring_peek(ring, parts);

	if (n == 0)
		return false;
	access_writer_note(writer, !access_writer_write(writer, parts[0]) ||
	                                   !access_writer_write(writer, parts[1]));
	cg_ring_consume(ring, n);
	return true;
}

static bool access_writer_drain_all(struct cg_access_writer *writer)
{
	bool any = false;

	for (unsigned i = 0; i < writer->workers_n; i++)
		any |= access_writer_drain(writer, writer->rings[i]);
	return any;
}

static void access_writer_sleep(struct cg_access_writer *writer)
{
	struct pollfd wake = {.fd = writer->wake_fd, .events = POLLIN};
	uint64_t count;

	atomic_store(&writer->is_asleep, true);
	atomic_thread_fence(memory_order_seq_cst);
	/* A line put before the flag was seen would wait for the next one. */
	if (!access_writer_drain_all(writer) && !atomic_load(&writer->is_stopping))
		(void)poll(&wake, 1, -1);
	atomic_store(&writer->is_asleep, false);
	(void)!read(writer->wake_fd, &count, sizeof(count));
}

static void *access_writer_main(void *arg)
{
	struct cg_access_writer *writer = arg;

	while (!atomic_load(&writer->is_stopping)) {
		access_writer_sleep(writer);
		(void)poll(NULL, 0, ACCESS_GATHER_MS);
		(void)access_writer_drain_all(writer);
	}
	while (access_writer_drain_all(writer))
		;
	return NULL;
}

static bool access_writer_is_file(const char *target)
{
	return target != NULL && strcmp(target, "stdout") != 0;
}

static int access_writer_open(const char *target, struct cg_error *err)
{
	const char *path = target == NULL ? "/dev/null" : target;
	int fd;

	if (target != NULL && !access_writer_is_file(target))
		fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	else
		fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (fd < 0)
		return cg_error_set(err, "access log %s: %s", path, strerror(errno));
	return fd;
}

static void access_writer_wake(struct cg_access_writer *writer)
{
	uint64_t one = 1;

	(void)!write(writer->wake_fd, &one, sizeof(one));
}

struct cg_access_writer *cg_access_writer_new(const char *target, unsigned workers_n,
                                              struct cg_error *err)
{
	int fd = access_writer_open(target, err);
	struct cg_access_writer *writer;

	if (fd < 0)
		return NULL;
	writer = cg_mem_alloc(sizeof(*writer));
	writer->fd = fd;
	writer->target = cg_mem_strdup(target);
	writer->workers_n = workers_n;
	writer->rings = cg_mem_alloc_array(workers_n, sizeof(*writer->rings));
	for (unsigned i = 0; i < workers_n; i++)
		writer->rings[i] = cg_ring_new(ACCESS_RING_SIZE);
	writer->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	cg_assert(writer->wake_fd >= 0);
	cg_assert(pthread_create(&writer->thread, NULL, access_writer_main, writer) == 0);
	return writer;
}

void cg_access_writer_free(struct cg_access_writer *writer)
{
	if (writer == NULL)
		return;
	atomic_store(&writer->is_stopping, true);
	access_writer_wake(writer);
	(void)pthread_join(writer->thread, NULL);
	for (unsigned i = 0; i < writer->workers_n; i++)
		cg_ring_free(writer->rings[i]);
	(void)close(writer->wake_fd);
	(void)close(writer->fd);
	free(writer->rings);
	free(writer->target);
	free(writer);
}

/* The number of the descriptor stays: the writer may be in the middle of a write. */
static int access_writer_replace(struct cg_access_writer *writer, const char *target,
                                 struct cg_error *err)
{
	int fd = access_writer_open(target, err);

	if (fd < 0)
		return -1;
	(void)dup3(fd, writer->fd, O_CLOEXEC);
	(void)close(fd);
	return 0;
}

int cg_access_writer_retarget(struct cg_access_writer *writer, const char *target,
                              struct cg_error *err)
{
	if (target == NULL ? writer->target == NULL
	                   : writer->target != NULL && strcmp(target, writer->target) == 0)
		return 0;
	if (access_writer_replace(writer, target, err) < 0)
		return -1;
	free(writer->target);
	writer->target = cg_mem_strdup(target);
	return 0;
}

void cg_access_writer_reopen(struct cg_access_writer *writer)
{
	struct cg_error err;

	if (writer == NULL || !access_writer_is_file(writer->target))
		return;
	if (access_writer_replace(writer, writer->target, &err) < 0)
		cg_log(CG_LOG_ERROR, "%s; the old file stays in use", err.text);
}

bool cg_access_writer_put(struct cg_access_writer *writer, unsigned worker, struct cg_str line)
{
	if (!cg_ring_put(writer->rings[worker], line.ptr, line.len))
		return false;
	/* In one order with the ring's own, or both sides could miss each other. */
	if (atomic_load(&writer->is_asleep))
		access_writer_wake(writer);
	return true;
}
