/* SPDX-License-Identifier: BSD-2-Clause */
/* Which answer the simulated tenant gives to a request: a pure decision from head and faults. */
#ifndef CG_SIM_SIM_ANSWER_H
#define CG_SIM_SIM_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/sim_fault.h"
#include "sim/sim_request.h"

enum cg_sim_content {
	CG_SIM_CONTENT_TEXT,     /* the text below */
	CG_SIM_CONTENT_RECEIVED, /* length and digest of the request's body */
	CG_SIM_CONTENT_ECHO,     /* the request's body */
	CG_SIM_CONTENT_PATTERN   /* pattern_len bytes made up by offset */
};

/* What happens once the request is read. */
enum cg_sim_ending {
	CG_SIM_ENDING_ANSWER,
	CG_SIM_ENDING_HANG,
	CG_SIM_ENDING_CLOSE,
	CG_SIM_ENDING_RESET
};

struct cg_sim_answer {
	unsigned status;
	enum cg_sim_content content;
	enum cg_sim_ending ending;
	char text[256];
	uint64_t pattern_len;
	bool is_chunked;          /* asked for; an echo of a chunked body is chunked too */
	bool is_from_iflow;       /* an iFlow ran: the answer carries a message id */
	const char *router_error; /* or NULL */
};

struct cg_sim_identity {
	const char *region;
	const char *credentials; /* what Authorization must be: "Basic ..." */
};

struct cg_sim_answer cg_sim_answer_decide(const struct cg_sim_identity *identity,
                                          const struct cg_sim_request *request,
                                          const struct cg_sim_fault *fault);
const char *cg_sim_answer_phrase(unsigned status);
/* The byte of a download at OFFSET. */
char cg_sim_answer_pattern(uint64_t offset);

#endif
