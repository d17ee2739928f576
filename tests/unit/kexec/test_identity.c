#include "testing.h"

#include "kexec/identity.h"

#include "base/io.h"

static void ids_travel_on_the_command_line(void **state)
{
	const struct identity id = {.machine_id = "0123456789abcdef0123456789abcdef",
				    .boot_id = "422ffa87-d194-40a8-acfa-d03bfacabdc0"};
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct identity got = {0};

	identity_add_to_cmdline(&id, "console=ttyS0", &b);
	identity_from_cmdline(b.data, &got);
	assert_string_equal(got.machine_id, id.machine_id);
	assert_string_equal(got.boot_id, id.boot_id);
}

static void what_is_not_known_adds_no_word(void **state)
{
	const struct identity id = {0};
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	identity_add_to_cmdline(&id, "quiet", &b);
	assert_string_equal(b.data, "quiet");
}

static void what_is_no_id_is_left_out(void **state)
{
	struct identity got = {.boot_id = "kept"};

	identity_from_cmdline("inquest.boot_id=$(reboot) inquest.machine_id=", &got);
	assert_string_equal(got.boot_id, "kept");
	assert_string_equal(got.machine_id, "");
	identity_from_cmdline(
		"inquest.boot_id=0123456789abcdef0123456789abcdef0123456789abcdef", &got);
	assert_string_equal(got.boot_id, "kept");
}

static void ids_are_read_below_the_root(void **state)
{
	char root[] = "/tmp/inquest-test-identity-XXXXXX", path[128], command[128];
	struct identity got;

	assert_non_null(mkdtemp(root));
	snprintf(command, sizeof(command), "mkdir %s/etc", root);
	assert_int_equal(system(command), 0);
	snprintf(path, sizeof(path), "%s/etc/machine-id", root);
	assert_success(io_write_file(path, 0600, "ABCDEF\n", 7));
	identity_read(root, &got);
	assert_string_equal(got.machine_id, "abcdef");
	assert_string_equal(got.boot_id, "");
	assert_success(io_write_file(path, 0600, "uninitialized\n", 14));
	identity_read(root, &got);
	assert_string_equal(got.machine_id, "");
	snprintf(command, sizeof(command), "rm -rf %s", root);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_travel_on_the_command_line),
		cmocka_unit_test(what_is_not_known_adds_no_word),
		cmocka_unit_test(what_is_no_id_is_left_out),
		cmocka_unit_test(ids_are_read_below_the_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
