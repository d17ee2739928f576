#include "testing.h"

#include "capture/names.h"

#define WHEN 1000000007 /* 2001-09-09 01:46:47 UTC */

static struct names names;

static void assert_directory(const char *naming, const char *host, unsigned try,
			     const char *expected)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	assert_success(names_add_directory(naming, host, WHEN, try, &b));
	assert_string_equal(b.data, expected);
	assert_true(names_is_directory(naming, host, b.data));
}

static void a_directory_is_called_as_each_dialect_does_it(void **state)
{
	assert_directory("kdump", "127.0.0.1", 1, "127.0.0.1-2001-09-09-01:46:47");
	assert_directory("inquest", "192.0.2.7", 2, "192.0.2.7-2001-09-09-01:46:47-2");
	assert_directory("kdump-tools", "", 1, "200109090146");
	assert_directory("kdump-tools", "db1", 9, "db1-200109090146-9");
}

static void a_date_is_local_time(void **state)
{
	setenv("TZ", "CEST-2", 1);
	assert_directory("kdump", "h", 1, "h-2001-09-09-03:46:47");
	setenv("TZ", "UTC0", 1);
}

static void files_are_called_as_each_dialect_does_it(void **state)
{
	names_make("kdump", WHEN, DUMP_KDUMP, &names);
	assert_string_equal(names.dump, "vmcore");
	assert_string_equal(names.dump_incomplete, "vmcore-incomplete");
	assert_string_equal(names.log, "vmcore-dmesg.txt");
	assert_string_equal(names.log_incomplete, "vmcore-dmesg-incomplete.txt");
	names_make("kdump", WHEN, DUMP_FLATTENED, &names);
	assert_string_equal(names.dump, "vmcore.flat");
	names_make("kdump-tools", WHEN, DUMP_KDUMP, &names);
	assert_string_equal(names.dump, "dump.200109090146");
	assert_string_equal(names.dump_incomplete, "dump-incomplete");
	assert_string_equal(names.log, "dmesg.200109090146");
	names_make("kdump-tools", WHEN, DUMP_PLAIN, &names);
	assert_string_equal(names.dump, "vmcore.200109090146");
	assert_string_equal(names.dump_incomplete, "vmcore-incomplete");
}

static void a_name_without_colons_is_one_as_well(void **state)
{
	assert_true(names_is_directory("kdump", "h", "h-2001-09-09-01-46-47"));
}

static void what_is_not_a_dump_is_never_taken_for_one(void **state)
{
	assert_false(names_is_directory("kdump", "h", "lost+found"));
	assert_false(names_is_directory("kdump", "h", "h2-2001-09-09-01:46:47"));
	assert_false(names_is_directory("kdump", "h", "h-2001-09-09-01:46:47.bak"));
	assert_false(names_is_directory("kdump-tools", "", "20010909014"));
	assert_false(names_is_directory("kdump-tools", "", "200109090146x"));
	assert_false(names_is_directory("kdump-tools", "", "kexec_cmd"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_directory_is_called_as_each_dialect_does_it),
		cmocka_unit_test(a_date_is_local_time),
		cmocka_unit_test(files_are_called_as_each_dialect_does_it),
		cmocka_unit_test(a_name_without_colons_is_one_as_well),
		cmocka_unit_test(what_is_not_a_dump_is_never_taken_for_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
