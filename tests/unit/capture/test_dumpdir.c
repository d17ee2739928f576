#include "testing.h"

#include "capture/dumpdir.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* The calls that reach the file system, in order, as "fsync:file rename:vmcore …".
 */
static char trace[512];
static const char *failing_call; /* this one returns -1 with ENOSPC */
static struct dumpdir dir;
static char parent[64];

int __real_fsync(int fd);
int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __real_close(int fd);
int __wrap_fsync(int fd);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_close(int fd);

/* Put a call on the trace. Should it fail? */
static bool record(const char *call, const char *what)
{
	size_t len = strlen(trace);

	snprintf(trace + len, sizeof(trace) - len, "%s%s%s%s", len ? " " : "", call,
		 what ? ":" : "", what ? what : "");
	if (!failing_call || strcmp(failing_call, trace + len + (len ? 1 : 0)) != 0)
		return false;
	errno = ENOSPC;
	return true;
}

int __wrap_fsync(int fd)
{
	const char *what = fd == dir.fd ? "directory" : "file";

	return record("fsync", what) ? -1 : __real_fsync(fd);
}

int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return record("rename", to) ? -1 : __real_renameat(from_dir, from, to_dir, to);
}

int __wrap_close(int fd)
{
	record("close", NULL);
	return __real_close(fd);
}

static struct err *write_text(void *ctx, int fd, const char *path)
{
	record("write", ctx);
	return io_write_all(fd, ctx, strlen(ctx), path);
}

/* As a disk that fills up half way. */
static struct err *write_half(void *ctx, int fd, const char *path)
{
	struct err *err = io_write_all(fd, "half", 4, path);

	return err ? err : err_os(ENOSPC, "%s", path);
}

static int set_up(void **state)
{
	snprintf(parent, sizeof(parent), "/tmp/inquest-test-dumpdir-XXXXXX");
	assert_non_null(mkdtemp(parent));
	assert_success(dumpdir_create(parent, "kdump", "127.0.0.1", 1000000000, &dir));
	failing_call = NULL;
	trace[0] = '\0';
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	failing_call = NULL;
	dumpdir_close(&dir);
	snprintf(command, sizeof(command), "rm -rf %s", parent);
	return system(command);
}

static bool exists(const char *name)
{
	return faccessat(dir.fd, name, F_OK, 0) == 0;
}

static struct err *save(dumpdir_writer *writer, u64 *ret_bytes)
{
	return dumpdir_save(&dir, "vmcore-incomplete", "vmcore", writer, (void *)"whole",
			    ret_bytes);
}

static void a_file_gets_its_name_only_when_all_of_it_is_on_disk(void **state)
{
	u64 bytes;

	assert_success(save(write_text, &bytes));
	assert_int_equal(bytes, 5);
	assert_string_equal(trace, "write:whole fsync:file close "
				   "rename:vmcore fsync:directory");
	assert_true(exists("vmcore"));
	assert_false(exists("vmcore-incomplete"));
}

static void a_new_directory_is_on_disk_before_anything_is_in_it(void **state)
{
	struct dumpdir other;

	assert_success(dumpdir_create(parent, "kdump", "127.0.0.1", 1000000001, &other));
	assert_string_equal(trace, "fsync:file close");
	dumpdir_close(&other);
	trace[0] = '\0';
	failing_call = "fsync:file";
	assert_failure(dumpdir_create(parent, "kdump", "127.0.0.1", 1000000002, &other),
		       ERR_OS, "No space left");
	failing_call = NULL;
	/* It is gone: its name is free again. */
	assert_success(dumpdir_create(parent, "kdump", "127.0.0.1", 1000000002, &other));
	assert_string_equal(strrchr(other.path, ':'), ":42");
	dumpdir_close(&other);
}

static void a_full_disk_leaves_the_part_under_its_unfinished_name(void **state)
{
	u64 bytes = 77;

	assert_failure(save(write_half, &bytes), ERR_OS, "No space left");
	assert_true(exists("vmcore-incomplete"));
	assert_false(exists("vmcore"));
	assert_int_equal(bytes, 77);
	assert_null(strstr(trace, "rename"));
}

static void
any_step_that_fails_is_an_error_and_none_before_the_rename_names_it(void **state)
{
	static const char *const calls[] = {"fsync:file", "rename:vmcore",
					    "fsync:directory"};
	u64 bytes;

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		failing_call = calls[i];
		trace[0] = '\0';
		assert_failure(save(write_text, &bytes), ERR_OS, "No space left");
		assert_int_equal(exists("vmcore"), i == 2);
	}
}

static void directories_and_files_are_for_their_owner_alone(void **state)
{
	struct stat st;
	u64 bytes;

	assert_success(save(write_text, &bytes));
	assert_int_equal(fstat(dir.fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(fstatat(dir.fd, "vmcore", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void the_name_is_host_and_local_time(void **state)
{
	cleanup(dumpdir_close) struct dumpdir other = {.fd = -1};
	char deep[128];

	assert_string_equal(strrchr(dir.path, '/'), "/127.0.0.1-2001-09-09-01:46:40");
	setenv("TZ", "IST-5:30", 1);
	snprintf(deep, sizeof(deep), "%s/a/b", parent);
	assert_success(dumpdir_create(deep, "kdump", "h", 1000000000, &other));
	setenv("TZ", "UTC0", 1);
	assert_string_equal(strrchr(other.path, '/'), "/h-2001-09-09-07:16:40");
}

static void two_crashes_in_one_second_get_two_directories(void **state)
{
	cleanup(dumpdir_close) struct dumpdir second = {.fd = -1};

	assert_success(dumpdir_create(parent, "kdump", "127.0.0.1", 1000000000, &second));
	assert_string_equal(strrchr(second.path, '/'), "/127.0.0.1-2001-09-09-01:46:40-2");
}

static void a_file_in_the_way_is_named(void **state)
{
	struct dumpdir other;
	char path[128];

	snprintf(path, sizeof(path), "%s/file", parent);
	assert_success(io_write_file(path, 0600, "", 0));
	strcat(path, "/below");
	assert_failure(dumpdir_create(path, "kdump", "h", 0, &other), ERR_OS, "file");
}

#define IN_A_FRESH_DIR(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_FRESH_DIR(a_file_gets_its_name_only_when_all_of_it_is_on_disk),
		IN_A_FRESH_DIR(a_new_directory_is_on_disk_before_anything_is_in_it),
		IN_A_FRESH_DIR(a_full_disk_leaves_the_part_under_its_unfinished_name),
		IN_A_FRESH_DIR(
			any_step_that_fails_is_an_error_and_none_before_the_rename_names_it),
		IN_A_FRESH_DIR(directories_and_files_are_for_their_owner_alone),
		IN_A_FRESH_DIR(the_name_is_host_and_local_time),
		IN_A_FRESH_DIR(two_crashes_in_one_second_get_two_directories),
		IN_A_FRESH_DIR(a_file_in_the_way_is_named),
	};

	setenv("TZ", "UTC0", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
