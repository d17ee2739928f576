/* A BMC through ipmitool: how it is called, and what its words mean. The program here only
 * says what it was told to say; tests/interop/ipmi-once has the real one and a BMC. */
#include "testing.h"

#include "backend/backend.h"
#include "base/io.h"

#include <sys/stat.h>

#define PATIENT_MS 60000u

struct place {
	char dir[32], tool[64], calls[64];
};

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	char dir[] = "/tmp/test_ipmi-XXXXXX";

	assert_non_null(p);
	assert_non_null(mkdtemp(dir));
	memcpy(p->dir, dir, sizeof(dir));
	snprintf(p->tool, sizeof(p->tool), "%s/ipmitool", dir);
	snprintf(p->calls, sizeof(p->calls), "%s/calls", dir);
	setenv("PATH", dir, 1);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;

	unlink(p->tool);
	unlink(p->calls);
	rmdir(p->dir);
	free(p);
	return 0;
}

/* ipmitool notes its words, and the password if it is the right one, and then does @script.
 */
static void put_tool(const struct place *p, const char *script)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "#!/bin/sh\n[ \"$IPMI_PASSWORD\" = pass-word ] || exit 9\n"
		 "echo \"$*\" >>%s\n%s\n",
		 p->calls, script);
	assert_success(io_write_file(p->tool, 0700, text, strlen(text)));
}

static struct backend *open_bmc(void)
{
	const struct backend_address a = {.uri = "ipmi://oper@bmc.example:6230",
					  .password = "pass-word"};
	struct backend *b = NULL;

	assert_success(backend_open(&a, &b));
	return b;
}

static void expect(const struct place *p, const char *script, u64 timeout_ms,
		   enum backend_delivery delivery, enum backend_refusal refusal)
{
	struct backend_result r;
	struct backend *b;

	put_tool(p, script);
	b = open_bmc();
	backend_inject(b, timeout_ms, &r);
	backend_close(b);
	if (r.delivery != delivery || r.refusal != refusal)
		print_error("%s: %d %d\n", script, r.delivery, r.refusal);
	assert_int_equal(r.delivery, delivery);
	assert_int_equal(r.refusal, refusal);
	backend_result_deinit(&r);
}

static void the_interrupt_is_transmitted_once_and_the_password_is_no_word(void **state)
{
	struct place *p = *state;
	cleanup(freep) char *calls = NULL;

	expect(p, "exit 0", 8000, BACKEND_SENT, BACKEND_ACCEPTED);
	assert_success(io_read_file(p->calls, 4096, &calls, NULL));
	assert_string_equal(calls, "-I lanplus -H bmc.example -p 6230 -L OPERATOR -E -R 1 "
				   "-N 2 -U oper chassis power diag\n");
}

static void only_words_that_say_so_mean_that_nothing_was_sent(void **state)
{
	static const struct {
		const char *words;
		enum backend_delivery delivery;
		enum backend_refusal refusal;
	} cases[] = {
		{"Error: Unable to establish IPMI v2 / RMCP+ session", BACKEND_NOT_SENT,
		 BACKEND_UNREACHABLE},
		{"RAKP 2 HMAC is invalid\nError: Unable to establish IPMI v2 / RMCP+ "
		 "session",
		 BACKEND_NOT_SENT, BACKEND_DENIED},
		{"Set Chassis Power Control to Diag failed: Invalid data field in request",
		 BACKEND_NOT_SENT, BACKEND_UNSUPPORTED},
		{"Set Chassis Power Control to Diag failed: Insufficient privilege level",
		 BACKEND_NOT_SENT, BACKEND_DENIED},
		{"Set Chassis Power Control to Diag failed: Command not supported in "
		 "present state",
		 BACKEND_NOT_SENT, BACKEND_WRONG_STATE},
		/* Of these nobody knows. */
		{"Set Chassis Power Control to Diag failed: Timeout", BACKEND_UNKNOWN,
		 BACKEND_ACCEPTED},
		{"Set Chassis Power Control to Diag failed: Unspecified error",
		 BACKEND_UNKNOWN, BACKEND_ACCEPTED},
		{"Unable to set Chassis Power Control to Diag", BACKEND_UNKNOWN,
		 BACKEND_ACCEPTED},
		{"", BACKEND_UNKNOWN, BACKEND_ACCEPTED},
	};
	char script[256];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(script, sizeof(script), "echo '%s' >&2; exit 1", cases[i].words);
		expect(*state, script, PATIENT_MS, cases[i].delivery, cases[i].refusal);
	}
}

static void what_is_killed_may_have_sent_it(void **state)
{
	expect(*state, "kill -9 $$", PATIENT_MS, BACKEND_UNKNOWN, BACKEND_ACCEPTED);
	expect(*state, "exec /bin/sleep 60", 300, BACKEND_UNKNOWN, BACKEND_ACCEPTED);
}

static void the_power_state_is_in_its_words(void **state)
{
	static const struct {
		const char *script;
		enum backend_state state;
	} cases[] = {
		{"echo Chassis Power is on", BACKEND_STATE_RUNNING},
		{"echo Chassis Power is off", BACKEND_STATE_OFF},
		{"echo hm", BACKEND_STATE_UNKNOWN},
	};
	enum backend_state got;
	struct backend *b;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		put_tool(*state, cases[i].script);
		b = open_bmc();
		assert_success(backend_query_state(b, PATIENT_MS, &got));
		assert_int_equal(got, cases[i].state);
		backend_close(b);
	}
	put_tool(*state, "echo RAKP 2 HMAC is invalid >&2; exit 1");
	b = open_bmc();
	assert_failure(backend_query_state(b, PATIENT_MS, &got), ERR_REFUSED,
		       "HMAC is invalid");
	backend_close(b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_interrupt_is_transmitted_once_and_the_password_is_no_word),
		TEST(only_words_that_say_so_mean_that_nothing_was_sent),
		TEST(what_is_killed_may_have_sent_it),
		TEST(the_power_state_is_in_its_words),
	};

	return cmocka_run_group_tests_name("ipmi", tests, NULL, NULL);
}
