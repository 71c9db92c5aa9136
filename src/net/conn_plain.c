/* SPDX-License-Identifier: BSD-2-Clause */
/* The plain transport: bytes straight from and to the socket. */
#include "net/conn_impl.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static enum cg_conn_io conn_plain_handshake(struct cg_conn *conn)
{
	(void)conn;
	return CG_CONN_MOVED;
}

static enum cg_conn_io conn_plain_failure(struct cg_conn *conn)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
		return CG_CONN_AGAIN;
	cg_conn_set_error(conn, strerror(errno));
	return CG_CONN_FAILED;
}

static size_t conn_plain_read(struct cg_conn *conn, char *ptr, size_t n, enum cg_conn_io *io)
{
	ssize_t got = cg_conn_recv(conn, ptr, n);

	if (got > 0)
		return (size_t)got;
	if (got == 0)
		*io = conn->error_number != 0 ? CG_CONN_FAILED : CG_CONN_EOF;
	else
		*io = conn_plain_failure(conn);
	return 0;
}

static size_t conn_plain_write(struct cg_conn *conn, const char *ptr, size_t n, enum cg_conn_io *io)
{
	ssize_t sent = cg_conn_send(conn, ptr, n);

	if (sent > 0)
		return (size_t)sent;
	*io = conn_plain_failure(conn);
	return 0;
}

static bool conn_plain_has_held(const struct cg_conn *conn)
{
	(void)conn;
	return false;
}

static void conn_plain_shutdown(struct cg_conn *conn)
{
	(void)conn;
}

const struct cg_conn_ops cg_conn_plain_ops = {
        .handshake = conn_plain_handshake,
        .read = conn_plain_read,
        .write = conn_plain_write,
        .has_held = conn_plain_has_held,
        .shutdown = conn_plain_shutdown,
};
