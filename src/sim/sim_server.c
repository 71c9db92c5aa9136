/* SPDX-License-Identifier: BSD-2-Clause */
/* Opens and closes the tenant and its listening socket; what happens on a connection is sim_conn's.
 */
#include "sim/sim_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/listener.h>
#include <event2/util.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/mem.h"
#include "sim/sim_conn.h"

static void server_on_accept(struct evconnlistener *listener, evutil_socket_t fd,
                             struct sockaddr *peer, int peer_len, void *arg)
{
	const int on = 1;

	(void)listener;
	(void)peer;
	(void)peer_len;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	cg_sim_conn_open(arg, fd);
}

static void server_on_accept_error(struct evconnlistener *listener, void *arg)
{
	(void)listener;
	(void)arg;
	fprintf(stderr, "cpigate-sim: accept: %s\n", strerror(errno));
}

static int server_listen(struct cg_sim_server *server, struct cg_error *err)
{
	char text[CG_ADDR_TEXT_SIZE];
	struct cg_addr bound;
	socklen_t len = sizeof(bound);

	server->listener = evconnlistener_new_bind(
	        server->base, server_on_accept, server, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE,
	        1024, &server->address.sa, (int)cg_addr_len(&server->address));
	if (server->listener == NULL) {
		cg_addr_format(&server->address, text);
		return cg_error_set(err, "%s: %s", text, strerror(errno));
	}
	evconnlistener_set_error_cb(server->listener, server_on_accept_error);
	/* A port of 0 becomes the one that the kernel chose, so that it is the same after "refuse".
	 */
	if (getsockname(evconnlistener_get_fd(server->listener), &bound.sa, &len) == 0)
		server->address = bound;
	return 0;
}

static void server_refuse(struct cg_sim_server *server)
{
	evconnlistener_free(server->listener);
	server->listener = NULL;
	CG_LIST_FOREACH(node, following, &server->conns)
	cg_sim_conn_close_idle(node);
}

static int server_open_tls(struct cg_sim_server *server, const struct cg_sim_config *config,
                           struct cg_error *err)
{
	if (config->certificate == NULL)
		return 0;
	server->tls = SSL_CTX_new(TLS_server_method());
	if (server->tls == NULL)
		return cg_error_set(err, "TLS: %s", ERR_reason_error_string(ERR_get_error()));
	if (SSL_CTX_use_certificate_chain_file(server->tls, config->certificate) != 1)
		return cg_error_set(err, "%s: %s", config->certificate,
		                    ERR_reason_error_string(ERR_get_error()));
	if (SSL_CTX_use_PrivateKey_file(server->tls, config->private_key, SSL_FILETYPE_PEM) != 1)
		return cg_error_set(err, "%s: %s", config->private_key,
		                    ERR_reason_error_string(ERR_get_error()));
	return 0;
}

/* What Authorization must say: "Basic " and the Base64 of "user:password" (RFC 7617). */
static char *server_credentials(const char *user, const char *password)
{
	static const char scheme[] = "Basic ";
	char *plain = cg_str_printf("%s:%s", user, password);
	size_t len = strlen(plain);
	char *out = cg_mem_alloc(sizeof(scheme) + 4 * (len / 3 + 1));

	memcpy(out, scheme, sizeof(scheme));
	EVP_EncodeBlock((unsigned char *)out + sizeof(scheme) - 1, (unsigned char *)plain,
	                (int)len);
	cg_mem_free_secret(plain);
	return out;
}

int cg_sim_server_open(struct cg_sim_server *server, struct event_base *base,
                       const struct cg_sim_config *config, struct cg_error *err)
{
	*server = (struct cg_sim_server){.base = base, .address = config->listen};
	cg_list_init(&server->conns);
	cg_rand_init(&server->rand, 0);
	server->credentials = server_credentials(config->user, config->password);
	server->identity.region = config->region;
	server->identity.credentials = server->credentials;
	if (server_open_tls(server, config, err) != 0)
		return -1;
	return server_listen(server, err);
}

int cg_sim_server_set_fault(struct cg_sim_server *server, const struct cg_sim_fault *fault,
                            struct cg_error *err)
{
	bool is_refused = fault->is_on[CG_SIM_FAULT_REFUSE];

	if (!is_refused && server->listener == NULL && server_listen(server, err) != 0)
		return -1;
	server->fault = *fault;
	if (is_refused && server->listener != NULL)
		server_refuse(server);
	return 0;
}

void cg_sim_server_show_stats(const struct cg_sim_server *server, struct cg_buf *out)
{
	static const char *const names[] = {
#define X(name) #name,
	        CG_SIM_METHODS(X)
#undef X
	                "other"};
	const struct cg_sim_stats *stats = &server->stats;

	cg_buf_appendf(out,
	               "{\"connections\":%" PRIu64 ",\"connections_open\":%" PRIu64
	               ",\"requests\":%" PRIu64 ",\"requests_bad\":%" PRIu64
	               ",\"bodies_complete\":%" PRIu64 ",\"methods\":{",
	               stats->connections, stats->connections_open, stats->requests,
	               stats->requests_bad, stats->bodies_complete);
	for (size_t i = 0; i < CG_SIM_METHOD_N; i++)
		cg_buf_appendf(out, "%s\"%s\":%" PRIu64, i > 0 ? "," : "", names[i],
		               stats->methods[i]);
	cg_buf_appendf(out, "}}\n");
}

void cg_sim_server_close(struct cg_sim_server *server)
{
	CG_LIST_FOREACH(node, following, &server->conns)
	cg_sim_conn_close(node);
	if (server->listener != NULL)
		evconnlistener_free(server->listener);
	server->listener = NULL;
	SSL_CTX_free(server->tls);
	server->tls = NULL;
	cg_mem_free_secret(server->credentials);
	server->credentials = NULL;
}
