/* SPDX-License-Identifier: BSD-2-Clause */
/* net/mailbox: nothing is lost and each sender's messages keep their order. */
#include "net/mailbox.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "net/wait.h"

enum { SENDERS_N = 4, MESSAGES_N = 10000 };

struct inbox {
	struct cg_loop *loop;
	struct cg_mailbox *mailbox;
	int next[SENDERS_N]; /* number of the message that must come next */
	int total;
};

struct message {
	struct cg_mail mail;
	int sender;
	int number;
	int follow; /* messages to send when this one runs */
};

static void message_send(struct cg_mailbox *mailbox, int sender, int number, int follow);

static void message_run(struct cg_mail *mail, void *owner)
{
	struct message *message = CG_CONTAINER_OF(mail, struct message, mail);
	struct inbox *inbox = owner;

	assert_int_equal(message->number, inbox->next[message->sender]);
	inbox->next[message->sender]++;
	inbox->total++;
	if (message->follow > 0)
		message_send(inbox->mailbox, message->sender, message->number + 1,
		             message->follow - 1);
	free(message);
}

static void message_send(struct cg_mailbox *mailbox, int sender, int number, int follow)
{
	struct message *message = cg_mem_alloc(sizeof(*message));

	message->mail.run = message_run;
	message->sender = sender;
	message->number = number;
	message->follow = follow;
	cg_mailbox_post(mailbox, &message->mail);
}

struct sender {
	pthread_t thread;
	struct cg_mailbox *mailbox;
	int index;
};

static void *sender_main(void *arg)
{
	struct sender *sender = arg;

	for (int i = 0; i < MESSAGES_N; i++)
		message_send(sender->mailbox, sender->index, i, 0);
	return NULL;
}

static int setup(void **state)
{
	struct inbox *inbox = cg_mem_alloc(sizeof(*inbox));

	inbox->loop = cg_loop_new();
	inbox->mailbox = cg_mailbox_new(inbox->loop, inbox);
	*state = inbox;
	return inbox->mailbox == NULL ? -1 : 0;
}

static int teardown(void **state)
{
	struct inbox *inbox = *state;

	cg_mailbox_free(inbox->mailbox);
	cg_loop_free(inbox->loop);
	free(inbox);
	return 0;
}

static void test_four_senders(void **state)
{
	struct inbox *inbox = *state;
	struct sender senders[SENDERS_N];

	for (int i = 0; i < SENDERS_N; i++) {
		senders[i] = (struct sender){.mailbox = inbox->mailbox, .index = i};
		assert_int_equal(pthread_create(&senders[i].thread, NULL, sender_main, &senders[i]),
		                 0);
	}
	WAIT_FOR(inbox->loop, inbox->total == SENDERS_N * MESSAGES_N);
	for (int i = 0; i < SENDERS_N; i++)
		assert_int_equal(pthread_join(senders[i].thread, NULL), 0);
}

static void test_a_message_may_send_another(void **state)
{
	struct inbox *inbox = *state;

	message_send(inbox->mailbox, 0, 0, 100);
	WAIT_FOR(inbox->loop, inbox->total == 101);
}

static void test_free_runs_what_is_left(void **state)
{
	struct inbox *inbox = *state;

	message_send(inbox->mailbox, 0, 0, 1);
	message_send(inbox->mailbox, 1, 0, 0);
	cg_mailbox_free(inbox->mailbox);
	inbox->mailbox = NULL;
	assert_int_equal(inbox->total, 3);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_four_senders),
	        TEST(test_a_message_may_send_another),
	        TEST(test_free_runs_what_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
