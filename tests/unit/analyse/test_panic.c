#include "testing.h"

#include "analyse/panic.h"

static void add(struct panic_log *p, const char *text, u64 seconds)
{
	struct printk_record r = {.ts_ns = seconds * 1000000000,
				  .has_level = true,
				  .text = text,
				  .len = strlen(text)};

	panic_log_add(p, &r);
}

static void the_panic_is_the_last_one_of_the_log(void **state)
{
	struct panic_log p = {0};

	add(&p, "Linux version 6.1", 0);
	add(&p, "Kernel panic - not syncing: Fatal exception", 5);
	add(&p, "Kernel panic - not syncing: NMI: Not continuing", 6);
	add(&p, "---[ end Kernel panic - not syncing: something else ]---", 6);
	assert_string_equal(panic_log_text(&p),
			    "Kernel panic - not syncing: NMI: Not continuing");
}

static void the_first_complaint_of_an_event_is_its_cause(void **state)
{
	struct panic_log p = {0};

	add(&p, "watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [old:1]", 10);
	add(&p, "BUG: kernel NULL pointer dereference, address: 0000000000000008", 100);
	add(&p, "Oops: 0000 [#1] PREEMPT SMP NOPTI", 100);
	add(&p, "Kernel panic - not syncing: Fatal exception", 101);
	add(&p, "BUG: scheduling while atomic", 102);
	assert_string_equal(
		p.cause, "BUG: kernel NULL pointer dereference, address: 0000000000000008");
	assert_string_equal(p.message, "Kernel panic - not syncing: Fatal exception");
}

static void a_log_without_panic_still_names_its_complaint(void **state)
{
	struct panic_log p = {0};

	assert_string_equal(panic_log_text(&p), "");
	add(&p, "INFO: task sh:12 blocked for more than 120 seconds.", 1);
	assert_string_equal(panic_log_text(&p),
			    "INFO: task sh:12 blocked for more than 120 seconds.");
}

static void what_user_space_wrote_is_not_believed(void **state)
{
	struct panic_log p = {0};
	const char *text = "Kernel panic - not syncing: I am only joking";
	struct printk_record r = {
		.has_level = true, .facility = 1, .text = text, .len = strlen(text)};

	panic_log_add(&p, &r);
	assert_string_equal(panic_log_text(&p), "");
}

static void only_the_line_of_the_panic_is_taken_and_cut_to_fit(void **state)
{
	struct panic_log p = {0};
	char text[1000];

	add(&p, "Kernel panic - not syncing: one \nand more", 1);
	assert_string_equal(p.message, "Kernel panic - not syncing: one");
	memset(text, 'x', sizeof(text));
	memcpy(text, "Kernel panic - not syncing: ", 28);
	text[sizeof(text) - 1] = '\0';
	add(&p, text, 1);
	assert_int_equal(strlen(p.message), PANIC_TEXT_SIZE - 1);
}

static void assert_verdict(const struct panic_log *log, const struct panic_place *place,
			   const char *expected)
{
	struct buf b = BUF_INIT;

	panic_verdict_format(&b, log, place);
	assert_string_equal(buf_text(&b), expected);
	buf_deinit(&b);
}

static void the_verdict_names_cpu_and_task_and_is_escaped(void **state)
{
	struct panic_log log = {.message = "Kernel panic - not syncing: NMI"};
	struct panic_place place = {.has_cpu = true, .cpu = 3, .is_panic = true};

	assert_verdict(&log, &place, "Kernel panic - not syncing: NMI on CPU 3");
	place.has_task = true;
	place.task = (struct task){.pid = 7, .comm = "a\x1b[2Jb"};
	assert_verdict(
		&log, &place,
		"Kernel panic - not syncing: NMI on CPU 3 in task a\\x1b[2Jb (pid 7)");
}

static void a_machine_that_ran_has_a_verdict_too(void **state)
{
	struct panic_log log = {.num_records = 1};
	struct panic_place place = {.has_cpu = true};

	assert_verdict(&log, &place,
		       "No panic: this machine was running when it was dumped");
}

static void what_cannot_be_known_is_not_claimed(void **state)
{
	struct panic_log log = {0};
	struct panic_place place = {.has_cpu = true};

	assert_verdict(&log, &place,
		       "What this machine died of is not known: its log cannot be read");
	place.has_cpu = false;
	assert_verdict(
		&log, &place,
		"What this machine died of is not known: its log and CPUs cannot be read");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_panic_is_the_last_one_of_the_log),
		cmocka_unit_test(the_first_complaint_of_an_event_is_its_cause),
		cmocka_unit_test(a_log_without_panic_still_names_its_complaint),
		cmocka_unit_test(what_user_space_wrote_is_not_believed),
		cmocka_unit_test(only_the_line_of_the_panic_is_taken_and_cut_to_fit),
		cmocka_unit_test(the_verdict_names_cpu_and_task_and_is_escaped),
		cmocka_unit_test(a_machine_that_ran_has_a_verdict_too),
		cmocka_unit_test(what_cannot_be_known_is_not_claimed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
