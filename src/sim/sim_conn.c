/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection as a state machine over a bufferevent. Callbacks only note what happened and call
 * conn_run, which steps until it has to wait. */
#include "sim/sim_conn.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/util.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/mem.h"
#include "sim/sim_log.h"
#include "sim/sim_reply.h"
#include "sim/sim_server.h"

enum {
	CONN_PIECE = 16 * 1024,
	CONN_IN_HIGH = 64 * 1024,
	CONN_OUT_HIGH = 64 * 1024,
	CONN_OUT_LOW = 16 * 1024,
	CONN_LINGER_MS = 1000,
	CONN_SHA256_HEX = 64 + 1
};

#define TO(id) (1u << CONN_##id)
#define CONN_STATES(X)                                                                             \
	/* For a request's head, or idle; the end of the head or of the stream ends it. */         \
	X(HEAD, TO(BODY) | TO(DELAY) | TO(CLOSE))                                                  \
	/* For the request's body; an echo is answered meanwhile. */                               \
	X(BODY, TO(DELAY) | TO(ANSWER) | TO(HANG) | TO(CLOSE))                                     \
	/* For the timer of delay_ms, before the answer's first byte. */                           \
	X(DELAY, TO(ANSWER) | TO(BODY) | TO(CLOSE))                                                \
	/* For room to write the answer's body. */                                                 \
	X(ANSWER, TO(HEAD) | TO(CLOSE))                                                            \
	/* For the client to give up. */                                                           \
	X(HANG, TO(CLOSE))                                                                         \
	/* For the output to leave. */                                                             \
	X(CLOSE, TO(LINGER))                                                                       \
	/* For the client's end, so that unread input does not reset what it still reads. */       \
	X(LINGER, 0)                                                                               \
	/* To be freed when the turn ends; may be entered from everywhere. */                      \
	X(GONE, 0)

enum conn_state {
#define X(id, to) CONN_##id,
	CONN_STATES(X)
#undef X
};

struct conn {
	struct cg_list node;
	struct cg_sim_server *server;
	struct bufferevent *bev;
	SSL *ssl; /* owned by bev; NULL if plain */
	struct evbuffer *in;
	struct event *timer;
	EVP_MD_CTX *digest;
	uint64_t id;
	uint64_t requests_n;
	enum conn_state state;
	bool is_eof;     /* nothing more will come */
	bool has_unread; /* the request is answered without having been read */
	/* of the request in progress */
	struct cg_sim_request request;
	struct cg_sim_reply reply;
	uint64_t received;
};

static void conn_enter(struct conn *c, enum conn_state state)
{
	static const unsigned allowed[] = {
#define X(id, to) to,
	        CONN_STATES(X)
#undef X
	};

	cg_assert(state == CONN_GONE || (allowed[c->state] & 1u << state) != 0);
	c->state = state;
}

static void conn_arm(struct conn *c, uint64_t ms)
{
	struct timeval after = {.tv_sec = (time_t)(ms / 1000),
	                        .tv_usec = (suseconds_t)(ms % 1000 * 1000)};

	evtimer_add(c->timer, &after);
}

static struct evbuffer *conn_out(const struct conn *c)
{
	return bufferevent_get_output(c->bev);
}

static bool conn_has_room(const struct conn *c)
{
	return evbuffer_get_length(conn_out(c)) < CONN_OUT_HIGH;
}

/* RST instead of a clean end, for TLS too. */
static void conn_reset(struct conn *c)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};

	if (c->ssl != NULL)
		SSL_set_quiet_shutdown(c->ssl, 1);
	setsockopt(bufferevent_getfd(c->bev), SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	conn_enter(c, CONN_GONE);
}

static void conn_log(struct conn *c, bool is_complete)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char hex[CONN_SHA256_HEX];
	unsigned len = 0;

	c->server->stats.bodies_complete += is_complete;
	EVP_DigestFinal_ex(c->digest, digest, &len);
	for (unsigned i = 0; i < len && 2 * i + 2 < sizeof(hex); i++)
		snprintf(hex + (size_t)2 * i, 3, "%02x", digest[i]);
	if (c->reply.answer.content == CG_SIM_CONTENT_RECEIVED)
		snprintf(c->reply.answer.text, sizeof(c->reply.answer.text),
		         "%.100s received %" PRIu64 " bytes sha256 %s\n",
		         c->server->identity.region, c->received, hex);
	if (c->server->log != NULL)
		cg_sim_log_write(c->server->log,
		                 &(struct cg_sim_log_entry){
		                         .request = &c->request,
		                         .connection = c->id,
		                         .number = c->requests_n,
		                         .status = c->reply.answer.ending == CG_SIM_ENDING_ANSWER
		                                           ? c->reply.answer.status
		                                           : 0,
		                         .body_bytes = c->received,
		                         .body_sha256 = hex,
		                         .is_complete = is_complete,
		                 });
}

static void conn_count_request(struct conn *c)
{
	static const char *const names[] = {
#define X(name) #name,
	        CG_SIM_METHODS(X)
#undef X
	};
	size_t method = 0;

	while (method < CG_ARRAY_LEN(names) &&
	       !cg_str_eq(c->request.method, cg_str_from(names[method])))
		method++;
	c->server->stats.methods[method]++;
	c->server->stats.requests++;
	c->requests_n++;
}

/* The answer's head, and its body if that is a text; an echo then reads on, a pattern fills the
 * output. */
static void conn_begin_answer(struct conn *c)
{
	bool is_echo = c->reply.answer.content == CG_SIM_CONTENT_ECHO;

	cg_sim_reply_write_head(&c->reply, &c->request, conn_out(c), &c->server->rand);
	conn_enter(c, is_echo ? CONN_BODY : CONN_ANSWER);
}

static void conn_delay(struct conn *c)
{
	conn_enter(c, CONN_DELAY);
	if (c->reply.fault.is_on[CG_SIM_FAULT_DELAY_MS])
		conn_arm(c, c->reply.fault.value[CG_SIM_FAULT_DELAY_MS]);
	else
		conn_begin_answer(c);
}

static void conn_end_answer(struct conn *c)
{
	bool closes = c->reply.closes || c->reply.is_cut || c->server->listener == NULL;

	cg_sim_reply_write_end(&c->reply, conn_out(c));
	conn_enter(c, closes ? CONN_CLOSE : CONN_HEAD);
	cg_sim_request_fini(&c->request);
}

static bool conn_step_answer(struct conn *c)
{
	if (!conn_has_room(c))
		return false;
	if (!cg_sim_reply_write_pattern(&c->reply, conn_out(c)))
		conn_end_answer(c);
	return true;
}

static void conn_refuse(struct conn *c)
{
	evbuffer_add_printf(conn_out(c), "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n"
	                                 "Connection: close\r\n\r\n");
	c->has_unread = true;
	c->server->stats.requests_bad++;
	conn_enter(c, CONN_CLOSE);
	cg_sim_request_fini(&c->request);
}

static void conn_begin_request(struct conn *c)
{
	c->received = 0;
	EVP_DigestInit_ex(c->digest, EVP_sha256(), NULL);
	conn_count_request(c);
	cg_sim_reply_init(&c->reply, &c->server->identity, &c->request, &c->server->fault);
	/* An error that is known beforehand saves the client its body (RFC 9110 section 10.1.1). */
	if (c->request.expects_continue && c->reply.answer.status >= 400 &&
	    c->reply.answer.ending == CG_SIM_ENDING_ANSWER) {
		c->reply.closes = c->has_unread = true;
		conn_log(c, false);
		conn_delay(c);
		return;
	}
	if (c->request.expects_continue)
		evbuffer_add_printf(conn_out(c), "HTTP/1.1 100 Continue\r\n\r\n");
	if (c->reply.answer.content == CG_SIM_CONTENT_ECHO)
		conn_delay(c);
	else
		conn_enter(c, CONN_BODY);
}

static bool conn_step_head(struct conn *c)
{
	switch (cg_sim_request_read_head(&c->request, c->in)) {
	case CG_SIM_READ_DONE:
		conn_begin_request(c);
		return true;
	case CG_SIM_READ_BAD:
		conn_refuse(c);
		return true;
	case CG_SIM_READ_DATA:
	case CG_SIM_READ_MORE:
		break;
	}
	return false;
}

static void conn_end_body(struct conn *c)
{
	conn_log(c, true);
	switch (c->reply.answer.ending) {
	case CG_SIM_ENDING_HANG:
		conn_enter(c, CONN_HANG);
		break;
	case CG_SIM_ENDING_CLOSE:
		conn_enter(c, CONN_CLOSE);
		break;
	case CG_SIM_ENDING_RESET:
		conn_reset(c);
		break;
	case CG_SIM_ENDING_ANSWER:
		if (c->reply.answer.content == CG_SIM_CONTENT_ECHO)
			conn_enter(c, CONN_ANSWER);
		else
			conn_delay(c);
		break;
	}
}

static bool conn_step_body(struct conn *c)
{
	char piece[CONN_PIECE];
	size_t len = 0;

	/* The end of a body needs no room: its log line shall not wait for the client. */
	if (!conn_has_room(c) && (c->request.is_chunked || c->request.left > 0))
		return false;
	switch (cg_sim_request_read_body(&c->request, c->in, piece, sizeof(piece), &len)) {
	case CG_SIM_READ_MORE:
		return false;
	case CG_SIM_READ_DATA:
		c->received += len;
		EVP_DigestUpdate(c->digest, piece, len);
		if (c->reply.answer.content == CG_SIM_CONTENT_ECHO)
			cg_sim_reply_write_body(&c->reply, conn_out(c), piece, len);
		return true;
	case CG_SIM_READ_DONE:
		conn_end_body(c);
		return true;
	case CG_SIM_READ_BAD:
		conn_log(c, false);
		if (c->reply.answer.content == CG_SIM_CONTENT_ECHO)
			conn_reset(c);
		else
			conn_refuse(c);
		return true;
	}
	return false;
}

static bool conn_step_close(struct conn *c)
{
	if (evbuffer_get_length(conn_out(c)) > 0)
		return false;
	if (!c->has_unread || c->is_eof) {
		conn_enter(c, CONN_GONE);
		return true;
	}
	if (c->ssl != NULL)
		SSL_shutdown(c->ssl);
	shutdown(bufferevent_getfd(c->bev), SHUT_WR);
	conn_arm(c, CONN_LINGER_MS);
	conn_enter(c, CONN_LINGER);
	return true;
}

static bool conn_drain(struct conn *c)
{
	size_t len = evbuffer_get_length(c->in);

	evbuffer_drain(c->in, len);
	return len > 0;
}

/* One step; false if there is nothing to do before the next event. */
static bool conn_step(struct conn *c)
{
	switch (c->state) {
	case CONN_HEAD:
		return conn_step_head(c);
	case CONN_BODY:
		return conn_step_body(c);
	case CONN_ANSWER:
		return conn_step_answer(c);
	case CONN_HANG:
	case CONN_LINGER:
		return conn_drain(c);
	case CONN_CLOSE:
		return conn_step_close(c);
	case CONN_DELAY:
	case CONN_GONE:
		break;
	}
	return false;
}

/* Take what has arrived. A read high-water mark makes libevent stop in the middle of a TLS record,
 * whose rest raises no event any more: it is fetched from OpenSSL here. */
static void conn_refill(struct conn *c)
{
	char piece[CONN_PIECE];
	int got;

	/* With reading on, libevent calls again and again about input that is left at its mark. */
	if (evbuffer_get_length(c->in) >= CONN_IN_HIGH) {
		bufferevent_disable(c->bev, EV_READ);
		return;
	}
	if (!c->is_eof)
		bufferevent_enable(c->bev, EV_READ);
	evbuffer_add_buffer(c->in, bufferevent_get_input(c->bev));
	if (c->ssl == NULL || SSL_pending(c->ssl) <= 0)
		return;
	ERR_clear_error();
	got = SSL_read(c->ssl, piece, sizeof(piece));
	if (got > 0)
		evbuffer_add(c->in, piece, (size_t)got);
}

/* The client has ended its stream and what came before is used up. */
static void conn_on_end(struct conn *c)
{
	switch (c->state) {
	case CONN_BODY:
		if (!conn_has_room(c))
			return;
		conn_log(c, false);
		c->has_unread = false;
		conn_enter(c, CONN_CLOSE);
		break;
	case CONN_HEAD:
	case CONN_HANG:
		conn_enter(c, CONN_CLOSE);
		break;
	case CONN_LINGER:
		conn_enter(c, CONN_GONE);
		break;
	case CONN_DELAY:
	case CONN_ANSWER:
	case CONN_CLOSE:
	case CONN_GONE:
		break;
	}
}

static void conn_free(struct conn *c)
{
	c->server->stats.connections_open--;
	cg_list_remove(&c->node);
	bufferevent_free(c->bev);
	event_free(c->timer);
	evbuffer_free(c->in);
	EVP_MD_CTX_free(c->digest);
	cg_sim_request_fini(&c->request);
	free(c);
}

static void conn_advance(struct conn *c)
{
	while (c->state != CONN_GONE) {
		conn_refill(c);
		if (!conn_step(c))
			return;
	}
}

/* Every callback ends here, as C may be freed. */
static void conn_run(struct conn *c)
{
	conn_advance(c);
	if (c->is_eof) {
		conn_on_end(c);
		conn_advance(c);
	}
	if (c->state == CONN_GONE)
		conn_free(c);
}

static void conn_on_data(struct bufferevent *bev, void *arg)
{
	(void)bev;
	conn_run(arg);
}

static void conn_on_event(struct bufferevent *bev, short what, void *arg)
{
	struct conn *c = arg;

	/* An end while writing is a client that is gone, however cleanly TLS says so. */
	if ((what & BEV_EVENT_ERROR) != 0 || what == (BEV_EVENT_EOF | BEV_EVENT_WRITING)) {
		if (c->state == CONN_BODY)
			conn_log(c, false);
		conn_enter(c, CONN_GONE);
	} else if ((what & BEV_EVENT_EOF) != 0) {
		c->is_eof = true;
		/* With TLS libevent stops writing too; an answer under way shall end. */
		bufferevent_enable(bev, EV_WRITE);
	}
	conn_run(c);
}

static void conn_on_timeout(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	(void)what;
	if (c->state == CONN_DELAY)
		conn_begin_answer(c);
	else if (c->state == CONN_LINGER)
		conn_enter(c, CONN_GONE);
	conn_run(c);
}

static struct bufferevent *conn_wrap(struct conn *c, int fd)
{
	struct event_base *base = c->server->base;
	struct bufferevent *bev;

	if (c->server->tls == NULL)
		return bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	c->ssl = SSL_new(c->server->tls);
	bev = bufferevent_openssl_socket_new(base, fd, c->ssl, BUFFEREVENT_SSL_ACCEPTING,
	                                     BEV_OPT_CLOSE_ON_FREE);
	if (bev != NULL)
		bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	return bev;
}

void cg_sim_conn_open(struct cg_sim_server *server, int fd)
{
	struct conn *c = cg_mem_alloc(sizeof(*c));

	c->server = server;
	c->id = ++server->stats.connections;
	server->stats.connections_open++;
	cg_list_push_back(&server->conns, &c->node);
	c->bev = conn_wrap(c, fd);
	c->in = evbuffer_new();
	c->digest = EVP_MD_CTX_new();
	c->timer = evtimer_new(server->base, conn_on_timeout, c);
	cg_assert(c->bev != NULL && c->in != NULL && c->digest != NULL && c->timer != NULL);
	bufferevent_setcb(c->bev, conn_on_data, conn_on_data, conn_on_event, c);
	bufferevent_setwatermark(c->bev, EV_READ, 0, CONN_IN_HIGH);
	bufferevent_setwatermark(c->bev, EV_WRITE, CONN_OUT_LOW, 0);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

void cg_sim_conn_close(struct cg_list *node)
{
	conn_free(CG_LIST_ENTRY(node, struct conn, node));
}

void cg_sim_conn_close_idle(struct cg_list *node)
{
	struct conn *c = CG_LIST_ENTRY(node, struct conn, node);

	if (c->state != CONN_HEAD || evbuffer_get_length(c->in) > 0)
		return;
	if (evbuffer_get_length(conn_out(c)) == 0)
		conn_free(c);
	else
		conn_enter(c, CONN_CLOSE);
}
