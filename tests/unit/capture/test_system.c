#include "testing.h"

#include "base/io.h"
#include "capture/sink.h"
#include "capture/system.h"
#include "format/console_line.h"

#include <fcntl.h>

static void sysctls_are_written_to_their_files(void **state)
{
	char root[] = "/tmp/inquest-test-system-XXXXXX", path[128], command[128];
	cleanup(freep) char *text = NULL;

	assert_non_null(mkdtemp(root));
	snprintf(command, sizeof(command), "mkdir -p %s/proc/sys/kernel", root);
	assert_int_equal(system(command), 0);
	snprintf(path, sizeof(path), "%s/proc/sys/kernel/panic", root);
	assert_success(io_write_file(path, 0600, "", 0));
	assert_success(system_set_sysctl(root, "kernel.panic", "10"));
	assert_success(io_read_file(path, 64, &text, NULL));
	assert_string_equal(text, "10\n");
	assert_failure(system_set_sysctl(root, "kernel.no_such", "1"), ERR_OS,
		       "kernel.no_such");
	snprintf(command, sizeof(command), "rm -rf %s", root);
	assert_int_equal(system(command), 0);
}

static void a_name_that_leaves_proc_sys_is_refused(void **state)
{
	assert_failure(system_set_sysctl("", "..etc", "1"), ERR_USAGE, "no name");
	assert_failure(system_set_sysctl("", "a/b", "1"), ERR_USAGE, "no name");
	assert_failure(system_set_sysctl("", "", "1"), ERR_USAGE, "no name");
}

static void a_missing_module_is_named(void **state)
{
	const struct manifest_module module = {.path = "/nonexistent/x.ko", .params = ""};

	assert_failure(system_load_module(&module), ERR_OS, "/nonexistent/x.ko");
}

static void each_line_is_one_write_and_has_a_level_only_in_the_kernel_log(void **state)
{
	static const char *const wanted[] = {"inquest: saved name=vmcore\n",
					     "inquest| one\n", "inquest| two\n",
					     "<5>inquest: warning reason=\"a b\"\n", ""};
	struct buf line = BUF_INIT;
	struct sink sink;
	char got[256];
	int fds[2];

	/* A pipe of packets keeps the borders of writes. */
	assert_int_equal(pipe2(fds, O_DIRECT), 0);
	sink = (struct sink){.fd = fds[1]};
	console_line_begin(&line, "saved");
	console_line_add(&line, "name", "vmcore");
	sink_fact(&sink, &line);
	assert_null(line.data);
	console_text_add(&line, "one\ntwo\n");
	sink_say(&sink, &line);
	sink.is_kmsg = true;
	sink_warn(&sink, err_new(ERR_OS, "a b"));
	sink_warn(&sink, NULL);
	close(fds[1]);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		ssize_t n = read(fds[0], got, sizeof(got) - 1);

		assert_true(n >= 0);
		got[n] = '\0';
		assert_string_equal(got, wanted[i]);
	}
	close(fds[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sysctls_are_written_to_their_files),
		cmocka_unit_test(a_name_that_leaves_proc_sys_is_refused),
		cmocka_unit_test(a_missing_module_is_named),
		cmocka_unit_test(
			each_line_is_one_write_and_has_a_level_only_in_the_kernel_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
