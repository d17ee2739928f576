#include "testing.h"

#include "rehearse/story.h"

static const char banner[] =
	"[    0.000000] Linux version 6.1.0-56-amd64 (debian-kernel@lists.debian.org)";

static void tell(struct story *s, const char *line, u64 at_ms)
{
	story_take_line(s, line, strlen(line), at_ms);
}

static void tell_until_ready(struct story *s)
{
	tell(s, banner, 2000);
	tell(s, "[    1.500000] inquest: start role=crashed version=0.1.0 protocol=1",
	     5000);
	tell(s,
	     "[    2.000000] inquest: ready crash_size=134217728 "
	     "boot_id=00000000-1111-2222-3333-444444444444 machine_id=abc trigger=nmi",
	     7000);
}

static void assert_answer(const struct story *s, const struct verdict_question *q,
			  enum verdict_kind kind, const char *words)
{
	struct buf b = BUF_INIT;
	enum verdict_kind got = story_judge(s, q, &b);

	if (got != kind || !strstr(buf_text(&b), words))
		print_error("judged %d: \"%s\" lacks \"%s\"\n", got, buf_text(&b), words);
	assert_int_equal(got, kind);
	assert_non_null(strstr(buf_text(&b), words));
	buf_deinit(&b);
}

static void assert_judged(const struct story *s, enum story_end end, enum verdict_kind kind,
			  const char *words)
{
	struct verdict_question q = {.end = end,
				     .crashkernel = "70M",
				     .silence_ms = 120000,
				     .qemu_reason = "exit status 1"};

	assert_answer(s, &q, kind, words);
}

static void a_good_story_runs_through_all_phases(void **state)
{
	struct story s = {0};

	tell_until_ready(&s);
	assert_int_equal(s.phase, STORY_READY);
	assert_int_equal(s.reserved_bytes, 134217728);
	tell(&s, banner, 11000);
	assert_int_equal(s.phase, STORY_CAPTURE_BOOT);
	tell(&s,
	     "[    1.200000] inquest: start role=capture mem_total=90000 mem_available=50000",
	     13000);
	tell(&s,
	     "[    1.300000] inquest: phase name=modules seconds_ms=50 mem_available=40000",
	     13500);
	tell(&s,
	     "[    1.400000] inquest| [   12.300000] Kernel panic - not syncing: NMI: Not continuing",
	     13600);
	tell(&s, "[    2.300000] inquest: progress phase=dump done=5 total=10", 13700);
	tell(&s, "[    2.500000] inquest: saved name=vmcore-dmesg.txt bytes=77", 13800);
	tell(&s, "[    2.500000] inquest: saved name=vmcore bytes=12345", 13900);
	tell(&s,
	     "[    2.600000] inquest: end role=capture outcome=complete directory=/var/crash/x "
	     "mem_available_low=39000 seconds_ms=2600 final=poweroff",
	     14000);
	assert_int_equal(s.phase, STORY_END);
	assert_int_equal(s.phase_ms[STORY_READY], 7000);
	assert_int_equal(s.phase_ms[STORY_CAPTURE_BOOT], 11000);
	assert_int_equal(s.mem_low, 39000);
	assert_int_equal(s.mem_at_init, 50000);
	assert_int_equal(s.done, 5);
	assert_int_equal(s.vmcore_bytes, 12345);
	assert_string_equal(s.directory, "/var/crash/x");
	assert_false(s.saw_panic);
	assert_judged(&s, STORY_POWERED_OFF, VERDICT_COMPLETE, "whole dump");
}

static void a_refused_load_is_told_in_the_guests_words(void **state)
{
	struct story s = {0};

	tell(&s, banner, 2000);
	tell(&s, "[    1.000000] inquest: start role=crashed", 5000);
	tell(&s,
	     "[    2.000000] inquest: load-failed reason=\"kexec_file_load refused: 64M reserved, this "
	     "kernel and image need 66M\" errno=EADDRNOTAVAIL reserved=67108864 needed=69206016",
	     6000);
	tell(&s,
	     "[    2.000000] inquest: end role=crashed outcome=load-failed final=poweroff",
	     6000);
	assert_judged(
		&s, STORY_POWERED_OFF, VERDICT_NOT_ARMED,
		"kexec_file_load refused: 64M reserved, this kernel and image need 66M");
}

static void no_reservation_at_all_is_said(void **state)
{
	struct story s = {0};

	tell(&s, banner, 2000);
	tell(&s, "[    1.000000] inquest: start role=crashed", 5000);
	tell(&s, "[    2.000000] inquest: load-failed reason=\"no memory\" reserved=0",
	     6000);
	assert_judged(&s, STORY_POWERED_OFF, VERDICT_NOT_ARMED,
		      "crashkernel=70M reserved nothing");
}

static void running_out_of_memory_has_a_time_and_a_cause(void **state)
{
	struct story s = {0};

	tell_until_ready(&s);
	tell(&s, banner, 11000);
	tell(&s,
	     "[    1.349871] swapper/0 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0",
	     12000);
	tell(&s, "[    1.503127] Out of memory and no killable processes...", 12100);
	tell(&s,
	     "[    1.503337] Kernel panic - not syncing: System is deadlocked on memory",
	     12100);
	tell(&s, "[    1.504546] Rebooting in 10 seconds..", 12200);
	assert_judged(&s, STORY_RESET, VERDICT_CAPTURE_DIED,
		      "the capture kernel ran out of memory 1.3 s after it started; "
		      "crashkernel=70M is too small for this kernel and image");
}

static void another_panic_of_the_capture_kernel_is_named(void **state)
{
	struct story s = {0};

	tell_until_ready(&s);
	tell(&s, banner, 11000);
	tell(&s, "[    0.900000] Kernel panic - not syncing: VFS: Unable to mount root fs",
	     12100);
	assert_judged(&s, STORY_RESET, VERDICT_CAPTURE_DIED,
		      "panicked 0.9 s after it started: VFS: Unable to mount root fs");
}

static void the_panic_that_was_asked_for_is_not_held_against_anybody(void **state)
{
	struct story s = {0};

	tell_until_ready(&s);
	tell(&s, "[    9.900000] Kernel panic - not syncing: sysrq triggered crash", 8000);
	assert_false(s.saw_panic);
	assert_judged(&s, STORY_RESET, VERDICT_CAPTURE_DIED, "did not print a word");
}

static void a_guest_that_nobody_interrupted_is_not_one_whose_capture_died(void **state)
{
	struct verdict_question q = {.end = STORY_QEMU_ENDED,
				     .crashkernel = "128M",
				     .from_outside = true,
				     .qemu_reason = "exit status 1"};
	struct story s = {0};

	tell_until_ready(&s);
	assert_answer(&s, &q, VERDICT_FAILED, "waited for an interrupt, and ended because");
	tell(&s, "[    9.900000] Kernel panic - not syncing: NMI: Not continuing", 8000);
	assert_int_equal(s.crashed_ms, 8000);
	assert_answer(&s, &q, VERDICT_CAPTURE_DIED, "did not print a word");
}

static void silence_is_told_with_its_length(void **state)
{
	struct story s = {0};

	tell_until_ready(&s);
	assert_judged(&s, STORY_SILENT, VERDICT_CAPTURE_DIED, "no sign of life for 120 s");
	tell(&s, banner, 11000);
	tell(&s, "[    0.713000] PCI: Using configuration type 1", 11500);
	assert_judged(&s, STORY_SILENT, VERDICT_CAPTURE_DIED, "last word came 0.7 s after");
}

static void a_guest_that_never_gets_ready_is_a_failed_rehearsal(void **state)
{
	struct story s = {0};

	assert_judged(&s, STORY_QEMU_ENDED, VERDICT_FAILED, "exit status 1");
	tell(&s, banner, 2000);
	tell(&s, "[    2.200000] Kernel panic - not syncing: No working init found.", 3000);
	assert_judged(&s, STORY_RESET, VERDICT_FAILED,
		      "panicked while its kernel booted: No working init found.");
}

static void words_of_the_crashed_log_cannot_forge_facts(void **state)
{
	struct story s = {0};

	tell_until_ready(&s);
	tell(&s, "[    1.400000] inquest| inquest: end role=capture outcome=complete",
	     9000);
	tell(&s, "[    1.400000] inquest| [    0.000000] Linux version 6.1.0", 9000);
	tell(&s, "Linux version 6.1.0 said a user program", 9000);
	assert_int_equal(s.phase, STORY_READY);
}

static void an_incomplete_dump_says_why(void **state)
{
	struct story s = {0};

	tell_until_ready(&s);
	tell(&s, banner, 11000);
	tell(&s,
	     "[    2.600000] inquest: end role=capture outcome=incomplete reason=\"No space left on "
	     "device\"",
	     14000);
	assert_judged(&s, STORY_POWERED_OFF, VERDICT_INCOMPLETE, "No space left on device");
	s.outcome = STORY_OUTCOME_FAILED;
	assert_judged(&s, STORY_POWERED_OFF, VERDICT_CAPTURE_DIED,
		      "No space left on device");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_story_runs_through_all_phases),
		cmocka_unit_test(a_refused_load_is_told_in_the_guests_words),
		cmocka_unit_test(no_reservation_at_all_is_said),
		cmocka_unit_test(running_out_of_memory_has_a_time_and_a_cause),
		cmocka_unit_test(another_panic_of_the_capture_kernel_is_named),
		cmocka_unit_test(the_panic_that_was_asked_for_is_not_held_against_anybody),
		cmocka_unit_test(
			a_guest_that_nobody_interrupted_is_not_one_whose_capture_died),
		cmocka_unit_test(silence_is_told_with_its_length),
		cmocka_unit_test(a_guest_that_never_gets_ready_is_a_failed_rehearsal),
		cmocka_unit_test(words_of_the_crashed_log_cannot_forge_facts),
		cmocka_unit_test(an_incomplete_dump_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
