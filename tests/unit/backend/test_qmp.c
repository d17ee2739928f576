#include "testing.h"

#include "stub_qmp.h"

#include "backend/backend.h"
#include "base/clock.h"
#include "base/io.h"

#include <errno.h>
#include <sys/stat.h>

#define SOON_MS	   150u
#define PATIENT_MS 20000u

static struct backend *open_path(const char *path)
{
	struct backend_address a = {0};
	struct backend *b = NULL;
	char uri[128];

	snprintf(uri, sizeof(uri), "qmp:%s", path);
	a.uri = uri;
	assert_success(backend_open(&a, &b));
	return b;
}

/* Inject once against a server of that plan. How often it was asked for an NMI. Where it
 * greets, the connection stands before the clock ticks. */
static int inject_into(const struct stub_qmp_plan *plan, u64 timeout_ms,
		       struct backend_result *r)
{
	enum backend_state machine;
	struct stub_qmp s;
	struct backend *b;

	stub_qmp_start(&s, plan);
	b = open_path(s.path);
	if (!plan->says_nothing && !plan->greeting)
		assert_success(backend_query_state(b, PATIENT_MS, &machine));
	backend_inject(b, timeout_ms, r);
	backend_close(b);
	stub_qmp_stop(&s);
	return s.injects;
}

static void expect_result(const struct stub_qmp_plan *plan, u64 timeout_ms,
			  enum backend_delivery delivery, enum backend_refusal refusal,
			  int injects, const char *words)
{
	struct backend_result r;

	assert_int_equal(inject_into(plan, timeout_ms, &r), injects);
	assert_int_equal(r.delivery, delivery);
	assert_int_equal(r.refusal, refusal);
	if (words) {
		assert_non_null(r.why);
		if (!strstr(err_message(r.why), words))
			print_error("\"%s\" lacks \"%s\"\n", err_message(r.why), words);
		assert_non_null(strstr(err_message(r.why), words));
	} else {
		assert_null(r.why);
	}
	backend_result_deinit(&r);
}

static void an_interrupt_that_qemu_confirms_was_sent_once(void **state)
{
	const struct stub_qmp_plan plan = {0};

	expect_result(&plan, PATIENT_MS, BACKEND_SENT, BACKEND_ACCEPTED, 1, NULL);
}

static void replies_in_single_bytes_and_behind_events_are_found(void **state)
{
	const struct stub_qmp_plan plan = {
		.splits = true,
		.before_inject =
			"{\"event\": \"RTC_CHANGE\", \"data\": {\"offset\": 1}}\r\n"
			"{\"return\": {}, \"id\": 4711}\n",
	};

	expect_result(&plan, PATIENT_MS, BACKEND_SENT, BACKEND_ACCEPTED, 1, NULL);
}

static void an_error_reply_means_that_nothing_was_injected(void **state)
{
	const struct stub_qmp_plan plan = {
		.inject_reply = "{\"error\": {\"class\": \"GenericError\", \"desc\": "
				"\"machine does not provide NMIs\"}, \"id\": ID}\r\n",
	};

	expect_result(&plan, PATIENT_MS, BACKEND_NOT_SENT, BACKEND_UNSUPPORTED, 1,
		      "machine does not provide NMIs");
}

static void a_server_that_hangs_leaves_the_outcome_unknown(void **state)
{
	const struct stub_qmp_plan plan = {.at_inject = STUB_HANG};

	expect_result(&plan, SOON_MS, BACKEND_UNKNOWN, BACKEND_ACCEPTED, 1,
		      "inject-nmi was sent: QEMU does not answer");
}

static void a_server_that_dies_leaves_the_outcome_unknown(void **state)
{
	const struct stub_qmp_plan plan = {.at_inject = STUB_DIE};

	expect_result(&plan, PATIENT_MS, BACKEND_UNKNOWN, BACKEND_ACCEPTED, 1,
		      "closed the connection");
}

static void garbage_instead_of_a_reply_leaves_the_outcome_unknown(void **state)
{
	const struct stub_qmp_plan plan = {.inject_reply = "{\"return\": }\r\n"};

	expect_result(&plan, PATIENT_MS, BACKEND_UNKNOWN, BACKEND_ACCEPTED, 1, "not JSON");
}

static void a_confirmation_of_something_else_is_none(void **state)
{
	const struct stub_qmp_plan plan = {
		.inject_reply = "{\"return\": {}, \"id\": 999}\r\n{\"return\": {}}\r\n"};

	expect_result(&plan, SOON_MS, BACKEND_UNKNOWN, BACKEND_ACCEPTED, 1,
		      "does not answer");
}

static void without_a_greeting_nothing_is_sent(void **state)
{
	const struct stub_qmp_plan silent = {.says_nothing = true};
	const struct stub_qmp_plan garbage = {.greeting = "SSH-2.0-OpenSSH_9.2p1\r\n"};

	expect_result(&silent, SOON_MS, BACKEND_NOT_SENT, BACKEND_UNREACHABLE, 0,
		      "serves one client");
	expect_result(&garbage, PATIENT_MS, BACKEND_NOT_SENT, BACKEND_UNREACHABLE, 0,
		      "not JSON");
}

/* More of it than is read at once. */
static void nonsense_is_said_once_and_ends_the_connection(void **state)
{
	char greeting[20000];
	const struct stub_qmp_plan plan = {.greeting = greeting};
	enum backend_event event = BACKEND_EVENT_NONE;
	struct stub_qmp stub;
	struct backend *b;
	u64 counter;

	memset(greeting, 'x', sizeof(greeting) - 1);
	greeting[sizeof(greeting) - 1] = '\0';
	memcpy(greeting, "SSH\n", 4);
	stub_qmp_start(&stub, &plan);
	b = open_path(stub.path);
	assert_failure(backend_read_progress(b, PATIENT_MS, &counter), ERR_BAD_DATA,
		       "not JSON");
	assert_success(backend_next_event(b, PATIENT_MS, &event));
	assert_int_equal(event, BACKEND_EVENT_GONE);
	backend_close(b);
	stub_qmp_stop(&stub);
}

static void without_a_socket_nothing_is_sent(void **state)
{
	struct backend *b = open_path("/nonexistent/qmp");
	struct backend_result r;

	backend_inject(b, SOON_MS, &r);
	assert_int_equal(r.delivery, BACKEND_NOT_SENT);
	assert_int_equal(r.refusal, BACKEND_UNREACHABLE);
	assert_non_null(strstr(err_message(r.why), "QMP socket /nonexistent/qmp"));
	backend_result_deinit(&r);
	backend_close(b);
}

static void a_server_that_stops_reading_gets_no_interrupt(void **state)
{
	const struct stub_qmp_plan plan = {.stops_reading = true};
	enum backend_state machine;
	struct backend_result r;
	struct stub_qmp s;
	struct backend *b;

	stub_qmp_start(&s, &plan);
	b = open_path(s.path);
	assert_success(backend_query_state(b, PATIENT_MS, &machine));
	/* Fill the socket. */
	for (int i = 0, os_errno = 0; os_errno != EAGAIN; i++) {
		struct err *err = backend_query_state(b, 0, &machine);

		assert_non_null(err);
		os_errno = err_errno(err);
		err_free(err);
		assert_true(i < 100000);
	}
	backend_inject(b, SOON_MS, &r);
	assert_int_equal(r.delivery, BACKEND_NOT_SENT);
	assert_int_equal(r.refusal, BACKEND_UNREACHABLE);
	backend_result_deinit(&r);
	backend_close(b);
	stub_qmp_stop(&s);
	assert_int_equal(s.injects, 0);
}

static void a_late_reply_is_not_taken_for_that_of_the_next_command(void **state)
{
	const struct stub_qmp_plan plan = {.inject_delay_ms = 3 * SOON_MS,
					   .status = "paused"};
	enum backend_state machine = BACKEND_STATE_UNKNOWN;
	struct backend_result r;
	struct stub_qmp s;
	struct backend *b;

	stub_qmp_start(&s, &plan);
	b = open_path(s.path);
	assert_success(backend_query_state(b, PATIENT_MS, &machine));
	backend_inject(b, SOON_MS, &r);
	assert_int_equal(r.delivery, BACKEND_UNKNOWN);
	backend_result_deinit(&r);
	assert_success(backend_query_state(b, PATIENT_MS, &machine));
	assert_int_equal(machine, BACKEND_STATE_PAUSED);
	backend_close(b);
	stub_qmp_stop(&s);
	assert_int_equal(s.injects, 1);
}

static enum backend_state state_for(const char *status)
{
	const struct stub_qmp_plan plan = {.status = status};
	enum backend_state machine = BACKEND_STATE_UNKNOWN;
	struct stub_qmp s;
	struct backend *b;

	stub_qmp_start(&s, &plan);
	b = open_path(s.path);
	assert_success(backend_query_state(b, PATIENT_MS, &machine));
	backend_close(b);
	stub_qmp_stop(&s);
	return machine;
}

static void run_states_are_told(void **state)
{
	assert_int_equal(state_for("running"), BACKEND_STATE_RUNNING);
	assert_int_equal(state_for("prelaunch"), BACKEND_STATE_PAUSED);
	assert_int_equal(state_for("guest-panicked"), BACKEND_STATE_CRASHED);
	assert_int_equal(state_for("shutdown"), BACKEND_STATE_OFF);
}

static void events_come_in_order_and_end_with_the_connection(void **state)
{
	const struct stub_qmp_plan plan = {
		.before_inject =
			"{\"event\": \"GUEST_CRASHLOADED\", \"data\": {\"action\": \"run\"}}\r\n"
			"{\"event\": \"BLOCK_JOB_READY\"}\r\n"
			"{\"event\": \"RESET\", \"data\": {\"guest\": true}}\r\n"
			"{\"event\": \"GUEST_PANICKED\", \"data\": {\"action\": \"pause\"}}\r\n"
			"{\"event\": \"STOP\"}\r\n{\"event\": \"RESUME\"}\r\n"
			"{\"event\": \"SHUTDOWN\", \"data\": {\"reason\": \"guest-shutdown\"}}\r\n",
		.at_inject = STUB_DIE,
	};
	const enum backend_event expected[] = {
		BACKEND_EVENT_CRASHLOADED, BACKEND_EVENT_RESET,	  BACKEND_EVENT_PANICKED,
		BACKEND_EVENT_PAUSED,	   BACKEND_EVENT_RESUMED, BACKEND_EVENT_SHUTDOWN,
		BACKEND_EVENT_GONE,	   BACKEND_EVENT_GONE,
	};
	enum backend_event event;
	struct backend_result r;
	struct stub_qmp s;
	struct backend *b;

	stub_qmp_start(&s, &plan);
	b = open_path(s.path);
	assert_true(backend_has_events(b));
	assert_success(backend_next_event(b, 0, &event));
	assert_int_equal(event, BACKEND_EVENT_NONE);
	backend_inject(b, PATIENT_MS, &r);
	assert_int_equal(r.delivery, BACKEND_UNKNOWN);
	backend_result_deinit(&r);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_success(backend_next_event(b, PATIENT_MS, &event));
		assert_int_equal(event, expected[i]);
	}
	backend_close(b);
	stub_qmp_stop(&s);
}

static void waiting_for_an_event_ends_by_its_deadline(void **state)
{
	const struct stub_qmp_plan plan = {0};
	enum backend_event event = BACKEND_EVENT_GONE;
	u64 start_ms = clock_now_ms();
	struct stub_qmp s;
	struct backend *b;

	stub_qmp_start(&s, &plan);
	b = open_path(s.path);
	assert_success(backend_next_event(b, SOON_MS, &event));
	assert_int_equal(event, BACKEND_EVENT_NONE);
	assert_true(clock_now_ms() - start_ms >= SOON_MS);
	backend_close(b);
	stub_qmp_stop(&s);
}

static void written_bytes_of_all_disks_are_the_progress(void **state)
{
	static const char *const stats[] = {
		"[{\"stats\": {\"wr_bytes\": 4096, \"rd_bytes\": 1}}, "
		"{\"stats\": {\"wr_bytes\": 512}}, {\"node\": 1}]",
		NULL};
	const struct stub_qmp_plan plan = {.blockstats = stats};
	struct stub_qmp s;
	struct backend *b;
	u64 bytes = 0;

	stub_qmp_start(&s, &plan);
	b = open_path(s.path);
	assert_success(backend_read_progress(b, PATIENT_MS, &bytes));
	assert_int_equal(bytes, 4608);
	backend_close(b);
	stub_qmp_stop(&s);
}

#define CPU(n)                                                                             \
	"\"\\r\\nCPU#" n "\\r\\nRAX=000000000000000" n " RBX=0\\r\\n"                      \
	"RIP=ffffffff8108c1d5 RFL=00000246 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=1\\r\\n"   \
	"FCW=037f FSW=0000 [ST=0] FTW=00 MXCSR=00001f80\\r\\nFPR0=5ec7e7\\r\\n"            \
	"XMM00=5ec7e7\\r\\n\""

/* What registers were told, and whether an interrupt after them was sent. */
static struct err *read_registers(const struct stub_qmp_plan *plan, u64 timeout_ms,
				  struct buf *ret)
{
	enum backend_state machine;
	struct backend_result r;
	struct stub_qmp s;
	struct backend *b;
	struct err *err;

	stub_qmp_start(&s, plan);
	b = open_path(s.path);
	assert_success(backend_query_state(b, PATIENT_MS, &machine));
	err = backend_read_registers(b, timeout_ms, ret);
	backend_inject(b, PATIENT_MS, &r);
	assert_int_equal(r.delivery, BACKEND_SENT);
	backend_result_deinit(&r);
	backend_close(b);
	stub_qmp_stop(&s);
	assert_int_equal(s.injects, 1);
	return err;
}

static void registers_of_each_cpu_are_told_without_floating_point(void **state)
{
	static const char *const cpus[] = {CPU("0"), CPU("1"), NULL};
	const struct stub_qmp_plan plan = {.registers = cpus};
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	assert_success(read_registers(&plan, PATIENT_MS, &b));
	assert_string_equal(
		buf_text(&b),
		"CPU 0\nRAX=0000000000000000 RBX=0\n"
		"RIP=ffffffff8108c1d5 RFL=00000246 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=1\n"
		"CPU 1\nRAX=0000000000000001 RBX=0\n"
		"RIP=ffffffff8108c1d5 RFL=00000246 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=1\n");
}

static void registers_that_do_not_come_keep_no_interrupt(void **state)
{
	static const char *const one[] = {CPU("0"), NULL}, *const none[] = {"{}", NULL};
	const struct stub_qmp_plan half = {.registers = one, .hangs_at_registers = true};
	const struct stub_qmp_plan silent = {.hangs_at_registers = true};
	const struct stub_qmp_plan refused = {0};
	const struct stub_qmp_plan nonsense = {.registers = none};
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	cleanup(buf_deinit) struct buf nothing = BUF_INIT;

	assert_success(read_registers(&half, SOON_MS, &b));
	assert_non_null(strstr(buf_text(&b), "CPU 0\nRAX="));
	assert_null(strstr(buf_text(&b), "CPU 1"));
	assert_failure(read_registers(&silent, SOON_MS, &nothing), ERR_OS, "not answer");
	assert_failure(read_registers(&refused, PATIENT_MS, &nothing), ERR_REFUSED,
		       "CPU number");
	assert_failure(read_registers(&nonsense, PATIENT_MS, &nothing), ERR_BAD_DATA,
		       "no text");
	assert_int_equal(nothing.len, 0);
}

static void actions_are_qemus_commands(void **state)
{
	static const struct {
		enum backend_action action;
		const char *command;
	} cases[] = {{BACKEND_RESUME, "cont"},
		     {BACKEND_RESET, "system_reset"},
		     {BACKEND_PAUSE, "stop"}};
	const struct stub_qmp_plan plan = {0};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct stub_qmp s;
		struct backend *b;

		stub_qmp_start(&s, &plan);
		b = open_path(s.path);
		assert_success(backend_act(b, cases[i].action, PATIENT_MS));
		backend_close(b);
		stub_qmp_stop(&s);
		assert_string_equal(s.last_command, cases[i].command);
	}
}

/* ---- the dump from outside ---- */

struct seen {
	u64 last_done, total;
	int count;
};

static void see_progress(void *ctx, u64 done, u64 total)
{
	struct seen *s = ctx;

	s->count++;
	s->last_done = done;
	s->total = total;
}

static struct err *dump_with(const struct stub_qmp_plan *plan, u64 idle_ms,
			     const volatile sig_atomic_t *cancel, struct seen *seen,
			     bool *ret_is_there)
{
	struct err *err;
	struct stub_qmp s;
	struct backend *b;
	enum backend_event event;
	char path[64], text[8] = "";
	struct stat st;

	stub_qmp_start(&s, plan);
	snprintf(path, sizeof(path), "%s/vmcore", s.dir);
	b = open_path(s.path);
	err = backend_dump(b, path, idle_ms, cancel, see_progress, seen);
	/* That QEMU paused the machine for it is no news of the machine. */
	assert_success(backend_next_event(b, 0, &event));
	assert_int_equal(event, BACKEND_EVENT_NONE);
	backend_close(b);
	*ret_is_there = stat(path, &st) == 0;
	if (*ret_is_there) {
		FILE *f = fopen(path, "r");

		assert_int_equal(fread(text, 1, sizeof(text), f), 4);
		fclose(f);
		assert_string_equal(text, "dump");
		assert_int_equal(st.st_mode & 0777, 0600);
		unlink(path);
	}
	stub_qmp_stop(&s);
	return err;
}

static void a_dump_appears_when_qemu_has_completed_it(void **state)
{
	static const char *const told[] = {
		"{\"status\": \"active\", \"completed\": 0, \"total\": 1000}",
		"{\"status\": \"active\", \"completed\": 400, \"total\": 1000}",
		"{\"status\": \"completed\", \"completed\": 1000, \"total\": 1000}",
		NULL,
	};
	const struct stub_qmp_plan plan = {
		.dump = told,
		.dump_events = "{\"event\": \"STOP\"}\r\n{\"event\": \"RESUME\"}\r\n"};
	struct seen seen = {0};
	bool is_there;

	assert_success(dump_with(&plan, PATIENT_MS, NULL, &seen, &is_there));
	assert_true(is_there);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.last_done, 1000);
	assert_int_equal(seen.total, 1000);
}

static void a_dump_that_fails_leaves_no_file(void **state)
{
	static const char *const told[] = {
		"{\"status\": \"failed\", \"completed\": 10, \"total\": 1000}", NULL};
	const struct stub_qmp_plan failing = {.dump = told};
	const struct stub_qmp_plan refusing = {.dump_error = "there is a dump in process"};
	struct seen seen = {0};
	bool is_there;

	assert_failure(dump_with(&failing, PATIENT_MS, NULL, &seen, &is_there),
		       ERR_INCOMPLETE, "failed to write");
	assert_false(is_there);
	assert_failure(dump_with(&refusing, PATIENT_MS, NULL, &seen, &is_there),
		       ERR_REFUSED, "dump in process");
	assert_false(is_there);
}

static void a_dump_that_stands_still_or_is_cancelled_is_given_up(void **state)
{
	static const char *const told[] = {
		"{\"status\": \"active\", \"completed\": 7, \"total\": 1000}", NULL};
	const struct stub_qmp_plan plan = {.dump = told};
	const volatile sig_atomic_t cancel = 1;
	struct seen seen = {0};
	bool is_there;

	assert_failure(dump_with(&plan, SOON_MS, NULL, &seen, &is_there), ERR_OS,
		       "stands still at 7 bytes");
	assert_false(is_there);
	assert_failure(dump_with(&plan, PATIENT_MS, &cancel, &seen, &is_there), ERR_REFUSED,
		       "interrupted");
	assert_false(is_there);
}

static void a_file_that_is_there_is_not_dumped_over(void **state)
{
	const struct stub_qmp_plan plan = {0};
	struct stub_qmp s;
	struct backend *b;

	stub_qmp_start(&s, &plan);
	b = open_path(s.path);
	assert_failure(backend_dump(b, "/etc/passwd", SOON_MS, NULL, NULL, NULL),
		       ERR_REFUSED, "/etc/passwd");
	backend_close(b);
	stub_qmp_stop(&s);
	assert_int_equal(s.commands, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interrupt_that_qemu_confirms_was_sent_once),
		cmocka_unit_test(replies_in_single_bytes_and_behind_events_are_found),
		cmocka_unit_test(an_error_reply_means_that_nothing_was_injected),
		cmocka_unit_test(a_server_that_hangs_leaves_the_outcome_unknown),
		cmocka_unit_test(a_server_that_dies_leaves_the_outcome_unknown),
		cmocka_unit_test(garbage_instead_of_a_reply_leaves_the_outcome_unknown),
		cmocka_unit_test(a_confirmation_of_something_else_is_none),
		cmocka_unit_test(without_a_greeting_nothing_is_sent),
		cmocka_unit_test(nonsense_is_said_once_and_ends_the_connection),
		cmocka_unit_test(without_a_socket_nothing_is_sent),
		cmocka_unit_test(a_server_that_stops_reading_gets_no_interrupt),
		cmocka_unit_test(a_late_reply_is_not_taken_for_that_of_the_next_command),
		cmocka_unit_test(run_states_are_told),
		cmocka_unit_test(events_come_in_order_and_end_with_the_connection),
		cmocka_unit_test(waiting_for_an_event_ends_by_its_deadline),
		cmocka_unit_test(written_bytes_of_all_disks_are_the_progress),
		cmocka_unit_test(registers_of_each_cpu_are_told_without_floating_point),
		cmocka_unit_test(registers_that_do_not_come_keep_no_interrupt),
		cmocka_unit_test(actions_are_qemus_commands),
		cmocka_unit_test(a_dump_appears_when_qemu_has_completed_it),
		cmocka_unit_test(a_dump_that_fails_leaves_no_file),
		cmocka_unit_test(a_dump_that_stands_still_or_is_cancelled_is_given_up),
		cmocka_unit_test(a_file_that_is_there_is_not_dumped_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
