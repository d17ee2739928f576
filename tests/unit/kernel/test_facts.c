/* The parts of clock, machine and task that need no dump. */
#include "testing.h"

#include "kernel/clock.h"
#include "kernel/machine.h"
#include "kernel/taint.h"
#include "kernel/task.h"

static void ticks_per_second_come_from_the_length_of_a_tick(void **state)
{
	assert_int_equal(kernel_clock_hz(4000000, 0, 0), 250);
	assert_int_equal(kernel_clock_hz(3999848, 0, 0), 250);
	assert_int_equal(kernel_clock_hz(3333333, 0, 0), 300);
	assert_int_equal(kernel_clock_hz(10000000, 0, 0), 100);
}

static void ticks_per_second_come_from_a_count_where_there_is_no_length(void **state)
{
	assert_int_equal(kernel_clock_hz(0, 44632 / 4, 44), 250);
	assert_int_equal(kernel_clock_hz(0, 101000, 100), 1000);
}

static void ticks_that_fit_no_rate_are_not_known(void **state)
{
	assert_int_equal(kernel_clock_hz(0, 500 * 100, 100), 0);
	assert_int_equal(kernel_clock_hz(0, 1000, 1), 0);
	assert_int_equal(kernel_clock_hz(1, 0, 0), 0);
	assert_int_equal(kernel_clock_hz(UINT64_MAX, 0, 0), 0);
}

static void assert_memory(u64 bytes, const char *expected)
{
	struct buf b = BUF_INIT;

	memory_format(&b, bytes);
	assert_string_equal(buf_text(&b), expected);
	buf_deinit(&b);
}

static void memory_is_printed_as_crash_prints_it(void **state)
{
	assert_memory(0x3ff7d000, "1 GB");
	assert_memory((u64)5 << 30, "5 GB");
	assert_memory((u64)523776 << 10, "511.5 MB");
	assert_memory(((u64)8 << 30) - ((u64)102 << 20), "7.9 GB");
	assert_memory((u64)64 << 10, "64 KB");
	assert_memory(0, "0 KB");
}

static void memory_of_every_size_can_be_printed(void **state)
{
	assert_memory(UINT64_MAX, "17179869184 GB");
}

static void assert_taint(u64 taint, const char *expected)
{
	struct buf b = BUF_INIT;

	taint_format(&b, taint);
	assert_string_equal(buf_text(&b), expected);
	buf_deinit(&b);
}

static void taint_is_letters_and_unknown_bits_are_told(void **state)
{
	assert_taint(0, "");
	assert_taint(1 << 0 | 1 << 12 | 1 << 13, "POE");
	assert_taint((u64)1 << 63, "?");
	assert_int_equal(taint_letter(14), 'L');
	assert_string_equal(taint_meaning(12), "an out-of-tree module was loaded");
	assert_non_null(strstr(taint_meaning(63), "newer"));
}

static void states_have_the_names_of_the_kernel(void **state)
{
	struct task t = {0};
	char text[TASK_STATE_TEXT_LEN];

	assert_string_equal(task_state_text(&t, text), "TASK_RUNNING");
	assert_int_equal(task_state_letter(&t), 'R');
	t.state = 0x402;
	assert_string_equal(task_state_text(&t, text), "TASK_UNINTERRUPTIBLE|TASK_NOLOAD");
	assert_int_equal(task_state_letter(&t), 'I');
	t.state = 2;
	assert_int_equal(task_state_letter(&t), 'D');
	t = (struct task){.state = 0x80, .exit_state = 0x20};
	assert_string_equal(task_state_text(&t, text), "EXIT_ZOMBIE|TASK_DEAD");
	assert_int_equal(task_state_letter(&t), 'Z');
}

static void states_nobody_knows_are_shown_as_numbers(void **state)
{
	struct task t = {.state = (u64)1 << 40};
	char text[TASK_STATE_TEXT_LEN];

	assert_string_equal(task_state_text(&t, text), "0x10000000000");
	assert_int_equal(task_state_letter(&t), '?');
	t.state = 0x200; /* TASK_WAKING */
	assert_int_equal(task_state_letter(&t), 'R');
}

static void all_bits_of_a_state_fit_the_text(void **state)
{
	struct task t = {.state = UINT64_MAX, .exit_state = UINT64_MAX};
	char text[TASK_STATE_TEXT_LEN];

	assert_true(strlen(task_state_text(&t, text)) < TASK_STATE_TEXT_LEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ticks_per_second_come_from_the_length_of_a_tick),
		cmocka_unit_test(
			ticks_per_second_come_from_a_count_where_there_is_no_length),
		cmocka_unit_test(ticks_that_fit_no_rate_are_not_known),
		cmocka_unit_test(memory_is_printed_as_crash_prints_it),
		cmocka_unit_test(memory_of_every_size_can_be_printed),
		cmocka_unit_test(taint_is_letters_and_unknown_bits_are_told),
		cmocka_unit_test(states_have_the_names_of_the_kernel),
		cmocka_unit_test(states_nobody_knows_are_shown_as_numbers),
		cmocka_unit_test(all_bits_of_a_state_fit_the_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
