/* SPDX-License-Identifier: BSD-2-Clause */
/* One JSON line for each request that the simulated tenant received, so that tests can assert on
 * it. It has every field, credentials too: it is for simulated ones. */
#ifndef CG_SIM_SIM_LOG_H
#define CG_SIM_SIM_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/sim_request.h"

struct cg_sim_log_entry {
	const struct cg_sim_request *request;
	uint64_t connection; /* counted from 1 */
	uint64_t number;     /* of the request on its connection, from 1 */
	unsigned status;     /* of the answer; 0: none */
	uint64_t body_bytes;
	const char *body_sha256; /* lower-case hex */
	bool is_complete;        /* the body arrived whole */
};

/* Write and flush. */
void cg_sim_log_write(FILE *file, const struct cg_sim_log_entry *entry);

#endif
