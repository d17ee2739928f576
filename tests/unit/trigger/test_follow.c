#include "trigger/follow.h"

#include "testing.h"
#include "trigger/console_sign.h"

/* Everything can be seen, and there is a fallback. */
static const struct follow_rules all = {
	.has_console = true,
	.has_events = true,
	.has_dump_dir = true,
	.falls_back = true,
	.quiet_ms = 60000,
	.no_sign_ms = 30000,
	.latch_ms = 900000,
};

static struct follow sent(struct follow_rules rules)
{
	struct follow f;

	follow_init(&f, &rules, CAPTURE_REQUESTED, 1000);
	follow_feed(&f, &(struct follow_event){.kind = FOLLOW_SENT}, 1000);
	assert_int_equal(f.state, CAPTURE_INJECTED);
	assert_true(f.is_news);
	return f;
}

static enum capture_state line(struct follow *f, const char *text, u64 now_ms)
{
	follow_feed(f,
		    &(struct follow_event){
			    .kind = FOLLOW_LINE, .text = text, .len = strlen(text)},
		    now_ms);
	return f->state;
}

static enum capture_state backend(struct follow *f, enum backend_event e, u64 now_ms)
{
	follow_feed(f, &(struct follow_event){.kind = FOLLOW_BACKEND, .backend = e},
		    now_ms);
	return f->state;
}

static enum capture_state feed(struct follow *f, enum follow_event_kind kind,
			       const char *text, u64 now_ms)
{
	follow_feed(f, &(struct follow_event){.kind = kind, .text = text}, now_ms);
	return f->state;
}

static enum capture_state wait_until(struct follow *f, u64 now_ms)
{
	return feed(f, FOLLOW_TIME, NULL, now_ms);
}

static void a_capture_goes_its_whole_way(void **state)
{
	struct follow f = sent(all);

	(void)state;
	assert_int_equal(
		line(&f, "[   12.5] Kernel panic - not syncing: NMI: Not continuing", 1100),
		CAPTURE_PANICKED);
	assert_int_equal(line(&f, "[    0.000000] Linux version 6.1.0-28-amd64 (x)", 1500),
			 CAPTURE_CAPTURING);
	line(&f, "[    0.000000] Command line: root=/dev/vda1 elfcorehdr=0x7f000000", 1500);
	assert_false(f.is_news);
	line(&f, "[    1.9] inquest: start role=capture version=0.1.0 protocol=1", 2500);
	assert_int_equal(line(&f,
			      "[    9.9] inquest: end role=capture outcome=complete "
			      "final=reboot directory=/crash/1",
			      9000),
			 CAPTURE_DUMPED);
	assert_non_null(strstr(f.text, "/crash/1"));
	assert_int_equal(backend(&f, BACKEND_EVENT_RESET, 9500), CAPTURE_REBOOTED);
	assert_int_equal(f.todo, FOLLOW_WAIT);
	assert_int_equal(feed(&f, FOLLOW_DUMP_WHOLE, "/dumps/x", 9900), CAPTURE_VERIFIED);
	assert_int_equal(f.todo, FOLLOW_OVER);
}

static void a_guest_that_goes_on_dazed_ignored_it(void **state)
{
	struct follow f = sent(all);

	(void)state;
	assert_int_equal(
		line(&f, "[   15.1] Uhhuh. NMI received for unknown reason 20 on CPU 0.",
		     1100),
		CAPTURE_INJECTED);
	assert_int_equal(
		line(&f, "[   15.1] Dazed and confused, but trying to continue", 1101),
		CAPTURE_IGNORED);
	assert_int_equal(f.todo, FOLLOW_OVER);
	assert_non_null(strstr(f.text, "unknown_nmi_panic"));
}

static void what_a_crashed_kernel_said_before_is_no_sign_when_it_is_quoted(void **state)
{
	struct follow f = sent(all);

	(void)state;
	line(&f, "[    9.1] Kernel panic - not syncing: x", 1100);
	line(&f, "[    0.0] Linux version 6.1.0", 1200);
	line(&f, "[    0.0] Command line: elfcorehdr=0x1000", 1200);
	assert_int_equal(line(&f, "[    2.1] inquest|   Linux version 6.1.0", 1300),
			 CAPTURE_CAPTURING);
	assert_int_equal(line(&f,
			      "[    2.1] inquest| Dazed and confused, but trying to "
			      "continue",
			      1300),
			 CAPTURE_CAPTURING);
}

static void a_panic_without_a_capture_kernel_is_told_after_a_grace(void **state)
{
	struct follow f = sent(all);

	(void)state;
	assert_int_equal(backend(&f, BACKEND_EVENT_PANICKED, 2000), CAPTURE_PANICKED);
	assert_int_equal(follow_deadline(&f), 17000);
	wait_until(&f, 16999);
	assert_int_equal(f.todo, FOLLOW_WAIT);
	wait_until(&f, 17000);
	assert_int_equal(f.todo, FOLLOW_FALL_BACK);
	assert_true(f.may_act);
	assert_int_equal(feed(&f, FOLLOW_FELL_BACK, "/d/x", 99000),
			 CAPTURE_TIMEOUT_FALLBACK_DUMPED);
}

static void panicked_is_not_believed_where_a_capture_kernel_comes_after_all(void **state)
{
	struct follow f = sent(all);

	(void)state;
	backend(&f, BACKEND_EVENT_PANICKED, 2000);
	assert_int_equal(line(&f, "[    0.0] Linux version 6.1.0", 9000),
			 CAPTURE_CAPTURING);
	wait_until(&f, 20000);
	assert_int_equal(f.todo, FOLLOW_WAIT);
}

static void while_a_capture_kernel_is_loaded_nothing_is_reset(void **state)
{
	struct follow f = sent(all);

	(void)state;
	assert_int_equal(backend(&f, BACKEND_EVENT_CRASHLOADED, 2000), CAPTURE_PANICKED);
	/* Some guests say both. */
	assert_int_equal(backend(&f, BACKEND_EVENT_PANICKED, 2001), CAPTURE_PANICKED);
	wait_until(&f, 61999);
	assert_int_equal(f.todo, FOLLOW_WAIT);
	wait_until(&f, 62001);
	assert_int_equal(f.todo, FOLLOW_FALL_BACK);
	assert_false(f.may_act);
	assert_int_equal(feed(&f, FOLLOW_NO_FALLBACK, "the disk is full", 63000),
			 CAPTURE_FAILED);
	assert_non_null(strstr(f.text, "the disk is full"));
}

static void a_sign_that_comes_late_withdraws_the_fallback(void **state)
{
	struct follow f = sent(all);

	(void)state;
	wait_until(&f, 31000);
	assert_int_equal(f.todo, FOLLOW_FALL_BACK);
	backend(&f, BACKEND_EVENT_CRASHLOADED, 31001);
	assert_int_equal(f.todo, FOLLOW_WAIT);
	assert_int_equal(f.state, CAPTURE_PANICKED);
	/* What the fallback has to say now is of no account. */
	assert_int_equal(feed(&f, FOLLOW_NO_FALLBACK, "", 31002), CAPTURE_PANICKED);
}

static void silence_after_the_interrupt_ends_in_the_fallback_or_ignored(void **state)
{
	struct follow_rules rules = all;
	struct follow f = sent(rules);

	(void)state;
	assert_int_equal(follow_deadline(&f), 31000);
	wait_until(&f, 31000);
	assert_int_equal(f.todo, FOLLOW_FALL_BACK);
	assert_true(f.may_act);
	rules.falls_back = false;
	f = sent(rules);
	assert_int_equal(wait_until(&f, 31000), CAPTURE_IGNORED);
}

static void a_machine_that_writes_is_not_reset(void **state)
{
	struct follow f = sent(all);

	(void)state;
	feed(&f, FOLLOW_LIFE, NULL, 20000);
	wait_until(&f, 31000);
	assert_int_equal(f.todo, FOLLOW_FALL_BACK);
	assert_false(f.may_act);
}

static void signs_of_life_put_the_deadline_of_a_capture_off(void **state)
{
	struct follow f = sent(all);

	(void)state;
	line(&f, "[    0.0] Linux version 6.1.0", 2000);
	for (u64 now = 2000; now < 10000000; now += 50000) {
		feed(&f, FOLLOW_LIFE, NULL, now);
		assert_int_equal(f.todo, FOLLOW_WAIT);
	}
	assert_int_equal(f.state, CAPTURE_CAPTURING);
	wait_until(&f, 10100000);
	assert_int_equal(f.todo, FOLLOW_FALL_BACK);
	assert_false(f.may_act);
}

static void an_ordinary_boot_after_the_panic_means_no_kdump(void **state)
{
	struct follow_rules rules = all;
	struct follow f;

	(void)state;
	rules.has_dump_dir = false;
	f = sent(rules);
	line(&f, "[    9.1] Kernel panic - not syncing: x", 1100);
	line(&f, "[    0.0] Linux version 6.1.0", 1200);
	assert_int_equal(line(&f, "[    0.0] Command line: root=/dev/vda1", 1200),
			 CAPTURE_NO_KDUMP);
}

static void where_no_dump_can_be_seen_a_saved_one_is_unverified(void **state)
{
	struct follow_rules rules = all;
	struct follow f;

	(void)state;
	rules.has_dump_dir = false;
	f = sent(rules);
	line(&f, "[    0.0] Linux version 6.1.0", 1200);
	line(&f, "[    9.9] inquest: end role=capture outcome=complete directory=/c/1",
	     9000);
	assert_int_equal(backend(&f, BACKEND_EVENT_RESET, 9500), CAPTURE_UNVERIFIED);
	assert_non_null(strstr(f.text, "/c/1"));
}

static void a_capture_that_says_it_failed_ends_as_failed_with_its_reason(void **state)
{
	struct follow_rules rules = all;
	struct follow f;

	(void)state;
	rules.has_dump_dir = false;
	f = sent(rules);
	line(&f, "[    0.0] Linux version 6.1.0", 1200);
	line(&f, "[    9.9] inquest: end role=capture outcome=failed reason=\"no disk\"",
	     9000);
	assert_int_equal(f.state, CAPTURE_CAPTURING);
	assert_int_equal(backend(&f, BACKEND_EVENT_RESET, 9500), CAPTURE_FAILED);
	assert_non_null(strstr(f.text, "no disk"));
}

static void a_dump_that_never_arrives_is_told_after_the_reboot(void **state)
{
	struct follow f = sent(all);

	(void)state;
	line(&f, "[    0.0] Linux version 6.1.0", 1200);
	line(&f, "[    9.9] inquest: end role=capture outcome=complete directory=/c/1",
	     9000);
	backend(&f, BACKEND_EVENT_RESET, 10000);
	/* The machine that is up again writes for ever. */
	feed(&f, FOLLOW_LIFE, NULL, 69000);
	assert_int_equal(wait_until(&f, 69999), CAPTURE_REBOOTED);
	assert_int_equal(wait_until(&f, 70000), CAPTURE_UNVERIFIED);
}

static void where_nothing_can_be_seen_nothing_is_claimed(void **state)
{
	struct follow_rules rules = {
		.quiet_ms = 60000, .no_sign_ms = 30000, .latch_ms = 900000};
	struct follow f = sent(rules);

	(void)state;
	assert_int_equal(wait_until(&f, 900999), CAPTURE_INJECTED);
	assert_int_equal(wait_until(&f, 901000), CAPTURE_UNVERIFIED);
}

static void a_dump_alone_is_enough(void **state)
{
	struct follow_rules rules = {.has_dump_dir = true,
				     .quiet_ms = 60000,
				     .no_sign_ms = 30000,
				     .latch_ms = 900000};
	struct follow f = sent(rules);

	(void)state;
	assert_int_equal(feed(&f, FOLLOW_DUMP_SEEN, "/d/x", 500000), CAPTURE_DUMPED);
	assert_int_equal(feed(&f, FOLLOW_DUMP_WHOLE, "/d/x", 500001), CAPTURE_VERIFIED);
}

static void a_broken_dump_is_a_failure_with_its_reason(void **state)
{
	struct follow f = sent(all);

	(void)state;
	assert_int_equal(feed(&f, FOLLOW_DUMP_BROKEN, "outcome incomplete", 500),
			 CAPTURE_FAILED);
	assert_non_null(strstr(f.text, "outcome incomplete"));
}

static void after_a_restart_of_ours_nothing_is_reset(void **state)
{
	static const enum capture_state open[] = {CAPTURE_INJECTED, CAPTURE_UNKNOWN,
						  CAPTURE_PANICKED, CAPTURE_CAPTURING};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(open); i++) {
		struct follow f;

		follow_init(&f, &all, open[i], 5000);
		wait_until(&f, 1000000);
		assert_int_equal(f.todo, FOLLOW_FALL_BACK);
		assert_false(f.may_act);
	}
}

static void a_terminal_state_is_never_left(void **state)
{
	struct follow f = sent(all);

	(void)state;
	feed(&f, FOLLOW_DUMP_WHOLE, "/d", 2000);
	backend(&f, BACKEND_EVENT_RESET, 2001);
	line(&f, "Kernel panic - not syncing", 2002);
	wait_until(&f, 99999999);
	assert_int_equal(f.state, CAPTURE_VERIFIED);
	assert_false(f.is_news);
	assert_true(follow_deadline(&f) == UINT64_MAX);
}

static void a_console_that_babbles_brings_few_news(void **state)
{
	static const char *const babble[] = {
		"Kernel panic - not syncing",
		"Linux version 6.1.0",
		"Command line: elfcorehdr=1",
		"Command line: ro",
		"inquest: start role=capture",
		"inquest: end role=capture outcome=failed reason=x",
		"kdump: saving vmcore complete",
	};
	struct follow f = sent(all);
	unsigned news = 0, seed = 1;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		seed = seed * 1103515245 + 12345;
		line(&f, babble[(seed >> 16) % ARRAY_SIZE(babble)], 2000);
		news += f.is_news;
	}
	assert_true(news < 10);
}

static void the_words_of_other_tools_are_known(void **state)
{
	static const struct {
		const char *line;
		enum console_sign sign;
	} lines[] = {
		{"[    5.1] kdump-tools: saved vmcore in /var/crash/202611211224",
		 CONSOLE_SAVED},
		{"kdump: saving vmcore complete", CONSOLE_SAVED},
		{"kdump: saving vmcore-dmesg.txt complete", CONSOLE_NOTHING},
		{"kdump: saving vmcore failed, exitcode:1", CONSOLE_NOT_SAVED},
		{"[    0.000000][    T0] Linux version 6.12.0", CONSOLE_BANNER},
		{"systemd[1]: Linux version of what?", CONSOLE_NOTHING},
		{"[ 0.1] Kernel command line: elfcorehdr=0x9 irqpoll",
		 CONSOLE_CAPTURE_CMDLINE},
		{"", CONSOLE_NOTHING},
	};
	char detail[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_int_equal(console_sign_of(lines[i].line, strlen(lines[i].line),
						 detail, sizeof(detail)),
				 lines[i].sign);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_capture_goes_its_whole_way),
		cmocka_unit_test(a_guest_that_goes_on_dazed_ignored_it),
		cmocka_unit_test(
			what_a_crashed_kernel_said_before_is_no_sign_when_it_is_quoted),
		cmocka_unit_test(a_panic_without_a_capture_kernel_is_told_after_a_grace),
		cmocka_unit_test(
			panicked_is_not_believed_where_a_capture_kernel_comes_after_all),
		cmocka_unit_test(while_a_capture_kernel_is_loaded_nothing_is_reset),
		cmocka_unit_test(a_sign_that_comes_late_withdraws_the_fallback),
		cmocka_unit_test(
			silence_after_the_interrupt_ends_in_the_fallback_or_ignored),
		cmocka_unit_test(a_machine_that_writes_is_not_reset),
		cmocka_unit_test(signs_of_life_put_the_deadline_of_a_capture_off),
		cmocka_unit_test(an_ordinary_boot_after_the_panic_means_no_kdump),
		cmocka_unit_test(where_no_dump_can_be_seen_a_saved_one_is_unverified),
		cmocka_unit_test(
			a_capture_that_says_it_failed_ends_as_failed_with_its_reason),
		cmocka_unit_test(a_dump_that_never_arrives_is_told_after_the_reboot),
		cmocka_unit_test(where_nothing_can_be_seen_nothing_is_claimed),
		cmocka_unit_test(a_dump_alone_is_enough),
		cmocka_unit_test(a_broken_dump_is_a_failure_with_its_reason),
		cmocka_unit_test(after_a_restart_of_ours_nothing_is_reset),
		cmocka_unit_test(a_terminal_state_is_never_left),
		cmocka_unit_test(a_console_that_babbles_brings_few_news),
		cmocka_unit_test(the_words_of_other_tools_are_known),
	};

	return cmocka_run_group_tests_name("follow", tests, NULL, NULL);
}
