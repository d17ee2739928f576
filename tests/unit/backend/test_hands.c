#include "testing.h"

#include "backend/hands_priv.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdatomic.h>

#define SOON_MS	   50u
#define PATIENT_MS 20000u

/* What the calls work on: a gate they wait at, and what was done. */
struct work {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is_open;
	atomic_int calls, lasts, frees;
};

static void work_init(struct work *w)
{
	*w = (struct work){0};
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
}

static void open_gate(struct work *w)
{
	pthread_mutex_lock(&w->lock);
	w->is_open = true;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

static void quick(void *self)
{
	struct work *w = self;

	atomic_fetch_add(&w->calls, 1);
}

static void at_the_gate(void *self)
{
	struct work *w = self;

	pthread_mutex_lock(&w->lock);
	while (!w->is_open)
		pthread_cond_wait(&w->changed, &w->lock);
	pthread_mutex_unlock(&w->lock);
	atomic_fetch_add(&w->calls, 1);
}

static void last(void *self)
{
	struct work *w = self;

	atomic_fetch_add(&w->lasts, 1);
}

static void freed(void *self)
{
	struct work *w = self;

	atomic_fetch_add(&w->frees, 1);
}

static void wait_freed(struct work *w)
{
	u64 start_ms = clock_now_ms();

	while (!atomic_load(&w->frees) && clock_now_ms() - start_ms < PATIENT_MS)
		clock_sleep_ms(1);
	assert_int_equal(atomic_load(&w->frees), 1);
}

static void a_call_is_done_and_what_it_worked_on_freed_once(void **state)
{
	struct hands *h = NULL;
	struct work w;

	work_init(&w);
	assert_success(hands_start(&w, freed, &h));
	for (int i = 0; i < 3; i++)
		assert_int_equal(hands_do(h, quick, clock_now_ms() + PATIENT_MS),
				 HANDS_DONE);
	hands_release(h, last);
	wait_freed(&w);
	assert_int_equal(atomic_load(&w.calls), 3);
	assert_int_equal(atomic_load(&w.lasts), 1);
}

static void a_call_that_hangs_is_left_behind_and_nothing_else_begun(void **state)
{
	struct hands *h = NULL;
	struct work w;

	work_init(&w);
	assert_success(hands_start(&w, freed, &h));
	assert_int_equal(hands_do(h, at_the_gate, clock_now_ms() + SOON_MS), HANDS_RUNNING);
	assert_int_equal(hands_do(h, quick, clock_now_ms() + SOON_MS), HANDS_BUSY);
	assert_int_equal(hands_wait(h, clock_now_ms() + SOON_MS), HANDS_RUNNING);
	assert_int_equal(atomic_load(&w.calls), 0);
	open_gate(&w);
	assert_int_equal(hands_wait(h, clock_now_ms() + PATIENT_MS), HANDS_DONE);
	assert_int_equal(hands_do(h, quick, clock_now_ms() + PATIENT_MS), HANDS_DONE);
	assert_int_equal(atomic_load(&w.calls), 2);
	hands_release(h, NULL);
	wait_freed(&w);
}

static void letting_go_does_not_wait_for_a_call_that_hangs(void **state)
{
	struct hands *h = NULL;
	struct work w;

	work_init(&w);
	assert_success(hands_start(&w, freed, &h));
	assert_int_equal(hands_do(h, at_the_gate, clock_now_ms() + SOON_MS), HANDS_RUNNING);
	hands_release(h, last);
	assert_int_equal(atomic_load(&w.frees), 0);
	open_gate(&w);
	wait_freed(&w);
	assert_int_equal(atomic_load(&w.calls), 1);
	assert_int_equal(atomic_load(&w.lasts), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_is_done_and_what_it_worked_on_freed_once),
		cmocka_unit_test(a_call_that_hangs_is_left_behind_and_nothing_else_begun),
		cmocka_unit_test(letting_go_does_not_wait_for_a_call_that_hangs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
