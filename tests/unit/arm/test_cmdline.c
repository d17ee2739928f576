#include "testing.h"

#include "arm/cmdline.h"

static char *format(const char *base, bool no5lvl, bool is_lean)
{
	struct cmdline_options options = {.base = base, .no5lvl = no5lvl, .lean = is_lean};
	char *text = NULL;

	assert_success(cmdline_format(&options, &text));
	return text;
}

static void the_lean_options_follow_the_base(void **state)
{
	cleanup(freep) char *text = format("console=ttyS0", true, true);

	assert_string_equal(text,
			    "console=ttyS0 nr_cpus=1 irqpoll reset_devices panic=10 "
			    "inquest.role=capture cgroup_disable=memory "
			    "cgroup.memory=nokmem numa=off transparent_hugepage=never "
			    "initcall_blacklist=tracer_init_tracefs no5lvl");
}

static void what_would_hurt_a_capture_kernel_is_dropped(void **state)
{
	cleanup(freep) char *text =
		format("BOOT_IMAGE=/vmlinuz ro crashkernel=1G-:192M panic_on_warn=1 "
		       "hugepages=64 memmap=1G$4G nr_cpus=4 mem=3G quiet",
		       false, false);

	assert_string_equal(text, "ro quiet nr_cpus=1 irqpoll reset_devices panic=10 "
				  "inquest.role=capture");
}

static void an_option_the_base_sets_is_left_as_it_is(void **state)
{
	cleanup(freep) char *text = format(
		"panic=3 cgroup_disable=cpu transparent_hugepage=madvise", false, true);

	assert_null(strstr(text, "panic=10"));
	assert_null(strstr(text, "transparent_hugepage=never"));
	assert_non_null(strstr(text, "cgroup_disable=memory"));
}

static void a_line_too_long_to_load_is_refused(void **state)
{
	char base[2000];
	char *text;
	struct cmdline_options options = {.base = base, .lean = true};

	memset(base, 'x', sizeof(base) - 1);
	base[sizeof(base) - 1] = '\0';
	assert_failure(cmdline_format(&options, &text), ERR_USAGE, "at most");
}

static void no5lvl_needs_all_ram_below_64_tib(void **state)
{
	assert_true(cmdline_may_use_no5lvl("00001000-0009fbff : System RAM\n"
					   "  00010000-0001ffff : x\n"
					   "100000000-3fffffffffff : System RAM\n"));
	assert_false(cmdline_may_use_no5lvl("00001000-0009fbff : System RAM\n"
					    "100000000-400000000000 : System RAM\n"));
	assert_true(cmdline_may_use_no5lvl("00001000-0009fbff : System RAM\n"
					   "400000000000-4fffffffffff : PCI Bus\n"));
	/* What others than root see. */
	assert_false(cmdline_may_use_no5lvl("00000000-00000000 : System RAM\n"));
	assert_false(cmdline_may_use_no5lvl(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lean_options_follow_the_base),
		cmocka_unit_test(what_would_hurt_a_capture_kernel_is_dropped),
		cmocka_unit_test(an_option_the_base_sets_is_left_as_it_is),
		cmocka_unit_test(a_line_too_long_to_load_is_refused),
		cmocka_unit_test(no5lvl_needs_all_ram_below_64_tib),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
