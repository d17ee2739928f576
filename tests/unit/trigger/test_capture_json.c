#include "trigger/capture_json.h"

#include "testing.h"

static const char *member(json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

static struct capture some_capture(void)
{
	return (struct capture){.id = "5ee0a3f2-4c1f-4d0e-9f8a-000000000001",
				.instance_id = (char *)"i-0123456789abcdef0",
				.account = (char *)"123456789012",
				.region = (char *)"us-east-1",
				.principal_arn =
					(char *)"arn:aws:iam::123456789012:user/alice",
				.access_key = (char *)"AKIDALICE",
				.invocation_id = (char *)"invocation-1",
				.signature_hash = (char *)"feedbeef",
				.request_id = (char *)"r-1",
				.state = CAPTURE_CAPTURING,
				.requested_ms = 1792584000123,
				.changed_ms = 1792584060000,
				.absorbed = 2};
}

static void a_capture_has_its_members_and_its_timeline(void **state)
{
	struct capture c = some_capture();
	struct capture_step steps[] = {
		{1792584000123, CAPTURE_REQUESTED, (char *)"asked for by alice"},
		{1792584000999, CAPTURE_INJECTED, NULL},
	};
	json_t *j = NULL, *line;

	assert_success(capture_to_json(&c, steps, 2, &j));
	assert_string_equal(member(j, "schema"), "inquest.interrupt");
	assert_string_equal(member(j, "id"), c.id);
	assert_string_equal(member(j, "instance"), "i-0123456789abcdef0");
	assert_string_equal(member(j, "state"), "capturing");
	assert_true(json_is_false(json_object_get(j, "is_over")));
	assert_string_equal(member(j, "requested"), "2026-10-21T12:00:00.123Z");
	assert_true(json_is_null(json_object_get(j, "injected")));
	assert_true(json_is_null(json_object_get(j, "dump")));
	assert_int_equal(json_integer_value(json_object_get(j, "absorbed")), 2);
	assert_int_equal(json_array_size(json_object_get(j, "timeline")), 2);
	line = json_array_get(json_object_get(j, "timeline"), 1);
	assert_string_equal(member(line, "time"), "2026-10-21T12:00:00.999Z");
	assert_string_equal(member(line, "state"), "injected");
	assert_true(json_is_null(json_object_get(line, "text")));
	json_decref(j);
}

static void keys_signatures_and_invocations_are_not_told(void **state)
{
	struct capture c = some_capture();
	json_t *j = NULL;
	char *text;

	assert_success(capture_to_json(&c, NULL, 0, &j));
	text = json_dumps(j, 0);
	assert_null(strstr(text, "AKIDALICE"));
	assert_null(strstr(text, "invocation-1"));
	assert_null(strstr(text, "feedbeef"));
	free(text);
	json_decref(j);
}

static void text_that_is_no_utf8_is_escaped(void **state)
{
	struct capture c = some_capture();
	json_t *j = NULL;

	c.reason = (char *)"broken \xff\x1b[2J";
	assert_success(capture_to_json(&c, NULL, 0, &j));
	assert_string_equal(member(j, "reason"), "broken \\xff\\x1b[2J");
	json_decref(j);
}

static void a_list_keeps_its_order_and_has_no_timelines(void **state)
{
	struct capture both[] = {some_capture(), some_capture()};
	json_t *j = NULL, *list;

	both[1].state = CAPTURE_VERIFIED;
	assert_success(captures_to_json(both, 2, &j));
	assert_string_equal(member(j, "schema"), "inquest.interrupts");
	list = json_object_get(j, "captures");
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(member(json_array_get(list, 0), "state"), "capturing");
	assert_string_equal(member(json_array_get(list, 1), "state"), "verified");
	assert_true(json_is_true(json_object_get(json_array_get(list, 1), "is_over")));
	assert_null(json_object_get(json_array_get(list, 0), "timeline"));
	json_decref(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_capture_has_its_members_and_its_timeline),
		cmocka_unit_test(keys_signatures_and_invocations_are_not_told),
		cmocka_unit_test(text_that_is_no_utf8_is_escaped),
		cmocka_unit_test(a_list_keeps_its_order_and_has_no_timelines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
