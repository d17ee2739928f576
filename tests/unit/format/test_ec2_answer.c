#include "testing.h"

#include "format/ec2_answer.h"

#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define DONE(inside)                                                                       \
	HEAD "<SendDiagnosticInterruptResponse "                                           \
	     "xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">" inside                  \
	     "</SendDiagnosticInterruptResponse>"
#define ERROR(code, message)                                                               \
	HEAD "<Response><Errors><Error><Code>" code "</Code><Message>" message             \
	     "</Message></Error></Errors><RequestID>1</RequestID></Response>"

static struct ec2_answer read_answer(const char *body)
{
	struct ec2_answer a;

	ec2_answer_read(body, strlen(body), "SendDiagnosticInterrupt", &a);
	return a;
}

static void the_response_of_the_action_says_that_it_is_done(void **state)
{
	assert_true(
		read_answer(DONE("<requestId>1</requestId><return>true</return>")).is_done);
	assert_true(read_answer(DONE("<requestId>1</requestId>")).is_done);
}

static void what_does_not_say_so_is_not_taken_for_it(void **state)
{
	static const char *const bodies[] = {
		"",
		HEAD,
		"<html><body>Sign in to the hotel's network</body></html>",
		DONE("<return>false</return>"),
		DONE("<return></return>"),
		HEAD
		"<RebootInstancesResponse><return>true</return></RebootInstancesResponse>",
		HEAD "<SendDiagnosticInterruptResponse><return>true</return>",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		struct ec2_answer a = read_answer(bodies[i]);

		assert_false(a.is_done);
		assert_string_equal(a.code, "");
	}
}

static void errors_have_a_code_and_a_message(void **state)
{
	struct ec2_answer a = read_answer(ERROR("InvalidInstanceID.NotFound",
						"The instance ID 'i-1' does not exist"));

	assert_false(a.is_done);
	assert_string_equal(a.code, "InvalidInstanceID.NotFound");
	assert_string_equal(a.message, "The instance ID 'i-1' does not exist");
}

static void a_code_of_other_characters_or_without_end_is_none(void **state)
{
	char body[1024], *long_code;

	assert_string_equal(read_answer(ERROR("Auth Failure", "")).code, "");
	assert_string_equal(read_answer(ERROR("", "")).code, "");
	assert_string_equal(read_answer("<Error><Code>AuthFailure").code, "");
	assert_string_equal(read_answer("<Code>AuthFailure</Code>").code, "");
	long_code = calloc(1, EC2_CODE_MAX + 2);
	memset(long_code, 'a', EC2_CODE_MAX + 1);
	snprintf(body, sizeof(body), ERROR("%s", ""), long_code);
	assert_string_equal(read_answer(body).code, "");
	long_code[EC2_CODE_MAX] = '\0';
	snprintf(body, sizeof(body), ERROR("%s", ""), long_code);
	assert_string_equal(read_answer(body).code, long_code);
	free(long_code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_response_of_the_action_says_that_it_is_done),
		cmocka_unit_test(what_does_not_say_so_is_not_taken_for_it),
		cmocka_unit_test(errors_have_a_code_and_a_message),
		cmocka_unit_test(a_code_of_other_characters_or_without_end_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
