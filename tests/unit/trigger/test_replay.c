#include "testing.h"

#include "trigger/replay.h"

static char *hash(unsigned n)
{
	static char text[REPLAY_HASH_LEN + 1];

	snprintf(text, sizeof(text), "%064x", n);
	return text;
}

static struct replay *make(size_t capacity)
{
	struct replay *r;

	assert_success(replay_new(capacity, &r));
	return r;
}

static void a_signature_is_new_once(void **state)
{
	cleanup(replay_freep) struct replay *r = make(10);
	enum engine_outcome outcome;

	assert_int_equal(replay_enter(r, hash(1), 100, 0, &outcome), REPLAY_NEW);
	assert_int_equal(replay_enter(r, hash(1), 100, 0, &outcome), REPLAY_UNKNOWN);
	assert_int_equal(replay_enter(r, hash(2), 100, 0, &outcome), REPLAY_NEW);
	replay_end(r, hash(1), ENGINE_UNSUPPORTED);
	assert_int_equal(replay_enter(r, hash(1), 100, 99, &outcome), REPLAY_ENDED);
	assert_int_equal(outcome, ENGINE_UNSUPPORTED);
	assert_int_equal(replay_enter(r, hash(2), 100, 99, &outcome), REPLAY_UNKNOWN);
}

static void nothing_is_forgotten_before_its_time_however_full_it_is(void **state)
{
	cleanup(replay_freep) struct replay *r = make(1000);
	enum engine_outcome outcome;

	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(replay_enter(r, hash(i), 100 + i, 0, &outcome),
				 REPLAY_NEW);
	assert_int_equal(replay_enter(r, hash(5000), 9999, 100, &outcome), REPLAY_FULL);
	assert_int_equal(replay_count(r), 1000);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(replay_enter(r, hash(i), 9999, 100, &outcome),
				 REPLAY_UNKNOWN);
	/* The first five are past their time. */
	assert_int_equal(replay_enter(r, hash(5000), 9999, 105, &outcome), REPLAY_NEW);
	assert_int_equal(replay_count(r), 996);
	assert_int_equal(replay_enter(r, hash(5), 9999, 105, &outcome), REPLAY_UNKNOWN);
}

static void a_smaller_capacity_forgets_nothing_and_a_larger_one_makes_room(void **state)
{
	cleanup(replay_freep) struct replay *r = make(8);
	enum engine_outcome outcome;

	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(replay_enter(r, hash(i), 100, 0, &outcome), REPLAY_NEW);
	assert_success(replay_resize(r, 2));
	assert_int_equal(replay_enter(r, hash(8), 100, 0, &outcome), REPLAY_FULL);
	assert_int_equal(replay_enter(r, hash(7), 100, 0, &outcome), REPLAY_UNKNOWN);
	assert_success(replay_resize(r, 100));
	for (unsigned i = 8; i < 100; i++)
		assert_int_equal(replay_enter(r, hash(i), 100, 0, &outcome), REPLAY_NEW);
	assert_int_equal(replay_enter(r, hash(0), 100, 0, &outcome), REPLAY_UNKNOWN);
}

static void a_capacity_of_nothing_refuses_all(void **state)
{
	cleanup(replay_freep) struct replay *r = make(0);
	enum engine_outcome outcome;

	assert_int_equal(replay_enter(r, hash(1), 100, 0, &outcome), REPLAY_FULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signature_is_new_once),
		cmocka_unit_test(nothing_is_forgotten_before_its_time_however_full_it_is),
		cmocka_unit_test(
			a_smaller_capacity_forgets_nothing_and_a_larger_one_makes_room),
		cmocka_unit_test(a_capacity_of_nothing_refuses_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
