#include "testing.h"

#include "base/child.h"
#include "base/clock.h"

#include <fcntl.h>
#include <sys/wait.h>

static struct child_spec spec_of(const char *const *argv)
{
	return (struct child_spec){.argv = argv};
}

static void output_errors_and_status_are_gathered(void **state)
{
	const char *const argv[] = {"sh", "-c", "echo out; echo 'E: oops' >&2; exit 7",
				    NULL};
	struct child_spec spec = spec_of(argv);
	struct child_output o;
	struct buf reason = BUF_INIT;

	assert_success(child_run(&spec, 10000, NULL, &o));
	assert_string_equal(buf_text(&o.out), "out\n");
	assert_int_equal(o.status, 7);
	child_output_reason(&o, &reason);
	assert_string_equal(buf_text(&reason), "oops");
	buf_deinit(&reason);
	child_output_deinit(&o);
}

static void a_program_that_is_not_there_is_absent(void **state)
{
	const char *const argv[] = {"no-such-program-xyz", NULL};
	struct child_spec spec = spec_of(argv);
	struct child *c = NULL;

	assert_failure(child_spawn(&spec, &c), ERR_ABSENT, "no-such-program-xyz");
	assert_null(c);
	assert_false(child_program_is_there("no-such-program-xyz"));
	assert_true(child_program_is_there("sh"));
}

static void a_child_past_its_deadline_is_killed(void **state)
{
	const char *const argv[] = {"sleep", "1000", NULL};
	struct child_spec spec = spec_of(argv);
	struct child_output o;
	u64 start = clock_now_ms();

	assert_failure(child_run(&spec, 50, NULL, &o), ERR_OS, "did not come to an end");
	child_output_deinit(&o);
	assert_true(clock_now_ms() - start < 5000);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void a_set_cancel_flag_ends_the_wait(void **state)
{
	const char *const argv[] = {"sleep", "1000", NULL};
	struct child_spec spec = spec_of(argv);
	volatile sig_atomic_t flag = 1;
	struct child_output o;

	assert_failure(child_run(&spec, 60000, &flag, &o), ERR_REFUSED, "interrupted");
	child_output_deinit(&o);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void a_grandchild_that_keeps_the_pipe_does_not_hold_us_up(void **state)
{
	const char *const argv[] = {"sh", "-c", "sleep 1000 & echo $!", NULL};
	struct child_spec spec = spec_of(argv);
	struct child_output o;
	u64 start = clock_now_ms();

	assert_success(child_run(&spec, 30000, NULL, &o));
	assert_true(clock_now_ms() - start < 20000);
	kill((pid_t)atoi(buf_text(&o.out)), SIGKILL);
	child_output_deinit(&o);
}

static void only_the_last_words_of_a_flood_of_errors_are_kept(void **state)
{
	const char *const argv[] = {
		"sh", "-c",
		"i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done >&2", NULL};
	struct child_spec spec = spec_of(argv);
	struct child_output o;
	struct buf reason = BUF_INIT;

	assert_success(child_run(&spec, 30000, NULL, &o));
	assert_true(o.errors.len <= CHILD_ERRORS_MAX);
	child_output_reason(&o, &reason);
	assert_string_equal(buf_text(&reason), "line 1999");
	buf_deinit(&reason);
	child_output_deinit(&o);
}

static void kept_descriptors_reach_the_child_and_others_do_not(void **state)
{
	cleanup(closep) int kept = open("/dev/null", O_RDONLY | O_CLOEXEC);
	cleanup(closep) int other = open("/dev/null", O_RDONLY | O_CLOEXEC);
	char command[128];
	const char *argv[] = {"sh", "-c", command, NULL};
	struct child_spec spec = spec_of(argv);
	struct child_output o;

	snprintf(command, sizeof(command),
		 "test -e /proc/self/fd/%d && ! test -e /proc/self/fd/%d", kept, other);
	spec.keep_fds = &kept;
	spec.num_keep_fds = 1;
	assert_success(child_run(&spec, 10000, NULL, &o));
	assert_int_equal(o.status, 0);
	child_output_deinit(&o);
}

/* We die by SIGKILL: the kernel must take the child with us. */
static void a_child_dies_with_its_parent(void **state)
{
	const char *const argv[] = {"sleep", "1000", NULL};
	struct child_spec spec = spec_of(argv);
	int fds[2];
	pid_t parent, orphan = 0;
	u64 deadline = clock_now_ms() + 10000;

	assert_int_equal(pipe(fds), 0);
	parent = fork();
	if (parent == 0) {
		struct child *c = NULL;
		struct err *err = child_spawn(&spec, &c);
		pid_t pid = err ? 0 : child_pid(c);

		if (write(fds[1], &pid, sizeof(pid)) < 0)
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(read(fds[0], &orphan, sizeof(orphan)), sizeof(orphan));
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	assert_true(orphan > 0);
	/* A zombie (nobody may reap it in a container) still answers kill(0). */
	for (;;) {
		char path[64], line[256] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/stat", (int)orphan);
		f = fopen(path, "r");
		if (!f)
			break;
		if (!fgets(line, sizeof(line), f))
			line[0] = '\0';
		fclose(f);
		if (strstr(line, ") Z ") || !line[0])
			break;
		assert_true(clock_now_ms() < deadline);
		clock_sleep_ms(10);
	}
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_errors_and_status_are_gathered),
		cmocka_unit_test(a_program_that_is_not_there_is_absent),
		cmocka_unit_test(a_child_past_its_deadline_is_killed),
		cmocka_unit_test(a_set_cancel_flag_ends_the_wait),
		cmocka_unit_test(a_grandchild_that_keeps_the_pipe_does_not_hold_us_up),
		cmocka_unit_test(only_the_last_words_of_a_flood_of_errors_are_kept),
		cmocka_unit_test(kept_descriptors_reach_the_child_and_others_do_not),
		cmocka_unit_test(a_child_dies_with_its_parent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
