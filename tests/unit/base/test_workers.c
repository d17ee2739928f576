#include "testing.h"

#include "base/workers.h"
#include "failing_malloc.h"

#include <pthread.h>

#define WORKERS 5

struct work {
	pthread_mutex_t lock;
	unsigned num_left;	  /* pieces of work */
	unsigned num_by[WORKERS]; /* workers: how often was each started */
	int failing;		  /* this one fails, -1: none */
};

static struct err *work(void *ctx, unsigned worker)
{
	struct work *w = ctx;
	bool is_done = false;

	assert_true(worker < WORKERS);
	while (!is_done) {
		pthread_mutex_lock(&w->lock);
		is_done = !w->num_left;
		w->num_left -= !is_done;
		if (is_done)
			w->num_by[worker]++;
		pthread_mutex_unlock(&w->lock);
	}
	return (int)worker == w->failing
		       ? err_new(ERR_BAD_DATA, "worker %u is tired", worker)
		       : NULL;
}

#define WORK(num, fails)                                                                   \
	((struct work){                                                                    \
		.lock = PTHREAD_MUTEX_INITIALIZER, .num_left = (num), .failing = (fails)})

static void all_work_is_done_and_everybody_has_left(void **state)
{
	for (unsigned count = 0; count <= WORKERS; count++) {
		struct work w = WORK(10000, -1);

		assert_success(workers_run(count, work, &w));
		assert_int_equal(w.num_left, 0);
		for (unsigned i = 0; i < WORKERS; i++)
			assert_int_equal(w.num_by[i], i == 0 || i < count);
	}
}

static void the_error_of_any_worker_is_told(void **state)
{
	for (int failing = 0; failing < WORKERS; failing++) {
		struct work w = WORK(100, failing);

		assert_failure(workers_run(WORKERS, work, &w), ERR_BAD_DATA, "is tired");
		assert_int_equal(w.num_left, 0);
	}
}

static struct err *run(void *ctx)
{
	struct work w = WORK(100, -1);

	return workers_run(WORKERS, work, &w);
}

static void lack_of_memory_is_an_error(void **state)
{
	assert_int_equal(each_allocation_fails_once(run, NULL), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_work_is_done_and_everybody_has_left),
		cmocka_unit_test(the_error_of_any_worker_is_told),
		cmocka_unit_test(lack_of_memory_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
