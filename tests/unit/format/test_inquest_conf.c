#include "failing_malloc.h"
#include "testing.h"

#include "base/io.h"
#include "format/inquest_conf.h"

static struct capture_config parsed(const char *text)
{
	struct capture_config c;

	assert_success(capture_config_init(&c, CONFIG_INQUEST));
	assert_success(inquest_conf_parse(text, "/etc/inquest.conf", &c));
	return c;
}

static void assert_refused(const char *text, const char *words)
{
	struct capture_config c;

	assert_success(capture_config_init(&c, CONFIG_INQUEST));
	assert_failure(inquest_conf_parse(text, "/etc/inquest.conf", &c), ERR_USAGE, words);
	capture_config_deinit(&c);
}

static void targets_keep_their_order(void **state)
{
	struct capture_config c = parsed("target ssh crash@192.0.2.7\n"
					 "target nfs [2001:db8::7]:/dumps soft,vers=4.2\n"
					 "target ext4 LABEL=crash noatime\n"
					 "target virtiofs share\n"
					 "target raw /dev/vdc\n");

	assert_int_equal(c.num_targets, 5);
	assert_int_equal(c.targets[0].kind, CONFIG_TARGET_SSH);
	assert_int_equal(c.targets[1].kind, CONFIG_TARGET_NFS);
	assert_string_equal(c.targets[1].options, "soft,vers=4.2");
	assert_string_equal(c.targets[1].fs_type, "");
	assert_int_equal(c.targets[2].kind, CONFIG_TARGET_FS);
	assert_string_equal(c.targets[2].fs_type, "ext4");
	assert_string_equal(c.targets[2].spec, "LABEL=crash");
	assert_int_equal(c.targets[4].line, 5);
	capture_config_deinit(&c);
}

static void every_option_can_be_given(void **state)
{
	static const struct {
		const char *name, *value;
	} values[] = {
		{"enabled", "yes"},
		{"target", "ext4 /dev/vdb"},
		{"host_tag", "hostname"},
		{"ssh_key", "/key"},
		{"ssh_retries", "3"},
		{"nfs_timeo", "100"},
		{"nfs_retrans", "2"},
		{"nfs_mount_retries", "5"},
		{"core_collector", "makedumpfile -l -d 31"},
		{"save_dmesg", "no"},
		{"keep_dumps", "4"},
		{"failure_action", "shell"},
		{"final_action", "halt"},
		{"watchdog", "no"},
		{"rebuild", "always"},
		{"sysctl", "kernel.panic_on_oops=1"},
		{"auto_reset_crashkernel", "no"},
		{"fast_reboot", "yes"},
	};
	const char *name;

	for (size_t i = 0; (name = inquest_conf_option(i)); i++) {
		const char *value = "/some/path";
		struct capture_config c;
		char text[128];

		for (size_t k = 0; k < ARRAY_SIZE(values); k++)
			if (strcmp(values[k].name, name) == 0)
				value = values[k].value;
		if (strcmp(name, "kernel_release") == 0)
			value = "6.1.0";
		snprintf(text, sizeof(text), "  %s  \"%s\"  # a comment\n", name, value);
		c = parsed(text);
		capture_config_deinit(&c);
	}
}

static void every_option_stands_in_the_man_page(void **state)
{
	cleanup(freep) char *page = NULL;
	const char *name;

	assert_success(io_read_file(MAN_DIR "/inquest.conf.5.scd", 1 << 20, &page, NULL));
	for (size_t i = 0; (name = inquest_conf_option(i)); i++) {
		char words[64];

		snprintf(words, sizeof(words), "*%s* ", name);
		if (!strstr(page, words))
			print_error("the man page lacks %s\n", name);
		assert_non_null(strstr(page, words));
	}
}

static void options_reach_their_members(void **state)
{
	struct capture_config c =
		parsed("enabled no\nhost_tag hostname\nkeep_dumps 4\n"
		       "core_collector makedumpfile -l -d 1\n"
		       "failure_action dump_to_rootfs\nfinal_action halt\n"
		       "rebuild never\nwatchdog no\nsave_dmesg no\n"
		       "extra_modules a\nextra_modules b\n"
		       "command_line_append \"x y\"\n"
		       "command_line_remove quiet splash\n"
		       "sysctl kernel.panic=1\nfast_reboot yes\n"
		       "fail_command echo no#comment; reboot -f # but this\n");

	assert_false(c.is_enabled || c.watchdog || c.save_dmesg);
	assert_int_equal(c.host_tag, CONFIG_HOST_TAG_HOSTNAME);
	assert_int_equal(c.keep_dumps, 4);
	assert_string_equal(c.core_collector, "makedumpfile -l -d 1");
	assert_true(c.has_core_collector && c.load_kexec);
	assert_int_equal(c.failure_action, CONFIG_DUMP_TO_ROOTFS);
	assert_int_equal(c.final_action, CONFIG_HALT);
	assert_int_equal(c.rebuild, CONFIG_REBUILD_NEVER);
	assert_int_equal(c.extra_modules.count, 2);
	assert_true(c.cmdline.has_append && c.cmdline.has_remove);
	assert_string_equal(c.cmdline.append, "x y");
	assert_int_equal(c.cmdline.remove.count, 2);
	assert_string_equal(c.sysctls.words[0], "kernel.panic=1");
	assert_string_equal(c.fail_command, "echo no#comment; reboot -f");
	capture_config_deinit(&c);
}

static void mistakes_are_named(void **state)
{
	assert_refused("path /a\nPath /b", "/etc/inquest.conf line 2: there is no option "
					   "\"Path\"; inquest.conf(5)");
	assert_refused("path /a\npath /b",
		       "line 2: the option stands here again: \"path\"");
	assert_refused("target ext4", "KIND SPEC [OPTIONS]");
	assert_refused("target ext4 /dev/a b c", "one word too many for a target: \"c\"");
	assert_refused("target ssh host", "USER@HOST");
	assert_refused("enabled perhaps", "yes or no");
	assert_refused("keep_dumps -1", "not a number");
	assert_refused("rebuild now", "if-changed, always or never");
	assert_refused("sysctl kernel.panic", "NAME=VALUE");
	assert_refused("final_action shell", "{reboot|halt|poweroff}");
	assert_refused("core_collector makedumpfile --what", "--what");
	assert_refused("path", "a value is missing behind \"path\"");
	assert_refused("kernel_release a/b", "uname -r");
	assert_refused("evil\033[31m x", "\"evil\\x1b[31m\"");
	assert_refused("target raw /dev/a\ntarget raw /dev/a\ntarget raw /dev/a\n"
		       "target raw /dev/a\ntarget raw /dev/a\ntarget raw /dev/a\n"
		       "target raw /dev/a\ntarget raw /dev/a\ntarget raw /dev/a\n",
		       "/etc/inquest.conf line 9: more than 8 dump targets");
}

static struct err *parse_all(void *ctx)
{
	struct capture_config c;
	struct err *err = capture_config_init(&c, CONFIG_INQUEST);

	if (!err)
		err = inquest_conf_parse(
			"target nfs a:/b x\npath /a\nextra_bins /b\n"
			"core_collector makedumpfile -d 31\nkexec_args -s\n",
			"f", &c);
	capture_config_deinit(&c);
	return err;
}

static void an_allocation_that_fails_is_told(void **state)
{
	assert_true(each_allocation_fails_once(parse_all, NULL) > 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets_keep_their_order),
		cmocka_unit_test(every_option_can_be_given),
		cmocka_unit_test(every_option_stands_in_the_man_page),
		cmocka_unit_test(options_reach_their_members),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(an_allocation_that_fails_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
