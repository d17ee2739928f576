#include "testing.h"

#include "backend/backend.h"
#include "base/clock.h"
#include "base/io.h"

#define PATIENT_MS 60000u

/* Run @script as the command, with two words, and judge. */
static void run_script(const char *script, u64 timeout_ms, struct backend_result *r)
{
	const char *const argv[] = {"/bin/sh", "-c", script, "it", "a b", "$HOME;*", NULL};
	const struct backend_address a = {.uri = "exec:", .argv = argv};
	struct backend *b = NULL;

	assert_success(backend_open(&a, &b));
	assert_string_equal(backend_name(b), "command /bin/sh");
	backend_inject(b, timeout_ms, r);
	backend_close(b);
}

static void expect(const char *script, enum backend_delivery delivery,
		   enum backend_refusal refusal, const char *words)
{
	struct backend_result r;

	run_script(script, PATIENT_MS, &r);
	assert_int_equal(r.delivery, delivery);
	assert_int_equal(r.refusal, refusal);
	if (words)
		assert_non_null(strstr(err_message(r.why), words));
	else
		assert_null(r.why);
	backend_result_deinit(&r);
}

static void the_exit_status_says_what_became_of_it(void **state)
{
	expect("exit 0", BACKEND_SENT, BACKEND_ACCEPTED, NULL);
	expect("echo HMC is down >&2; exit 69", BACKEND_NOT_SENT, BACKEND_UNREACHABLE,
	       "HMC is down");
	expect("exit 77", BACKEND_NOT_SENT, BACKEND_DENIED, "exit status 77");
	expect("exit 1", BACKEND_UNKNOWN, BACKEND_ACCEPTED, "exit status 1");
	expect("kill -9 $$", BACKEND_UNKNOWN, BACKEND_ACCEPTED, "exit status 137");
}

static void it_is_run_once_with_its_words_as_they_are(void **state)
{
	char dir[] = "/tmp/test_exec.XXXXXX", script[128], *text = NULL;

	assert_non_null(mkdtemp(dir));
	snprintf(script, sizeof(script), "echo \"$1|$2\" >>%s/runs; exit 1", dir);
	expect(script, BACKEND_UNKNOWN, BACKEND_ACCEPTED, "command /bin/sh");
	snprintf(script, sizeof(script), "%s/runs", dir);
	assert_success(io_read_file(script, 4096, &text, NULL));
	assert_string_equal(text, "a b|$HOME;*\n");
	free(text);
	unlink(script);
	rmdir(dir);
}

/* What follows are the words of a PowerPC partition's management console. */
static void run_as(const char *const *words, const char *expected)
{
	char dir[] = "/tmp/test_exec.XXXXXX", program[64], runs[64], script[256];
	const char *argv[16] = {program};
	const struct backend_address a = {.uri = "exec:", .argv = argv};
	struct backend *b = NULL;
	struct backend_result r;
	char *text = NULL;

	assert_non_null(mkdtemp(dir));
	snprintf(program, sizeof(program), "%s/%s", dir, words[0]);
	snprintf(runs, sizeof(runs), "%s/runs", dir);
	snprintf(script, sizeof(script), "#!/bin/sh\necho \"${0##*/} $*\" >>%s\n", runs);
	assert_success(io_write_file(program, 0755, script, strlen(script)));
	for (size_t i = 1; words[i]; i++)
		argv[i] = words[i];
	assert_success(backend_open(&a, &b));
	backend_inject(b, PATIENT_MS, &r);
	backend_close(b);
	assert_int_equal(r.delivery, BACKEND_SENT);
	assert_success(io_read_file(runs, 4096, &text, NULL));
	assert_string_equal(text, expected);
	free(text);
	unlink(runs);
	unlink(program);
	rmdir(dir);
}

static void a_partition_is_dumped_by_the_commands_of_its_console(void **state)
{
	const char *const power4[] = {"reset_partition", "-m", "machine", "-p",
				      "partition",	 "-t", "soft",	  NULL};
	const char *const power5[] = {"chsysstate", "-m",	   "system", "-n",   "lpar",
				      "-o",	    "dumprestart", "-r",     "lpar", NULL};

	run_as(power4, "reset_partition -m machine -p partition -t soft\n");
	run_as(power5, "chsysstate -m system -n lpar -o dumprestart -r lpar\n");
}

static void past_the_deadline_it_is_killed_and_the_outcome_unknown(void **state)
{
	struct backend_result r;
	u64 start_ms = clock_now_ms();

	run_script("sleep 600", 200, &r);
	assert_int_equal(r.delivery, BACKEND_UNKNOWN);
	assert_non_null(r.why);
	assert_true(clock_now_ms() - start_ms < PATIENT_MS);
	backend_result_deinit(&r);
}

static void a_command_that_is_not_there_sent_nothing(void **state)
{
	const char *const argv[] = {"/nonexistent/chsysstate", NULL};
	const struct backend_address a = {.uri = "exec:", .argv = argv};
	struct backend *b = NULL;
	struct backend_result r;

	assert_success(backend_open(&a, &b));
	backend_inject(b, PATIENT_MS, &r);
	assert_int_equal(r.delivery, BACKEND_NOT_SENT);
	assert_int_equal(r.refusal, BACKEND_UNREACHABLE);
	backend_result_deinit(&r);
	backend_close(b);
}

static void what_a_command_cannot_tell_is_unknown_or_unsupported(void **state)
{
	const char *const argv[] = {"true", NULL};
	const struct backend_address a = {.uri = "exec:", .argv = argv};
	enum backend_event event = BACKEND_EVENT_GONE;
	enum backend_state machine = BACKEND_STATE_OFF;
	struct backend *b = NULL;
	u64 bytes;

	assert_success(backend_open(&a, &b));
	assert_false(backend_has_events(b));
	assert_success(backend_query_state(b, 0, &machine));
	assert_int_equal(machine, BACKEND_STATE_UNKNOWN);
	assert_success(backend_next_event(b, 0, &event));
	assert_int_equal(event, BACKEND_EVENT_NONE);
	assert_failure(backend_read_progress(b, 0, &bytes), ERR_UNSUPPORTED, "exec");
	assert_failure(backend_dump(b, "/tmp/x", 0, NULL, NULL, NULL), ERR_UNSUPPORTED,
		       "exec");
	assert_failure(backend_act(b, BACKEND_RESET, 0), ERR_UNSUPPORTED, "exec");
	backend_close(b);
}

static void a_command_is_words_of_its_own(void **state)
{
	const char *const empty[] = {NULL};
	const struct backend_address none = {.uri = "exec:"};
	const struct backend_address no_words = {.uri = "exec:", .argv = empty};
	const struct backend_address behind = {.uri = "exec:/bin/true", .argv = empty};
	struct backend *b = NULL;

	assert_failure(backend_open(&none, &b), ERR_USAGE, "no command");
	assert_failure(backend_open(&no_words, &b), ERR_USAGE, "no command");
	assert_failure(backend_open(&behind, &b), ERR_USAGE, "does not stand behind");
	assert_null(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_exit_status_says_what_became_of_it),
		cmocka_unit_test(it_is_run_once_with_its_words_as_they_are),
		cmocka_unit_test(a_partition_is_dumped_by_the_commands_of_its_console),
		cmocka_unit_test(past_the_deadline_it_is_killed_and_the_outcome_unknown),
		cmocka_unit_test(a_command_that_is_not_there_sent_nothing),
		cmocka_unit_test(what_a_command_cannot_tell_is_unknown_or_unsupported),
		cmocka_unit_test(a_command_is_words_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
