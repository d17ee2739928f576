#include "testing.h"

#include "base/clock.h"
#include "base/io.h"
#include "machine/machine.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* A stand-in for QEMU: a shell script that talks over the descriptors it is told of. The
 * real one is run by tests/vm. */
static char fake_dir[] = "/tmp/test_machine.XXXXXX";

static void install_fake(const char *body)
{
	char path[128], script[2048];

	snprintf(path, sizeof(path), "%s/" MACHINE_QEMU, fake_dir);
	snprintf(
		script, sizeof(script),
		"#!/bin/bash\n"
		"for word in \"$@\"; do case $word in\n"
		"socket,id=console,fd=*) word=${word#*fd=}; console=${word%%%%,*};;\n"
		"socket,id=qmp,fd=*) qmp=${word##*=};;\n"
		"esac; done\n"
		"printf '{\"QMP\": {\"version\": {\"qemu\": {\"major\": 7, \"minor\": 2}}}}\\r\\n' "
		">&$qmp\n"
		"%s\n",
		body);
	assert_success(io_write_file(path, 0755, script, strlen(script)));
	chmod(path, 0755);
}

struct seen {
	char last[256];
	int count;
};

static void take_line(void *ctx, const char *line, size_t len, u64 at_ms)
{
	struct seen *s = ctx;

	snprintf(s->last, sizeof(s->last), "%.*s", (int)len, line);
	s->count++;
}

static struct machine *start(struct seen *s)
{
	struct machine_config c = {.kernel_path = "/boot/vmlinuz",
				   .command_line = "console=ttyS0",
				   .disk_path = "/a,b",
				   .cpu_model = "max",
				   .memory_bytes = 1 << 30,
				   .num_cpus = 2,
				   .log_fd = -1,
				   .log_name = "console.log",
				   .line = take_line,
				   .ctx = s};
	struct machine *m = NULL;

	assert_success(machine_start(&c, &m));
	return m;
}

static void run_to_the_end(struct machine *m)
{
	u64 deadline = clock_now_ms() + 20000;

	while (machine_state(m) == MACHINE_RUNNING) {
		assert_true(clock_now_ms() < deadline);
		assert_success(machine_step(m, 100, NULL));
	}
}

static const char event[] = "printf '{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true, "
			    "\"reason\": \"%s\"}}\\r\\n' >&$qmp\n";

static void install_ending(const char *before, const char *reason)
{
	char body[1024];
	int n = snprintf(body, sizeof(body), "%s\n", before);

	snprintf(body + n, sizeof(body) - (size_t)n, event, reason);
	install_fake(body);
}

static void power_off_and_reset_are_told_apart(void **state)
{
	struct seen s = {0};
	struct machine *m;

	install_ending("echo 'reboot: Power down' >&$console", "guest-shutdown");
	m = start(&s);
	run_to_the_end(m);
	assert_int_equal(machine_state(m), MACHINE_POWERED_OFF);
	assert_string_equal(s.last, "reboot: Power down");
	machine_free(m);

	install_ending("", "guest-reset");
	m = start(&s);
	run_to_the_end(m);
	assert_int_equal(machine_state(m), MACHINE_RESET);
	machine_free(m);
}

static void all_console_output_comes_before_the_end_is_told(void **state)
{
	struct seen s = {0};
	struct machine *m;

	install_ending("for i in {1..5000}; do echo line $i; done >&$console",
		       "guest-shutdown");
	m = start(&s);
	run_to_the_end(m);
	assert_int_equal(s.count, 5000);
	assert_string_equal(s.last, "line 5000");
	machine_free(m);
}

static void a_qemu_that_fails_says_why(void **state)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct seen s = {0};
	struct machine *m;

	install_fake("echo 'qemu: no such CPU' >&2; exit 1");
	m = start(&s);
	run_to_the_end(m);
	assert_int_equal(machine_state(m), MACHINE_ENDED);
	machine_reason(m, &b);
	assert_string_equal(buf_text(&b), "qemu: no such CPU");
	machine_free(m);
}

static void an_nmi_waits_for_its_reply(void **state)
{
	struct seen s = {0};
	struct machine *m;

	install_fake("while read -r line <&$qmp; do case $line in\n"
		     "*inject-nmi*) printf '{\"return\": {}, \"id\": 2}\\r\\n' >&$qmp;;\n"
		     "esac; done");
	m = start(&s);
	assert_success(machine_inject_nmi(m, 20000, NULL));
	machine_free(m);

	install_fake("while read -r line <&$qmp; do case $line in\n"
		     "*inject-nmi*) printf '{\"error\": {\"class\": \"GenericError\", "
		     "\"desc\": \"no CPU\"}, \"id\": 2}\\r\\n' >&$qmp;;\n"
		     "esac; done");
	m = start(&s);
	assert_failure(machine_inject_nmi(m, 20000, NULL), ERR_OS, "no CPU");
	machine_free(m);
}

static void freeing_a_running_guest_kills_it(void **state)
{
	struct seen s = {0};
	struct machine *m;
	u64 before = clock_now_ms();

	install_fake("exec sleep 1000");
	m = start(&s);
	machine_free(m);
	assert_true(clock_now_ms() - before < 10000);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void a_set_flag_interrupts_a_step(void **state)
{
	volatile sig_atomic_t flag = 1;
	struct seen s = {0};
	struct machine *m;

	install_fake("exec sleep 1000");
	m = start(&s);
	assert_failure(machine_step(m, 100, &flag), ERR_REFUSED, "interrupted");
	machine_free(m);
}

static void commas_in_a_path_are_doubled_for_qemu(void **state)
{
	struct seen s = {0};
	struct machine *m;

	install_ending(
		"for word in \"$@\"; do case $word in *file=*) echo \"$word\" >&$console;; "
		"esac; done",
		"guest-shutdown");
	m = start(&s);
	run_to_the_end(m);
	assert_non_null(strstr(s.last, "file=/a,,b"));
	machine_free(m);
}

/* What QEMU is told of a second monitor: its descriptor listens, or can be made to. */
static void others_may_speak_qmp_through_a_socket_of_their_own(void **state)
{
	char path[64];
	struct seen s = {0};
	struct machine *m = NULL;
	struct stat st;
	u64 deadline = clock_now_ms() + 20000;
	struct machine_config c = {.kernel_path = "/boot/vmlinuz",
				   .command_line = "console=ttyS0",
				   .cpu_model = "max",
				   .console_path = "/c,d",
				   .has_pvpanic = true,
				   .memory_bytes = 1 << 30,
				   .num_cpus = 2,
				   .log_fd = -1,
				   .line = take_line,
				   .ctx = &s};

	snprintf(path, sizeof(path), "%s/qmp", fake_dir);
	c.qmp_path = path;
	install_fake("for word in \"$@\"; do case $word in\n"
		     "socket,id=outer,fd=*,server=on,wait=off) outer=${word#*fd=};;\n"
		     "*logfile=/c,,d) log=logged;;\n"
		     "chardev=outer,mode=control) monitor=monitor;;\n"
		     "pvpanic-pci) device=pvpanic;;\n"
		     "esac; done\n"
		     "kind=$(readlink /proc/$$/fd/${outer%%,*})\n"
		     "echo ${kind%%:*} $log $monitor $device >&$console; exec sleep 1000");
	assert_success(machine_start(&c, &m));
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0600);
	while (!s.count) {
		assert_true(clock_now_ms() < deadline);
		assert_success(machine_step(m, 100, NULL));
	}
	assert_string_equal(s.last, "socket logged monitor pvpanic");
	machine_free(m);
	assert_int_equal(stat(path, &st), -1);
}

static void what_is_at_the_path_of_a_socket_is_left_alone(void **state)
{
	cleanup(freep) char *text = NULL;
	char path[64];
	size_t len = 0;
	struct machine *m = NULL;
	struct machine_config c = {
		.cpu_model = "max", .command_line = "", .log_fd = -1, .qmp_path = path};

	install_fake("exec sleep 1000");
	snprintf(path, sizeof(path), "%s/file", fake_dir);
	assert_success(io_write_file(path, 0644, "mine", 4));
	assert_failure(machine_start(&c, &m), ERR_REFUSED, "is there already");
	assert_null(m);
	assert_success(io_read_file(path, 100, &text, &len));
	assert_int_equal(len, 4);
	unlink(path);
}

static void a_missing_qemu_names_the_package(void **state)
{
	struct machine_config c = {.cpu_model = "max", .log_fd = -1};
	struct machine *m = NULL;

	assert_success(machine_check_installed());
	setenv("PATH", "/nonexistent", 1);
	assert_failure(machine_check_installed(), ERR_ABSENT, "qemu-system-x86");
	assert_failure(machine_start(&c, &m), ERR_ABSENT, "qemu-system-x86");
	assert_null(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(power_off_and_reset_are_told_apart),
		cmocka_unit_test(all_console_output_comes_before_the_end_is_told),
		cmocka_unit_test(a_qemu_that_fails_says_why),
		cmocka_unit_test(an_nmi_waits_for_its_reply),
		cmocka_unit_test(freeing_a_running_guest_kills_it),
		cmocka_unit_test(a_set_flag_interrupts_a_step),
		cmocka_unit_test(commas_in_a_path_are_doubled_for_qemu),
		cmocka_unit_test(others_may_speak_qmp_through_a_socket_of_their_own),
		cmocka_unit_test(what_is_at_the_path_of_a_socket_is_left_alone),
		cmocka_unit_test(a_missing_qemu_names_the_package),
	};
	char path[4096];
	int failures;

	if (!mkdtemp(fake_dir))
		return 1;
	snprintf(path, sizeof(path), "%s:%s", fake_dir, getenv("PATH"));
	setenv("PATH", path, 1);
	failures = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(path, sizeof(path), "%s/" MACHINE_QEMU, fake_dir);
	unlink(path);
	rmdir(fake_dir);
	return failures;
}
