#include "testing.h"

#include "stub_http.h"

#include "access/sigv4.h"
#include "backend/backend.h"

#include <time.h>

#define ID	   "i-1234567890abcdef0"
#define SECRET	   "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define TOKEN	   "IQoJb3JpZ2luX2VjEXAMPLE=="
#define SOON_MS	   400u
#define PATIENT_MS 20000u
#define DONE                                                                                   \
	"<SendDiagnosticInterruptResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">" \
	"<requestId>1</requestId><return>true</return></SendDiagnosticInterruptResponse>"
#define ERROR(code)                                                                        \
	"<Response><Errors><Error><Code>" code "</Code><Message>because</Message></Error>" \
	"</Errors><RequestID>1</RequestID></Response>"

static struct backend *open_stub(const struct stub_http *s, const char *token)
{
	char endpoint[64];
	const struct backend_address a = {
		.uri = "ec2:eu-west-1/" ID,
		.username = "AKIDEXAMPLE",
		.password = SECRET,
		.session_token = token,
		.endpoint = endpoint,
	};
	struct backend *b = NULL;

	snprintf(endpoint, sizeof(endpoint), "http://127.0.0.1:%u", s->port);
	assert_success(backend_open(&a, &b));
	return b;
}

static void expect(const struct stub_http_route *route, u64 timeout_ms,
		   enum backend_delivery delivery, enum backend_refusal refusal,
		   const char *words)
{
	const struct stub_http_route routes[] = {*route, {0}};
	struct backend_result r;
	struct stub_http s;
	struct backend *b;

	stub_http_start(&s, routes);
	b = open_stub(&s, NULL);
	backend_inject(b, timeout_ms, &r);
	backend_close(b);
	stub_http_stop(&s);
	assert_int_equal(r.delivery, delivery);
	assert_int_equal(r.refusal, refusal);
	assert_int_equal(s.posts, 1);
	assert_int_equal(s.requests, 1);
	assert_true(words ? r.why && strstr(err_message(r.why), words) : !r.why);
	if (r.why)
		assert_null(strstr(err_message(r.why), SECRET));
	backend_result_deinit(&r);
}

/* Take the headers of @text apart, in place. The body is what is left. */
static char *split_request(char *text, struct sigv4_header *headers, size_t *num)
{
	char *line = strstr(text, "\r\n") + 2;

	for (*num = 0; strncmp(line, "\r\n", 2) != 0; (*num)++) {
		char *end = strstr(line, "\r\n"), *colon = strchr(line, ':');

		*end = '\0';
		*colon = '\0';
		headers[*num].name = line;
		headers[*num].value = colon + 1 + (colon[1] == ' ');
		line = end + 2;
	}
	return line + 2;
}

/* Does a server with @secret and @token take what was posted? */
static enum sigv4_verdict verify(char *posted, const char *secret, const char *token,
				 const char *expected_body)
{
	struct sigv4_header headers[32];
	struct sigv4_request r = {.method = "POST", .path = "/", .headers = headers};
	const struct sigv4_rules rules = {
		.region = "eu-west-1", .service = "ec2", .skew_s = 300};
	const struct sigv4_key key = {.secret = secret, .session_token = token};
	struct sigv4_claim claim = {0};
	struct sigv4_outcome outcome = {0};

	r.body = split_request(posted, headers, &r.num_headers);
	r.body_len = strlen(r.body);
	assert_string_equal(r.body, expected_body);
	assert_success(sigv4_claim_read(&r, &claim, &outcome));
	assert_int_equal(outcome.verdict, SIGV4_GOOD);
	assert_string_equal(claim.access_key, "AKIDEXAMPLE");
	assert_success(sigv4_verify(&r, &claim, &rules, &key, (s64)time(NULL), &outcome));
	sigv4_claim_deinit(&claim);
	return outcome.verdict;
}

static void requests_are_signed_with_our_own_keys(void **state)
{
	static const char *const tokens[] = {NULL, TOKEN};
	const struct stub_http_route routes[] = {
		{"POST / ", 200, NULL, DONE, STUB_HTTP_ANSWER}, {0}};

	for (size_t i = 0; i < ARRAY_SIZE(tokens); i++) {
		struct backend_result r;
		struct stub_http s;
		struct backend *b;

		stub_http_start(&s, routes);
		b = open_stub(&s, tokens[i]);
		assert_non_null(strstr(backend_name(b), "EC2 instance " ID));
		backend_inject(b, PATIENT_MS, &r);
		assert_int_equal(r.delivery, BACKEND_SENT);
		backend_close(b);
		stub_http_stop(&s);
		assert_int_equal(s.posts, 1);
		assert_int_equal(verify(s.last_post, SECRET, tokens[i],
					"Action=SendDiagnosticInterrupt&Version=2016-11-15"
					"&InstanceId=" ID),
				 SIGV4_GOOD);
	}
}

static void a_signature_of_another_secret_does_not_hold(void **state)
{
	const struct stub_http_route routes[] = {
		{"POST / ", 200, NULL, DONE, STUB_HTTP_ANSWER}, {0}};
	struct backend_result r;
	struct stub_http s;
	struct backend *b;

	stub_http_start(&s, routes);
	b = open_stub(&s, NULL);
	backend_inject(b, PATIENT_MS, &r);
	backend_result_deinit(&r);
	backend_close(b);
	stub_http_stop(&s);
	assert_int_equal(verify(s.last_post, "another", NULL,
				"Action=SendDiagnosticInterrupt&Version=2016-11-15"
				"&InstanceId=" ID),
			 SIGV4_WRONG);
}

static void errors_of_ec2_mean_that_nothing_was_injected(void **state)
{
	static const struct {
		unsigned status;
		const char *body;
		enum backend_refusal refusal;
	} cases[] = {
		{401, ERROR("AuthFailure"), BACKEND_DENIED},
		{403, ERROR("UnauthorizedOperation"), BACKEND_DENIED},
		{400, ERROR("RequestExpired"), BACKEND_DENIED},
		{400, ERROR("InvalidInstanceID.NotFound"), BACKEND_ABSENT},
		{400, ERROR("IncorrectInstanceState"), BACKEND_WRONG_STATE},
		{400, ERROR("UnsupportedOperation"), BACKEND_UNSUPPORTED},
		{503, ERROR("RequestLimitExceeded"), BACKEND_UNREACHABLE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct stub_http_route route = {"POST ", cases[i].status, NULL,
						      cases[i].body, STUB_HTTP_ANSWER};

		expect(&route, PATIENT_MS, BACKEND_NOT_SENT, cases[i].refusal, "because");
	}
}

static void what_is_no_answer_of_ec2_is_unknown_and_not_repeated(void **state)
{
	static const struct stub_http_route routes[] = {
		{"POST ", 0, NULL, NULL, STUB_HTTP_DIE},
		{"POST ", 0, NULL, NULL, STUB_HTTP_HANG},
		{"POST ", 200, NULL, DONE, STUB_HTTP_TRUNCATE},
		{"POST ", 200, NULL, "<html>Sign in</html>", STUB_HTTP_ANSWER},
		{"POST ", 200, NULL, "", STUB_HTTP_ANSWER},
		{"POST ", 504, NULL, DONE, STUB_HTTP_ANSWER},
		{"POST ", 500, NULL, ERROR("InternalError"), STUB_HTTP_ANSWER},
		{"POST ", 503, NULL, ERROR("Unavailable"), STUB_HTTP_ANSWER},
		{"POST ", 502, NULL, "", STUB_HTTP_ANSWER},
		{"POST ", 403, NULL, "<html>proxy</html>", STUB_HTTP_ANSWER},
		{"POST ", 307, "Location: /\r\n", "", STUB_HTTP_ANSWER},
	};

	for (size_t i = 0; i < ARRAY_SIZE(routes); i++)
		expect(&routes[i], routes[i].how == STUB_HTTP_HANG ? SOON_MS : PATIENT_MS,
		       BACKEND_UNKNOWN, BACKEND_ACCEPTED, "EC2 instance");
}

static void a_reset_is_a_reboot(void **state)
{
	const struct stub_http_route routes[] = {
		{"POST ", 200, NULL,
		 "<RebootInstancesResponse><return>true</return></RebootInstancesResponse>",
		 STUB_HTTP_ANSWER},
		{0}};
	struct stub_http s;
	struct backend *b;

	stub_http_start(&s, routes);
	b = open_stub(&s, NULL);
	assert_success(backend_act(b, BACKEND_RESET, PATIENT_MS));
	assert_failure(backend_act(b, BACKEND_PAUSE, PATIENT_MS), ERR_UNSUPPORTED, "pause");
	backend_close(b);
	stub_http_stop(&s);
	assert_int_equal(
		verify(s.last_post, SECRET, NULL,
		       "Action=RebootInstances&Version=2016-11-15&InstanceId.1=" ID),
		SIGV4_GOOD);
}

static struct err *try_address(const char *uri, const char *endpoint, char name[128])
{
	const struct backend_address a = {.uri = uri,
					  .username = "AKIDEXAMPLE",
					  .password = SECRET,
					  .endpoint = endpoint};
	struct backend *b = NULL;
	struct err *err = backend_open(&a, &b);

	if (!err)
		snprintf(name, 128, "%s", backend_name(b));
	backend_close(b);
	return err;
}

static void addresses_name_a_region_and_an_instance(void **state)
{
	const struct backend_address no_keys = {.uri = "ec2:eu-west-1/" ID};
	struct backend *b = NULL;
	char name[128];

	assert_success(try_address("ec2:eu-west-1/" ID, NULL, name));
	assert_string_equal(name, "EC2 instance " ID " at ec2.eu-west-1.amazonaws.com");
	assert_success(try_address("ec2:cn-north-1/i-12345678", NULL, name));
	assert_string_equal(name,
			    "EC2 instance i-12345678 at ec2.cn-north-1.amazonaws.com.cn");
	assert_success(try_address("ec2:x/" ID, "https://ec2.example:8443/", name));
	assert_string_equal(name, "EC2 instance " ID " at ec2.example:8443");
	assert_failure(try_address("ec2:/" ID, NULL, name), ERR_USAGE, "region");
	assert_failure(try_address("ec2:EU/" ID, NULL, name), ERR_USAGE, "region");
	assert_failure(try_address("ec2:eu-west-1", NULL, name), ERR_USAGE, "region");
	assert_failure(try_address("ec2:eu-west-1/i-123", NULL, name), ERR_USAGE,
		       "instance ID");
	assert_failure(try_address("ec2:eu-west-1/" ID "0", NULL, name), ERR_USAGE,
		       "instance ID");
	assert_failure(try_address("ec2:x/" ID, "http://ec2.example", name), ERR_USAGE,
		       "without TLS");
	assert_failure(try_address("ec2:x/" ID, "https://a/b", name), ERR_USAGE,
		       "nothing more");
	assert_failure(try_address("ec2:x/" ID, "ftp://a", name), ERR_USAGE, "https://");
	assert_failure(backend_open(&no_keys, &b), ERR_USAGE, "AWS_ACCESS_KEY_ID");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_signed_with_our_own_keys),
		cmocka_unit_test(a_signature_of_another_secret_does_not_hold),
		cmocka_unit_test(errors_of_ec2_mean_that_nothing_was_injected),
		cmocka_unit_test(what_is_no_answer_of_ec2_is_unknown_and_not_repeated),
		cmocka_unit_test(a_reset_is_a_reboot),
		cmocka_unit_test(addresses_name_a_region_and_an_instance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
