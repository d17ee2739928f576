#include "trigger/bucket.h"

#include <pthread.h>

#include "testing.h"

static struct buckets *make(size_t max)
{
	struct buckets *b;

	assert_success(buckets_new(max, &b));
	return b;
}

static unsigned take_all(struct buckets *b, const char *key, double tokens, double refill,
			 u64 now_ms)
{
	unsigned taken = 0;

	while (taken < 1000 && buckets_take(b, key, tokens, refill, now_ms))
		taken++;
	return taken;
}

static void a_bucket_starts_full_and_fills_up_by_the_clock(void **state)
{
	cleanup(buckets_freep) struct buckets *b = make(16);

	(void)state;
	assert_int_equal(take_all(b, "alice", 5, 0.1, 1000), 5);
	assert_int_equal(take_all(b, "alice", 5, 0.1, 10999), 0);
	assert_int_equal(take_all(b, "alice", 5, 0.1, 11000), 1);
	assert_int_equal(take_all(b, "alice", 5, 0.1, 10000000), 5);
}

static void keys_do_not_share(void **state)
{
	cleanup(buckets_freep) struct buckets *b = make(16);

	(void)state;
	assert_int_equal(take_all(b, "alice", 5, 0, 0), 5);
	assert_int_equal(take_all(b, "bob", 5, 0, 0), 5);
}

static void a_clock_that_goes_back_gives_nothing(void **state)
{
	cleanup(buckets_freep) struct buckets *b = make(16);

	(void)state;
	assert_int_equal(take_all(b, "alice", 2, 1, 100000), 2);
	assert_int_equal(take_all(b, "alice", 2, 1, 5), 0);
	assert_int_equal(take_all(b, "alice", 2, 1, 100500), 0);
	assert_int_equal(take_all(b, "alice", 2, 1, 101000), 1);
}

static void a_bucket_of_less_than_one_token_gives_none(void **state)
{
	cleanup(buckets_freep) struct buckets *b = make(16);

	(void)state;
	assert_int_equal(take_all(b, "alice", 0, 100, 0), 0);
	assert_int_equal(take_all(b, "alice", 0, 100, 60000), 0);
}

static void a_smaller_limit_holds_at_once(void **state)
{
	cleanup(buckets_freep) struct buckets *b = make(16);

	(void)state;
	assert_true(buckets_take(b, "alice", 100, 0, 0));
	assert_int_equal(take_all(b, "alice", 3, 0, 1), 3);
}

static void in_a_crowd_the_empty_buckets_are_remembered(void **state)
{
	cleanup(buckets_freep) struct buckets *b = make(8); /* one set */
	char key[16];

	(void)state;
	assert_int_equal(take_all(b, "attacker", 5, 0, 0), 5);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "passer-by %u", i);
		assert_true(buckets_take(b, key, 5, 0, 0));
	}
	assert_int_equal(take_all(b, "attacker", 5, 0, 0), 0);
}

static void the_size_of_the_table_is_bounded(void **state)
{
	struct buckets *b;

	(void)state;
	assert_failure(buckets_new(0, &b), ERR_USAGE, "possible");
	assert_failure(buckets_new((size_t)BUCKETS_MAX + 1, &b), ERR_USAGE, "possible");
}

static void *take_some(void *ctx)
{
	uintptr_t taken = 0;

	for (unsigned i = 0; i < 1000; i++)
		taken += buckets_take(ctx, "alice", 500, 0, i);
	return (void *)taken;
}

static void asking_takes_nothing(void **state)
{
	cleanup(buckets_freep) struct buckets *b = make(16);

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_true(buckets_have(b, "alice", 1, 0, 0));
	assert_true(buckets_take(b, "alice", 1, 0, 0));
	assert_false(buckets_have(b, "alice", 1, 0, 0));
	assert_true(buckets_have(b, "alice", 1, 1, 1000));
}

static void threads_take_no_more_than_there_is(void **state)
{
	cleanup(buckets_freep) struct buckets *b = make(16);
	pthread_t threads[4];
	uintptr_t sum = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_some, b), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		void *taken;

		assert_int_equal(pthread_join(threads[i], &taken), 0);
		sum += (uintptr_t)taken;
	}
	assert_int_equal(sum, 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bucket_starts_full_and_fills_up_by_the_clock),
		cmocka_unit_test(keys_do_not_share),
		cmocka_unit_test(a_clock_that_goes_back_gives_nothing),
		cmocka_unit_test(a_bucket_of_less_than_one_token_gives_none),
		cmocka_unit_test(a_smaller_limit_holds_at_once),
		cmocka_unit_test(in_a_crowd_the_empty_buckets_are_remembered),
		cmocka_unit_test(the_size_of_the_table_is_bounded),
		cmocka_unit_test(asking_takes_nothing),
		cmocka_unit_test(threads_take_no_more_than_there_is),
	};

	return cmocka_run_group_tests_name("bucket", tests, NULL, NULL);
}
