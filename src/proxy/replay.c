/* SPDX-License-Identifier: BSD-2-Clause */
/* A chain of pooled buffers; each begins with its own head. */
#include "proxy/replay.h"

#include <string.h>

#include "net/conn.h"

struct cg_replay_part {
	struct cg_replay_part *next;
	size_t len;
	char data[];
};

enum { REPLAY_PART_MAX = CG_CONN_BUF_SIZE - sizeof(struct cg_replay_part) };

void cg_replay_init(struct cg_replay *replay, struct cg_slab *bufs, size_t max)
{
	*replay = (struct cg_replay){.bufs = bufs, .max = max};
}

void cg_replay_fini(struct cg_replay *replay)
{
	while (replay->first != NULL) {
		struct cg_replay_part *part = replay->first;

		replay->first = part->next;
		cg_slab_put(replay->bufs, part);
	}
	replay->last = NULL;
	replay->len = 0;
}

static struct cg_replay_part *replay_part(struct cg_replay *replay)
{
	struct cg_replay_part *part = replay->last;

	if (part != NULL && part->len < REPLAY_PART_MAX)
		return part;
	part = cg_slab_take(replay->bufs);
	part->next = NULL;
	part->len = 0;
	if (replay->last == NULL)
		replay->first = part;
	else
		replay->last->next = part;
	replay->last = part;
	return part;
}

void cg_replay_add(struct cg_replay *replay, struct cg_str piece)
{
	if (replay->is_lost)
		return;
	if (replay->len + piece.len > replay->max) {
		cg_replay_fini(replay);
		replay->is_lost = true;
		return;
	}
	while (piece.len > 0) {
		struct cg_replay_part *part = replay_part(replay);
		size_t n = CG_MIN(piece.len, REPLAY_PART_MAX - part->len);

		memcpy(part->data + part->len, piece.ptr, n);
		part->len += n;
		replay->len += n;
		piece.ptr += n;
		piece.len -= n;
	}
}

bool cg_replay_next(const struct cg_replay *replay, const struct cg_replay_part **at,
                    struct cg_str *piece)
{
	const struct cg_replay_part *part = *at == NULL ? replay->first : (*at)->next;

	if (part == NULL)
		return false;
	*at = part;
	*piece = (struct cg_str){.ptr = part->data, .len = part->len};
	return true;
}
