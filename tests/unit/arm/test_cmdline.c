#include "testing.h"

#include "arm/cmdline.h"
#include "format/kernel_cmdline.h"

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
	/* What is appended when it is loaded has to fit as well. */
	for (size_t len = sizeof(base) - 1; len; len--) {
		struct err *err;

		base[len] = '\0';
		err = cmdline_format(&options, &text);
		if (!err)
			break;
		err_free(err);
	}
	assert_int_equal(strlen(text), KERNEL_CMDLINE_SIZE - 160 - 1);
	free(text);
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

/* The line for @dialect, from what is typical of a distribution's own. */
static char *derive(enum config_dialect dialect, void (*change)(struct capture_config *c),
		    const struct cmdline_machine *machine)
{
	static const struct cmdline_machine usual = {
		.running = "BOOT_IMAGE=/vmlinuz root=UUID=1 ro quiet crashkernel=256M "
			   "rd.lvm.lv=vg/root hugepages=8 panic=0 console=ttyS0 mem=4G",
		.has_boot_apicid = true,
		.boot_apicid = 6,
		.cpus = 8,
		.reserved_bytes = 128 << 20};
	struct capture_config c;
	char *text = NULL;

	assert_success(capture_config_init(&c, dialect));
	if (change)
		change(&c);
	assert_success(cmdline_derive(machine ? machine : &usual, &c, &text));
	capture_config_deinit(&c);
	return text;
}

static bool has(const char *text, const char *word)
{
	size_t len = strlen(word);
	const char *pos = text;

	while ((pos = strstr(pos, word))) {
		if ((pos == text || pos[-1] == ' ') && (pos[len] == ' ' || !pos[len]))
			return true;
		pos += len;
	}
	return false;
}

static void each_dialect_removes_and_adds_its_own(void **state)
{
	cleanup(freep) char *own = derive(CONFIG_INQUEST, NULL, NULL);
	cleanup(freep) char *kdump = derive(CONFIG_KDUMP, NULL, NULL);
	cleanup(freep) char *tools = derive(CONFIG_KDUMP_TOOLS, NULL, NULL);

	assert_string_equal(
		own, "console=ttyS0 nr_cpus=1 disable_cpu_apicid=6 irqpoll reset_devices "
		     "panic=10 cgroup_disable=memory cgroup.memory=nokmem numa=off "
		     "transparent_hugepage=never initcall_blacklist=tracer_init_tracefs "
		     "inquest.role=capture");
	assert_string_equal(
		kdump, "ro console=ttyS0 novmcoredd hugetlb_cma=0 kfence.sample_interval=0 "
		       "initramfs_options=size=90% irqpoll nr_cpus=1 reset_devices "
		       "cgroup_disable=memory mce=off numa=off udev.children-max=2 "
		       "panic=10 acpi_no_memhotplug transparent_hugepage=never nokaslr "
		       "hest_disable cma=0 pcie_ports=compat disable_cpu_apicid=6 "
		       "cgroup.memory=nokmem initcall_blacklist=tracer_init_tracefs "
		       "inquest.role=capture");
	assert_string_equal(
		tools, "root=UUID=1 ro quiet console=ttyS0 reset_devices nr_cpus=1 irqpoll "
		       "usbcore.nousb disable_cpu_apicid=6 panic=10 cgroup_disable=memory "
		       "cgroup.memory=nokmem numa=off transparent_hugepage=never "
		       "initcall_blacklist=tracer_init_tracefs inquest.role=capture");
}

static void replace(struct capture_config *c)
{
	c->cmdline.replace = "console=tty0 crashkernel=1G panic=3 nr_cpus=2 mem=2G";
}

static void a_line_of_the_user_takes_the_place_of_the_running_one(void **state)
{
	cleanup(freep) char *text = derive(CONFIG_INQUEST, replace, NULL);

	assert_true(has(text, "console=tty0"));
	assert_true(has(text, "panic=3"));
	assert_true(has(text, "nr_cpus=2"));
	assert_true(has(text, "mem=2G"));
	assert_null(strstr(text, "crashkernel"));
	assert_null(strstr(text, "ttyS0"));
	assert_false(has(text, "panic=10"));
}

static void append(struct capture_config *c)
{
	c->cmdline.has_append = true;
	c->cmdline.append = "numa=on maxcpus=1 cgroup_disable=cpu";
}

static void what_the_user_appends_is_in_the_place_of_the_dialects_own(void **state)
{
	cleanup(freep) char *text = derive(CONFIG_KDUMP, append, NULL);

	assert_true(has(text, "numa=on"));
	assert_false(has(text, "numa=off"));
	assert_false(has(text, "irqpoll"));
	assert_false(has(text, "novmcoredd"));
	assert_null(strstr(text, "nr_cpus"));
	assert_true(has(text, "cgroup_disable=cpu"));
	assert_true(has(text, "cgroup_disable=memory"));
	assert_true(has(text, "panic=10"));
}

static void remove_lean(struct capture_config *c)
{
	static const char *words[] = {"cgroup.memory", "console", "disable_cpu_apicid"};

	c->cmdline.has_remove = true;
	c->cmdline.remove = (struct config_words){words, ARRAY_SIZE(words)};
}

static void what_the_user_removes_is_not_added_either(void **state)
{
	cleanup(freep) char *text = derive(CONFIG_KDUMP, remove_lean, NULL);

	assert_null(strstr(text, "cgroup.memory"));
	assert_null(strstr(text, "console"));
	assert_null(strstr(text, "disable_cpu_apicid"));
	/* A list of the user's own is all of the list. */
	assert_true(has(text, "quiet"));
	assert_null(strstr(text, "root="));
}

static void two_cpus(struct capture_config *c)
{
	c->cmdline.has_append = true;
	c->cmdline.append = "nr_cpus=4";
}

static void hyperv_starts_one_cpu_only(void **state)
{
	static const char *const watchdogs[] = {"hpwdt", NULL};
	const struct cmdline_machine m = {.running = "console=ttyS0",
					  .is_hyperv = true,
					  .cpus = 8,
					  .reserved_bytes = 1 << 30,
					  .watchdogs = watchdogs};
	cleanup(freep) char *text = derive(CONFIG_INQUEST, two_cpus, &m);

	assert_true(has(text, "nr_cpus=1"));
	assert_false(has(text, "nr_cpus=4"));
	assert_true(has(text, "hpwdt.pretimeout=0"));
	assert_true(has(text, "hpwdt.kdumptimeout=0"));
}

static void more_memory_starts_more_cpus(void **state)
{
	assert_int_equal(cmdline_cpus_for(0, 8), 1);
	assert_int_equal(cmdline_cpus_for(255 << 20, 8), 1);
	assert_int_equal(cmdline_cpus_for(256 << 20, 8), 2);
	assert_int_equal(cmdline_cpus_for(512 << 20, 8), 4);
	assert_int_equal(cmdline_cpus_for(1 << 30, 2), 2);
	assert_int_equal(cmdline_cpus_for(1 << 30, 1), 1);
}

static void a_usb_disk_keeps_its_bus(void **state)
{
	const struct cmdline_machine m = {.running = "", .target_on_usb = true};
	cleanup(freep) char *text = derive(CONFIG_KDUMP_TOOLS, NULL, &m);

	assert_null(strstr(text, "nousb"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lean_options_follow_the_base),
		cmocka_unit_test(what_would_hurt_a_capture_kernel_is_dropped),
		cmocka_unit_test(an_option_the_base_sets_is_left_as_it_is),
		cmocka_unit_test(a_line_too_long_to_load_is_refused),
		cmocka_unit_test(no5lvl_needs_all_ram_below_64_tib),
		cmocka_unit_test(each_dialect_removes_and_adds_its_own),
		cmocka_unit_test(a_line_of_the_user_takes_the_place_of_the_running_one),
		cmocka_unit_test(what_the_user_appends_is_in_the_place_of_the_dialects_own),
		cmocka_unit_test(what_the_user_removes_is_not_added_either),
		cmocka_unit_test(hyperv_starts_one_cpu_only),
		cmocka_unit_test(more_memory_starts_more_cpus),
		cmocka_unit_test(a_usb_disk_keeps_its_bus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
