/* SPDX-License-Identifier: BSD-2-Clause */
/* One transport connection, plain or TLS, to a client or a tenant: non-blocking, registered once
 * and edge-triggered. It moves bytes and says when it can move more; what the bytes mean is its
 * owner's affair. On the loop's thread. */
#ifndef CG_NET_CONN_H
#define CG_NET_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/defs.h"
#include "base/err.h"
#include "base/slab.h"
#include "base/str.h"
#include "net/loop.h"

struct cg_conn;

/* One input buffer: a TLS record's plaintext fits (RFC 8446 section 5.1). */
enum { CG_CONN_BUF_SIZE = 16384 };

/* What the connections of one loop share. */
struct cg_conn_env {
	struct cg_loop *loop;
	struct cg_slab bufs;   /* input buffers, CG_CONN_BUF_SIZE each */
	struct cg_buf scratch; /* where owners put head and body together for one write; empty
	                          between turns */
};

void cg_conn_env_init(struct cg_conn_env *env, struct cg_loop *loop);
/* After the last connection is closed and the loop's discards have run. */
void cg_conn_env_fini(struct cg_conn_env *env);

enum cg_conn_event {
	CG_CONN_OPENED, /* connected, and the handshake (if any) is done */
	CG_CONN_READY,  /* more can be read or written than before */
	CG_CONN_BROKEN, /* connecting or the handshake failed: cg_conn_error says why; only close is
	                   allowed */
};

/* Called from the loop only, never from inside a call on the connection. */
typedef void (*cg_conn_fn)(void *owner, enum cg_conn_event event);

enum cg_conn_io {
	CG_CONN_MOVED, /* bytes came in; or all bytes are written or kept for writing */
	CG_CONN_AGAIN, /* nothing now; READY will follow */
	CG_CONN_FULL,  /* the input buffer holds MAX bytes already */
	CG_CONN_EOF,   /* the peer has ended its side in an orderly way (FIN; with TLS close_notify)
	                */
	CG_CONN_FAILED, /* reset, broken TLS, or a TLS connection cut without close_notify */
};

/* Take over FD of an accepted connection and SSL (accept state; NULL: plain). A plain one is open
 * at once and gets no OPENED. */
CG_MUST_USE struct cg_conn *cg_conn_accepted(struct cg_conn_env *env, int fd, SSL *ssl,
                                             cg_conn_fn on_event, void *owner);

/* Begin to connect to ADDR; SSL (connect state, taken over in every case; NULL: plain) shakes hands
 * afterwards. OPENED or BROKEN follows. NULL with ERR and errno if not even a socket could be had.
 */
CG_MUST_USE struct cg_conn *cg_conn_connect(struct cg_conn_env *env, const struct cg_addr *addr,
                                            SSL *ssl, cg_conn_fn on_event, void *owner,
                                            struct cg_error *err);

/* Hand the connection to another owner. */
void cg_conn_set_owner(struct cg_conn *conn, cg_conn_fn on_event, void *owner);

/* Close: close_notify where TLS is up, then FIN. Unsent bytes are lost. Freed after the turn; the
 * pointer is dead at once. NULL is allowed. */
void cg_conn_close(struct cg_conn *conn);
/* Close so that the peer sees an error, not an end: no close_notify, RST. */
void cg_conn_abort(struct cg_conn *conn);

/* Read once into the input buffer, which then holds up to MAX bytes. Slices of earlier bytes may
 * move. */
CG_MUST_USE enum cg_conn_io cg_conn_fill(struct cg_conn *conn, size_t max);
/* The same in the middle of a message, where a peer's reset must not go unseen: asks the socket
 * once more where fill takes a short read for its end. */
CG_MUST_USE enum cg_conn_io cg_conn_fill_more(struct cg_conn *conn, size_t max);
/* The bytes read and not consumed; valid until fill or consume. */
struct cg_str cg_conn_in(const struct cg_conn *conn);
/* Drop the first N; an emptied buffer goes back to the pool. */
void cg_conn_consume(struct cg_conn *conn, size_t n);
/* Whether fill may find something: the socket or the TLS layer has bytes, or an end. */
bool cg_conn_may_read(const struct cg_conn *conn);
/* Whether the peer's end was reported (it may stand behind unread bytes). A reset shows by reading.
 */
bool cg_conn_saw_end(const struct cg_conn *conn);

/* Write N bytes now as far as the socket takes them, keep the rest and write it when the socket is
 * ready. MOVED or FAILED. The caller stops while has_pending says so, which bounds what is kept. */
CG_MUST_USE enum cg_conn_io cg_conn_write(struct cg_conn *conn, const void *ptr, size_t n);
bool cg_conn_has_pending(const struct cg_conn *conn);
/* Writing has failed for good; what the peer sent before can still be read. */
bool cg_conn_is_write_failed(const struct cg_conn *conn);
/* End our side: close_notify where TLS is up, then FIN; reading goes on. */
void cg_conn_shutdown_write(struct cg_conn *conn);

/* For a kept connection about to be used: ask the socket itself whether the peer has closed it or
 * sent what nobody asked for. One system call. */
CG_MUST_USE bool cg_conn_is_usable(struct cg_conn *conn);

/* Bytes that the socket has taken since the connection began, the handshake's included. */
uint64_t cg_conn_sent(const struct cg_conn *conn);
/* Whether the peer has acknowledged something of what is under way since *SEEN was written by the
 * last call (0: none yet): a peer that takes bytes slowly is none that takes nothing, though the
 * socket may stay full for long. One system call. */
bool cg_conn_took_more(const struct cg_conn *conn, int *seen);
/* Of a connection made by cg_conn_connect. */
const struct cg_addr *cg_conn_peer(const struct cg_conn *conn);

bool cg_conn_is_open(const struct cg_conn *conn);
/* Which step of connecting it was in when it broke: the TLS handshake, else the transport. */
bool cg_conn_is_in_handshake(const struct cg_conn *conn);
/* NULL: plain. */
SSL *cg_conn_ssl(const struct cg_conn *conn);
/* "TLSv1.3"; NULL: plain. A constant. */
const char *cg_conn_tls_version(const struct cg_conn *conn);
/* The name that the client asked for, cut to SIZE - 1 bytes; "" if none, or plain. */
void cg_conn_sni(const struct cg_conn *conn, char *out, size_t size);
/* The first error number of the socket; 0 if none. ETIMEDOUT: what was sent stayed unacknowledged
 * for too long. */
int cg_conn_errno(const struct cg_conn *conn);
/* Sent data that the peer does not acknowledge for MS breaks the connection (TCP_USER_TIMEOUT, RFC
 * 5482). */
void cg_conn_set_user_timeout(struct cg_conn *conn, int64_t ms);
/* In words; "" if nothing failed. Valid until close. */
const char *cg_conn_error(const struct cg_conn *conn);

#endif
