/* SPDX-License-Identifier: BSD-2-Clause */
/* Intrusive doubly linked ring list; the head is a node too. */
#ifndef CG_BASE_LIST_H
#define CG_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/defs.h"

struct cg_list {
	struct cg_list *next;
	struct cg_list *prev;
};

static inline void cg_list_init(struct cg_list *list)
{
	list->next = list->prev = list;
}

static inline bool cg_list_is_empty(const struct cg_list *list)
{
	return list->next == list;
}

static inline void cg_list_insert_after(struct cg_list *at, struct cg_list *node)
{
	node->next = at->next;
	node->prev = at;
	at->next->prev = node;
	at->next = node;
}

static inline void cg_list_push_front(struct cg_list *list, struct cg_list *node)
{
	cg_list_insert_after(list, node);
}

static inline void cg_list_push_back(struct cg_list *list, struct cg_list *node)
{
	cg_list_insert_after(list->prev, node);
}

/* Take NODE off its list; it is left as an empty list, so that removing twice is harmless. */
static inline void cg_list_remove(struct cg_list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	cg_list_init(node);
}

/* Move all nodes of FROM to TO (set up here); FROM is empty afterwards. */
static inline void cg_list_take_all(struct cg_list *from, struct cg_list *to)
{
	cg_list_init(to);
	if (cg_list_is_empty(from))
		return;
	*to = *from;
	to->next->prev = to->prev->next = to;
	cg_list_init(from);
}

#define CG_LIST_ENTRY(node, type, member) CG_CONTAINER_OF(node, type, member)

/* Walk; the current node may be removed. */
#define CG_LIST_FOREACH(node, following, list)                                                     \
	for (struct cg_list *node = (list)->next, *following = node->next; node != (list);         \
	     node = following, following = node->next)

#endif
