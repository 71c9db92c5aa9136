/* SPDX-License-Identifier: BSD-2-Clause */
/* A ring of events; each owns its texts. Who adds an event decides what it says. */
#include "state/journal.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

struct cg_journal {
	struct cg_event events[CG_JOURNAL_SIZE];
	size_t next; /* where the next one goes */
	size_t n;
};

static void journal_event_fini(struct cg_event *event)
{
	free(event->tenant);
	free(event->pool);
	free(event->from);
	free(event->to);
	free(event->reason);
	free(event->note);
}

const char *cg_event_kind_name(enum cg_event_kind kind)
{
	static const char *const names[] = {
#define X(id, name) name,
	        CG_EVENT_KINDS(X)
#undef X
	};

	cg_assert((size_t)kind < CG_ARRAY_LEN(names));
	return names[kind];
}

struct cg_journal *cg_journal_new(void)
{
	return cg_mem_alloc(sizeof(struct cg_journal));
}

void cg_journal_free(struct cg_journal *journal)
{
	if (journal == NULL)
		return;
	for (size_t i = 0; i < CG_JOURNAL_SIZE; i++)
		journal_event_fini(&journal->events[i]);
	free(journal);
}

void cg_journal_add(struct cg_journal *journal, const struct cg_event *event)
{
	struct cg_event *slot = &journal->events[journal->next];

	journal_event_fini(slot);
	*slot = (struct cg_event){
	        .wall_ms = event->wall_ms != 0 ? event->wall_ms : cg_clock_wall_ms(),
	        .kind = event->kind,
	        .tenant = cg_mem_strdup(event->tenant),
	        .pool = cg_mem_strdup(event->pool),
	        .from = cg_mem_strdup(event->from),
	        .to = cg_mem_strdup(event->to),
	        .reason = cg_mem_strdup(event->reason),
	        .note = cg_mem_strdup(event->note),
	        .lasted_ms = event->lasted_ms,
	};
	journal->next = (journal->next + 1) % CG_JOURNAL_SIZE;
	journal->n = CG_MIN(journal->n + 1, (size_t)CG_JOURNAL_SIZE);
}

size_t cg_journal_count(const struct cg_journal *journal)
{
	return journal->n;
}

const struct cg_event *cg_journal_at(const struct cg_journal *journal, size_t index)
{
	cg_assert(index < journal->n);
	return &journal->events[(journal->next + CG_JOURNAL_SIZE - 1 - index) % CG_JOURNAL_SIZE];
}
