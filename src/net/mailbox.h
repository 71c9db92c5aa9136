/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages from any thread to the thread of one loop, without a lock: a stack of nodes taken all at
 * once and run in the order they were sent, woken by an eventfd. */
#ifndef CG_NET_MAILBOX_H
#define CG_NET_MAILBOX_H

#include "net/loop.h"

struct cg_mailbox;

/* The first member of a message; the message is owned by the mailbox from post to run, and run
 * frees it. */
struct cg_mail {
	struct cg_mail *next;
	void (*run)(struct cg_mail *mail, void *owner);
};

/* OWNER is handed to each message's run. NULL if the system is out of descriptors (errno). */
CG_MUST_USE struct cg_mailbox *cg_mailbox_new(struct cg_loop *loop, void *owner);
/* Runs what is left in it, then frees. On the loop's thread, or after that thread has ended; before
 * the loop is freed, not from inside a message's run, when nobody posts any more. NULL is allowed.
 */
void cg_mailbox_free(struct cg_mailbox *mailbox);
/* Any thread. */
void cg_mailbox_post(struct cg_mailbox *mailbox, struct cg_mail *mail);

#endif
