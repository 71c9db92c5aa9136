/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside of a connection, for conn.c and its two transports only. */
#ifndef CG_NET_CONN_IMPL_H
#define CG_NET_CONN_IMPL_H

#include <event2/event_struct.h>
#include <sys/types.h>

#include "net/conn.h"

enum cg_conn_state {
	CG_CONN_CONNECTING, /* connect() runs; ends with writability */
	CG_CONN_HANDSHAKE,  /* TLS; ends with the handshake */
	CG_CONN_OPEN,
	CG_CONN_CLOSED, /* closed by its owner, or broken; freed after the turn once closed */
};

/* How one transport moves bytes. Each returns the count (> 0), or 0 with *io set to AGAIN, EOF or
 * FAILED. */
struct cg_conn_ops {
	enum cg_conn_io (*handshake)(struct cg_conn *conn); /* MOVED: done */
	size_t (*read)(struct cg_conn *conn, char *ptr, size_t n, enum cg_conn_io *io);
	size_t (*write)(struct cg_conn *conn, const char *ptr, size_t n, enum cg_conn_io *io);
	bool (*has_held)(const struct cg_conn *conn); /* bytes that raise no event */
	void (*shutdown)(struct cg_conn *conn);       /* say that nothing more will be sent */
};

extern const struct cg_conn_ops cg_conn_plain_ops;
extern const struct cg_conn_ops cg_conn_tls_ops;

struct cg_conn {
	/* set at start, then read-only */
	struct cg_conn_env *env;
	const struct cg_conn_ops *ops;
	int fd;
	SSL *ssl;            /* NULL: plain */
	struct cg_addr peer; /* where it was connected to */
	/* worker only */
	cg_conn_fn on_event;
	void *owner;
	enum cg_conn_state state;
	bool readable; /* the socket may have bytes or an end */
	bool is_short; /* the last read took less than it could: for that alone readable is false */
	bool writable; /* the socket may take bytes */
	bool saw_end;  /* EV_CLOSED: read on until the end itself is read */
	bool is_ended; /* the peer's end was read */
	bool is_broken;
	bool is_write_failed;
	bool is_shut;  /* our side has ended */
	uint64_t sent; /* bytes that the socket has taken */
	struct cg_buf in;
	struct cg_buf pending;
	int error_number; /* of the socket, which has failed: what it reads as an end is none; 0:
	                     none */
	char *error;      /* NULL until something fails */
	struct event event;
};

/* Remember why it failed; the first reason stays. */
void cg_conn_set_error(struct cg_conn *conn, const char *text);

/* Give the TLS layer its way to the socket. Takes over SSL. */
void cg_conn_tls_attach(struct cg_conn *conn, SSL *ssl);

/* recv and send on the socket with what edge triggering needs: readable and writable are cleared
 * when the socket is drained or full. */
ssize_t cg_conn_recv(struct cg_conn *conn, void *ptr, size_t n);
ssize_t cg_conn_send(struct cg_conn *conn, const void *ptr, size_t n);

#endif
