/* The QMP backend beside a real QEMU. Its machine is never started: what is asked here is
 * QEMU's own business. */
#include "testing.h"

#include "backend/backend.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/io.h"

#include <sys/stat.h>

#define PATIENT_MS 60000u

struct qemu {
	char dir[32], path[64];
	struct child *child;
	struct backend *backend;
};

static void qemu_start(struct qemu *q)
{
	char monitor[128];
	const char *argv[] = {"qemu-system-x86_64",
			      "-nodefaults",
			      "-no-user-config",
			      "-display",
			      "none",
			      "-accel",
			      "tcg",
			      "-m",
			      "16",
			      "-smp",
			      "2",
			      "-S",
			      "-drive",
			      "if=virtio,driver=null-co,read-zeroes=on,size=1M",
			      "-qmp",
			      monitor,
			      NULL};
	const struct child_spec spec = {.argv = argv, .stdout_fd = 1, .stderr_fd = 2};
	struct backend_address a = {0};
	char uri[128];
	struct stat st;

	strcpy(q->dir, "/tmp/test_qmp.XXXXXX");
	assert_non_null(mkdtemp(q->dir));
	snprintf(q->path, sizeof(q->path), "%s/qmp", q->dir);
	snprintf(monitor, sizeof(monitor), "unix:%s,server=on,wait=off", q->path);
	assert_success(child_spawn(&spec, &q->child));
	for (u64 start = clock_now_ms(); stat(q->path, &st) < 0;) {
		assert_true(clock_now_ms() - start < PATIENT_MS);
		clock_sleep_ms(20);
	}
	snprintf(uri, sizeof(uri), "qmp:%s", q->path);
	a.uri = uri;
	assert_success(backend_open(&a, &q->backend));
}

static void qemu_stop(struct qemu *q)
{
	backend_close(q->backend);
	child_free(q->child);
	unlink(q->path);
	rmdir(q->dir);
}

static enum backend_state state_of(struct qemu *q)
{
	enum backend_state state = BACKEND_STATE_UNKNOWN;

	assert_success(backend_query_state(q->backend, PATIENT_MS, &state));
	return state;
}

static enum backend_event next_event(struct qemu *q)
{
	enum backend_event event = BACKEND_EVENT_NONE;

	assert_success(backend_next_event(q->backend, PATIENT_MS, &event));
	return event;
}

static void states_events_and_interrupts_are_those_of_qemu(void **state)
{
	struct backend_result r;
	struct qemu q = {0};
	u64 bytes = 1;

	qemu_start(&q);
	assert_int_equal(state_of(&q), BACKEND_STATE_PAUSED);
	assert_success(backend_act(q.backend, BACKEND_RESUME, PATIENT_MS));
	assert_int_equal(state_of(&q), BACKEND_STATE_RUNNING);
	assert_int_equal(next_event(&q), BACKEND_EVENT_RESUMED);
	backend_inject(q.backend, PATIENT_MS, &r);
	assert_int_equal(r.delivery, BACKEND_SENT);
	assert_null(r.why);
	assert_success(backend_read_progress(q.backend, PATIENT_MS, &bytes));
	assert_int_equal(bytes, 0);
	assert_success(backend_act(q.backend, BACKEND_PAUSE, PATIENT_MS));
	assert_int_equal(state_of(&q), BACKEND_STATE_PAUSED);
	assert_int_equal(next_event(&q), BACKEND_EVENT_PAUSED);
	assert_success(backend_act(q.backend, BACKEND_RESET, PATIENT_MS));
	assert_int_equal(next_event(&q), BACKEND_EVENT_RESET);
	child_kill(q.child);
	assert_int_equal(next_event(&q), BACKEND_EVENT_GONE);
	qemu_stop(&q);
}

static void a_second_client_is_not_served_and_sends_nothing(void **state)
{
	struct backend_address a = {0};
	struct backend *second = NULL;
	struct backend_result r;
	struct qemu q = {0};
	char uri[128];

	qemu_start(&q);
	assert_int_equal(state_of(&q), BACKEND_STATE_PAUSED);
	snprintf(uri, sizeof(uri), "qmp:%s", q.path);
	a.uri = uri;
	assert_success(backend_open(&a, &second));
	backend_inject(second, 300, &r);
	assert_int_equal(r.delivery, BACKEND_NOT_SENT);
	assert_int_equal(r.refusal, BACKEND_UNREACHABLE);
	assert_non_null(strstr(err_message(r.why), "one client"));
	backend_result_deinit(&r);
	backend_close(second);
	qemu_stop(&q);
}

static void memory_is_dumped_and_the_machine_left_as_it_was(void **state)
{
	enum backend_event event = BACKEND_EVENT_GONE;
	char path[64], *bytes = NULL;
	struct qemu q = {0};
	size_t len = 0;

	qemu_start(&q);
	assert_success(backend_act(q.backend, BACKEND_RESUME, PATIENT_MS));
	assert_int_equal(next_event(&q), BACKEND_EVENT_RESUMED);
	snprintf(path, sizeof(path), "%s/vmcore", q.dir);
	assert_success(backend_dump(q.backend, path, PATIENT_MS, NULL, NULL, NULL));
	assert_success(io_read_file(path, 64 << 20, &bytes, &len));
	unlink(path);
	/* QEMU writes kdump files as makedumpfile -F does. */
	assert_true(len > 8192);
	assert_memory_equal(bytes, "makedumpfile", 12);
	free(bytes);
	assert_int_equal(state_of(&q), BACKEND_STATE_RUNNING);
	assert_success(backend_next_event(q.backend, 200, &event));
	assert_int_equal(event, BACKEND_EVENT_NONE);
	qemu_stop(&q);
}

static void registers_are_those_of_both_cpus(void **state)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct qemu q = {0};

	qemu_start(&q);
	assert_success(backend_read_registers(q.backend, PATIENT_MS, &b));
	qemu_stop(&q);
	/* The reset vector. */
	assert_memory_equal(buf_text(&b), "CPU 0\nEAX=", strlen("CPU 0\nEAX="));
	assert_non_null(strstr(buf_text(&b), "\nCPU 1\n"));
	assert_non_null(strstr(buf_text(&b), "EIP=0000fff0"));
	assert_non_null(strstr(buf_text(&b), "CR3="));
	assert_null(strstr(buf_text(&b), "CPU 2"));
	assert_null(strstr(buf_text(&b), "XMM"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_events_and_interrupts_are_those_of_qemu),
		cmocka_unit_test(registers_are_those_of_both_cpus),
		cmocka_unit_test(a_second_client_is_not_served_and_sends_nothing),
		cmocka_unit_test(memory_is_dumped_and_the_machine_left_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
