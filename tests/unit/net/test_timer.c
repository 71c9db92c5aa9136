/* SPDX-License-Identifier: BSD-2-Clause */
/* net/timer: a wheel on a virtual clock beside a model that knows each deadline; TEST_SEED repeats
 * a random run. */
#include "net/timer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/rand.h"

enum { START = 1000003, TIMERS_N = 3000, STEPS_N = 20000, LATE_MAX = 16 };

static struct cg_wheel *wheel;
static int64_t now;

struct probe {
	struct cg_timer timer;
	int64_t want; /* the model: INT64_MAX is not running */
	int runs;
	struct probe *cancels;
	struct probe *sets;
	int64_t set_in;
};

static void probe_run(struct cg_timer *timer)
{
	struct probe *probe = CG_CONTAINER_OF(timer, struct probe, timer);

	assert_false(cg_timer_is_set(timer));
	assert_true(probe->want <= now);
	probe->want = INT64_MAX;
	probe->runs++;
	if (probe->cancels != NULL) {
		cg_timer_cancel(&probe->cancels->timer);
		probe->cancels->want = INT64_MAX;
	}
	if (probe->sets != NULL) {
		probe->sets->want = now + probe->set_in;
		cg_wheel_set(wheel, &probe->sets->timer, now + probe->set_in);
	}
}

static void probe_set(struct probe *probe, int64_t deadline)
{
	probe->want = deadline;
	cg_wheel_set(wheel, &probe->timer, deadline);
	assert_int_equal(cg_timer_is_set(&probe->timer), deadline != INT64_MAX);
}

static void probe_init(struct probe *probe)
{
	*probe = (struct probe){.want = INT64_MAX};
	cg_timer_init(&probe->timer, probe_run);
}

static void turn(int64_t at)
{
	now = at;
	cg_wheel_turn(wheel, at);
}

static int setup(void **state)
{
	(void)state;
	now = START;
	wheel = cg_wheel_new(now);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	cg_wheel_free(wheel);
	return 0;
}

static void test_never_early_and_at_most_a_tick_late(void **state)
{
	struct probe probe;

	(void)state;
	probe_init(&probe);
	for (int64_t wait = 1; wait < 70; wait++) {
		int64_t deadline = now + wait;
		int runs = probe.runs;

		probe_set(&probe, deadline);
		while (probe.runs == runs)
			turn(now + 1);
		assert_true(now >= deadline && now < deadline + LATE_MAX);
	}
}

static void test_past_deadline_runs_in_the_next_turn(void **state)
{
	struct probe probe;

	(void)state;
	probe_init(&probe);
	probe_set(&probe, now - 5000);
	assert_int_equal(cg_wheel_next(wheel), INT64_MIN);
	turn(now);
	assert_int_equal(probe.runs, 1);
	assert_int_equal(cg_wheel_next(wheel), INT64_MAX);
}

static void test_set_to_the_past_by_itself_runs_once_a_turn(void **state)
{
	struct probe probe;

	(void)state;
	probe_init(&probe);
	probe.sets = &probe;
	probe.set_in = -5;
	probe_set(&probe, 0);
	for (int i = 1; i < 5; i++) {
		turn(now);
		assert_int_equal(probe.runs, i);
	}
	cg_timer_cancel(&probe.timer);
}

static void test_putting_off_only_writes_the_deadline_down(void **state)
{
	struct probe probe;
	int64_t slot_at;

	(void)state;
	probe_init(&probe);
	probe_set(&probe, now + 100);
	slot_at = probe.timer.slot_at;
	for (int64_t i = 0; i < 1000; i++)
		probe_set(&probe, now + 100 + i);
	assert_int_equal(probe.timer.slot_at, slot_at);
	turn(slot_at);
	assert_int_equal(probe.runs, 0);
	assert_true(probe.timer.slot_at > slot_at);
	turn(START + 100 + 999 + LATE_MAX);
	assert_int_equal(probe.runs, 1);
}

static void test_bringing_forward_moves_it(void **state)
{
	struct probe probe;

	(void)state;
	probe_init(&probe);
	probe_set(&probe, now + 10000);
	probe_set(&probe, now + 50);
	assert_true(cg_wheel_next(wheel) <= now + 50 + LATE_MAX);
	turn(now + 50 + LATE_MAX);
	assert_int_equal(probe.runs, 1);
}

static void test_deadline_of_many_rounds(void **state)
{
	const int64_t hour = 3600 * 1000;
	struct probe probe;
	int looks = 0;

	(void)state;
	probe_init(&probe);
	probe_set(&probe, now + hour);
	while (probe.runs == 0) {
		assert_true(cg_wheel_next(wheel) > now);
		turn(cg_wheel_next(wheel));
		looks++;
	}
	assert_true(now >= START + hour && now < START + hour + LATE_MAX);
	/* Once a round of 16 s. */
	assert_true(looks < 230);
}

static void test_a_jump_over_many_rounds_runs_all(void **state)
{
	struct probe probes[200];

	(void)state;
	for (int i = 0; i < 200; i++) {
		probe_init(&probes[i]);
		probe_set(&probes[i], now + i * 150);
	}
	turn(now + 10000000);
	for (int i = 0; i < 200; i++)
		assert_int_equal(probes[i].runs, 1);
}

static void test_cancel_takes_it_off_at_once(void **state)
{
	struct probe *probe = malloc(sizeof(*probe));

	(void)state;
	probe_init(probe);
	probe_set(probe, now + 100);
	cg_timer_cancel(&probe->timer);
	cg_timer_cancel(&probe->timer);
	assert_false(cg_timer_is_set(&probe->timer));
	free(probe);
	turn(now + 1000);
	assert_int_equal(cg_wheel_next(wheel), INT64_MAX);
}

static void test_infinity_is_cancel(void **state)
{
	struct probe probe;

	(void)state;
	probe_init(&probe);
	probe_set(&probe, now + 100);
	probe_set(&probe, INT64_MAX);
	turn(now + 1000);
	assert_int_equal(probe.runs, 0);
}

static void test_one_cancels_another_of_the_same_tick(void **state)
{
	struct probe a, b, c;

	(void)state;
	probe_init(&a);
	probe_init(&b);
	probe_init(&c);
	probe_set(&a, now + 100);
	probe_set(&b, now + 100);
	probe_set(&c, now + 100);
	a.cancels = &b;
	c.cancels = &a;
	turn(now + 200);
	assert_int_equal(a.runs, 1);
	assert_int_equal(b.runs, 0);
	assert_int_equal(c.runs, 1);
}

static void test_one_puts_off_another_of_the_same_tick(void **state)
{
	struct probe a, b;

	(void)state;
	probe_init(&a);
	probe_init(&b);
	probe_set(&a, now + 100);
	probe_set(&b, now + 100);
	a.sets = &b;
	a.set_in = 100;
	turn(now + 200);
	assert_int_equal(b.runs, 0);
	turn(START + 300 + LATE_MAX);
	assert_int_equal(b.runs, 1);
}

static void test_free_stops_what_is_left(void **state)
{
	struct cg_wheel *other = cg_wheel_new(now);
	struct probe near, past;

	(void)state;
	probe_init(&near);
	probe_init(&past);
	cg_wheel_set(other, &near.timer, now + 100);
	cg_wheel_set(other, &past.timer, now - 1);
	cg_wheel_free(other);
	assert_false(cg_timer_is_set(&near.timer));
	cg_timer_cancel(&past.timer);
}

static int64_t random_deadline(struct cg_rand *rand)
{
	switch (cg_rand_below(rand, 8)) {
	case 0:
		return now - (int64_t)cg_rand_below(rand, 100);
	case 1:
		return now + (int64_t)cg_rand_below(rand, 200000);
	case 2:
		return INT64_MAX;
	default:
		return now + (int64_t)cg_rand_below(rand, 3000);
	}
}

/* Nothing that the model wants is late. */
static void check_model(const struct probe *probes)
{
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < TIMERS_N; i++) {
		assert_true(probes[i].want > now - LATE_MAX);
		assert_int_equal(cg_timer_is_set(&probes[i].timer), probes[i].want != INT64_MAX);
		first = CG_MIN(first, probes[i].want);
	}
	if (first != INT64_MAX)
		assert_true(cg_wheel_next(wheel) < first + LATE_MAX);
}

static void random_step(struct cg_rand *rand, struct probe *probes)
{
	for (int i = 0; i < 10; i++) {
		struct probe *probe = &probes[cg_rand_below(rand, TIMERS_N)];

		probe_set(probe, random_deadline(rand));
		probe->cancels =
		        cg_rand_below(rand, 9) == 0 ? &probes[cg_rand_below(rand, TIMERS_N)] : NULL;
		probe->sets =
		        cg_rand_below(rand, 9) == 0 ? &probes[cg_rand_below(rand, TIMERS_N)] : NULL;
		probe->set_in = 1 + (int64_t)cg_rand_below(rand, 3000);
	}
}

static void test_random_timers_against_a_model(void **state)
{
	const char *text = getenv("TEST_SEED");
	uint64_t seed = text == NULL ? (uint64_t)cg_clock_now_us() : strtoull(text, NULL, 10);
	struct probe *probes = calloc(TIMERS_N, sizeof(*probes));
	struct cg_rand rand;

	(void)state;
	print_message("# TEST_SEED=%llu\n", (unsigned long long)seed);
	cg_rand_init(&rand, seed);
	for (size_t i = 0; i < TIMERS_N; i++)
		probe_init(&probes[i]);
	for (int step = 0; step < STEPS_N; step++) {
		random_step(&rand, probes);
		turn(now +
		     (int64_t)cg_rand_below(&rand, cg_rand_below(&rand, 500) == 0 ? 40000 : 30));
		if (step % 16 == 0)
			check_model(probes);
	}
	for (size_t i = 0; i < TIMERS_N; i++)
		cg_timer_cancel(&probes[i].timer);
	free(probes);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_never_early_and_at_most_a_tick_late),
	        TEST(test_past_deadline_runs_in_the_next_turn),
	        TEST(test_set_to_the_past_by_itself_runs_once_a_turn),
	        TEST(test_putting_off_only_writes_the_deadline_down),
	        TEST(test_bringing_forward_moves_it),
	        TEST(test_deadline_of_many_rounds),
	        TEST(test_a_jump_over_many_rounds_runs_all),
	        TEST(test_cancel_takes_it_off_at_once),
	        TEST(test_infinity_is_cancel),
	        TEST(test_one_cancels_another_of_the_same_tick),
	        TEST(test_one_puts_off_another_of_the_same_tick),
	        TEST(test_free_stops_what_is_left),
	        TEST(test_random_timers_against_a_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
