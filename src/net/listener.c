/* SPDX-License-Identifier: BSD-2-Clause */
/* Opens listening sockets and accepts on them. Who may connect, and how many, is decided by the
 * callback's owner. */
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/takeover.h"
#include "net/timer.h"

enum {
	LISTENER_PER_TURN = 64,
	LISTENER_PAUSE_MS = 100,
	/* More than any backlog: what is accepted while closing, so that a flood cannot hold it up.
	 */
	LISTENER_AT_END = 65536,
};

struct cg_listener {
	struct cg_loop *loop;
	int fd;
	bool is_steered; /* an older process listens, too */
	int reserve_fd;  /* given up to close a client in order when descriptors run out; -1: it
	                    could not be had */
	struct event *event;
	struct cg_timer pause;
	cg_listener_fn on_accept;
	cg_listener_error_fn on_error;
	void *owner;
};

static int listener_set_options(int fd, const struct cg_addr *addr)
{
	const int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0)
		return -1;
	if (addr->sa.sa_family == AF_INET6)
		return setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	return 0;
}

/* The port that the kernel chose. */
static int listener_read_port(int fd, struct cg_addr *addr)
{
	struct cg_addr bound = {0};
	socklen_t len = sizeof(bound);

	if (getsockname(fd, &bound.sa, &len) != 0)
		return -1;
	cg_addr_set_port(addr, cg_addr_port(&bound));
	return 0;
}

int cg_listener_open_socket(struct cg_addr *addr, struct cg_error *err)
{
	int fd = socket(addr->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	char text[CG_ADDR_TEXT_SIZE];
	int error;

	/* The kernel cuts the backlog to net.core.somaxconn. */
	if (fd >= 0 && listener_set_options(fd, addr) == 0 &&
	    bind(fd, &addr->sa, cg_addr_len(addr)) == 0 && listen(fd, INT_MAX) == 0 &&
	    listener_read_port(fd, addr) == 0)
		return fd;
	error = errno;
	if (fd >= 0)
		close(fd);
	cg_addr_format(addr, text);
	return cg_error_set(err, "cannot listen on %s: %s", text, strerror(error));
}

static void listener_hand_over(struct cg_listener *listener, int fd, const struct sockaddr *sa)
{
	const int on = 1;
	struct cg_addr peer;

	if (!cg_addr_from_sockaddr(&peer, sa)) {
		close(fd);
		return;
	}
	/* Fails only if the client is gone already, which the first read will tell. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	listener->on_accept(listener->owner, fd, &peer);
}

/* Accept up to MAX; returns 0, or the error that keeps us from taking more (EAGAIN aside). */
static int listener_accept(struct cg_listener *listener, int max)
{
	while (max-- > 0) {
		struct sockaddr_storage peer;
		socklen_t len = sizeof(peer);
		int fd = accept4(listener->fd, (struct sockaddr *)&peer, &len,
		                 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			listener_hand_over(listener, fd, (const struct sockaddr *)&peer);
			continue;
		}
		if (errno == EAGAIN)
			return 0;
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			return errno;
		/* Others are of the one connection, which is gone (accept(2)). */
	}
	return 0;
}

static int listener_open_reserve(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* Out of descriptors: clients that wait in the queue would only learn of it by their own time-outs.
 * Each is accepted with the one in reserve and closed. Another thread may be faster to the
 * descriptor; then the rest waits for the next turn. */
static void listener_shed(struct cg_listener *listener, int max)
{
	while (listener->reserve_fd >= 0 && max-- > 0) {
		int fd;

		close(listener->reserve_fd);
		fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0)
			close(fd);
		listener->reserve_fd = listener_open_reserve();
		if (fd < 0)
			return;
	}
	if (listener->reserve_fd < 0)
		listener->reserve_fd = listener_open_reserve();
}

static void listener_on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct cg_listener *listener = arg;
	int error = listener_accept(listener, LISTENER_PER_TURN);

	(void)fd;
	(void)what;
	if (error == 0)
		return;
	if (error == EMFILE || error == ENFILE)
		listener_shed(listener, LISTENER_PER_TURN);
	/* The socket stays readable: without a pause the loop would spin. */
	event_del(listener->event);
	cg_timer_set(listener->loop, &listener->pause,
	             cg_loop_now(listener->loop) + LISTENER_PAUSE_MS);
	if (listener->on_error != NULL)
		listener->on_error(listener->owner, error);
}

static void listener_on_pause_end(struct cg_timer *timer)
{
	struct cg_listener *listener = CG_CONTAINER_OF(timer, struct cg_listener, pause);

	cg_assert(event_add(listener->event, NULL) == 0);
}

struct cg_listener *cg_listener_new(struct cg_loop *loop, int fd, cg_listener_fn on_accept,
                                    cg_listener_error_fn on_error, void *owner)
{
	struct cg_listener *listener = cg_mem_alloc(sizeof(*listener));

	listener->loop = loop;
	listener->reserve_fd = listener_open_reserve();
	listener->fd = fd;
	listener->on_accept = on_accept;
	listener->on_error = on_error;
	listener->owner = owner;
	cg_timer_init(&listener->pause, listener_on_pause_end);
	listener->event = event_new(cg_loop_base(loop), fd, EV_READ | EV_PERSIST, listener_on_ready,
	                            listener);
	cg_assert(listener->event != NULL && event_add(listener->event, NULL) == 0);
	return listener;
}

void cg_listener_free(struct cg_listener *listener)
{
	if (listener == NULL)
		return;
	cg_timer_cancel(&listener->pause);
	event_free(listener->event);
	listener_accept(listener, LISTENER_AT_END);
	if (listener->reserve_fd >= 0)
		close(listener->reserve_fd);
	close(listener->fd);
	free(listener);
}

bool cg_listener_take_over(struct cg_listener *listener, unsigned own_n)
{
	struct cg_addr addr = {0};
	socklen_t len = sizeof(addr);
	unsigned all_n;

	if (getsockname(listener->fd, &addr.sa, &len) != 0)
		return false;
	all_n = cg_takeover_count(&addr);
	if (all_n > own_n) {
		if (!listener->is_steered && !cg_takeover_steer(listener->fd, all_n - own_n))
			cg_log(CG_LOG_WARNING,
			       "another process keeps its share of new connections: %s",
			       strerror(errno));
		listener->is_steered = true;
		return true;
	}
	if (listener->is_steered)
		cg_takeover_unsteer(listener->fd);
	listener->is_steered = false;
	return false;
}
