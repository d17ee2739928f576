#include "testing.h"

#include "arm/configuration.h"
#include "base/io.h"

#include <sys/stat.h>

/* A root of made-up files, removed by each test's end. */
static char root[] = "/tmp/configuration-XXXXXX";

static int make_root(void **state)
{
	memcpy(root + sizeof(root) - 7, "XXXXXX", 6);
	return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static void put(const char *path, const void *text, size_t len)
{
	char full[256];

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *slash = full + sizeof(root); (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(full, 0755);
		*slash = '/';
	}
	assert_success(io_write_file(full, 0644, text, len));
}

static void without_any_file_the_native_defaults_hold(void **state)
{
	struct capture_config c;

	assert_success(configuration_read(root, &c));
	assert_int_equal(c.dialect, CONFIG_INQUEST);
	assert_int_equal(c.num_targets, 0);
	capture_config_deinit(&c);
	assert_success(configuration_read_dialect(root, CONFIG_KDUMP, &c));
	assert_int_equal(c.dialect, CONFIG_KDUMP);
	capture_config_deinit(&c);
}

static void a_zero_byte_is_refused_with_its_line(void **state)
{
	struct capture_config c;

	put("/etc/kdump.conf", "path /a\n\0\n", 10);
	assert_failure(configuration_read(root, &c), ERR_BAD_DATA,
		       "/etc/kdump.conf has a zero byte in line 2");
}

static void put_text(const char *path, const char *text)
{
	put(path, text, strlen(text));
}

static void more_snippets_than_are_read_are_refused(void **state)
{
	struct capture_config c;
	char path[64];

	put_text("/etc/default/kdump-tools", "USE_KDUMP=1\n");
	for (unsigned i = 0; i <= 64; i++) {
		snprintf(path, sizeof(path), "/etc/default/kexec.d/s%u", i);
		put_text(path, "");
		if (i == 63) {
			assert_success(configuration_read(root, &c));
			capture_config_deinit(&c);
		}
	}
	assert_failure(configuration_read(root, &c), ERR_UNSUPPORTED,
		       "/etc/default/kexec.d has 65 files");
}

static void the_first_dialect_that_is_there_counts(void **state)
{
	struct capture_config c;

	put_text("/etc/default/kdump-tools", "USE_KDUMP=1\nSSH=debian@host\n");
	put_text("/etc/default/kexec", "LOAD_KEXEC=true\n");
	assert_success(configuration_read(root, &c));
	assert_int_equal(c.dialect, CONFIG_KDUMP_TOOLS);
	assert_string_equal(c.targets[0].spec, "debian@host");
	assert_true(c.load_kexec);
	capture_config_deinit(&c);

	put_text("/etc/kdump.conf", "ssh fedora@host\n");
	put_text("/etc/sysconfig/kdump", "KDUMP_BOOTDIR=/boot/efi\n");
	assert_success(configuration_read(root, &c));
	assert_int_equal(c.dialect, CONFIG_KDUMP);
	assert_string_equal(c.targets[0].spec, "fedora@host");
	assert_string_equal(c.boot_dir, "/boot/efi");
	capture_config_deinit(&c);

	put_text("/etc/inquest.conf", "target ssh inquest@host\n");
	assert_success(configuration_read(root, &c));
	assert_int_equal(c.dialect, CONFIG_INQUEST);
	assert_string_equal(c.targets[0].spec, "inquest@host");
	capture_config_deinit(&c);

	assert_success(configuration_read_dialect(root, CONFIG_KDUMP_TOOLS, &c));
	assert_string_equal(c.targets[0].spec, "debian@host");
	capture_config_deinit(&c);
}

static void errors_name_the_file_as_a_person_knows_it(void **state)
{
	struct capture_config c;

	put_text("/etc/kdump.conf", "path /a\n");
	put_text("/etc/sysconfig/kdump", "\nKDUMP_IMG=/a/b\n");
	assert_failure(configuration_read(root, &c), ERR_USAGE,
		       "/etc/sysconfig/kdump line 2: Invalid value of KDUMP_IMG");
	put_text("/etc/kdump.conf", "nonsense\n");
	assert_failure(configuration_read(root, &c), ERR_USAGE,
		       "/etc/kdump.conf line 1: Invalid kdump config option nonsense");
}

static void snippets_of_kexec_d_count_in_their_order(void **state)
{
	struct capture_config c;

	put_text("/etc/default/kdump-tools", "USE_KDUMP=1\n");
	put_text("/etc/default/kexec", "LOAD_KEXEC=true\nAPPEND=ro\n");
	put_text("/etc/default/kexec.d/20-b", "APPEND=second\n");
	put_text("/etc/default/kexec.d/10-a", "APPEND=first\nLOAD_KEXEC=false\n");
	put_text("/etc/default/kexec.d/30-c.dpkg-old", "APPEND=third\n");
	assert_success(configuration_read(root, &c));
	assert_string_equal(c.kexec_append, "second");
	assert_false(c.load_kexec);
	capture_config_deinit(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(without_any_file_the_native_defaults_hold,
						make_root, remove_root),
		cmocka_unit_test_setup_teardown(a_zero_byte_is_refused_with_its_line,
						make_root, remove_root),
		cmocka_unit_test_setup_teardown(more_snippets_than_are_read_are_refused,
						make_root, remove_root),
		cmocka_unit_test_setup_teardown(the_first_dialect_that_is_there_counts,
						make_root, remove_root),
		cmocka_unit_test_setup_teardown(errors_name_the_file_as_a_person_knows_it,
						make_root, remove_root),
		cmocka_unit_test_setup_teardown(snippets_of_kexec_d_count_in_their_order,
						make_root, remove_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
