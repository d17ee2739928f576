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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_panic_is_the_last_one_of_the_log),
		cmocka_unit_test(the_first_complaint_of_an_event_is_its_cause),
		cmocka_unit_test(a_log_without_panic_still_names_its_complaint),
		cmocka_unit_test(what_user_space_wrote_is_not_believed),
		cmocka_unit_test(only_the_line_of_the_panic_is_taken_and_cut_to_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
