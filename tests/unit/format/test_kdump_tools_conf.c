#include "failing_malloc.h"
#include "testing.h"

#include "format/kdump_tools_conf.h"

static struct capture_config parsed(const char *text)
{
	struct capture_config c;

	assert_success(capture_config_init(&c, CONFIG_KDUMP_TOOLS));
	assert_success(kdump_tools_conf_parse(text, "/etc/default/kdump-tools", &c));
	return c;
}

static void assert_refused(const char *text, const char *words)
{
	struct capture_config c;

	assert_success(capture_config_init(&c, CONFIG_KDUMP_TOOLS));
	assert_failure(kdump_tools_conf_parse(text, "/etc/default/kdump-tools", &c),
		       ERR_USAGE, words);
	capture_config_deinit(&c);
}

/* The assignments of the file as Debian 12 installs it, with their comment signs. */
static void the_file_of_debian_12_means_local_dumps(void **state)
{
	struct capture_config c = parsed(
		"# kdump-tools configuration\n"
		"#     0 - kdump kernel will not be loaded\n"
		"USE_KDUMP=1\n\n\n"
		"KDUMP_KERNEL=/var/lib/kdump/vmlinuz\n"
		"KDUMP_INITRD=/var/lib/kdump/initrd.img\n"
		"#         KDUMP_FAIL_CMD=\"echo 'makedumpfile FAILED.'; /bin/bash; reboot -f\"\n"
		"KDUMP_COREDIR=\"/var/crash\"\n"
		"#KDUMP_FAIL_CMD=\"reboot -f\"\n"
		"#KDUMP_DUMP_DMESG=\n"
		"#MAKEDUMP_ARGS=\"-c -d 31\"\n"
		"#HOSTTAG=\"hostname|[ip]\"\n"
		"#NFS=\"<nfs mount>\"\n"
		"#SSH=\"<user at server>\"\n");

	assert_true(c.is_enabled && c.save_dmesg);
	assert_int_equal(c.num_targets, 0);
	assert_string_equal(c.path, "/var/crash");
	assert_string_equal(c.kernel_image, "/var/lib/kdump/vmlinuz");
	assert_string_equal(c.initrd, "/var/lib/kdump/initrd.img");
	assert_string_equal(c.core_collector, "makedumpfile -c -d 31");
	assert_string_equal(c.fail_command, "");
	assert_int_equal(c.failure_action, CONFIG_REBOOT);
	assert_string_equal(c.ssh_key, "/root/.ssh/kdump_id_rsa");
	assert_int_equal(c.warnings.count, 0);
	capture_config_deinit(&c);
}

/* The lines that the Ubuntu Server guide quotes. */
static void lines_of_the_ubuntu_guide(void **state)
{
	struct capture_config c = parsed("USE_KDUMP=1\nSSH=\"ubuntu@kdump-netcrash\"\n");

	assert_int_equal(c.num_targets, 1);
	assert_int_equal(c.targets[0].kind, CONFIG_TARGET_SSH);
	assert_string_equal(c.targets[0].spec, "ubuntu@kdump-netcrash");
	assert_int_equal(c.targets[0].line, 2);
	assert_int_equal(c.host_tag, CONFIG_HOST_TAG_IP);
	assert_string_equal(capture_config_path_on(&c, &c.targets[0]), "/var/crash");
	capture_config_deinit(&c);

	c = parsed("NFS=\"kdump-netcrash:/var/crash\"\nHOSTTAG=hostname\n"
		   "KDUMP_SYSCTL=\"kernel.panic_on_oops=1\"\n");
	assert_int_equal(c.targets[0].kind, CONFIG_TARGET_NFS);
	assert_string_equal(c.targets[0].spec, "kdump-netcrash:/var/crash");
	assert_string_equal(capture_config_path_on(&c, &c.targets[0]), "/");
	assert_int_equal(c.host_tag, CONFIG_HOST_TAG_HOSTNAME);
	assert_int_equal(c.sysctls.count, 1);
	assert_string_equal(c.sysctls.words[0], "kernel.panic_on_oops=1");
	capture_config_deinit(&c);
}

static void only_use_kdump_enables(void **state)
{
	static const struct {
		const char *text;
		bool enabled;
	} rows[] = {{"", false},
		    {"USE_KDUMP=", false},
		    {"USE_KDUMP=0", false},
		    {"USE_KDUMP=1", true},
		    {"USE_KDUMP=\"1\" # yes", true}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct capture_config c = parsed(rows[i].text);

		assert_int_equal(c.is_enabled, rows[i].enabled);
		capture_config_deinit(&c);
	}
}

static void every_other_variable_is_read(void **state)
{
	struct capture_config c = parsed(
		"KDUMP_COREDIR=/srv/dumps/\n"
		"KDUMP_FAIL_CMD=\"echo 'makedumpfile FAILED.'; /bin/bash; reboot -f\"\n"
		"KDUMP_DUMP_DMESG=0\nKDUMP_NUM_DUMPS=3\n"
		"MAKEDUMP_ARGS=\"-F -l -d 17\"\n"
		"KDUMP_KEXEC_ARGS=\"--elf64-core-headers\"\n"
		"KDUMP_CMDLINE=\"root=/dev/vda1 ro\"\n"
		"KDUMP_CMDLINE_APPEND=\"$KDUMP_CMDLINE_APPEND reset_devices nr_cpus=2\"\n"
		"SSH_KEY=/etc/key\nSSH_KDUMP_RETRY=2\n"
		"NFS_TIMEO=100 NFS_RETRANS=5 NFS_MOUNT_RETRY=6\n"
		"KDUMP_SYSCTL=\"kernel.panic=1, vm.panic_on_oom=1\"\n");

	assert_string_equal(c.path, "/srv/dumps");
	assert_string_equal(c.fail_command,
			    "echo 'makedumpfile FAILED.'; /bin/bash; reboot -f");
	assert_false(c.save_dmesg);
	assert_int_equal(c.keep_dumps, 3);
	assert_string_equal(c.core_collector, "makedumpfile -l -d 17");
	assert_true(c.has_core_collector);
	assert_string_equal(c.kexec_args.words[0], "--elf64-core-headers");
	assert_string_equal(c.cmdline.replace, "root=/dev/vda1 ro");
	assert_string_equal(c.cmdline.append, " reset_devices nr_cpus=2");
	assert_true(c.cmdline.has_append);
	assert_string_equal(c.ssh_key, "/etc/key");
	assert_int_equal(c.ssh_retries, 2);
	assert_int_equal(c.nfs.timeo_ds, 100);
	assert_int_equal(c.nfs.retrans, 5);
	assert_int_equal(c.nfs.mount_retries, 6);
	assert_int_equal(c.sysctls.count, 2);
	assert_string_equal(c.sysctls.words[1], "vm.panic_on_oom=1");
	capture_config_deinit(&c);
}

static void an_empty_variable_is_one_that_was_not_given(void **state)
{
	struct capture_config c =
		parsed("KDUMP_COREDIR=\nMAKEDUMP_ARGS=\"\"\nKDUMP_CMDLINE_APPEND=''\nSSH=\n"
		       "NFS_TIMEO=\nFTP=\nHOSTTAG=\nKDUMP_COMPRESSION=\n");

	assert_string_equal(c.path, "/var/crash");
	assert_false(c.has_core_collector);
	assert_false(c.cmdline.has_append);
	assert_string_equal(c.cmdline.append,
			    "reset_devices nr_cpus=1 irqpoll usbcore.nousb");
	assert_int_equal(c.num_targets, 0);
	assert_int_equal(c.nfs.timeo_ds, 600);
	assert_int_equal(c.warnings.count, 0);
	capture_config_deinit(&c);
}

static void what_makes_no_difference_is_a_warning(void **state)
{
	struct capture_config c = parsed("KDUMP_COMPRESSION=xz\nDEBUG_KERNEL=/x\n"
					 "SSH=a@b\nNFS=c:/d\n");

	assert_int_equal(c.num_targets, 1);
	assert_int_equal(c.warnings.count, 3);
	assert_non_null(strstr(c.warnings.words[0],
			       "/etc/default/kdump-tools line 1: KDUMP_COMPRESSION"));
	assert_non_null(strstr(c.warnings.words[2], "line 4: NFS is left out: SSH"));
	capture_config_deinit(&c);
}

static void wrong_values_are_refused_with_what_would_be_right(void **state)
{
	assert_refused("USE_KDUMP=1\nFTP=ftp.example.com:/x",
		       "kdump-tools line 2: dumps cannot be sent by FTP to "
		       "\"ftp.example.com:/x\"; set SSH or NFS, or leave FTP empty for "
		       "KDUMP_COREDIR");
	assert_refused("\nSSH=server", "line 2: Invalid value of the dump target");
	assert_refused("NFS=server", "HOST:/EXPORT");
	assert_refused("HOSTTAG=name", "ip or hostname");
	assert_refused("KDUMP_NUM_DUMPS=many", "not a number: \"many\"");
	assert_refused("MAKEDUMP_ARGS=\"-c -d 31 | gzip\"", "one word too many");
	assert_refused("MAKEDUMP_ARGS=--nonsense", "--nonsense");
	assert_refused("KDUMP_SYSCTL=kernel.panic", "NAME=VALUE");
	assert_refused("KDUMP_COREDIR=var", "absolute path");
	assert_refused("KDUMP_KERNEL=/boot/vmlinuz-`uname -r`", "commands are not run");
	assert_refused("KDUMP_CMDLINE=$(cat /proc/cmdline)", "commands are not run");
	assert_refused("reboot", "commands are not run");
}

static void kexec_is_for_the_fast_reboot(void **state)
{
	struct capture_config c = parsed("");

	assert_success(
		kexec_conf_parse("# Load a kexec kernel (true/false)\n"
				 "LOAD_KEXEC=true\n"
				 "KERNEL_IMAGE=\"/vmlinuz\"\nINITRD=\"/initrd.img\"\n"
				 "APPEND=\"quiet ro\"\nUSE_GRUB_CONFIG=false\n",
				 "/etc/default/kexec", &c));
	assert_true(c.load_kexec);
	assert_string_equal(c.kexec_kernel, "/vmlinuz");
	assert_string_equal(c.kexec_initrd, "/initrd.img");
	assert_string_equal(c.kexec_append, "quiet ro");
	assert_int_equal(c.warnings.count, 0);
	assert_success(kexec_conf_parse("USE_GRUB_CONFIG=true", "f", &c));
	assert_int_equal(c.warnings.count, 1);
	assert_failure(kexec_conf_parse("LOAD_KEXEC=sometimes", "f", &c), ERR_USAGE,
		       "yes or no");
	capture_config_deinit(&c);
}

static struct err *parse_all(void *ctx)
{
	struct capture_config c;
	struct err *err = capture_config_init(&c, CONFIG_KDUMP_TOOLS);

	if (!err)
		err = kdump_tools_conf_parse(
			"MAKEDUMP_ARGS=\"-F -d 1\"\nSSH=a@b\nNFS=c:/d\n"
			"KDUMP_SYSCTL=a=1\n",
			"f", &c);
	if (!err)
		err = kexec_conf_parse("APPEND=ro", "f", &c);
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
		cmocka_unit_test(the_file_of_debian_12_means_local_dumps),
		cmocka_unit_test(lines_of_the_ubuntu_guide),
		cmocka_unit_test(only_use_kdump_enables),
		cmocka_unit_test(every_other_variable_is_read),
		cmocka_unit_test(an_empty_variable_is_one_that_was_not_given),
		cmocka_unit_test(what_makes_no_difference_is_a_warning),
		cmocka_unit_test(wrong_values_are_refused_with_what_would_be_right),
		cmocka_unit_test(kexec_is_for_the_fast_reboot),
		cmocka_unit_test(an_allocation_that_fails_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
