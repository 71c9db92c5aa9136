/* SPDX-License-Identifier: BSD-2-Clause */
/* The queue and its thread. The lock is held to link or unlink changes only, never over a write:
 *
 *   control --put--> queue --all at once--> batch --one transaction--> store_db
 *
 * A batch that cannot be written stays the thread's and is tried again each second. */
#include "state/store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "state/store_aside.h"
#include "state/store_db.h"

enum { STORE_RETRY_MS = 1000, STORE_CLOSE_MS = 10000 };

enum store_change_kind {
	STORE_PUT_EVENT,
	STORE_PUT_DRAIN,
	STORE_CLEAR_DRAIN, /* drain.tenant alone */
	STORE_PUT_SWITCH,
	STORE_CLEAR_SWITCH, /* switched.pool alone */
};

struct store_change {
	struct cg_list node;
	enum store_change_kind kind;
	union {
		struct cg_event event;
		struct cg_decision_drain drain;
		struct cg_decision_switch switched;
	};
};

struct cg_store {
	/* set at start, then read-only */
	char *path;
	char *damage; /* what was found and done; NULL: nothing */
	struct cg_decisions decisions;
	pthread_t thread;
	/* control only */
	struct cg_journal *journal; /* NULL: not attached */
	struct cg_event *events;    /* of earlier processes, until attached */
	size_t events_n;
	/* the thread's once it runs */
	struct cg_store_db *db;
	bool is_failing;
	/* shared, under the lock */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct cg_list queue; /* of struct store_change, oldest first */
	size_t queue_n;
	size_t lost_n; /* since the queue was full */
	bool is_closing;
	bool is_done; /* the thread has nothing more to do */
};

/* ---- changes ---- */

static void store_change_free(struct store_change *change)
{
	switch (change->kind) {
	case STORE_PUT_EVENT:
		cg_event_fini(&change->event);
		break;
	case STORE_PUT_DRAIN:
	case STORE_CLEAR_DRAIN:
		cg_decision_drain_fini(&change->drain);
		break;
	case STORE_PUT_SWITCH:
	case STORE_CLEAR_SWITCH:
		cg_decision_switch_fini(&change->switched);
		break;
	}
	free(change);
}

static void store_free_list(struct cg_list *list)
{
	CG_LIST_FOREACH(node, following, list)
	{
		cg_list_remove(node);
		store_change_free(CG_LIST_ENTRY(node, struct store_change, node));
	}
}

static int store_write_change(struct cg_store_db *db, const struct store_change *change)
{
	switch (change->kind) {
	case STORE_PUT_EVENT:
		return cg_store_db_put_event(db, &change->event);
	case STORE_PUT_DRAIN:
		return cg_store_db_put_drain(db, &change->drain);
	case STORE_CLEAR_DRAIN:
		return cg_store_db_clear_drain(db, change->drain.tenant);
	case STORE_PUT_SWITCH:
		return cg_store_db_put_switch(db, &change->switched);
	case STORE_CLEAR_SWITCH:
		return cg_store_db_clear_switch(db, change->switched.pool);
	}
	return 0;
}

/* ---- the thread ---- */

static void store_wait(struct cg_store *store, int64_t ms)
{
	int64_t deadline = cg_clock_now_ms() + ms;
	struct timespec at = {.tv_sec = (time_t)(deadline / 1000),
	                      .tv_nsec = (long)(deadline % 1000) * 1000000};

	(void)pthread_cond_timedwait(&store->changed, &store->lock, &at);
}

/* Wait for changes and move all of them to BATCH; false: the store closes and there are none. */
static bool store_take(struct cg_store *store, struct cg_list *batch)
{
	size_t lost_n;
	bool is_more;

	(void)pthread_mutex_lock(&store->lock);
	while (cg_list_is_empty(&store->queue) && !store->is_closing)
		(void)pthread_cond_wait(&store->changed, &store->lock);
	is_more = !cg_list_is_empty(&store->queue);
	cg_list_take_all(&store->queue, batch);
	store->queue_n = 0;
	lost_n = store->lost_n;
	store->lost_n = 0;
	(void)pthread_mutex_unlock(&store->lock);
	if (lost_n > 0)
		cg_log(CG_LOG_WARNING, "%s: %zu events were not kept", store->path, lost_n);
	return is_more;
}

static int store_write(struct cg_store *store, struct cg_list *batch)
{
	if (cg_store_db_begin(store->db) < 0)
		return -1;
	CG_LIST_FOREACH(node, following, batch)
	{
		const struct store_change *change = CG_LIST_ENTRY(node, struct store_change, node);

		if (store_write_change(store->db, change) < 0)
			return -1;
	}
	return cg_store_db_commit(store->db);
}

static bool store_try(struct cg_store *store, struct cg_list *batch)
{
	bool was_failing = store->is_failing;

	store->is_failing = store_write(store, batch) < 0;
	if (!store->is_failing) {
		if (was_failing)
			cg_log(CG_LOG_INFO, "%s: can be written again", store->path);
		store_free_list(batch);
		return true;
	}
	cg_store_db_rollback(store->db);
	if (!was_failing)
		cg_log(CG_LOG_ERROR, "%s: cannot be written, trying again each second: %s",
		       store->path, cg_store_db_error(store->db));
	return false;
}

/* Until the next try; false: the store closes. */
static bool store_pause(struct cg_store *store)
{
	int64_t until = cg_clock_now_ms() + STORE_RETRY_MS;
	bool is_closing;

	(void)pthread_mutex_lock(&store->lock);
	while (!store->is_closing && cg_clock_now_ms() < until)
		store_wait(store, until - cg_clock_now_ms());
	is_closing = store->is_closing;
	(void)pthread_mutex_unlock(&store->lock);
	return !is_closing;
}

static void *store_main(void *arg)
{
	struct cg_store *store = arg;
	struct cg_list batch;
	bool is_written = true;

	cg_list_init(&batch);
	while (is_written && store_take(store, &batch)) {
		is_written = store_try(store, &batch);
		while (!is_written && store_pause(store))
			is_written = store_try(store, &batch);
	}
	if (!is_written)
		cg_log(CG_LOG_ERROR, "%s: the last changes are lost: %s", store->path,
		       cg_store_db_error(store->db));
	store_free_list(&batch);
	cg_store_db_close(store->db);
	(void)pthread_mutex_lock(&store->lock);
	store->is_done = true;
	(void)pthread_cond_broadcast(&store->changed);
	(void)pthread_mutex_unlock(&store->lock);
	return NULL;
}

/* Signals are the control thread's. */
static void store_start(struct cg_store *store)
{
	pthread_condattr_t attributes;
	sigset_t before;
	sigset_t all;

	cg_list_init(&store->queue);
	cg_assert(pthread_mutex_init(&store->lock, NULL) == 0);
	cg_assert(pthread_condattr_init(&attributes) == 0);
	cg_assert(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
	cg_assert(pthread_cond_init(&store->changed, &attributes) == 0);
	(void)pthread_condattr_destroy(&attributes);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	cg_assert(pthread_create(&store->thread, NULL, store_main, store) == 0);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* ---- open ---- */

static int store_prepare_dir(const char *dir, struct cg_error *err)
{
	struct stat st;

	if (mkdir(dir, 0750) < 0 && errno != EEXIST)
		return cg_error_set(err, "state_dir %s cannot be made: %s", dir, strerror(errno));
	if (stat(dir, &st) < 0)
		return cg_error_set(err, "state_dir %s: %s", dir, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return cg_error_set(err, "state_dir %s is not a directory", dir);
	if (faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) < 0)
		return cg_error_set(err, "state_dir %s cannot be written: %s", dir,
		                    strerror(errno));
	return 0;
}

/* SQLite would let everyone read it. An existing one is not touched: to close a descriptor of a
 * file gives up all locks that the process has on it. */
static void store_create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);

	if (fd >= 0)
		(void)close(fd);
}

static void store_keep_event(void *owner, const struct cg_event *event)
{
	struct cg_store *store = owner;

	store->events[store->events_n++] = cg_event_copy(event);
}

static void store_forget(struct cg_store *store)
{
	for (size_t i = 0; i < store->events_n; i++)
		cg_event_fini(&store->events[i]);
	free(store->events);
	store->events = NULL;
	store->events_n = 0;
}

/* All of it or nothing. */
static int store_read(struct cg_store *store, bool *is_damaged, struct cg_error *err)
{
	store_create(store->path);
	store->db = cg_store_db_open(store->path, is_damaged, err);
	if (store->db == NULL)
		return -1;
	store->events = cg_mem_alloc_array(CG_JOURNAL_SIZE, sizeof(*store->events));
	if (cg_store_db_read_events(store->db, CG_JOURNAL_SIZE, store_keep_event, store, is_damaged,
	                            err) == 0 &&
	    cg_store_db_read_decisions(store->db, &store->decisions, is_damaged, err) == 0)
		return 0;
	store_forget(store);
	cg_decisions_fini(&store->decisions);
	cg_store_db_close(store->db);
	store->db = NULL;
	return -1;
}

static int store_set_aside(struct cg_store *store, struct cg_error *err)
{
	struct cg_error damage = *err;
	char name[4096];

	if (cg_store_aside(store->path, cg_clock_wall_ms(), name, sizeof(name), err) < 0)
		return -1;
	store->damage = cg_str_printf("%s is damaged (%s): kept as %s, beginning with an empty one",
	                              store->path, damage.text, name);
	cg_log(CG_LOG_ERROR, "%s", store->damage);
	return 0;
}

static int store_load(struct cg_store *store, struct cg_error *err)
{
	struct cg_error reason;
	bool is_damaged = false;

	if (store_read(store, &is_damaged, &reason) == 0)
		return 0;
	if (is_damaged && store_set_aside(store, &reason) == 0 &&
	    store_read(store, &is_damaged, &reason) == 0)
		return 0;
	return cg_error_set(err, "%s: %s", store->path, reason.text);
}

/* The thread is gone, or was never there. */
static void store_free(struct cg_store *store)
{
	store_forget(store);
	cg_decisions_fini(&store->decisions);
	free(store->damage);
	free(store->path);
	free(store);
}

struct cg_store *cg_store_open(const char *dir, struct cg_error *err)
{
	struct cg_store *store;

	if (store_prepare_dir(dir, err) < 0)
		return NULL;
	store = cg_mem_alloc(sizeof(*store));
	store->path = cg_str_printf("%s/cpigate.db", dir);
	if (store_load(store, err) < 0) {
		store_free(store);
		return NULL;
	}
	store_start(store);
	return store;
}

/* True if the thread ended in time. */
static bool store_end(struct cg_store *store)
{
	int64_t until = cg_clock_now_ms() + STORE_CLOSE_MS;
	bool is_done;

	(void)pthread_mutex_lock(&store->lock);
	store->is_closing = true;
	(void)pthread_cond_broadcast(&store->changed);
	while (!store->is_done && cg_clock_now_ms() < until)
		store_wait(store, until - cg_clock_now_ms());
	is_done = store->is_done;
	(void)pthread_mutex_unlock(&store->lock);
	return is_done;
}

void cg_store_close(struct cg_store *store)
{
	if (store == NULL)
		return;
	if (store->journal != NULL)
		cg_journal_set_sink(store->journal, NULL, NULL);
	if (!store_end(store)) {
		/* All that it uses must stay, so it is left as it is: the process ends anyway. */
		cg_log(CG_LOG_ERROR, "%s: the disk hangs, the last changes may be lost",
		       store->path);
		(void)pthread_detach(store->thread);
		return;
	}
	(void)pthread_join(store->thread, NULL);
	store_free_list(&store->queue);
	(void)pthread_cond_destroy(&store->changed);
	(void)pthread_mutex_destroy(&store->lock);
	store_free(store);
}

/* ---- what was kept ---- */

static void store_on_event(void *owner, const struct cg_event *event)
{
	cg_store_put_event(owner, event);
}

void cg_store_attach(struct cg_store *store, struct cg_journal *journal)
{
	for (size_t i = 0; i < store->events_n; i++)
		cg_journal_load(journal, &store->events[i]);
	store_forget(store);
	store->journal = journal;
	cg_journal_set_sink(journal, store_on_event, store);
	if (store->damage != NULL)
		cg_journal_add(journal, &(struct cg_event){.kind = CG_EVENT_STORE,
		                                           .reason = store->damage,
		                                           .lasted_ms = -1});
}

const struct cg_decisions *cg_store_decisions(const struct cg_store *store)
{
	return &store->decisions;
}

/* ---- what is to be kept ---- */

/* The oldest event; the oldest decision only if there is nothing else. */
static struct cg_list *store_least_wanted(struct cg_store *store)
{
	CG_LIST_FOREACH(node, following, &store->queue)
	{
		if (CG_LIST_ENTRY(node, struct store_change, node)->kind == STORE_PUT_EVENT)
			return node;
	}
	return store->queue.next;
}

static void store_put(struct cg_store *store, struct store_change change)
{
	struct store_change *own = cg_mem_alloc(sizeof(*own));
	struct cg_list *lost = NULL;
	bool is_first_lost = false;

	*own = change;
	(void)pthread_mutex_lock(&store->lock);
	if (store->queue_n == CG_STORE_QUEUE_MAX) {
		lost = store_least_wanted(store);
		cg_list_remove(lost);
		store->queue_n--;
		is_first_lost = store->lost_n++ == 0;
	}
	cg_list_push_back(&store->queue, &own->node);
	store->queue_n++;
	(void)pthread_cond_broadcast(&store->changed);
	(void)pthread_mutex_unlock(&store->lock);
	if (lost != NULL)
		store_change_free(CG_LIST_ENTRY(lost, struct store_change, node));
	if (is_first_lost)
		cg_log(CG_LOG_ERROR, "%s: the disk does not keep up, the oldest events are lost",
		       store->path);
}

void cg_store_put_event(struct cg_store *store, const struct cg_event *event)
{
	if (store == NULL)
		return;
	store_put(store,
	          (struct store_change){.kind = STORE_PUT_EVENT, .event = cg_event_copy(event)});
}

void cg_store_put_drain(struct cg_store *store, const struct cg_decision_drain *drain)
{
	if (store == NULL)
		return;
	store_put(store, (struct store_change){.kind = STORE_PUT_DRAIN,
	                                       .drain = cg_decision_drain_copy(drain)});
}

void cg_store_clear_drain(struct cg_store *store, const char *tenant)
{
	if (store == NULL)
		return;
	store_put(store, (struct store_change){.kind = STORE_CLEAR_DRAIN,
	                                       .drain.tenant = cg_mem_strdup(tenant)});
}

void cg_store_put_switch(struct cg_store *store, const struct cg_decision_switch *switched)
{
	if (store == NULL)
		return;
	store_put(store, (struct store_change){.kind = STORE_PUT_SWITCH,
	                                       .switched = cg_decision_switch_copy(switched)});
}

void cg_store_clear_switch(struct cg_store *store, const char *pool)
{
	if (store == NULL)
		return;
	store_put(store, (struct store_change){.kind = STORE_CLEAR_SWITCH,
	                                       .switched.pool = cg_mem_strdup(pool)});
}
