#include "testing.h"

#include "stub_http.h"

#include "backend/backend.h"

#define SYSTEM "/redfish/v1/Systems/1"
#define TARGET SYSTEM "/Actions/ComputerSystem.Reset"
#define SYSTEM_WITH(power, types)                                                          \
	"{\"Id\": \"1\", \"PowerState\": \"" power                                         \
	"\", \"Actions\": {\"#ComputerSystem.Reset\": {\"target\": \"" TARGET "\"" types   \
	"}}}"
#define TYPES(list) ", \"ResetType@Redfish.AllowableValues\": [" list "]"
#define GOOD_SYSTEM SYSTEM_WITH("On", TYPES("\"On\", \"ForceRestart\", \"Nmi\""))
#define SOON_MS	    400u
#define PATIENT_MS  20000u

static struct backend *open_stub(const struct stub_http *s)
{
	char uri[128];
	const struct backend_address a = {.uri = uri, .password = "secret"};
	struct backend *b = NULL;

	snprintf(uri, sizeof(uri), "redfish+http://admin@127.0.0.1:%u" SYSTEM, s->port);
	assert_success(backend_open(&a, &b));
	return b;
}

/* Inject once into a service of these routes, and expect that result and number of POSTs.
 */
static void expect(const struct stub_http_route *routes, u64 timeout_ms,
		   enum backend_delivery delivery, enum backend_refusal refusal, int posts,
		   const char *words)
{
	struct backend_result r;
	struct stub_http s;
	struct backend *b;

	stub_http_start(&s, routes);
	b = open_stub(&s);
	backend_inject(b, timeout_ms, &r);
	backend_close(b);
	stub_http_stop(&s);
	if (words && r.why && !strstr(err_message(r.why), words))
		print_error("\"%s\" lacks \"%s\"\n", err_message(r.why), words);
	assert_int_equal(r.delivery, delivery);
	assert_int_equal(r.refusal, refusal);
	assert_int_equal(s.posts, posts);
	assert_true(words ? r.why && strstr(err_message(r.why), words) : !r.why);
	if (r.why)
		assert_null(strstr(err_message(r.why), "secret"));
	if (posts) {
		assert_non_null(strstr(s.last_post, "POST " TARGET " HTTP/1.1\r\n"));
		assert_non_null(strstr(s.last_post, "\r\n\r\n{\"ResetType\":\"Nmi\"}"));
		/* admin:secret */
		assert_non_null(strstr(s.last_post, "Basic YWRtaW46c2VjcmV0"));
	}
	backend_result_deinit(&r);
}

static void an_interrupt_that_the_service_accepts_was_sent_once(void **state)
{
	static const unsigned statuses[] = {200, 202, 204};

	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		const struct stub_http_route routes[] = {
			{"GET " SYSTEM " ", 200, NULL, GOOD_SYSTEM, STUB_HTTP_ANSWER},
			{"POST " TARGET " ", statuses[i], NULL, "", STUB_HTTP_ANSWER},
			{0}};

		expect(routes, PATIENT_MS, BACKEND_SENT, BACKEND_ACCEPTED, 1, NULL);
	}
}

static void reset_types_may_stand_in_an_action_info(void **state)
{
	static const char system[] = SYSTEM_WITH(
		"On",
		", \"@Redfish.ActionInfo\": \"/redfish/v1/Systems/1/ResetActionInfo\"");
	const struct stub_http_route routes[] = {
		{"GET " SYSTEM " ", 200, NULL, system, STUB_HTTP_ANSWER},
		{"GET " SYSTEM "/ResetActionInfo ", 200, NULL,
		 "{\"Parameters\": [{\"Name\": \"ResetType\", \"AllowableValues\": [\"Nmi\"]}]}",
		 STUB_HTTP_ANSWER},
		{"POST " TARGET " ", 204, NULL, NULL, STUB_HTTP_ANSWER},
		{0}};
	const struct stub_http_route without[] = {
		routes[0],
		{"GET " SYSTEM "/ResetActionInfo ", 200, NULL,
		 "{\"Parameters\": [{\"Name\": \"ResetType\", \"AllowableValues\": [\"On\"]}]}",
		 STUB_HTTP_ANSWER},
		routes[2],
		{0}};

	expect(routes, PATIENT_MS, BACKEND_SENT, BACKEND_ACCEPTED, 1, NULL);
	expect(without, PATIENT_MS, BACKEND_NOT_SENT, BACKEND_UNSUPPORTED, 0,
	       "does not offer");
}

static void where_nmi_is_not_offered_nothing_is_posted(void **state)
{
	static const char *const systems[] = {
		SYSTEM_WITH("On", TYPES("\"On\", \"ForceRestart\"")),
		SYSTEM_WITH("On", ""),
		"{\"PowerState\": \"On\"}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(systems); i++) {
		const struct stub_http_route routes[] = {
			{"GET " SYSTEM " ", 200, NULL, systems[i], STUB_HTTP_ANSWER},
			{"POST ", 204, NULL, NULL, STUB_HTTP_ANSWER},
			{0}};

		expect(routes, PATIENT_MS, BACKEND_NOT_SENT, BACKEND_UNSUPPORTED, 0,
		       "does not offer");
	}
}

static void a_system_that_is_off_is_told(void **state)
{
	const struct stub_http_route routes[] = {{"GET " SYSTEM " ", 200, NULL,
						  SYSTEM_WITH("Off", TYPES("\"Nmi\"")),
						  STUB_HTTP_ANSWER},
						 {0}};

	expect(routes, PATIENT_MS, BACKEND_NOT_SENT, BACKEND_WRONG_STATE, 0, "off");
}

static void what_cannot_be_read_is_not_posted_to(void **state)
{
	static const struct {
		struct stub_http_route route;
		enum backend_refusal refusal;
		const char *words;
	} cases[] = {
		{{"GET ", 401, NULL, "", STUB_HTTP_ANSWER}, BACKEND_DENIED, "401"},
		{{"GET ", 403, NULL, "", STUB_HTTP_ANSWER}, BACKEND_DENIED, "403"},
		{{"GET ", 404, NULL, "", STUB_HTTP_ANSWER}, BACKEND_ABSENT, "404"},
		{{"GET ", 500, NULL, "", STUB_HTTP_ANSWER}, BACKEND_UNREACHABLE, "500"},
		{{"GET ", 200, NULL, "<html>", STUB_HTTP_ANSWER},
		 BACKEND_UNREACHABLE,
		 "not JSON"},
		{{"GET ", 200, NULL,
		  "{\"Actions\": {\"#ComputerSystem.Reset\": {\"target\": \"//evil/\"}}}",
		  STUB_HTTP_ANSWER},
		 BACKEND_UNREACHABLE,
		 "no path of this service"},
		{{"GET ", 200, NULL, "", STUB_HTTP_DIE}, BACKEND_UNREACHABLE, ""},
		{{"GET ", 200, NULL, "", STUB_HTTP_HANG}, BACKEND_UNREACHABLE, ""},
		{{"GET ", 302, "Location: /elsewhere\r\n", "", STUB_HTTP_ANSWER},
		 BACKEND_UNSUPPORTED,
		 "302"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct stub_http_route routes[] = {cases[i].route, {0}};
		bool hangs = cases[i].route.how == STUB_HTTP_HANG;

		expect(routes, hangs ? SOON_MS : PATIENT_MS, BACKEND_NOT_SENT,
		       cases[i].refusal, 0, cases[i].words);
	}
}

static void a_post_that_is_not_answered_is_unknown_and_not_repeated(void **state)
{
	static const struct stub_http_route posts[] = {
		{"POST ", 0, NULL, "", STUB_HTTP_DIE},
		{"POST ", 0, NULL, "", STUB_HTTP_HANG},
		{"POST ", 200, NULL, "", STUB_HTTP_TRUNCATE},
		{"POST ", 500, NULL, "", STUB_HTTP_ANSWER},
		{"POST ", 503, "Retry-After: 0\r\n", "", STUB_HTTP_ANSWER},
		{"POST ", 408, NULL, "", STUB_HTTP_ANSWER},
		{"POST ", 303, "Location: " SYSTEM "\r\n", "", STUB_HTTP_ANSWER},
		{"POST ", 307, "Location: " TARGET "\r\n", "", STUB_HTTP_ANSWER},
	};

	for (size_t i = 0; i < ARRAY_SIZE(posts); i++) {
		const struct stub_http_route routes[] = {
			{"GET " SYSTEM " ", 200, NULL, GOOD_SYSTEM, STUB_HTTP_ANSWER},
			posts[i],
			{0}};

		expect(routes, posts[i].how == STUB_HTTP_HANG ? 3000 : PATIENT_MS,
		       BACKEND_UNKNOWN, BACKEND_ACCEPTED, 1, "");
	}
}

static void a_post_that_is_refused_was_not_sent(void **state)
{
	static const struct {
		unsigned status;
		enum backend_refusal refusal;
	} cases[] = {{400, BACKEND_UNSUPPORTED}, {401, BACKEND_DENIED},
		     {403, BACKEND_DENIED},	 {404, BACKEND_ABSENT},
		     {405, BACKEND_UNSUPPORTED}, {409, BACKEND_WRONG_STATE}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct stub_http_route routes[] = {
			{"GET " SYSTEM " ", 200, NULL, GOOD_SYSTEM, STUB_HTTP_ANSWER},
			{"POST ", cases[i].status, "WWW-Authenticate: Basic\r\n", "",
			 STUB_HTTP_ANSWER},
			{0}};

		expect(routes, PATIENT_MS, BACKEND_NOT_SENT, cases[i].refusal, 1,
		       "HTTP status 4");
	}
}

static void without_a_service_nothing_is_sent(void **state)
{
	const struct stub_http_route routes[] = {{0}};
	struct backend_result r;
	struct stub_http s;
	struct backend *b;

	/* A port that nobody listens on any more. */
	stub_http_start(&s, routes);
	stub_http_stop(&s);
	b = open_stub(&s);
	backend_inject(b, PATIENT_MS, &r);
	assert_int_equal(r.delivery, BACKEND_NOT_SENT);
	assert_int_equal(r.refusal, BACKEND_UNREACHABLE);
	backend_result_deinit(&r);
	backend_close(b);
}

static void the_power_state_is_told_and_a_restart_is_forced(void **state)
{
	const struct stub_http_route routes[] = {
		{"GET " SYSTEM " ", 200, NULL, GOOD_SYSTEM, STUB_HTTP_ANSWER},
		{"POST " TARGET " ", 204, NULL, NULL, STUB_HTTP_ANSWER},
		{0}};
	enum backend_state machine = BACKEND_STATE_UNKNOWN;
	struct stub_http s;
	struct backend *b;

	stub_http_start(&s, routes);
	b = open_stub(&s);
	assert_success(backend_query_state(b, PATIENT_MS, &machine));
	assert_int_equal(machine, BACKEND_STATE_RUNNING);
	assert_success(backend_act(b, BACKEND_RESET, PATIENT_MS));
	assert_failure(backend_act(b, BACKEND_PAUSE, PATIENT_MS), ERR_UNSUPPORTED, "pause");
	backend_close(b);
	stub_http_stop(&s);
	assert_int_equal(s.posts, 1);
	assert_non_null(strstr(s.last_post, "ForceRestart"));
}

static struct err *try_address(const char *uri)
{
	const struct backend_address a = {.uri = uri};
	struct backend *b = NULL;
	struct err *err = backend_open(&a, &b);

	backend_close(b);
	return err;
}

static void addresses_lead_to_a_system_and_over_tls(void **state)
{
	assert_success(
		try_address("redfish://root@bmc7/redfish/v1/Systems/System.Embedded.1"));
	assert_success(try_address("redfish+http://[::1]:8000/redfish/v1/Systems/1"));
	assert_failure(try_address("redfish+http://bmc7/redfish/v1/Systems/1"), ERR_USAGE,
		       "without TLS");
	assert_failure(try_address("redfish+http://127.evil/redfish/v1/Systems/1"),
		       ERR_USAGE, "without TLS");
	assert_failure(try_address("redfish://bmc7/redfish/v1"), ERR_USAGE, "a system");
	assert_failure(try_address("redfish://bmc7/redfish/v1/Systems/"), ERR_USAGE,
		       "a system");
	assert_failure(try_address("redfish://bmc7/redfish/v1/Systems/1?a"), ERR_USAGE,
		       "odd characters");
	assert_failure(try_address("redfishy"), ERR_USAGE, "no host");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interrupt_that_the_service_accepts_was_sent_once),
		cmocka_unit_test(reset_types_may_stand_in_an_action_info),
		cmocka_unit_test(where_nmi_is_not_offered_nothing_is_posted),
		cmocka_unit_test(a_system_that_is_off_is_told),
		cmocka_unit_test(what_cannot_be_read_is_not_posted_to),
		cmocka_unit_test(a_post_that_is_not_answered_is_unknown_and_not_repeated),
		cmocka_unit_test(a_post_that_is_refused_was_not_sent),
		cmocka_unit_test(without_a_service_nothing_is_sent),
		cmocka_unit_test(the_power_state_is_told_and_a_restart_is_forced),
		cmocka_unit_test(addresses_lead_to_a_system_and_over_tls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
