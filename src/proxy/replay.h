/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of a request's body that has left already, kept so that it can be sent once more: up to
 * the pool's retry_buffer, in the worker's buffers. On the worker's thread. */
#ifndef CG_PROXY_REPLAY_H
#define CG_PROXY_REPLAY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slab.h"
#include "base/str.h"

struct cg_replay_part;

struct cg_replay {
	struct cg_slab *bufs; /* CG_CONN_BUF_SIZE each */
	struct cg_replay_part *first;
	struct cg_replay_part *last;
	size_t len;
	size_t max;
	bool is_lost; /* it was more than MAX: nothing is kept */
};

/* An empty one; all that is kept comes from BUFS. */
void cg_replay_init(struct cg_replay *replay, struct cg_slab *bufs, size_t max);
/* Give the buffers back. */
void cg_replay_fini(struct cg_replay *replay);
/* Keep a copy of PIECE; over MAX everything is given up. */
void cg_replay_add(struct cg_replay *replay, struct cg_str piece);

/* Reads from the start: *AT is NULL first; false at the end. */
bool cg_replay_next(const struct cg_replay *replay, const struct cg_replay_part **at,
                    struct cg_str *piece);

#endif
