#include "testing.h"

#include "base/io.h"
#include "rehearse/results.h"

#include <sys/stat.h>

static char top[] = "/tmp/test_results.XXXXXX";

static bool is_there(const char *dir, const char *name)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

static void a_file_gets_its_name_only_when_committed(void **state)
{
	struct results *r = NULL;
	char dir[200];
	int fd = -1;

	snprintf(dir, sizeof(dir), "%s/a", top);
	assert_success(results_open(dir, &r));
	assert_success(results_create(r, "vmcore", &fd));
	assert_success(io_write_all(fd, "dump", 4, "vmcore"));
	assert_false(is_there(dir, "vmcore"));
	assert_int_equal(access(results_path(r, "vmcore"), R_OK), 0);
	assert_non_null(strstr(results_name(r, "vmcore"), "/a/vmcore"));
	assert_success(results_commit(r, "vmcore"));
	assert_string_equal(results_path(r, "vmcore"), results_name(r, "vmcore"));
	assert_true(is_there(dir, "vmcore"));
	results_free(r);
	assert_true(is_there(dir, "vmcore"));
	assert_false(is_there(dir, "vmcore.partial"));
	assert_failure(results_open(dir, &r), ERR_REFUSED, "there already");
}

static void what_was_not_committed_goes_away(void **state)
{
	struct results *r = NULL;
	char dir[200];
	int fd = -1;

	snprintf(dir, sizeof(dir), "%s/b", top);
	assert_success(results_open(dir, &r));
	assert_success(results_create(r, "vmcore", &fd));
	assert_false(is_there(dir, "vmcore"));
	results_free(r);
	assert_int_equal(access(dir, F_OK), -1);
}

static void what_an_earlier_run_left_is_replaced(void **state)
{
	cleanup(freep) char *text = NULL;
	struct results *r = NULL;
	char dir[200], path[300];

	snprintf(dir, sizeof(dir), "%s/f", top);
	assert_int_equal(mkdir(dir, 0700), 0);
	snprintf(path, sizeof(path), "%s/report.txt", dir);
	assert_success(io_write_file(path, 0600, "old", 3));
	snprintf(path, sizeof(path), "%s/report.txt.partial", dir);
	assert_success(io_write_file(path, 0600, "older", 5));
	assert_success(results_open(dir, &r));
	assert_success(results_write(r, "report.txt", "new", 3));
	assert_success(io_read_file(results_path(r, "report.txt"), 100, &text, NULL));
	assert_string_equal(text, "new");
	results_free(r);
	assert_true(is_there(dir, "report.txt"));
	assert_false(is_there(dir, "report.txt.partial"));
}

static void a_folder_with_a_console_log_stays(void **state)
{
	cleanup(freep) char *path = NULL;
	struct results *r = NULL;
	char dir[200];
	int fd = -1;

	snprintf(dir, sizeof(dir), "%s/c", top);
	assert_success(results_open(dir, &r));
	assert_success(results_open_log(r, &fd));
	assert_success(io_write_all(fd, "x\n", 2, "log"));
	assert_success(results_keep_log(r, &path));
	results_free(r);
	assert_true(is_there(dir, "console.log"));
	assert_non_null(strstr(path, "/c/console.log"));
}

static void without_a_folder_only_a_kept_log_remains(void **state)
{
	cleanup(freep) char *path = NULL, *text = NULL;
	struct results *r = NULL;
	int fd = -1;

	setenv("TMPDIR", top, 1);
	assert_success(results_open(NULL, &r));
	assert_success(results_write(r, "report.txt", "words", 5));
	assert_success(io_read_file(results_path(r, "report.txt"), 100, &text, NULL));
	assert_string_equal(text, "words");
	assert_success(results_open_log(r, &fd));
	assert_success(io_write_all(fd, "line\n", 5, "log"));
	assert_success(results_keep_log(r, &path));
	results_free(r);
	free(text);
	text = NULL;
	assert_success(io_read_file(path, 100, &text, NULL));
	assert_string_equal(text, "line\n");
	unlink(path);
	unsetenv("TMPDIR");
}

static void an_empty_console_log_is_not_kept(void **state)
{
	char *path = (char *)"";
	struct results *r = NULL;
	char dir[200];
	int fd = -1;

	snprintf(dir, sizeof(dir), "%s/e", top);
	assert_success(results_open(dir, &r));
	assert_success(results_open_log(r, &fd));
	assert_success(results_keep_log(r, &path));
	assert_null(path);
	results_free(r);
	assert_int_equal(access(dir, F_OK), -1);
}

static void a_folder_that_cannot_be_made_is_named(void **state)
{
	struct results *r = NULL;

	assert_failure(results_open("/proc/nothing/here", &r), ERR_OS,
		       "/proc/nothing/here");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_gets_its_name_only_when_committed),
		cmocka_unit_test(what_was_not_committed_goes_away),
		cmocka_unit_test(what_an_earlier_run_left_is_replaced),
		cmocka_unit_test(a_folder_with_a_console_log_stays),
		cmocka_unit_test(without_a_folder_only_a_kept_log_remains),
		cmocka_unit_test(an_empty_console_log_is_not_kept),
		cmocka_unit_test(a_folder_that_cannot_be_made_is_named),
	};
	char text[300];
	int failures;

	if (!mkdtemp(top))
		return 1;
	failures = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(text, sizeof(text), "rm -rf %s", top);
	return system(text) != 0 ? 1 : failures;
}
