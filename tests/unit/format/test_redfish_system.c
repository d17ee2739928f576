#include "testing.h"

#include "format/redfish_system.h"

static struct err *parse(const char *text, struct redfish_system *s)
{
	return redfish_system_parse(text, strlen(text), s);
}

static void a_system_tells_where_and_how_it_is_reset(void **state)
{
	struct redfish_system s = {0};

	assert_success(parse(
		"{\"PowerState\": \"On\", \"Actions\": {\"#ComputerSystem.Reset\": {"
		"\"target\": \"/redfish/v1/Systems/1/Actions/ComputerSystem.Reset\","
		"\"ResetType@Redfish.AllowableValues\": [\"On\", 7, \"Nmi\", \"ForceRestart\"]}}}",
		&s));
	assert_int_equal(s.power, REDFISH_POWER_ON);
	assert_string_equal(s.reset_path,
			    "/redfish/v1/Systems/1/Actions/ComputerSystem.Reset");
	assert_true(s.lists_types);
	assert_true(s.offers_nmi);
	assert_true(s.offers_restart);
	assert_null(s.action_info);
	redfish_system_deinit(&s);
}

static void reset_types_may_be_listed_elsewhere(void **state)
{
	static const char info[] =
		"{\"Parameters\": [{\"Name\": \"Other\", \"AllowableValues\": [\"Nmi\"]},"
		"{\"Name\": \"ResetType\", \"AllowableValues\": [\"ForceRestart\"]}]}";
	struct redfish_system s = {0};

	assert_success(parse("{\"PowerState\": \"Off\", \"Actions\": "
			     "{\"#ComputerSystem.Reset\": {\"target\": \"/r\","
			     "\"@Redfish.ActionInfo\": \"/redfish/v1/info\"}}}",
			     &s));
	assert_int_equal(s.power, REDFISH_POWER_OFF);
	assert_string_equal(s.action_info, "/redfish/v1/info");
	assert_false(s.lists_types);
	assert_success(redfish_action_info_parse(info, strlen(info), &s));
	assert_true(s.lists_types);
	assert_false(s.offers_nmi);
	assert_true(s.offers_restart);
	redfish_system_deinit(&s);
}

static void what_is_no_system_offers_nothing(void **state)
{
	static const char *const texts[] = {
		"[]", "{}", "{\"Actions\": 7}",
		"{\"Actions\": {\"#ComputerSystem.Reset\": []}}"};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct redfish_system s = {0};

		assert_success(parse(texts[i], &s));
		assert_null(s.reset_path);
		assert_false(s.offers_nmi);
		assert_int_equal(s.power, REDFISH_POWER_UNKNOWN);
		redfish_system_deinit(&s);
	}
}

static void a_target_on_another_host_is_refused(void **state)
{
	static const char *const targets[] = {
		"\"http://evil/\"", "\"//evil/\"",	"\"\"", "7",
		"\"/a b\"",	    "\"/a\\r\\nX: y\"",
	};

	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		struct redfish_system s = {0};
		char text[256];

		snprintf(text, sizeof(text),
			 "{\"Actions\": {\"#ComputerSystem.Reset\": {\"target\": %s}}}",
			 targets[i]);
		assert_failure(parse(text, &s), ERR_BAD_DATA, "the target of the reset");
		assert_null(s.reset_path);
	}
}

static void other_bytes_are_bad_data(void **state)
{
	struct redfish_system s = {0};

	assert_failure(parse("<html>", &s), ERR_BAD_DATA, "not JSON at byte");
	assert_failure(parse("", &s), ERR_BAD_DATA, "not JSON");
	assert_failure(parse("{\"a\": 1, \"a\": 2}", &s), ERR_BAD_DATA, "not JSON");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_system_tells_where_and_how_it_is_reset),
		cmocka_unit_test(reset_types_may_be_listed_elsewhere),
		cmocka_unit_test(what_is_no_system_offers_nothing),
		cmocka_unit_test(a_target_on_another_host_is_refused),
		cmocka_unit_test(other_bytes_are_bad_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
