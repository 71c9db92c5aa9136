/* SPDX-License-Identifier: BSD-2-Clause */
/* HTTP calls of the gateway's own (probes now) with libcurl's multi interface on a loop. On the
 * loop's thread. */
#ifndef CG_FETCH_FETCH_H
#define CG_FETCH_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/defs.h"
#include "base/str.h"
#include "net/loop.h"

struct cg_fetcher;
struct cg_fetch;

enum cg_fetch_kind {
	CG_FETCH_HTTP,
	CG_FETCH_TCP, /* connect only */
	CG_FETCH_TLS, /* handshake only */
};

/* How far a fetch came; with several addresses: at the last one tried. */
enum cg_fetch_phase {
	CG_FETCH_NAME,
	CG_FETCH_CONNECT,
	CG_FETCH_HANDSHAKE,
	CG_FETCH_WAIT,
	CG_FETCH_BODY,
	CG_FETCH_DONE
};

struct cg_fetch_request {
	enum cg_fetch_kind kind;
	const char *method;
	/* http:// or https://; its host is verified, sent as SNI and (unless a header says
	 * otherwise) as Host */
	const char *url;
	/* name sent and verified if it differs from the URL's host; NULL else */
	const char *sni;
	const char *host; /* sent as Host unless a header says otherwise; NULL: the URL's */
	const char *const *headers; /* "Name: value", HEADERS_N of them */
	size_t headers_n;
	/* Connect to these, with their ports, one after another until a connect and handshake
	 * succeed; never resolve (ADDRS_N > 0). */
	const struct cg_addr *addrs;
	size_t addrs_n;
	const char *ca_file; /* NULL: the system's */
	bool tls_verify;
	/* for all of it; an address takes at most half of what is left if others follow */
	int64_t timeout_ms;
	/* Bytes of the body to keep. With them (0: with the head) the fetch is done, more are not
	 * read. */
	size_t body_max;
};

struct cg_fetch_answer {
	enum cg_fetch_phase phase;
	int status;        /* 0: none */
	const char *error; /* in words; NULL: none */
	struct cg_str body;
	int64_t duration_ms;
};

/* ANSWER is lent for the call. */
typedef void (*cg_fetch_fn)(void *owner, const struct cg_fetch_answer *answer);

/* Once in a process, before threads are started, and at its end. SIGPIPE must be ignored by the
 * process. */
void cg_fetch_global_init(void);
void cg_fetch_global_fini(void);

CG_MUST_USE struct cg_fetcher *cg_fetcher_new(struct cg_loop *loop);
/* Fetches still running are dropped; nothing is called any more. */
void cg_fetcher_free(struct cg_fetcher *fetcher);

/* Start a call; REQUEST and what it points to are borrowed for this call. A fresh connection each
 * time, closed afterwards; no redirects, no proxy from the environment, no cookies, HTTP/1.1. The
 * callback comes later, never from inside this call; afterwards the fetch is gone. */
CG_MUST_USE struct cg_fetch *cg_fetch_start(struct cg_fetcher *fetcher,
                                            const struct cg_fetch_request *request,
                                            cg_fetch_fn on_end, void *owner);
/* Drop a running one; its callback is not called. */
void cg_fetch_cancel(struct cg_fetch *fetch);

#endif
