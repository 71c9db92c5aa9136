/* SPDX-License-Identifier: BSD-2-Clause */
/* One simulated tenant: its listening socket, its TLS context, its connections and what they share.
 */
#ifndef CG_SIM_SIM_SERVER_H
#define CG_SIM_SIM_SERVER_H

#include <stdint.h>
#include <stdio.h>

#include <openssl/ssl.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"
#include "base/rand.h"
#include "sim/sim_answer.h"
#include "sim/sim_fault.h"

struct event_base;
struct evconnlistener;

/* The methods that are counted apart. */
#define CG_SIM_METHODS(X)                                                                          \
	X(GET)                                                                                     \
	X(HEAD)                                                                                    \
	X(POST)                                                                                    \
	X(PUT)                                                                                     \
	X(PATCH)                                                                                   \
	X(DELETE)                                                                                  \
	X(OPTIONS)

enum {
#define X(name) CG_SIM_METHOD_##name,
	CG_SIM_METHODS(X)
#undef X
	        CG_SIM_METHOD_OTHER,
	CG_SIM_METHOD_N
};

struct cg_sim_stats {
	uint64_t connections;
	uint64_t connections_open;
	uint64_t requests;
	uint64_t requests_bad; /* malformed ones, answered by 400 */
	uint64_t bodies_complete;
	uint64_t methods[CG_SIM_METHOD_N];
};

struct cg_sim_config {
	struct cg_addr listen;
	const char *certificate; /* NULL: plain HTTP */
	const char *private_key;
	const char *region;
	const char *user;
	const char *password;
};

struct cg_sim_server {
	struct event_base *base;
	SSL_CTX *tls;                    /* NULL: plain HTTP */
	struct evconnlistener *listener; /* NULL while connections are refused */
	struct cg_addr address;
	struct cg_sim_identity identity;
	char *credentials;
	FILE *log; /* borrowed; NULL: none */
	struct cg_rand rand;
	struct cg_list conns;
	struct cg_sim_fault fault;
	struct cg_sim_stats stats;
};

/* Listen. CONFIG's texts must outlive the server. */
CG_MUST_USE int cg_sim_server_open(struct cg_sim_server *server, struct event_base *base,
                                   const struct cg_sim_config *config, struct cg_error *err);
/* Put FAULT in force; "refuse" acts here and now. Nothing has changed on failure (the port is taken
 * meanwhile). */
CG_MUST_USE int cg_sim_server_set_fault(struct cg_sim_server *server,
                                        const struct cg_sim_fault *fault, struct cg_error *err);
/* Append the counts as a JSON object. */
void cg_sim_server_show_stats(const struct cg_sim_server *server, struct cg_buf *out);
/* Close everything; also after a failed open. */
void cg_sim_server_close(struct cg_sim_server *server);

#endif
