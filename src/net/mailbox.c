/* SPDX-License-Identifier: BSD-2-Clause */
/* Senders push onto a stack with one compare-and-swap; only the one that finds it empty writes to
 * the eventfd. The loop takes the whole stack, turns it round and runs it. */
#include "net/mailbox.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"

struct cg_mailbox {
	/* set at start, then read-only */
	void *owner;
	struct event *event;
	int fd;

	/* shared, atomic: newest first */
	_Atomic(struct cg_mail *) newest;
};

/* The messages in the order they were sent. */
static struct cg_mail *mailbox_take_all(struct cg_mailbox *mailbox)
{
	struct cg_mail *mail =
	        atomic_exchange_explicit(&mailbox->newest, NULL, memory_order_acquire);
	struct cg_mail *oldest = NULL;

	while (mail != NULL) {
		struct cg_mail *older = mail->next;

		mail->next = oldest;
		oldest = mail;
		mail = older;
	}
	return oldest;
}

/* Run what is in it; false if it was empty. */
static bool mailbox_run(struct cg_mailbox *mailbox)
{
	struct cg_mail *mail = mailbox_take_all(mailbox);
	bool had_mail = mail != NULL;

	while (mail != NULL) {
		struct cg_mail *following = mail->next;

		mail->run(mail, mailbox->owner);
		mail = following;
	}
	return had_mail;
}

static void mailbox_on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct cg_mailbox *mailbox = arg;
	eventfd_t count;

	(void)what;
	/* Before the stack is taken: a message that comes in between wakes us again. */
	(void)!eventfd_read(fd, &count);
	mailbox_run(mailbox);
}

struct cg_mailbox *cg_mailbox_new(struct cg_loop *loop, void *owner)
{
	struct cg_mailbox *mailbox;
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	if (fd < 0)
		return NULL;
	mailbox = cg_mem_alloc(sizeof(*mailbox));
	mailbox->owner = owner;
	mailbox->fd = fd;
	atomic_init(&mailbox->newest, NULL);
	mailbox->event =
	        event_new(cg_loop_base(loop), fd, EV_READ | EV_PERSIST, mailbox_on_ready, mailbox);
	cg_assert(mailbox->event != NULL && event_add(mailbox->event, NULL) == 0);
	return mailbox;
}

void cg_mailbox_free(struct cg_mailbox *mailbox)
{
	if (mailbox == NULL)
		return;
	while (mailbox_run(mailbox))
		;
	event_free(mailbox->event);
	close(mailbox->fd);
	free(mailbox);
}

void cg_mailbox_post(struct cg_mailbox *mailbox, struct cg_mail *mail)
{
	struct cg_mail *newest = atomic_load_explicit(&mailbox->newest, memory_order_relaxed);

	do
		mail->next = newest;
	while (!atomic_compare_exchange_weak_explicit(&mailbox->newest, &newest, mail,
	                                              memory_order_release, memory_order_relaxed));
	/* Not MAIL from here on: it may be run and gone. */
	if (newest == NULL)
		(void)!eventfd_write(mailbox->fd, 1);
}
