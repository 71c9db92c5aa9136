/* SPDX-License-Identifier: BSD-2-Clause */
/* One answer on its way out: its head, framing and body, and what the faults do to them. */
#ifndef CG_SIM_SIM_REPLY_H
#define CG_SIM_SIM_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/defs.h"
#include "base/rand.h"
#include "sim/sim_answer.h"

struct evbuffer;

struct cg_sim_reply {
	struct cg_sim_fault fault;
	struct cg_sim_answer answer;
	uint64_t sent; /* bytes of the body */
	bool is_head;  /* to a HEAD request: without body */
	bool is_chunked;
	bool is_cut; /* by truncate: not all was sent */
	bool closes; /* the connection ends after it */
};

/* Decide the answer to REQUEST, with the faults that apply to it taken from FAULT. */
void cg_sim_reply_init(struct cg_sim_reply *reply, const struct cg_sim_identity *identity,
                       const struct cg_sim_request *request, struct cg_sim_fault *fault);
/* The head, and the body if that is a text. REQUEST's body must not have been read if the answer is
 * an echo. */
void cg_sim_reply_write_head(struct cg_sim_reply *reply, const struct cg_sim_request *request,
                             struct evbuffer *out, struct cg_rand *rand);
/* A piece of the body, less what truncate keeps back. */
void cg_sim_reply_write_body(struct cg_sim_reply *reply, struct evbuffer *out, const char *data,
                             size_t len);
/* The next piece of a pattern; false if there is none. */
CG_MUST_USE bool cg_sim_reply_write_pattern(struct cg_sim_reply *reply, struct evbuffer *out);
void cg_sim_reply_write_end(struct cg_sim_reply *reply, struct evbuffer *out);

#endif
