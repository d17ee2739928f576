#include "testing.h"

#include "analyse/verdict.h"

static void add(struct log_events *e, const char *text)
{
	struct printk_record r = {
		.ts_ns = 1, .has_level = true, .text = text, .len = strlen(text)};

	log_events_add(e, &r);
}

static void assert_line(const struct verdict *v, const struct log_events *log,
			const struct panic_place *place, const char *expected)
{
	const struct inquest q = {.log = log, .place = place};
	struct buf b = BUF_INIT;

	verdict_format(&b, v, &q);
	assert_string_equal(buf_text(&b), expected);
	buf_deinit(&b);
}

static void the_line_names_place_and_task_and_is_escaped(void **state)
{
	const struct panic_place place = {.has_cpu = true,
					  .cpu = 3,
					  .is_panic = true,
					  .has_task = true,
					  .task = {.pid = 7, .comm = "a\x1b[2Jb"}};
	static struct log_events log;
	struct verdict v = {
		.class = CRASH_NULL_POINTER,
		.has_fault_addr = true,
		.fault_addr = 8,
		.culprit = {.is_known = true, .function = "f\x07oo", .module = "bar"}};

	assert_line(&v, &log, &place,
		    "NULL pointer dereference at address 0x8 in f\\x07oo [bar], CPU 3, "
		    "task a\\x1b[2Jb (pid 7)");
	v = (struct verdict){.class = CRASH_DEADLOCK, .trigger = TRIGGER_NMI};
	assert_line(&v, &log, &place, "Deadlock, ended by NMI");
}

static void whoever_was_told_to_panic_is_not_named_but_the_culprit_is(void **state)
{
	const struct panic_place place = {.has_cpu = true,
					  .cpu = 3,
					  .is_panic = true,
					  .has_task = true,
					  .task = {.pid = 7, .comm = "khungtaskd"}};
	static struct log_events log;
	struct verdict v = {.class = CRASH_HUNG_TASK,
			    .trigger = TRIGGER_HUNG_TASK,
			    .culprit = {.is_known = true,
					.function = "foo",
					.has_task = true,
					.pid = 9,
					.comm = "a\x1b[2Jb"}};

	assert_line(&v, &log, &place, "Hung task in foo, task a\\x1b[2Jb (pid 9)");
	v.class = CRASH_DEADLOCK;
	assert_line(
		&v, &log, &place,
		"Deadlock in foo, task a\\x1b[2Jb (pid 9), ended by hung task watchdog");
	v.culprit.has_cpu = true;
	v.culprit.cpu = 1;
	v.class = CRASH_SOFT_LOCKUP;
	v.trigger = TRIGGER_SOFT_LOCKUP;
	assert_line(&v, &log, &place, "Soft lockup in foo, CPU 1, task a\\x1b[2Jb (pid 9)");
	v = (struct verdict){.class = CRASH_MEMORY_LEAK};
	assert_line(&v, &log, &place, "Memory leak");
}

static void a_machine_that_ran_has_a_line_too(void **state)
{
	const struct panic_place place = {.has_cpu = true};
	const struct verdict v = {.class = CRASH_NONE};
	static struct log_events log;

	log.num_records = 1;
	assert_line(&v, &log, &place,
		    "No panic: this machine was running when it was dumped");
}

static void what_cannot_be_known_is_not_claimed(void **state)
{
	struct panic_place place = {.has_cpu = true};
	const struct verdict v = {.class = CRASH_UNKNOWN};
	static struct log_events log;

	assert_line(&v, &log, &place,
		    "What this machine died of is not known: its log cannot be read");
	place.has_cpu = false;
	assert_line(&v, &log, &place,
		    "What this machine died of is not known: its log and CPUs cannot be "
		    "read");
	place = (struct panic_place){.is_panic = true, .has_cpu = true, .cpu = 1};
	assert_line(&v, &log, &place, "Kernel panic, and the log cannot be read, CPU 1");
}

static void a_panic_of_no_known_kind_is_told_in_its_own_words(void **state)
{
	const struct panic_place place = {0};
	const struct verdict v = {.class = CRASH_PANIC, .trigger = TRIGGER_PANIC};
	static struct log_events log;

	add(&log, "Kernel panic - not syncing: the moon is full");
	assert_line(&v, &log, &place, "Kernel panic - not syncing: the moon is full");
}

static void evidence_is_escaped_and_bounded(void **state)
{
	static struct verdict v;
	char text[1000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	verdict_add(&v, EVIDENCE_LOG, CONFIDENCE_HINT, "%s", "a\x1b]0;b");
	verdict_add_addr(&v, 0x1234);
	assert_string_equal(v.evidence[0].text, "a\\x1b]0;b");
	assert_true(v.evidence[0].has_addr);
	assert_int_equal(v.evidence[0].addr, 0x1234);
	for (size_t i = 0; i < 2 * VERDICT_MAX_EVIDENCE; i++)
		verdict_add(&v, EVIDENCE_MEMORY, CONFIDENCE_CERTAIN, "%s", text);
	assert_int_equal(v.num_evidence, VERDICT_MAX_EVIDENCE);
	assert_int_equal(v.num_left_out, VERDICT_MAX_EVIDENCE + 1);
	assert_int_equal(strlen(v.evidence[1].text), VERDICT_TEXT_SIZE - 1);
	verdict_add_addr(&v, 1);
	assert_false(v.evidence[VERDICT_MAX_EVIDENCE - 1].has_addr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_line_names_place_and_task_and_is_escaped),
		cmocka_unit_test(whoever_was_told_to_panic_is_not_named_but_the_culprit_is),
		cmocka_unit_test(a_machine_that_ran_has_a_line_too),
		cmocka_unit_test(what_cannot_be_known_is_not_claimed),
		cmocka_unit_test(a_panic_of_no_known_kind_is_told_in_its_own_words),
		cmocka_unit_test(evidence_is_escaped_and_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
