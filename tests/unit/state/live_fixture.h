/* SPDX-License-Identifier: BSD-2-Clause */
/* A pool of two tenants on a time of the test's own, with its log and journal. */
#ifndef CG_TESTS_LIVE_FIXTURE_H
#define CG_TESTS_LIVE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "state/live.h"

enum { TENANTS_MAX = 4, POOLS_MAX = 2 };

struct fixture {
	struct cg_config config;
	struct cg_config_tenant tenants[TENANTS_MAX];
	struct cg_config_pool pools[POOLS_MAX];
	struct cg_config_probe probe;
	size_t members[POOLS_MAX][TENANTS_MAX];
	struct cg_journal *journal;
	struct cg_live *live;
	unsigned changes;
	int64_t now;
	char log_path[64];
	char log_text[16384];
};

static inline void on_change(void *owner)
{
	((struct fixture *)owner)->changes++;
}

static inline void add_tenant(struct fixture *f, const char *name, unsigned priority)
{
	f->tenants[f->config.tenants_n++] = (struct cg_config_tenant){
	        .name = (char *)name,
	        .priority = priority,
	        .failback_probe_index = SIZE_MAX,
	};
}

static inline struct cg_config_pool *add_pool(struct fixture *f, const char *name)
{
	size_t i = f->config.pools_n++;

	f->pools[i] = (struct cg_config_pool){
	        .name = (char *)name,
	        .members = f->members[i],
	};
	return &f->pools[i];
}

static inline void add_member(struct cg_config_pool *pool, size_t tenant)
{
	pool->members[pool->members_n++] = tenant;
}

/* eu20 (1) and us21 (2) in the pool "default". */
static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct cg_config_pool *pool;
	int fd;

	f->probe = (struct cg_config_probe){
	        .fall = 2, .rise = 2, .interval_down = 2000, .passive_fall = 3};
	f->config.tenants = f->tenants;
	f->config.pools = f->pools;
	f->config.probes = &f->probe;
	f->config.probes_n = 1;
	add_tenant(f, "eu20", 1);
	add_tenant(f, "us21", 2);
	pool = add_pool(f, "default");
	add_member(pool, 0);
	add_member(pool, 1);
	f->now = 1000000;
	f->journal = cg_journal_new();
	f->live = cg_live_new(f->journal, 2, on_change, f);
	strcpy(f->log_path, "/tmp/test_live.XXXXXX");
	fd = mkstemp(f->log_path);
	close(fd);
	assert_int_equal(cg_log_open(f->log_path, CG_LOG_INFO, NULL), 0);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	cg_log_close();
	unlink(f->log_path);
	cg_live_free(f->live);
	cg_journal_free(f->journal);
	free(f);
	return 0;
}

static inline const char *log_text(struct fixture *f)
{
	FILE *file = fopen(f->log_path, "r");
	size_t n = fread(f->log_text, 1, sizeof(f->log_text) - 1, file);

	f->log_text[n] = '\0';
	fclose(file);
	return f->log_text;
}

static inline void assert_logged(struct fixture *f, const char *line)
{
	if (strstr(log_text(f), line) == NULL)
		fail_msg("not in the log: %s\n%s", line, f->log_text);
}

static inline struct cg_live_tenant *tenant(struct fixture *f, const char *name)
{
	struct cg_live_tenant *found = cg_live_find_tenant(f->live, name);

	assert_non_null(found);
	return found;
}

static inline void apply(struct fixture *f)
{
	cg_live_apply(f->live, &f->config, f->now);
}

static inline void good(struct fixture *f, const char *name)
{
	struct cg_probe_result result = {
	        .is_good = true, .status = 401, .phase = CG_PROBE_PHASE_DONE};

	cg_live_probe_result(f->live, tenant(f, name), &result, f->now);
}

static inline void bad(struct fixture *f, const char *name)
{
	struct cg_probe_result result = {.status = 500,
	                                 .phase = CG_PROBE_PHASE_STATUS,
	                                 .error = "status 500 is not expected"};

	cg_live_probe_result(f->live, tenant(f, name), &result, f->now);
}

static inline void bad_twice(struct fixture *f, const char *name)
{
	bad(f, name);
	bad(f, name);
}

static inline void good_twice(struct fixture *f, const char *name)
{
	good(f, name);
	good(f, name);
}

static inline void start_online(struct fixture *f)
{
	apply(f);
	good(f, "eu20");
	good(f, "us21");
}

static inline const struct cg_event *event(struct fixture *f, enum cg_event_kind kind)
{
	for (size_t i = 0; i < cg_journal_count(f->journal); i++)
		if (cg_journal_at(f->journal, i)->kind == kind)
			return cg_journal_at(f->journal, i);
	return NULL;
}

static inline const char *active(struct fixture *f, const char *pool)
{
	struct cg_live_pool *found = cg_live_pool(f->live, pool);

	return found->active == NULL ? "none" : found->active->name;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
