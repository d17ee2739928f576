#include "testing.h"

#include "base/io.h"
#include "base/new_file.h"
#include "failing_malloc.h"

#include <sys/stat.h>
#include <unistd.h>

static char dir[64], path[128];

static int make_dir(void **state)
{
	snprintf(dir, sizeof(dir), "%s/inquest-unit-XXXXXX", io_temp_dir("/tmp"));
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/file", dir);
	return 0;
}

/* Fails if anything was left in it. */
static int remove_dir(void **state)
{
	unlink(path);
	return rmdir(dir);
}

static void assert_file(const char *name, const char *wanted)
{
	cleanup(freep) char *text = NULL;
	struct stat st;

	assert_success(io_read_file(name, 100, &text, NULL));
	assert_string_equal(text, wanted);
	assert_int_equal(stat(name, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void the_file_appears_when_it_is_kept(void **state)
{
	cleanup(new_file_deinit) struct new_file f;

	assert_success(new_file_open(&f, path, false));
	assert_success(io_write_all(f.fd, "whole", 5, "f"));
	assert_int_not_equal(access(path, F_OK), 0);
	assert_success(new_file_keep(&f));
	assert_file(path, "whole");
}

static void a_file_that_is_not_kept_leaves_nothing_behind(void **state)
{
	struct new_file f;

	assert_success(new_file_open(&f, path, false));
	assert_success(io_write_all(f.fd, "half", 4, "f"));
	new_file_deinit(&f);
	assert_int_not_equal(access(path, F_OK), 0);
}

static void a_file_that_exists_is_replaced_only_on_request(void **state)
{
	cleanup(new_file_deinit) struct new_file f, g, late;

	assert_success(new_file_open(&late, path, false));
	assert_success(io_write_file(path, 0600, "old", 3));
	assert_failure(new_file_open(&f, path, false), ERR_REFUSED, "/file exists");
	assert_failure(new_file_keep(&late), ERR_REFUSED, "/file exists");
	assert_file(path, "old");
	assert_success(new_file_open(&g, path, true));
	assert_success(io_write_all(g.fd, "new", 3, "g"));
	assert_file(path, "old");
	assert_success(new_file_keep(&g));
	assert_file(path, "new");
}

static void half_a_file_is_kept_under_a_name_that_says_so(void **state)
{
	cleanup(new_file_deinit) struct new_file f;
	char incomplete[160];

	snprintf(incomplete, sizeof(incomplete), "%s-incomplete", path);
	assert_success(io_write_file(incomplete, 0600, "older", 5));
	assert_success(new_file_open(&f, path, false));
	assert_success(io_write_all(f.fd, "half", 4, "f"));
	assert_failure(new_file_keep_incomplete(&f, err_new(ERR_INCOMPLETE, "disk full")),
		       ERR_INCOMPLETE, "kept as ");
	assert_file(incomplete, "half");
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_equal(unlink(incomplete), 0);
}

static void a_folder_that_is_not_there_is_named(void **state)
{
	cleanup(new_file_deinit) struct new_file f;

	assert_failure(new_file_open(&f, "/nowhere/at/all", false), ERR_OS, "/nowhere/at");
}

static struct err *open_one(void *ctx)
{
	struct new_file f;
	struct err *err = new_file_open(&f, path, false);

	new_file_deinit(&f);
	return err;
}

static void opening_survives_each_failing_allocation(void **state)
{
	assert_true(each_allocation_fails_once(open_one, NULL) >= 2);
}

int main(void)
{
#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)
	const struct CMUnitTest tests[] = {
		IN_DIR(the_file_appears_when_it_is_kept),
		IN_DIR(a_file_that_is_not_kept_leaves_nothing_behind),
		IN_DIR(a_file_that_exists_is_replaced_only_on_request),
		IN_DIR(half_a_file_is_kept_under_a_name_that_says_so),
		cmocka_unit_test(a_folder_that_is_not_there_is_named),
		IN_DIR(opening_survives_each_failing_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
