#include "failing_malloc.h"
#include "testing.h"

#include "format/kdump_conf.h"
#include "format/sysconfig_kdump.h"

static struct capture_config parsed(const char *text)
{
	struct capture_config c;

	assert_success(capture_config_init(&c, CONFIG_KDUMP));
	assert_success(kdump_conf_parse(text, "/etc/kdump.conf", &c));
	return c;
}

static void assert_refused(const char *text, const char *words)
{
	struct capture_config c;

	assert_success(capture_config_init(&c, CONFIG_KDUMP));
	assert_failure(kdump_conf_parse(text, "/etc/kdump.conf", &c), ERR_USAGE, words);
	capture_config_deinit(&c);
}

static void assert_target(const char *text, enum config_target_kind kind, const char *spec,
			  const char *fs_type, const char *options)
{
	struct capture_config c = parsed(text);

	assert_int_equal(c.num_targets, 1);
	assert_int_equal(c.targets[0].kind, kind);
	assert_string_equal(c.targets[0].spec, spec);
	assert_string_equal(c.targets[0].fs_type, fs_type);
	assert_string_equal(c.targets[0].options, options);
	capture_config_deinit(&c);
}

/* The lines that the howto of kexec-tools quotes. */
static void targets_of_the_howto(void **state)
{
	assert_target("raw /dev/vg/lv_kdump", CONFIG_TARGET_RAW, "/dev/vg/lv_kdump", "",
		      "");
	assert_target("ext4 /dev/vg/lv_kdump", CONFIG_TARGET_FS, "/dev/vg/lv_kdump", "ext4",
		      "");
	assert_target("nfs nfs-server.example.com:/dump", CONFIG_TARGET_NFS,
		      "nfs-server.example.com:/dump", "", "");
	assert_target("nfs foo.com:/export/tmp/", CONFIG_TARGET_NFS, "foo.com:/export/tmp/",
		      "", "");
	assert_target("ssh user@server", CONFIG_TARGET_SSH, "user@server", "", "");
	assert_target("dracut_args --mount \"192.168.1.1:/share /mnt/test nfs4 defaults\"",
		      CONFIG_TARGET_NFS, "192.168.1.1:/share", "nfs4", "");
}

static void targets_by_name_address_and_tag(void **state)
{
	assert_target("xfs UUID=54a8-b6c2", CONFIG_TARGET_FS, "UUID=54a8-b6c2", "xfs", "");
	assert_target(" ext3\tLABEL=/boot # here", CONFIG_TARGET_FS, "LABEL=/boot", "ext3",
		      "");
	assert_target("nfs [fe80::1]:/x", CONFIG_TARGET_NFS, "[fe80::1]:/x", "", "");
	assert_target("virtiofs myfs", CONFIG_TARGET_VIRTIOFS, "myfs", "", "");
	assert_target("dracut_args --mount='/dev/sdb /d ext4 ro,noatime' -o watchdog",
		      CONFIG_TARGET_FS, "/dev/sdb", "ext4", "ro,noatime");
}

static void core_collectors_of_the_howto(void **state)
{
	static const char *const lines[] = {
		"cp --sparse=always",
		"makedumpfile -l --message-level 1 -d 31",
		"cat",
		"makedumpfile -F -l --message-level 1 -d 31",
		"makedumpfile -c --num-threads 4",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct capture_config c;
		char text[128];

		snprintf(text, sizeof(text), "core_collector \"%s\"\n", lines[i]);
		c = parsed(text);
		assert_string_equal(c.core_collector, lines[i]);
		assert_true(c.has_core_collector);
		capture_config_deinit(&c);
	}
}

static void the_default_collector_streams_where_the_target_needs_it(void **state)
{
	static const struct {
		const char *text, *collector;
	} rows[] = {
		{"", "makedumpfile -l --message-level 7 -d 31"},
		{"nfs a:/b", "makedumpfile -l --message-level 7 -d 31"},
		{"ssh a@b", "makedumpfile -F -l --message-level 7 -d 31"},
		{"raw /dev/sda", "makedumpfile -F -l --message-level 7 -d 31"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct capture_config c = parsed(rows[i].text);

		assert_string_equal(c.core_collector, rows[i].collector);
		assert_false(c.has_core_collector);
		capture_config_deinit(&c);
	}
}

static void a_collector_is_looked_at_as_makedumpfile_would(void **state)
{
	assert_refused("core_collector makedumpfile -l -d 99", "line 1: the options of");
	assert_refused("core_collector makedumpfile --nonsense", "--nonsense");
	assert_refused("core_collector makedumpfile -d 31 /proc/vmcore", "/proc/vmcore");
	assert_refused("core_collector makedumpfile --dump-dmesg", "do not make one dump");
	assert_refused(
		"core_collector makedumpfile -l -d 31\nssh a@b",
		"line 1: The specified dump target needs makedumpfile \"-F\" option");
	assert_refused("core_collector scp", "goes with a dump target \"ssh USER@HOST\"");
	assert_target("core_collector scp\nssh a@b", CONFIG_TARGET_SSH, "a@b", "", "");
	assert_target("core_collector cat\nraw /dev/sda", CONFIG_TARGET_RAW, "/dev/sda", "",
		      "");
}

static void every_other_option_is_read(void **state)
{
	struct capture_config c = parsed(
		"# a comment\n"
		"   # another\n"
		"\n"
		"path //var//crash/ # here\n"
		"sshkey /root/.ssh/id\n"
		"kdump_pre /usr/bin/pre\n"
		"kdump_post \"/usr/bin/post\"\n"
		"kdump_emergency /usr/bin/emergency\n"
		"extra_bins /usr/bin/lspci /bin/sh\n"
		"extra_modules vga15fb.ko e1000\n"
		"failure_action dump_to_rootfs\n"
		"final_action poweroff\n"
		"force_rebuild 1\n"
		"force_no_rebuild 0\n"
		"auto_reset_crashkernel no\n"
		"dracut_args --add-drivers \"nvme qla2xxx\" -I /bin/ls -o \"plymouth watchdog\"");

	assert_string_equal(c.path, "/var/crash");
	assert_string_equal(c.ssh_key, "/root/.ssh/id");
	assert_string_equal(c.pre, "/usr/bin/pre");
	assert_string_equal(c.post, "/usr/bin/post");
	assert_string_equal(c.emergency, "/usr/bin/emergency");
	assert_int_equal(c.extra_bins.count, 3);
	assert_string_equal(c.extra_bins.words[2], "/bin/ls");
	assert_int_equal(c.extra_modules.count, 4);
	assert_string_equal(c.extra_modules.words[0], "vga15fb");
	assert_string_equal(c.extra_modules.words[3], "qla2xxx");
	assert_int_equal(c.failure_action, CONFIG_DUMP_TO_ROOTFS);
	assert_int_equal(c.final_action, CONFIG_POWEROFF);
	assert_int_equal(c.rebuild, CONFIG_REBUILD_ALWAYS);
	assert_false(c.auto_reset_crashkernel);
	assert_false(c.watchdog);
	assert_int_equal(c.warnings.count, 0);
	capture_config_deinit(&c);
}

static void default_is_the_old_name_of_failure_action(void **state)
{
	struct capture_config c = parsed("default shell");

	assert_int_equal(c.failure_action, CONFIG_SHELL);
	assert_int_equal(c.warnings.count, 1);
	assert_non_null(strstr(c.warnings.words[0],
			       "/etc/kdump.conf line 1: Option 'default' was renamed "
			       "'failure_action'"));
	capture_config_deinit(&c);
	assert_refused("default halt\nfailure_action halt",
		       "line 2: Duplicated kdump config value of option failure_action");
}

static void refusals_have_the_known_words(void **state)
{
	assert_refused("\n\nfodder 1",
		       "/etc/kdump.conf line 3: Invalid kdump config option "
		       "fodder");
	assert_refused("path /a\npath /b",
		       "line 2: Duplicated kdump config value of option path");
	assert_refused("ext4 /dev/sda\nnfs a:/b",
		       "line 2: More than one dump targets specified");
	assert_refused("ext4 /dev/sda\next4 /dev/sdb", "More than one dump targets");
	assert_refused("ssh a@b\ndracut_args --mount \"/dev/sda /mnt xfs\"",
		       "More than one dump targets");
	assert_refused(
		"dracut_args --mount \"/dev/sda /m xfs\" --mount \"/dev/sdb /m xfs\"",
		"More than one dump targets");
	assert_refused("force_rebuild 1\nforce_no_rebuild 1",
		       "force_rebuild and force_no_rebuild are enabled simultaneously");
}

static void deprecated_options_are_refused_by_name(void **state)
{
	static const char *const names[] = {"net",	    "options",	       "link_delay",
					    "disk_timeout", "debug_mem_level", "blacklist"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char text[64], words[96];

		snprintf(text, sizeof(text), "%s something", names[i]);
		snprintf(words, sizeof(words),
			 "Deprecated kdump config option: %s. Refer to kdump.conf manpage "
			 "for alternatives",
			 names[i]);
		assert_refused(text, words);
	}
}

static void wrong_values_are_refused_with_what_would_be_right(void **state)
{
	assert_refused("failure_action explode",
		       "{reboot|halt|poweroff|shell|dump_to_rootfs}");
	assert_refused("final_action shell", "\"shell\"; write {reboot|halt|poweroff}");
	assert_refused("force_rebuild yes",
		       "force_rebuild value is invalid: \"yes\"; write 0 or 1");
	assert_refused("ssh server", "write USER@HOST");
	assert_refused("ssh -oX@server", "write USER@HOST");
	assert_refused("nfs server", "write HOST:/EXPORT");
	assert_refused("nfs :/x", "write HOST:/EXPORT");
	assert_refused("nfs []:/x", "write HOST:/EXPORT");
	assert_refused("raw lv_kdump", "/dev/…");
	assert_refused("ext4 UUID=", "UUID=…");
	assert_refused("ext4 /dev/sda /dev/sdb", "one word");
	assert_refused("path", "line 1: Invalid kdump config value for option 'path'");
	assert_refused("path /a/../b", "without \"..\"");
	assert_refused("path # /a", "Invalid kdump config value for option");
	assert_refused("kdump_pre pre.sh", "one absolute path");
	assert_refused("kdump_post /bin/a b", "one absolute path");
	assert_refused("extra_bins ls", "absolute paths");
	assert_refused("auto_reset_crashkernel maybe", "yes or no");
	assert_refused("dracut_args --mount \"/dev/sda\"", "absolute MOUNTPOINT");
	assert_refused("dracut_args --mount \"/dev/sda /mnt auto\"", "such as ext4 or nfs");
	assert_refused("dracut_args --mount", "a value is missing behind dracut_args");
	assert_refused("dracut_args \"--mount", "a quote is not closed");
}

static void what_makes_no_difference_is_a_warning(void **state)
{
	struct capture_config c = parsed("fence_kdump_nodes node1 node2\n"
					 "fence_kdump_args -p 7410\n"
					 "dracut_args --omit-drivers foo\n");

	assert_int_equal(c.warnings.count, 4);
	assert_non_null(strstr(c.warnings.words[0], "line 1: fence_kdump_nodes"));
	assert_non_null(strstr(c.warnings.words[3], "line 3: dracut_args foo"));
	capture_config_deinit(&c);
}

static void the_file_ends_without_a_newline_or_with_dos_ones(void **state)
{
	struct capture_config c = parsed("path /a\r\nkdump_post /b\r");

	assert_string_equal(c.path, "/a");
	assert_string_equal(c.post, "/b");
	capture_config_deinit(&c);
}

static void sysconfig_chooses_kernel_and_command_line(void **state)
{
	struct capture_config c = parsed("");

	assert_success(sysconfig_kdump_parse(
		"KDUMP_KERNELVER=\"5.14.0-1\"\n"
		"KDUMP_COMMANDLINE=\"root=/dev/vda1 ro\"\n"
		"KDUMP_COMMANDLINE_REMOVE=\"hugepages quiet\"\n"
		"KDUMP_COMMANDLINE_APPEND=\"irqpoll nr_cpus=4 reset_devices novmcoredd\"\n"
		"KEXEC_ARGS=\"-s --reset-vga\"\n"
		"KDUMP_BOOTDIR=\"/boot/efi\"\n"
		"KDUMP_IMG=\"vmlinuz\"\n"
		"KDUMP_IMG_EXT=\"\"\n"
		"KDUMP_STDLOGLVL=3\n",
		"/etc/sysconfig/kdump", &c));
	assert_string_equal(c.kernel_release, "5.14.0-1");
	assert_string_equal(c.cmdline.replace, "root=/dev/vda1 ro");
	assert_true(c.cmdline.has_remove && c.cmdline.has_append);
	assert_int_equal(c.cmdline.remove.count, 2);
	assert_string_equal(c.cmdline.remove.words[1], "quiet");
	assert_string_equal(c.cmdline.append, "irqpoll nr_cpus=4 reset_devices novmcoredd");
	assert_int_equal(c.kexec_args.count, 2);
	assert_string_equal(c.kexec_args.words[1], "--reset-vga");
	assert_string_equal(c.boot_dir, "/boot/efi");
	assert_string_equal(c.kernel_image, "vmlinuz");
	assert_int_equal(c.warnings.count, 0);
	capture_config_deinit(&c);
}

static void without_sysconfig_its_shipped_lists_hold(void **state)
{
	struct capture_config c = parsed("");

	assert_success(sysconfig_kdump_parse("", "/etc/sysconfig/kdump", &c));
	assert_false(c.cmdline.has_remove || c.cmdline.has_append);
	assert_int_equal(c.cmdline.remove.count, 9);
	assert_non_null(strstr(c.cmdline.append, "novmcoredd"));
	assert_non_null(strstr(c.cmdline.append, "nr_cpus=1"));
	/* Given as nothing: remove nothing. */
	assert_success(sysconfig_kdump_parse("KDUMP_COMMANDLINE_REMOVE=\"\"", "x", &c));
	assert_true(c.cmdline.has_remove);
	assert_int_equal(c.cmdline.remove.count, 0);
	capture_config_deinit(&c);
}

static void sysconfig_refuses_what_it_cannot_mean(void **state)
{
	struct capture_config c = parsed("");

	assert_failure(sysconfig_kdump_parse("\nKDUMP_KERNELVER=$(uname -r)", "f", &c),
		       ERR_USAGE, "f line 2: ");
	assert_failure(sysconfig_kdump_parse("KDUMP_BOOTDIR=boot", "f", &c), ERR_USAGE,
		       "absolute path");
	assert_failure(sysconfig_kdump_parse("KDUMP_IMG=/boot/vmlinuz", "f", &c), ERR_USAGE,
		       "KDUMP_BOOTDIR");
	assert_failure(sysconfig_kdump_parse("KDUMP_KERNELVER=../x", "f", &c), ERR_USAGE,
		       "uname -r");
	capture_config_deinit(&c);
}

static struct err *parse_all(void *ctx)
{
	struct capture_config c;
	struct err *err = capture_config_init(&c, CONFIG_KDUMP);

	if (!err)
		err = kdump_conf_parse(
			"ext4 /dev/sda\npath /a\nextra_bins /x /y\n"
			"core_collector makedumpfile -d 31\nfence_kdump_args x\n"
			"dracut_args --add-drivers \"a b\"\n",
			"f", &c);
	if (!err)
		err = sysconfig_kdump_parse("KEXEC_ARGS=\"-s -d\"\nKDUMP_IMG=x", "f", &c);
	capture_config_deinit(&c);
	return err;
}

static void an_allocation_that_fails_is_told(void **state)
{
	assert_true(each_allocation_fails_once(parse_all, NULL) > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets_of_the_howto),
		cmocka_unit_test(targets_by_name_address_and_tag),
		cmocka_unit_test(core_collectors_of_the_howto),
		cmocka_unit_test(the_default_collector_streams_where_the_target_needs_it),
		cmocka_unit_test(a_collector_is_looked_at_as_makedumpfile_would),
		cmocka_unit_test(every_other_option_is_read),
		cmocka_unit_test(default_is_the_old_name_of_failure_action),
		cmocka_unit_test(refusals_have_the_known_words),
		cmocka_unit_test(deprecated_options_are_refused_by_name),
		cmocka_unit_test(wrong_values_are_refused_with_what_would_be_right),
		cmocka_unit_test(what_makes_no_difference_is_a_warning),
		cmocka_unit_test(the_file_ends_without_a_newline_or_with_dos_ones),
		cmocka_unit_test(sysconfig_chooses_kernel_and_command_line),
		cmocka_unit_test(without_sysconfig_its_shipped_lists_hold),
		cmocka_unit_test(sysconfig_refuses_what_it_cannot_mean),
		cmocka_unit_test(an_allocation_that_fails_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
