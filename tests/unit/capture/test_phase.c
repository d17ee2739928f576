#include "testing.h"

#include "base/clock.h"
#include "capture/phase.h"
#include "capture/record.h"

#include <poll.h>
#include <signal.h>

static const struct phase_limits generous = {.overall_ms = 20000};
static struct record *shared;

static int set_up(void **state)
{
	assert_success(record_new(&shared));
	return 0;
}

static int tear_down(void **state)
{
	record_free(shared);
	return 0;
}

static struct err *work_well(void *ctx)
{
	record_add_file(shared, "vmcore", 7, true);
	return NULL;
}

static struct err *work_badly(void *ctx)
{
	record_add_file(shared, "vmcore-incomplete", 3, false);
	return err_new(ERR_BAD_DATA, "the disk is %s", "full");
}

static struct err *work_until_it_crashes(void *ctx)
{
	record_add_file(shared, "vmcore-incomplete", 3, false);
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
	return NULL;
}

static struct err *work_until_it_exits(void *ctx)
{
	_exit(9);
}

static struct err *work_without_end(void *ctx)
{
	/* As stubborn as a process can be. */
	signal(SIGTERM, SIG_IGN);
	for (;;)
		clock_sleep_ms(1000);
	return NULL;
}

static struct err *work_in_small_steps(void *ctx)
{
	for (int i = 0; i < 20; i++) {
		shared->progress++;
		clock_sleep_ms(20);
	}
	return NULL;
}

static void what_a_phase_did_is_known_to_its_parent(void **state)
{
	assert_success(phase_run(work_well, NULL, &generous, NULL));
	assert_int_equal(shared->num_files, 1);
	assert_string_equal(shared->files[0].name, "vmcore");
}

static void a_phase_that_fails_gives_its_own_reason(void **state)
{
	assert_failure(phase_run(work_badly, NULL, &generous, NULL), ERR_REFUSED,
		       "the disk is full");
	assert_int_equal(shared->num_files, 1);
	assert_failure(phase_run(work_until_it_exits, NULL, &generous, NULL), ERR_REFUSED,
		       "status 9");
}

static void a_phase_that_crashes_costs_only_itself(void **state)
{
	assert_failure(phase_run(work_until_it_crashes, NULL, &generous, NULL), ERR_REFUSED,
		       "signal 11");
	assert_string_equal(shared->files[0].name, "vmcore-incomplete");
	assert_success(phase_run(work_well, NULL, &generous, NULL));
}

static void a_phase_without_progress_is_ended(void **state)
{
	const struct phase_limits limits = {.stall_ms = 200, .overall_ms = 20000};

	assert_failure(phase_run(work_without_end, NULL, &limits, &shared->progress),
		       ERR_REFUSED, "no progress for 200 ms");
	/* The same limit lets a slow one be, as long as it moves. */
	assert_success(phase_run(work_in_small_steps, NULL, &limits, &shared->progress));
}

static void a_phase_over_its_time_is_ended(void **state)
{
	const struct phase_limits limits = {.overall_ms = 100};
	u64 start = clock_now_ms();

	assert_failure(phase_run(work_without_end, NULL, &limits, NULL), ERR_REFUSED,
		       "not done after 100 ms");
	assert_true(clock_now_ms() - start < 10000);
}

/* It holds the end of a pipe that is written to. */
static struct err *work_with_a_child(void *ctx)
{
	if (fork() == 0)
		work_without_end(NULL);
	return work_without_end(NULL);
}

static void what_a_phase_has_started_ends_with_it(void **state)
{
	const struct phase_limits limits = {.overall_ms = 200};
	struct pollfd ends = {.events = POLLIN};
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_failure(phase_run(work_with_a_child, NULL, &limits, NULL), ERR_REFUSED,
		       "not done after 200 ms");
	close(fds[1]);
	ends.fd = fds[0];
	assert_int_equal(poll(&ends, 1, 10000), 1);
	assert_true(ends.revents & POLLHUP);
	close(fds[0]);
}

#define WITH_A_RECORD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_A_RECORD(what_a_phase_did_is_known_to_its_parent),
		WITH_A_RECORD(a_phase_that_fails_gives_its_own_reason),
		WITH_A_RECORD(a_phase_that_crashes_costs_only_itself),
		WITH_A_RECORD(a_phase_without_progress_is_ended),
		WITH_A_RECORD(a_phase_over_its_time_is_ended),
		WITH_A_RECORD(what_a_phase_has_started_ends_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
