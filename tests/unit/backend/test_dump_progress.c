#include "testing.h"

#include "backend/dump_progress_priv.h"
#include "base/clock.h"

#include <errno.h>

static void take_progress(void *ctx, u64 done, u64 total)
{
	u64 *told = ctx;

	told[0] = done;
	told[1] = total;
}

static void what_moves_goes_on_and_is_told(void **state)
{
	u64 told[2] = {0};
	struct dump_progress p = {.idle_ms = 400, .progress = take_progress, .ctx = told};

	dump_progress_start(&p);
	for (u64 i = 1; i <= 4; i++) {
		clock_sleep_ms(150);
		dump_progress_note(&p, i * 4096, 1 << 20);
		assert_success(dump_progress_check(&p, ""));
		assert_int_equal(told[0], i * 4096);
		assert_int_equal(told[1], 1 << 20);
	}
}

static void what_stands_still_is_given_up_with_how_far_it_came(void **state)
{
	struct dump_progress p = {.idle_ms = 100};
	struct err *err;

	dump_progress_start(&p);
	dump_progress_note(&p, 4096, 8192);
	clock_sleep_ms(150);
	dump_progress_note(&p, 4096, 8192); /* again: that is no progress */
	err = dump_progress_check(&p, "");
	assert_non_null(err);
	assert_int_equal(err_errno(err), ETIMEDOUT);
	assert_non_null(strstr(err_message(err), "stands still at 4096 bytes"));
	err_free(err);
}

static void a_cancelled_one_says_what_comes_of_it(void **state)
{
	volatile sig_atomic_t cancel = 0;
	struct dump_progress p = {.idle_ms = 60000, .cancel = &cancel};

	dump_progress_start(&p);
	assert_success(dump_progress_check(&p, "; it goes on"));
	cancel = 1;
	assert_failure(dump_progress_check(&p, "; it goes on"), ERR_REFUSED,
		       "interrupted; it goes on");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_moves_goes_on_and_is_told),
		cmocka_unit_test(what_stands_still_is_given_up_with_how_far_it_came),
		cmocka_unit_test(a_cancelled_one_says_what_comes_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
