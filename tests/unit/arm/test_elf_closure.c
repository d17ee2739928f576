/* Programs of this host, packed so that they run where nothing else is; needs root for the
 * chroot(2) that proves it. */
#include "testing.h"

#include "arm/elf_closure.h"
#include "base/child.h"
#include "base/io.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char dir[] = "/tmp/inquest-closure-XXXXXX";

static int set_up(void **state)
{
	strcpy(strstr(dir, "-closure-") + 9, "XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static void run(const char *command)
{
	const char *argv[] = {"sh", "-c", command, NULL};
	struct child_spec spec = {.argv = argv};
	struct child_output o = {0};

	assert_success(child_run(&spec, 60000, NULL, &o));
	if (o.status)
		print_error("%s: %s\n", command, buf_text(&o.errors));
	assert_int_equal(o.status, 0);
	child_output_deinit(&o);
}

static int tear_down(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	run(command);
	return 0;
}

/* Put the files where an image would have them. */
static void unpack(const struct image_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		const struct initramfs_file *f = &files->files[i];
		cleanup(freep) char *data = NULL;
		char path[512], command[1100];
		size_t len;

		snprintf(path, sizeof(path), "%s%s", dir, f->path);
		snprintf(command, sizeof(command), "mkdir -p $(dirname %s)", path);
		run(command);
		if (!f->host_path) {
			assert_success(io_write_file(path, f->mode, f->data, f->len));
			continue;
		}
		assert_success(io_read_file(f->host_path, 256u << 20, &data, &len));
		assert_success(io_write_file(path, f->mode, data, len));
	}
}

/* Run @argv with nothing but the files; its exit status. */
static int run_alone(const char *const *argv)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (chroot(dir) < 0 || chdir("/") < 0)
			_exit(99);
		execv(argv[0], (char *const *)argv);
		_exit(98);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void program_runs_where_nothing_else_is(void **state)
{
	struct image_files files = {0};
	cleanup(freep) char *path = NULL;
	const char *argv[] = {NULL, "-c", "exit 42", NULL};

	assert_success(elf_closure_add(&files, "", "bash", &path));
	assert_true(files.count >= 3);
	unpack(&files);
	argv[0] = path;
	if (getuid() == 0)
		assert_int_equal(run_alone(argv), 42);
	image_files_deinit(&files);
}

static void ssh_client_runs_where_nothing_else_is(void **state)
{
	struct image_files files = {0};
	cleanup(freep) char *path = NULL;
	const char *argv[] = {NULL, "-V", NULL};
	char command[160];

	if (!child_program_is_there("ssh"))
		return;
	assert_success(elf_closure_add(&files, "", "ssh", &path));
	unpack(&files);
	argv[0] = path;
	snprintf(command, sizeof(command),
		 "cd %s && mkdir dev etc && mknod dev/null c 1 3 && "
		 "echo root:x:0:0::/:/bin/sh >etc/passwd",
		 dir);
	if (getuid() == 0) {
		run(command);
		assert_int_equal(run_alone(argv), 0);
	}
	image_files_deinit(&files);
}

static void script_brings_its_interpreter(void **state)
{
	struct image_files files = {0};
	char script[256];
	const char *argv[] = {script, NULL};
	static const char text[] = "#! /usr/bin/env bash\nexit 7\n";

	snprintf(script, sizeof(script), "%s/hook", dir);
	assert_success(io_write_file(script, 0700, text, strlen(text)));
	assert_success(elf_closure_add(&files, "", script, NULL));
	assert_true(image_files_has(&files, script));
	assert_true(image_files_has(&files, "/usr/bin/env"));
	assert_true(image_files_has(&files, "/usr/bin/bash") ||
		    image_files_has(&files, "/bin/bash"));
	unpack(&files);
	if (getuid() == 0)
		assert_int_equal(run_alone(argv), 7);
	image_files_deinit(&files);
}

static void what_is_missing_is_named(void **state)
{
	struct image_files files = {0};
	char script[256];
	static const char text[] = "#!/no/such/shell\n", bare[] = "#!\n";

	assert_failure(elf_closure_add(&files, "", "/no/such/program", NULL), ERR_ABSENT,
		       "there is no program /no/such/program on this host");
	assert_failure(elf_closure_add(&files, "", "no-such-program", NULL), ERR_ABSENT,
		       "there is no program no-such-program");
	snprintf(script, sizeof(script), "%s/hook", dir);
	assert_success(io_write_file(script, 0700, text, strlen(text)));
	assert_failure(elf_closure_add(&files, "", script, NULL), ERR_ABSENT,
		       "hook: there is no program /no/such/shell");
	image_files_deinit(&files);
	assert_success(io_write_file(script, 0700, bare, strlen(bare)));
	assert_failure(elf_closure_add(&files, "", script, NULL), ERR_USAGE,
		       "names no path");
	image_files_deinit(&files);
}

/* Links are followed as if the directory were the root. */
static void root_of_made_up_files_is_a_root(void **state)
{
	struct image_files files = {0};
	char command[512], expected[256];

	snprintf(command, sizeof(command),
		 "cd %s && mkdir -p bin etc/alternatives opt && echo 'exit 0' >opt/tool && "
		 "ln -s /opt/tool etc/alternatives/tool && "
		 "ln -s /etc/alternatives/tool bin/tool",
		 dir);
	run(command);
	assert_success(elf_closure_add(&files, dir, "/bin/tool", NULL));
	assert_int_equal(files.count, 1);
	snprintf(expected, sizeof(expected), "%s/opt/tool", dir);
	assert_string_equal(files.files[0].path, "/bin/tool");
	assert_string_equal(files.files[0].host_path, expected);
	image_files_deinit(&files);
}

static void library_that_is_not_there_is_no_error(void **state)
{
	struct image_files files = {0};
	size_t count;

	assert_success(elf_closure_add(&files, "", "bash", NULL));
	count = files.count;
	assert_success(elf_closure_add_library(&files, "", "libno-such-thing.so.9"));
	assert_int_equal(files.count, count);
	assert_success(elf_closure_add_library(&files, "", "libpthread.so.0"));
	assert_true(files.count > count);
	image_files_deinit(&files);
}

static void same_program_twice_is_packed_once(void **state)
{
	struct image_files files = {0};
	size_t count;

	assert_success(elf_closure_add(&files, "", "bash", NULL));
	count = files.count;
	assert_success(elf_closure_add(&files, "", "bash", NULL));
	assert_int_equal(files.count, count);
	image_files_deinit(&files);
}

int main(void)
{
#define CLOSURE_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CLOSURE_TEST(program_runs_where_nothing_else_is),
		CLOSURE_TEST(ssh_client_runs_where_nothing_else_is),
		CLOSURE_TEST(script_brings_its_interpreter),
		CLOSURE_TEST(what_is_missing_is_named),
		CLOSURE_TEST(root_of_made_up_files_is_a_root),
		CLOSURE_TEST(library_that_is_not_there_is_no_error),
		CLOSURE_TEST(same_program_twice_is_packed_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
