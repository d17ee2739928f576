#include "testing.h"

#include "base/io.h"
#include "capture/prune.h"

#include <sys/stat.h>

static char parent[64];

static void make(const char *name, const char *child, bool is_directory)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", parent, name);
	assert_true(mkdir(path, 0700) == 0 || access(path, F_OK) == 0);
	snprintf(path, sizeof(path), "%s/%s/%s", parent, name, child);
	if (is_directory)
		assert_int_equal(mkdir(path, 0700), 0);
	else
		assert_success(io_write_file(path, 0600, "x", 1));
}

static bool exists(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", parent, name);
	return access(path, F_OK) == 0;
}

static int set_up(void **state)
{
	snprintf(parent, sizeof(parent), "/tmp/inquest-test-prune-XXXXXX");
	assert_non_null(mkdtemp(parent));
	make("202001010000", "dump.202001010000", false);
	make("202001010000", "dmesg.202001010000", false);
	make("202101010000", "dump-incomplete", false);
	make("202201010000", "dump.202201010000", false);
	make("2020-mine", "file", false);
	make("linux", "202001010000", true);
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", parent);
	return system(command);
}

static void the_oldest_dumps_go_and_nothing_else(void **state)
{
	assert_success(prune_dumps(parent, "kdump-tools", "", 2));
	assert_false(exists("202001010000"));
	assert_true(exists("202101010000/dump-incomplete"));
	assert_true(exists("202201010000/dump.202201010000"));
	assert_true(exists("2020-mine/file"));
	assert_true(exists("linux/202001010000"));
	assert_success(prune_dumps(parent, "kdump-tools", "", 1));
	assert_false(exists("202101010000"));
}

static void fewer_than_wanted_stay(void **state)
{
	assert_success(prune_dumps(parent, "kdump-tools", "", 3));
	assert_success(prune_dumps(parent, "kdump", "127.0.0.1", 1));
	assert_true(exists("202001010000/dump.202001010000"));
}

static void what_holds_a_directory_is_no_dump(void **state)
{
	make("202001010000", "subdirectory", true);
	assert_failure(prune_dumps(parent, "kdump-tools", "", 2), ERR_OS, "202001010000");
	assert_true(exists("202001010000/subdirectory"));
}

static void a_link_that_is_called_like_a_dump_is_not_followed(void **state)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/201901010000", parent);
	assert_int_equal(symlink("2020-mine", path), 0);
	assert_failure(prune_dumps(parent, "kdump-tools", "", 3), ERR_OS, "201901010000");
	assert_true(exists("2020-mine/file"));
}

static void one_dump_can_be_removed_by_its_path(void **state)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/202001010000", parent);
	assert_success(prune_dump(path));
	assert_false(exists("202001010000"));
	assert_true(exists("202101010000/dump-incomplete"));
	assert_failure(prune_dump(path), ERR_OS, path);
}

#define IN_A_FRESH_DIR(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_FRESH_DIR(the_oldest_dumps_go_and_nothing_else),
		IN_A_FRESH_DIR(fewer_than_wanted_stay),
		IN_A_FRESH_DIR(a_link_that_is_called_like_a_dump_is_not_followed),
		IN_A_FRESH_DIR(one_dump_can_be_removed_by_its_path),
		IN_A_FRESH_DIR(what_holds_a_directory_is_no_dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
