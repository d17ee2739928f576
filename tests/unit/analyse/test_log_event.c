#include "testing.h"

#include "analyse/log_event.h"

static void add_at(struct log_events *e, const char *text, u64 ts_ns)
{
	struct printk_record r = {
		.ts_ns = ts_ns, .has_level = true, .text = text, .len = strlen(text)};

	log_events_add(e, &r);
}

static const struct log_event *event_of(struct log_events *e, const char *text)
{
	*e = (struct log_events){0};
	add_at(e, text, 5);
	assert_int_equal(e->num, 1);
	return &e->last[0];
}

static void a_fault_has_its_address(void **state)
{
	static struct log_events log;
	const struct log_event *e = event_of(
		&log, "BUG: kernel NULL pointer dereference, address: 0000000000000014");

	assert_int_equal(e->kind, LOG_NULL_POINTER);
	assert_true(e->has_addr);
	assert_int_equal(e->addr, 0x14);
	e = event_of(&log, "Oops: general protection fault, probably for non-canonical "
			   "address 0xdead000000000108: 0000 [#1] PREEMPT SMP NOPTI");
	assert_int_equal(e->kind, LOG_PROTECTION_FAULT);
	assert_int_equal(e->addr, 0xdead000000000108);
	e = event_of(&log, "general protection fault: 0000 [#1]");
	assert_int_equal(e->kind, LOG_PROTECTION_FAULT);
	assert_false(e->has_addr);
}

static void a_bug_has_its_file_and_line(void **state)
{
	static struct log_events log;
	const struct log_event *e = event_of(&log, "kernel BUG at lib/list_debug.c:56!");

	assert_int_equal(e->kind, LOG_BUG);
	assert_string_equal(e->file, "lib/list_debug.c");
	assert_int_equal(e->line, 56);
	e = event_of(&log, "WARNING: CPU: 1 PID: 77 at /a/very/long/path/that/somebody/"
			   "chose/to/build/a/module/in/drv/main.c:123 f+0x1/0x2 [m]");
	assert_int_equal(e->kind, LOG_WARN);
	assert_int_equal(e->cpu, 1);
	assert_int_equal(e->pid, 77);
	assert_int_equal(e->line, 123);
	assert_int_equal(strlen(e->file), LOG_EVENT_NAME_SIZE - 1);
	assert_string_equal(e->file + strlen(e->file) - 10, "drv/main.c");
}

static void a_name_may_hold_what_stands_behind_it(void **state)
{
	static struct log_events log;
	const struct log_event *e = event_of(
		&log, "watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [a:1] b:12:345]");

	assert_int_equal(e->kind, LOG_SOFT_LOCKUP);
	assert_int_equal(e->cpu, 3);
	assert_int_equal(e->seconds, 22);
	assert_string_equal(e->comm, "a:1] b:12");
	assert_int_equal(e->pid, 345);
	e = event_of(&log, "INFO: task kworker/u8:2:99 blocked for more than 120 seconds.");
	assert_int_equal(e->kind, LOG_HUNG_TASK);
	assert_string_equal(e->comm, "kworker/u8:2");
	assert_int_equal(e->pid, 99);
	assert_int_equal(e->seconds, 120);
}

static void a_panic_is_one_whatever_else_it_tells(void **state)
{
	static struct log_events e;

	add_at(&e, "Kernel panic - not syncing: NMI: Not continuing", 1);
	add_at(&e, "---[ end Kernel panic - not syncing: NMI: Not continuing ]---", 2);
	assert_int_equal(e.num, 1);
	assert_int_equal(e.last[0].kind, LOG_NMI);
	assert_non_null(log_events_panic(&e));
	add_at(&e, "watchdog: BUG: soft lockup - CPU#0 stuck for 1s! [x:1]", 3);
	assert_int_equal(log_events_panic(&e)->kind, LOG_NMI);
}

static void what_user_space_wrote_is_not_believed(void **state)
{
	const char *text = "Kernel panic - not syncing: I am only joking";
	struct printk_record r = {
		.has_level = true, .facility = 1, .text = text, .len = strlen(text)};
	static struct log_events e;

	log_events_add(&e, &r);
	assert_int_equal(e.num, 0);
	assert_int_equal(e.num_records, 1);
}

static void lines_that_break_off_are_no_events(void **state)
{
	static const char *const texts[] = {"soft lockup - CPU#",
					    "soft lockup - CPU#1 stuck for ",
					    "soft lockup - CPU#1 stuck for 2s! [a",
					    "WARNING: CPU: x PID: 1 at a.c:1",
					    "kernel BUG at nowhere!",
					    "INFO: task  blocked for more than 1 seconds",
					    ""};
	static struct log_events e;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		add_at(&e, texts[i], i);
	assert_int_equal(e.num, 0);
}

static void a_zero_byte_ends_a_number(void **state)
{
	static const char text[] = "BUG: unable to handle page fault for address: 12\0"
				   "34";
	struct printk_record r = {.text = text, .len = sizeof(text) - 1};
	static struct log_events e;

	log_events_add(&e, &r);
	assert_int_equal(e.last[0].addr, 0x12);
}

static void the_first_and_the_newest_events_are_kept(void **state)
{
	static struct log_events e;

	for (u64 i = 0; i < 1000; i++)
		add_at(&e, "list_del corruption", i);
	assert_int_equal(e.num, 1000);
	assert_int_equal(e.counts[LOG_LIST_CORRUPTION], 1000);
	assert_int_equal(e.first[0].ts_ns, 0);
	assert_int_equal(log_events_back(&e, 0)->ts_ns, 999);
	assert_int_equal(log_events_back(&e, LOG_EVENTS_LAST - 1)->ts_ns,
			 1000 - LOG_EVENTS_LAST);
	assert_null(log_events_back(&e, LOG_EVENTS_LAST));
	assert_int_equal(log_events_back(&e, 999)->ts_ns, 0);
	assert_null(log_events_back(&e, 1000));
	assert_null(log_events_newest(&e, LOG_NMI));
}

static void each_line_of_a_record_counts(void **state)
{
	static struct log_events e;

	add_at(&e, "something\nkernel BUG at a.c:1!\nlist_add corruption", 1);
	assert_int_equal(e.num, 2);
	assert_int_equal(e.last[0].kind, LOG_BUG);
	assert_int_equal(e.last[1].kind, LOG_LIST_CORRUPTION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fault_has_its_address),
		cmocka_unit_test(a_bug_has_its_file_and_line),
		cmocka_unit_test(a_name_may_hold_what_stands_behind_it),
		cmocka_unit_test(a_panic_is_one_whatever_else_it_tells),
		cmocka_unit_test(what_user_space_wrote_is_not_believed),
		cmocka_unit_test(lines_that_break_off_are_no_events),
		cmocka_unit_test(a_zero_byte_ends_a_number),
		cmocka_unit_test(the_first_and_the_newest_events_are_kept),
		cmocka_unit_test(each_line_of_a_record_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
