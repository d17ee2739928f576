#include "testing.h"

#include "kernel/list_guard.h"

/* Nodes looked at before the loop is noticed, of a list whose first @tail nodes lead into a
 * loop of @len. */
static u64 steps_until_noticed(u64 tail, u64 len)
{
	struct list_guard guard = {0};
	u64 steps = 0;

	for (u64 at = 0;; at = at + 1 < tail + len ? at + 1 : tail) {
		struct err *err = list_guard_check(&guard, 0xffff000000000000 + at * 64);

		if (err) {
			assert_failure(err, ERR_BAD_DATA, "the list loops at 0xffff");
			return steps;
		}
		assert_true(++steps < 3 * (tail + len) + 3);
	}
}

static void a_node_that_leads_to_itself_is_taken_once(void **state)
{
	assert_int_equal(steps_until_noticed(0, 1), 1);
}

static void a_loop_is_noticed_however_long_it_is(void **state)
{
	for (u64 tail = 0; tail < 40; tail++)
		for (u64 len = 1; len < 40; len++)
			steps_until_noticed(tail, len);
	steps_until_noticed(100000, 1);
	steps_until_noticed(1, 100000);
}

static void a_list_that_ends_is_no_loop(void **state)
{
	struct list_guard guard = {0};

	/* 0 is an address like others. */
	for (u64 at = 0; at < 100000; at++)
		assert_success(list_guard_check(&guard, at * 8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_node_that_leads_to_itself_is_taken_once),
		cmocka_unit_test(a_loop_is_noticed_however_long_it_is),
		cmocka_unit_test(a_list_that_ends_is_no_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
