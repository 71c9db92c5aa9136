/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs the time lines *.txt (README.md beside them says how they are written) through tenant/health
 * and tenant/select_priority on a virtual clock. One TAP line a file. The directory: argument,
 * CG_SCENARIO_DIR, or tests/scenario under srcdir. */
#include "tenant/select_priority.h"

#include <glob.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TENANTS_MAX = 8, WORDS_MAX = 16, NAME_SIZE = 32 };

struct tenant {
	char name[NAME_SIZE];
	unsigned priority;
	unsigned in_flight;
	unsigned max_requests; /* 0: no limit */
	bool is_drained;
	int64_t drained_until; /* INT64_MAX: until resumed */
	struct cg_health_rules rules;
	struct cg_health health;
};

struct scenario {
	const char *file;
	int line;
	int64_t now;
	struct tenant tenants[TENANTS_MAX];
	size_t tenants_n;
	const struct tenant *preferred; /* NULL: auto */
	bool has_failed;
};

/* Words of one line; unused ones are empty, so that a missing argument is merely an unknown one. */
struct words {
	const char *at[WORDS_MAX];
	size_t n;
};

static void fail(struct scenario *s, const char *format, ...) CG_PRINTF(2, 3);

static void fail(struct scenario *s, const char *format, ...)
{
	va_list args;

	printf("# %s:%d: ", s->file, s->line);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	s->has_failed = true;
}

static int64_t parse_number(struct scenario *s, const char *text)
{
	char *end;
	long long value = strtoll(text, &end, 10);

	if (end == text || *end != '\0' || value < 0)
		fail(s, "not a number: '%s'", text);
	return value;
}

static int64_t parse_time(struct scenario *s, const char *text)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
	char *end;
	long long value = strtoll(text, &end, 10);

	for (size_t i = 0; i < CG_ARRAY_LEN(units); i++)
		if (end != text && strcmp(end, units[i].unit) == 0)
			return value * units[i].ms;
	fail(s, "not a time: '%s'", text);
	return 0;
}

static bool parse_switch(struct scenario *s, const char *text, const char *on, const char *off)
{
	if (strcmp(text, on) != 0 && strcmp(text, off) != 0)
		fail(s, "neither '%s' nor '%s': '%s'", on, off, text);
	return strcmp(text, on) == 0;
}

static struct tenant *find_tenant(struct scenario *s, const char *name)
{
	for (size_t i = 0; i < s->tenants_n; i++)
		if (strcmp(s->tenants[i].name, name) == 0)
			return &s->tenants[i];
	fail(s, "no tenant '%s'", name);
	return NULL;
}

static void set_rule(struct scenario *s, struct tenant *t, const char *word)
{
	const char *equals = strchr(word, '=');
	const char *value = equals == NULL ? "" : equals + 1;
	struct cg_health_rules *rules = &t->rules;
	size_t len = equals == NULL ? 0 : (size_t)(equals - word);

#define IS(key) (len == sizeof(key) - 1 && strncmp(word, key, len) == 0)
	if (IS("priority"))
		t->priority = (unsigned)parse_number(s, value);
	else if (IS("max_requests"))
		t->max_requests = (unsigned)parse_number(s, value);
	else if (IS("passive_fall"))
		rules->passive_fall = (unsigned)parse_number(s, value);
	else if (IS("fall"))
		rules->fall = (unsigned)parse_number(s, value);
	else if (IS("rise"))
		rules->rise = (unsigned)parse_number(s, value);
	else if (IS("failback_delay"))
		rules->failback_delay_ms = parse_time(s, value);
	else if (IS("interval_down"))
		rules->interval_down_ms = parse_time(s, value);
	else if (IS("failback_probe"))
		rules->has_failback_probe = parse_switch(s, value, "on", "off");
	else if (IS("failback_rise"))
		rules->failback_rise = (unsigned)parse_number(s, value);
	else if (IS("failback"))
		rules->is_failback_manual = parse_switch(s, value, "manual", "auto");
	else if (IS("flap_backoff"))
		rules->has_flap_backoff = parse_switch(s, value, "on", "off");
	else
		fail(s, "unknown rule '%s'", word);
#undef IS
}

static void add_tenant(struct scenario *s, const struct words *w)
{
	struct tenant *t;

	if (s->tenants_n == TENANTS_MAX || strlen(w->at[1]) >= NAME_SIZE) {
		fail(s, "too many tenants or too long a name");
		return;
	}
	t = &s->tenants[s->tenants_n++];
	memcpy(t->name, w->at[1], strlen(w->at[1]) + 1);
	t->priority = 1;
	t->rules = (struct cg_health_rules){.fall = 2,
	                                    .rise = 2,
	                                    .failback_rise = 2,
	                                    .interval_down_ms = 2000,
	                                    .has_flap_backoff = true,
	                                    .passive_fall = 3};
	cg_health_init(&t->health, s->now);
	for (size_t i = 2; i < w->n; i++)
		set_rule(s, t, w->at[i]);
}

/* Tick each tenant at its own moment; before it a tick must do nothing. */
static void move_clock(struct scenario *s, const char *text)
{
	int64_t target = text[0] == '+' ? s->now + parse_time(s, text + 1) : parse_time(s, text);

	if (target < s->now)
		fail(s, "time goes back");
	for (size_t i = 0; i < s->tenants_n; i++) {
		struct tenant *t = &s->tenants[i];
		int64_t next = cg_health_next_tick(&t->health, &t->rules);

		if (t->is_drained && t->drained_until <= target)
			t->is_drained = false;
		if (next > s->now && cg_health_tick(&t->health, &t->rules, s->now))
			fail(s, "%s: a tick before its moment changed the state", t->name);
		if (next > target)
			continue;
		if (!cg_health_tick(&t->health, &t->rules, CG_MAX(next, s->now)))
			fail(s, "%s: a tick at its moment changed nothing", t->name);
	}
	s->now = target;
}

static void feed(struct scenario *s, const struct words *w)
{
	struct tenant *t = find_tenant(s, w->at[1]);
	int64_t n = w->at[2][0] == 'x' ? parse_number(s, w->at[2] + 1) : 1;
	bool is_deep = strncmp(w->at[0], "deep-", 5) == 0;
	bool is_good = strcmp(w->at[0] + (is_deep ? 5 : 0), "good") == 0;

	for (int64_t i = 0; t != NULL && i < n; i++) {
		enum cg_health_state before = t->health.state;
		bool has_changed =
		        is_deep ? cg_health_step_failback(&t->health, &t->rules, is_good, s->now)
		                : cg_health_step(&t->health, &t->rules, is_good, s->now);

		if (has_changed != (before != t->health.state))
			fail(s, "%s: result and state disagree on a change", t->name);
	}
}

static void feed_requests(struct scenario *s, const struct words *w)
{
	struct tenant *t = find_tenant(s, w->at[1]);
	int64_t n = w->at[2][0] == 'x' ? parse_number(s, w->at[2] + 1) : 1;
	bool is_good = strcmp(w->at[0], "request-good") == 0;

	for (int64_t i = 0; t != NULL && i < n; i++)
		(void)cg_health_step_passive(&t->health, &t->rules, is_good, s->now);
}

static void drain(struct scenario *s, struct tenant *t, const char *time)
{
	t->is_drained = true;
	t->drained_until = time[0] == '\0' ? INT64_MAX : s->now + parse_time(s, time);
}

static void resume(struct scenario *s, struct tenant *t)
{
	if (t->is_drained)
		t->is_drained = false;
	else
		(void)cg_health_resume(&t->health, s->now);
}

/* As state/live publishes it. */
static enum cg_health_state state_of(const struct tenant *t)
{
	return t->is_drained ? CG_HEALTH_DRAINED : t->health.state;
}

static bool is_listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = list; (at = strstr(at, name)) != NULL; at += len)
		if ((at == list || at[-1] == ',') && (at[len] == '\0' || at[len] == ','))
			return true;
	return false;
}

/* WORD: "tried=..." or nothing; IS_ANY: as a pool with all_down = try. */
static int choose(const struct scenario *s, const char *word, bool is_any,
                  struct cg_candidate *candidates)
{
	const char *tried = strncmp(word, "tried=", 6) == 0 ? word + 6 : "";
	int chosen;

	for (size_t i = 0; i < s->tenants_n; i++) {
		const struct tenant *t = &s->tenants[i];

		candidates[i] = (struct cg_candidate){
		        .priority = t->priority,
		        .state = state_of(t),
		        .in_flight = t->in_flight,
		        .is_tried = is_listed(tried, t->name),
		        .is_full = t->max_requests > 0 && t->in_flight >= t->max_requests,
		        .is_preferred = t == s->preferred,
		};
	}
	chosen = cg_select_priority(candidates, s->tenants_n, true);
	if (chosen < 0 && is_any)
		chosen = cg_select_priority_any(candidates, s->tenants_n, true);
	return chosen;
}

static void expect_text(struct scenario *s, const char *what, const char *got, const char *want)
{
	if (strcmp(got, want) != 0)
		fail(s, "%s is '%s', expected '%s'", what, got, want);
}

static void expect_time(struct scenario *s, const char *what, int64_t got, const char *want)
{
	int64_t value = strcmp(want, "never") == 0 ? INT64_MAX : parse_time(s, want);

	if (got != value)
		fail(s, "%s is %" PRId64 "ms, expected %s", what, got, want);
}

static void expect(struct scenario *s, const struct words *w)
{
	struct cg_candidate candidates[TENANTS_MAX];
	const char *what = w->at[1];
	int chosen;
	struct tenant *t;

	if (strcmp(what, "choice") == 0 || strcmp(what, "any") == 0) {
		chosen = choose(s, w->at[3], strcmp(what, "any") == 0, candidates);
		expect_text(s, what, chosen < 0 ? "none" : s->tenants[chosen].name, w->at[2]);
		return;
	}
	t = find_tenant(s, w->at[2]);
	if (t == NULL)
		return;
	if (strcmp(what, "state") == 0) {
		expect_text(s, what, cg_health_state_name(state_of(t)), w->at[3]);
	} else if (strcmp(what, "since") == 0) {
		expect_time(s, what, t->health.since, w->at[3]);
	} else if (strcmp(what, "wait") == 0) {
		expect_text(s, what,
		            cg_health_wait_name(cg_health_waits_for(&t->health, &t->rules, s->now)),
		            w->at[3]);
	} else if (strcmp(what, "next") == 0) {
		expect_time(s, what, cg_health_next_tick(&t->health, &t->rules), w->at[3]);
	} else if (strcmp(what, "reason") == 0) {
		choose(s, w->at[4], false, candidates);
		expect_text(s, what, cg_select_reason_name(candidates[t - s->tenants].reason),
		            w->at[3]);
	} else {
		fail(s, "nothing to expect of '%s'", what);
	}
}

static void run_command(struct scenario *s, const struct words *w)
{
	const char *command = w->at[0];
	struct tenant *t;

	if (strcmp(command, "tenant") == 0) {
		add_tenant(s, w);
	} else if (strcmp(command, "at") == 0) {
		move_clock(s, w->at[1]);
	} else if (strcmp(command, "expect") == 0) {
		expect(s, w);
	} else if (is_listed("good,bad,deep-good,deep-bad", command)) {
		feed(s, w);
	} else if (is_listed("request-good,request-bad", command)) {
		feed_requests(s, w);
	} else if (strcmp(command, "switch") == 0) {
		s->preferred = strcmp(w->at[1], "auto") == 0 ? NULL : find_tenant(s, w->at[1]);
	} else if ((t = find_tenant(s, w->at[1])) == NULL) {
		return;
	} else if (strcmp(command, "rules") == 0) {
		for (size_t i = 2; i < w->n; i++)
			set_rule(s, t, w->at[i]);
	} else if (strcmp(command, "resume") == 0) {
		resume(s, t);
	} else if (strcmp(command, "drain") == 0) {
		drain(s, t, w->at[2]);
	} else if (strcmp(command, "in-flight") == 0) {
		t->in_flight = (unsigned)parse_number(s, w->at[2]);
	} else {
		fail(s, "unknown command '%s'", command);
	}
}

static void run_line(struct scenario *s, char *line)
{
	struct words w = {.n = 0};
	char *save = NULL;

	line[strcspn(line, "#\n")] = '\0';
	for (char *word = strtok_r(line, " \t", &save); word != NULL && w.n < WORDS_MAX;
	     word = strtok_r(NULL, " \t", &save))
		w.at[w.n++] = word;
	for (size_t i = w.n; i < WORDS_MAX; i++)
		w.at[i] = "";
	if (w.n > 0)
		run_command(s, &w);
}

static bool run_file(const char *path)
{
	struct scenario s = {.file = path};
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;

	if (file == NULL) {
		fail(&s, "cannot be opened");
		return false;
	}
	while (getline(&line, &size, file) >= 0) {
		s.line++;
		run_line(&s, line);
	}
	free(line);
	fclose(file);
	return !s.has_failed;
}

static void find_directory(char *out, size_t size, const char *argument)
{
	const char *srcdir = getenv("srcdir");

	if (argument == NULL)
		argument = getenv("CG_SCENARIO_DIR");
	if (argument != NULL)
		snprintf(out, size, "%s/*.txt", argument);
	else
		snprintf(out, size, "%s/tests/scenario/*.txt", srcdir != NULL ? srcdir : ".");
}

int main(int argc, char **argv)
{
	char pattern[4096];
	glob_t found;
	int failed_n = 0;

	find_directory(pattern, sizeof(pattern), argc > 1 ? argv[1] : NULL);
	if (glob(pattern, 0, NULL, &found) != 0) {
		printf("Bail out! no scenario fits %s\n", pattern);
		return 1;
	}
	printf("1..%zu\n", found.gl_pathc);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *slash = strrchr(found.gl_pathv[i], '/');
		bool is_ok = run_file(found.gl_pathv[i]);

		printf("%s %zu - %s\n", is_ok ? "ok" : "not ok", i + 1, slash + 1);
		failed_n += !is_ok;
	}
	globfree(&found);
	return failed_n > 0;
}
