/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads HTTP/1 requests from an evbuffer: a head, then its body piece by piece. Strict, but only as
 * much HTTP as a simulator needs; the gateway's own reader is in http/ and shares nothing with this
 * one, so that a mistake in one does not hide itself in the other. */
#ifndef CG_SIM_SIM_REQUEST_H
#define CG_SIM_SIM_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/defs.h"
#include "base/str.h"

struct evbuffer;

enum { CG_SIM_REQUEST_FIELDS_MAX = 128, CG_SIM_REQUEST_HEAD_MAX = 48 * 1024 };

enum cg_sim_read {
	CG_SIM_READ_MORE, /* input is used up */
	CG_SIM_READ_DATA, /* a piece of the body */
	CG_SIM_READ_DONE, /* the head, or the body, is complete */
	CG_SIM_READ_BAD
};

/* Where a chunked body is. */
enum cg_sim_chunk {
	CG_SIM_CHUNK_SIZE,
	CG_SIM_CHUNK_DATA,
	CG_SIM_CHUNK_DATA_END,
	CG_SIM_CHUNK_TRAILER
};

struct cg_sim_field {
	struct cg_str name;
	struct cg_str value;
};

struct cg_sim_request {
	char *head; /* what the slices below point into */
	struct cg_str method;
	struct cg_str target;
	struct cg_str path; /* of the target */
	struct cg_str query;
	struct cg_sim_field fields[CG_SIM_REQUEST_FIELDS_MAX];
	size_t fields_n;
	bool is_http10;
	bool wants_close;
	bool expects_continue;
	bool is_chunked;
	enum cg_sim_chunk chunk;
	uint64_t left; /* of the body, or of the chunk */
};

/* An all-zero struct is an empty request. MORE, DONE or BAD. */
CG_MUST_USE enum cg_sim_read cg_sim_request_read_head(struct cg_sim_request *request,
                                                      struct evbuffer *in);
/* DATA: *N bytes, at most SIZE, are in OUT. After DONE the request's head is still there. */
CG_MUST_USE enum cg_sim_read cg_sim_request_read_body(struct cg_sim_request *request,
                                                      struct evbuffer *in, char *out, size_t size,
                                                      size_t *n);
/* The first field of that name; ptr NULL if absent. */
struct cg_str cg_sim_request_field(const struct cg_sim_request *request, struct cg_str name);
/* The value of a query parameter as it stands; ptr NULL if absent. */
struct cg_str cg_sim_request_param(const struct cg_sim_request *request, struct cg_str name);
/* Free and zero. */
void cg_sim_request_fini(struct cg_sim_request *request);

#endif
