/* SPDX-License-Identifier: BSD-2-Clause */
/* The TLS transport: OpenSSL over a BIO of ours, so that each recv and send is seen here. That
 * tells a drained socket by its short read (no read that only finds EAGAIN), and a cut connection
 * from an ended one. */
#include "net/conn_impl.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>

#include "net/tls_ctx.h"

static int conn_tls_bio_read(BIO *bio, char *ptr, int n)
{
	struct cg_conn *conn = BIO_get_data(bio);
	ssize_t got;

	BIO_clear_retry_flags(bio);
	if (!conn->readable) {
		BIO_set_retry_read(bio);
		return -1;
	}
	got = cg_conn_recv(conn, ptr, (size_t)n);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		BIO_set_retry_read(bio);
	else if (got < 0)
		cg_conn_set_error(conn, strerror(errno));
	return (int)got;
}

static int conn_tls_bio_write(BIO *bio, const char *ptr, int n)
{
	struct cg_conn *conn = BIO_get_data(bio);
	ssize_t sent;

	BIO_clear_retry_flags(bio);
	if (!conn->writable) {
		BIO_set_retry_write(bio);
		return -1;
	}
	sent = cg_conn_send(conn, ptr, (size_t)n);
	if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		BIO_set_retry_write(bio);
	else if (sent < 0)
		cg_conn_set_error(conn, strerror(errno));
	return (int)sent;
}

static long conn_tls_bio_ctrl(BIO *bio, int command, long number, void *ptr)
{
	(void)bio;
	(void)number;
	(void)ptr;
	return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *conn_tls_method;

static void conn_tls_make_method(void)
{
	conn_tls_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "cpigate conn");
	cg_assert(conn_tls_method != NULL);
	BIO_meth_set_read(conn_tls_method, conn_tls_bio_read);
	BIO_meth_set_write(conn_tls_method, conn_tls_bio_write);
	BIO_meth_set_ctrl(conn_tls_method, conn_tls_bio_ctrl);
}

void cg_conn_tls_attach(struct cg_conn *conn, SSL *ssl)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	BIO *bio;

	(void)pthread_once(&once, conn_tls_make_method);
	bio = BIO_new(conn_tls_method);
	cg_assert(bio != NULL);
	BIO_set_data(bio, conn);
	BIO_set_init(bio, 1);
	SSL_set_bio(ssl, bio, bio);
	conn->ssl = ssl;
}

/* What an SSL call that did not succeed means. */
static enum cg_conn_io conn_tls_outcome(struct cg_conn *conn, int result)
{
	char text[256];

	switch (SSL_get_error(conn->ssl, result)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return CG_CONN_AGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return CG_CONN_EOF;
	case SSL_ERROR_SYSCALL:
		cg_conn_set_error(conn, "connection closed");
		return CG_CONN_FAILED;
	default:
		cg_tls_error_text(conn->ssl, text, sizeof(text));
		cg_conn_set_error(conn, text);
		return CG_CONN_FAILED;
	}
}

static enum cg_conn_io conn_tls_handshake(struct cg_conn *conn)
{
	int result;

	ERR_clear_error();
	result = SSL_do_handshake(conn->ssl);
	return result == 1 ? CG_CONN_MOVED : conn_tls_outcome(conn, result);
}

static size_t conn_tls_read(struct cg_conn *conn, char *ptr, size_t n, enum cg_conn_io *io)
{
	size_t got;
	int result;

	ERR_clear_error();
	result = SSL_read_ex(conn->ssl, ptr, n, &got);
	if (result == 1)
		return got;
	*io = conn_tls_outcome(conn, result);
	return 0;
}

static size_t conn_tls_write(struct cg_conn *conn, const char *ptr, size_t n, enum cg_conn_io *io)
{
	size_t sent;
	int result;

	ERR_clear_error();
	result = SSL_write_ex(conn->ssl, ptr, n, &sent);
	if (result == 1)
		return sent;
	*io = conn_tls_outcome(conn, result);
	if (*io == CG_CONN_EOF)
		*io = CG_CONN_FAILED;
	return 0;
}

/* SSL_pending does not count what read_ahead took in. */
static bool conn_tls_has_held(const struct cg_conn *conn)
{
	return SSL_has_pending(conn->ssl) == 1;
}

static void conn_tls_shutdown(struct cg_conn *conn)
{
	ERR_clear_error();
	if (SSL_is_init_finished(conn->ssl))
		(void)SSL_shutdown(conn->ssl);
	ERR_clear_error();
}

const struct cg_conn_ops cg_conn_tls_ops = {
        .handshake = conn_tls_handshake,
        .read = conn_tls_read,
        .write = conn_tls_write,
        .has_held = conn_tls_has_held,
        .shutdown = conn_tls_shutdown,
};
