/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections: the state from connecting to closed, the one event of the socket, input and kept
 * output. How bytes get through is in conn_plain.c and conn_tls.c. */
#include "net/conn.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/mem.h"
#include "net/conn_impl.h"

/* Buffers kept for reuse after a burst. */
enum { CONN_BUFS_KEPT = 256 };

void cg_conn_env_init(struct cg_conn_env *env, struct cg_loop *loop)
{
	env->loop = loop;
	cg_slab_init(&env->bufs, CG_CONN_BUF_SIZE, CONN_BUFS_KEPT);
	cg_buf_init(&env->scratch);
}

void cg_conn_env_fini(struct cg_conn_env *env)
{
	cg_slab_fini(&env->bufs);
	cg_buf_fini(&env->scratch);
}

void cg_conn_set_error(struct cg_conn *conn, const char *text)
{
	if (conn->error == NULL)
		conn->error = cg_mem_strdup(text);
}

/* The kernel tells an error once, to whichever call comes first, and then reads as ended. EPIPE is
 * none of reading: the peer's end had come before. */
static void conn_note_errno(struct cg_conn *conn)
{
	if (errno != EAGAIN && errno != EINTR && errno != EPIPE && conn->error_number == 0)
		conn->error_number = errno;
}

/* A short read has drained the socket, and the next bytes raise an edge; but after EV_CLOSED no
 * edge will come for the end itself. Nor will one for a reset that came together with the bytes,
 * which libevent reports as readable and writable and nothing more: see cg_conn_fill_more. */
ssize_t cg_conn_recv(struct cg_conn *conn, void *ptr, size_t n)
{
	ssize_t got = recv(conn->fd, ptr, n, 0);

	conn->is_short = got > 0 && (size_t)got < n;
	if (got < 0 ? errno == EAGAIN : conn->is_short && !conn->saw_end)
		conn->readable = false;
	else if (got < 0)
		conn_note_errno(conn);
	return got;
}

ssize_t cg_conn_send(struct cg_conn *conn, const void *ptr, size_t n)
{
	ssize_t sent = send(conn->fd, ptr, n, MSG_NOSIGNAL);

	if (sent < 0 ? errno == EAGAIN : (size_t)sent < n)
		conn->writable = false;
	else if (sent < 0)
		conn_note_errno(conn);
	if (sent > 0)
		conn->sent += (uint64_t)sent;
	return sent;
}

/* ---- input ---- */

static void conn_release_in(struct cg_conn *conn)
{
	if (conn->in.data == NULL)
		return;
	if (conn->in.cap == CG_CONN_BUF_SIZE)
		cg_slab_put(&conn->env->bufs, conn->in.data);
	else
		free(conn->in.data);
	conn->in = (struct cg_buf){0};
}

/* A head larger than one buffer: go on in a larger one. */
static void conn_grow_in(struct cg_conn *conn, size_t max)
{
	size_t len = cg_buf_len(&conn->in);
	char *data = cg_mem_alloc(max);

	memcpy(data, cg_buf_ptr(&conn->in), len);
	conn_release_in(conn);
	conn->in = (struct cg_buf){.data = data, .end = len, .cap = max};
}

static bool conn_make_room(struct cg_conn *conn, size_t max)
{
	struct cg_buf *in = &conn->in;

	if (in->data == NULL) {
		in->data = cg_slab_take(&conn->env->bufs);
		in->cap = CG_CONN_BUF_SIZE;
	} else if (cg_buf_len(in) >= max) {
		return false;
	} else if (in->end == in->cap && in->start > 0) {
		cg_buf_reserve(in, 1);
	} else if (in->end == in->cap) {
		conn_grow_in(conn, max);
	}
	return true;
}

enum cg_conn_io cg_conn_fill(struct cg_conn *conn, size_t max)
{
	enum cg_conn_io io = CG_CONN_AGAIN;
	size_t got;

	if (conn->is_ended)
		return CG_CONN_EOF;
	if (!cg_conn_may_read(conn))
		return CG_CONN_AGAIN;
	if (!conn_make_room(conn, CG_MAX(max, (size_t)1)))
		return CG_CONN_FULL;
	got = conn->ops->read(conn, conn->in.data + conn->in.end, conn->in.cap - conn->in.end, &io);
	/* Bytes that were TLS's own (session tickets): a reset may stand right behind them. */
	if (got == 0 && io == CG_CONN_AGAIN && conn->is_short) {
		conn->readable = true;
		got = conn->ops->read(conn, conn->in.data + conn->in.end,
		                      conn->in.cap - conn->in.end, &io);
	}
	conn->in.end += got;
	if (got > 0)
		return CG_CONN_MOVED;
	conn->is_ended = io == CG_CONN_EOF;
	if (cg_buf_is_empty(&conn->in))
		conn_release_in(conn);
	return io;
}

enum cg_conn_io cg_conn_fill_more(struct cg_conn *conn, size_t max)
{
	if (conn->is_short)
		conn->readable = true;
	return cg_conn_fill(conn, max);
}

struct cg_str cg_conn_in(const struct cg_conn *conn)
{
	if (conn->in.data == NULL)
		return (struct cg_str){0};
	return cg_buf_str(&conn->in);
}

void cg_conn_consume(struct cg_conn *conn, size_t n)
{
	if (n == 0)
		return;
	cg_buf_consume(&conn->in, n);
	if (cg_buf_is_empty(&conn->in))
		conn_release_in(conn);
}

bool cg_conn_may_read(const struct cg_conn *conn)
{
	return conn->readable || conn->is_ended || conn->ops->has_held(conn);
}

bool cg_conn_saw_end(const struct cg_conn *conn)
{
	return conn->saw_end;
}

/* ---- output ---- */

/* Write as much as goes; what is left stays with the caller. */
static enum cg_conn_io conn_push(struct cg_conn *conn, const char **ptr, size_t *n)
{
	enum cg_conn_io io = CG_CONN_AGAIN;

	while (*n > 0) {
		size_t sent = conn->ops->write(conn, *ptr, *n, &io);

		if (sent == 0)
			return io;
		*ptr += sent;
		*n -= sent;
	}
	return CG_CONN_MOVED;
}

static enum cg_conn_io conn_write_failed(struct cg_conn *conn)
{
	conn->is_write_failed = true;
	cg_buf_fini(&conn->pending);
	return CG_CONN_FAILED;
}

static void conn_flush(struct cg_conn *conn)
{
	const char *ptr = cg_buf_ptr(&conn->pending);
	size_t n = cg_buf_len(&conn->pending);
	enum cg_conn_io io = conn_push(conn, &ptr, &n);

	if (io == CG_CONN_FAILED) {
		(void)conn_write_failed(conn);
		return;
	}
	cg_buf_consume(&conn->pending, cg_buf_len(&conn->pending) - n);
	if (n == 0)
		cg_buf_fini(&conn->pending);
}

enum cg_conn_io cg_conn_write(struct cg_conn *conn, const void *ptr, size_t n)
{
	const char *at = ptr;

	cg_assert(!conn->is_shut);
	if (conn->is_write_failed)
		return CG_CONN_FAILED;
	if (cg_buf_is_empty(&conn->pending) && conn_push(conn, &at, &n) == CG_CONN_FAILED)
		return conn_write_failed(conn);
	if (n > 0)
		cg_buf_append(&conn->pending, at, n);
	return CG_CONN_MOVED;
}

bool cg_conn_has_pending(const struct cg_conn *conn)
{
	return !cg_buf_is_empty(&conn->pending);
}

bool cg_conn_is_write_failed(const struct cg_conn *conn)
{
	return conn->is_write_failed;
}

void cg_conn_shutdown_write(struct cg_conn *conn)
{
	if (conn->is_shut || conn->state != CG_CONN_OPEN)
		return;
	conn->is_shut = true;
	conn->ops->shutdown(conn);
	(void)shutdown(conn->fd, SHUT_WR);
}

/* ---- events ---- */

static void conn_tell(struct cg_conn *conn, enum cg_conn_event event)
{
	conn->on_event(conn->owner, event);
}

static void conn_break(struct cg_conn *conn)
{
	conn->is_broken = true;
	conn_tell(conn, CG_CONN_BROKEN);
}

static void conn_step_handshake(struct cg_conn *conn)
{
	enum cg_conn_io io = conn->ops->handshake(conn);

	/* Behind the last flight there may be a reset. */
	if (io == CG_CONN_AGAIN && conn->is_short) {
		conn->readable = true;
		io = conn->ops->handshake(conn);
	}
	switch (io) {
	case CG_CONN_MOVED:
		conn->state = CG_CONN_OPEN;
		conn_tell(conn, CG_CONN_OPENED);
		break;
	case CG_CONN_AGAIN:
		break;
	default:
		cg_conn_set_error(conn, "connection closed during the handshake");
		conn_break(conn);
		break;
	}
}

static void conn_step_connect(struct cg_conn *conn)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (!conn->writable && !conn->saw_end)
		return;
	(void)getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error != 0) {
		cg_conn_set_error(conn, strerror(error));
		conn_break(conn);
		return;
	}
	conn->state = CG_CONN_HANDSHAKE;
	conn_step_handshake(conn);
}

static void conn_on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct cg_conn *conn = arg;

	(void)fd;
	if (what & (EV_READ | EV_CLOSED))
		conn->readable = true;
	if (what & EV_CLOSED)
		conn->saw_end = true;
	if (what & EV_WRITE)
		conn->writable = true;
	if (conn->is_broken)
		return;
	switch (conn->state) {
	case CG_CONN_CONNECTING:
		conn_step_connect(conn);
		break;
	case CG_CONN_HANDSHAKE:
		conn_step_handshake(conn);
		break;
	case CG_CONN_OPEN:
		if (cg_conn_has_pending(conn))
			conn_flush(conn);
		conn_tell(conn, CG_CONN_READY);
		break;
	case CG_CONN_CLOSED:
		break;
	}
}

/* ---- begin and end ---- */

static struct cg_conn *conn_new(struct cg_conn_env *env, int fd, SSL *ssl, enum cg_conn_state state,
                                cg_conn_fn on_event, void *owner)
{
	struct cg_conn *conn = cg_mem_alloc(sizeof(*conn));

	conn->env = env;
	conn->fd = fd;
	conn->state = state;
	conn->on_event = on_event;
	conn->owner = owner;
	conn->ops = ssl == NULL ? &cg_conn_plain_ops : &cg_conn_tls_ops;
	if (ssl != NULL)
		cg_conn_tls_attach(conn, ssl);
	cg_assert(event_assign(&conn->event, cg_loop_base(env->loop), fd,
	                       EV_READ | EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST, conn_on_ready,
	                       conn) == 0);
	cg_assert(event_add(&conn->event, NULL) == 0);
	return conn;
}

struct cg_conn *cg_conn_accepted(struct cg_conn_env *env, int fd, SSL *ssl, cg_conn_fn on_event,
                                 void *owner)
{
	enum cg_conn_state state = ssl == NULL ? CG_CONN_OPEN : CG_CONN_HANDSHAKE;
	struct cg_conn *conn = conn_new(env, fd, ssl, state, on_event, owner);

	conn->writable = true;
	return conn;
}

/* errno is left as the reason. */
static int conn_open_socket(const struct cg_addr *addr, struct cg_error *err)
{
	int on = 1;
	int fd = socket(addr->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (fd >= 0) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		if (connect(fd, &addr->sa, cg_addr_len(addr)) == 0 || errno == EINPROGRESS)
			return fd;
	}
	error = errno;
	if (fd >= 0)
		(void)close(fd);
	cg_error_set(err, "%s", strerror(error));
	errno = error;
	return -1;
}

struct cg_conn *cg_conn_connect(struct cg_conn_env *env, const struct cg_addr *addr, SSL *ssl,
                                cg_conn_fn on_event, void *owner, struct cg_error *err)
{
	int fd = conn_open_socket(addr, err);
	struct cg_conn *conn;

	if (fd < 0) {
		int error = errno;

		SSL_free(ssl);
		errno = error;
		return NULL;
	}
	conn = conn_new(env, fd, ssl, CG_CONN_CONNECTING, on_event, owner);
	conn->peer = *addr;
	return conn;
}

void cg_conn_set_owner(struct cg_conn *conn, cg_conn_fn on_event, void *owner)
{
	conn->on_event = on_event;
	conn->owner = owner;
}

static void conn_free(void *object)
{
	struct cg_conn *conn = object;

	SSL_free(conn->ssl);
	(void)close(conn->fd);
	conn_release_in(conn);
	cg_buf_fini(&conn->pending);
	free(conn->error);
	free(conn);
}

static void conn_end(struct cg_conn *conn)
{
	conn->state = CG_CONN_CLOSED;
	(void)event_del(&conn->event);
	cg_loop_discard(conn->env->loop, conn, conn_free);
}

void cg_conn_close(struct cg_conn *conn)
{
	if (conn == NULL)
		return;
	cg_assert(conn->state != CG_CONN_CLOSED);
	if (!conn->is_broken && !conn->is_write_failed)
		cg_conn_shutdown_write(conn);
	conn_end(conn);
}

void cg_conn_abort(struct cg_conn *conn)
{
	struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	if (conn == NULL)
		return;
	cg_assert(conn->state != CG_CONN_CLOSED);
	(void)setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	if (conn->ssl != NULL)
		SSL_set_quiet_shutdown(conn->ssl, 1);
	conn_end(conn);
}

/* ---- questions ---- */

/* Bytes alone are no reason against it: TLS session tickets come unasked. So they are read, until
 * the socket says that there is nothing, which is what is wanted, or an end. */
bool cg_conn_is_usable(struct cg_conn *conn)
{
	enum { TRIES = 4 };
	char byte;

	if (conn->state != CG_CONN_OPEN || conn->saw_end || conn->is_ended || conn->is_write_failed)
		return false;
	for (int i = 0; i < TRIES; i++) {
		ssize_t got = recv(conn->fd, &byte, 1, MSG_PEEK);

		if (got < 0 && errno == EAGAIN)
			return !conn->ops->has_held(conn);
		if (got <= 0)
			return false;
		conn->readable = true;
		if (cg_conn_fill(conn, 1) != CG_CONN_AGAIN)
			return false;
	}
	return false;
}

bool cg_conn_is_open(const struct cg_conn *conn)
{
	return conn->state == CG_CONN_OPEN;
}

bool cg_conn_is_in_handshake(const struct cg_conn *conn)
{
	return conn->state == CG_CONN_HANDSHAKE;
}

SSL *cg_conn_ssl(const struct cg_conn *conn)
{
	return conn->ssl;
}

const char *cg_conn_tls_version(const struct cg_conn *conn)
{
	return conn->ssl == NULL ? NULL : SSL_get_version(conn->ssl);
}

void cg_conn_sni(const struct cg_conn *conn, char *out, size_t size)
{
	const char *name =
	        conn->ssl == NULL ? NULL : SSL_get_servername(conn->ssl, TLSEXT_NAMETYPE_host_name);
	size_t len = name == NULL ? 0 : CG_MIN(strlen(name), size - 1);

	if (len > 0)
		memcpy(out, name, len);
	out[len] = '\0';
}

const char *cg_conn_error(const struct cg_conn *conn)
{
	return conn->error == NULL ? "" : conn->error;
}

int cg_conn_errno(const struct cg_conn *conn)
{
	return conn->error_number;
}

void cg_conn_set_user_timeout(struct cg_conn *conn, int64_t ms)
{
	unsigned value = (unsigned)ms;

	(void)setsockopt(conn->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &value, sizeof(value));
}

uint64_t cg_conn_sent(const struct cg_conn *conn)
{
	return conn->sent;
}

bool cg_conn_took_more(const struct cg_conn *conn, int *seen)
{
	int before = *seen;
	int queued = 0;

	(void)ioctl(conn->fd, SIOCOUTQ, &queued);
	*seen = queued;
	return queued < before;
}

const struct cg_addr *cg_conn_peer(const struct cg_conn *conn)
{
	return &conn->peer;
}
