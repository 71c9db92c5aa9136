/* SPDX-License-Identifier: BSD-2-Clause */
/* A ring of events; each owns its texts. Who adds an event decides what it says. */
#include "state/journal.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

struct cg_journal {
	struct cg_event events[CG_JOURNAL_SIZE];
	size_t next; /* where the next one goes */
	size_t n;
	void (*sink)(void *owner, const struct cg_event *event); /* NULL: nobody */
	void *sink_owner;
};

void cg_event_fini(struct cg_event *event)
{
	free(event->tenant);
	free(event->pool);
	free(event->from);
	free(event->to);
	free(event->reason);
	free(event->note);
}

struct cg_event cg_event_copy(const struct cg_event *event)
{
	return (struct cg_event){
	        .wall_ms = event->wall_ms,
	        .kind = event->kind,
	        .tenant = cg_mem_strdup(event->tenant),
	        .pool = cg_mem_strdup(event->pool),
	        .from = cg_mem_strdup(event->from),
	        .to = cg_mem_strdup(event->to),
	        .reason = cg_mem_strdup(event->reason),
	        .note = cg_mem_strdup(event->note),
	        .lasted_ms = event->lasted_ms,
	};
}

static const char *const journal_kind_names[] = {
#define X(id, name) name,
        CG_EVENT_KINDS(X)
#undef X
};

const char *cg_event_kind_name(enum cg_event_kind kind)
{
	cg_assert((size_t)kind < CG_ARRAY_LEN(journal_kind_names));
	return journal_kind_names[kind];
}

bool cg_event_kind_find(const char *name, enum cg_event_kind *kind)
{
	for (size_t i = 0; i < CG_ARRAY_LEN(journal_kind_names); i++)
		if (strcmp(journal_kind_names[i], name) == 0) {
			*kind = (enum cg_event_kind)i;
			return true;
		}
	return false;
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
		cg_event_fini(&journal->events[i]);
	free(journal);
}

static struct cg_event *journal_put(struct cg_journal *journal, const struct cg_event *event)
{
	struct cg_event *slot = &journal->events[journal->next];

	cg_event_fini(slot);
	*slot = cg_event_copy(event);
	journal->next = (journal->next + 1) % CG_JOURNAL_SIZE;
	journal->n = CG_MIN(journal->n + 1, (size_t)CG_JOURNAL_SIZE);
	return slot;
}

void cg_journal_add(struct cg_journal *journal, const struct cg_event *event)
{
	struct cg_event *slot = journal_put(journal, event);

	if (slot->wall_ms == 0)
		slot->wall_ms = cg_clock_wall_ms();
	if (journal->sink != NULL)
		journal->sink(journal->sink_owner, slot);
}

void cg_journal_load(struct cg_journal *journal, const struct cg_event *event)
{
	(void)journal_put(journal, event);
}

void cg_journal_set_sink(struct cg_journal *journal,
                         void (*fn)(void *owner, const struct cg_event *event), void *owner)
{
	journal->sink = fn;
	journal->sink_owner = owner;
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
