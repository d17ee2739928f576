#include "testing.h"

#include "format/qmp.h"

static struct err *parse(const char *line, struct qmp_message *m)
{
	return qmp_message_parse(line, strlen(line), m);
}

static void a_greeting_tells_the_version(void **state)
{
	struct qmp_message m;

	assert_success(parse(
		"{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, "
		"\"major\": 7}, \"package\": \"x\"}, \"capabilities\": [\"oob\"]}}\r\n",
		&m));
	assert_int_equal(m.kind, QMP_GREETING);
	assert_int_equal(m.major, 7);
	assert_int_equal(m.minor, 2);
	qmp_message_deinit(&m);
}

static void a_return_names_its_command_by_id(void **state)
{
	struct qmp_message m;

	assert_success(parse("{\"return\": {\"running\": true}, \"id\": 42}", &m));
	assert_int_equal(m.kind, QMP_RETURN);
	assert_int_equal(m.id, 42);
	assert_true(json_is_true(json_object_get(m.data, "running")));
	qmp_message_deinit(&m);
}

static void an_error_has_a_class_and_a_sentence(void **state)
{
	struct qmp_message m;

	assert_success(parse("{\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}, "
			     "\"id\": 3}",
			     &m));
	assert_int_equal(m.kind, QMP_ERROR);
	assert_string_equal(m.name, "GenericError");
	assert_string_equal(m.text, "no");
	assert_int_equal(m.id, 3);
	qmp_message_deinit(&m);
}

static void an_event_may_have_no_data(void **state)
{
	struct qmp_message m;

	assert_success(parse("{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, "
			     "\"event\": \"RESET\"}",
			     &m));
	assert_int_equal(m.kind, QMP_EVENT);
	assert_string_equal(m.name, "RESET");
	assert_null(m.data);
	assert_int_equal(m.id, 0);
	qmp_message_deinit(&m);
}

static void other_shapes_are_bad_data(void **state)
{
	struct qmp_message m;

	assert_failure(parse("", &m), ERR_BAD_DATA, "not JSON");
	assert_failure(parse("[]", &m), ERR_BAD_DATA, "neither");
	assert_failure(parse("{\"event\": 1}", &m), ERR_BAD_DATA, "neither");
	assert_failure(parse("{\"QMP\": 1}", &m), ERR_BAD_DATA, "version");
	assert_failure(parse("{\"error\": {}}", &m), ERR_BAD_DATA, "class");
	assert_failure(parse("{\"return\": 1, \"return\": 2}", &m), ERR_BAD_DATA,
		       "not JSON");
	assert_failure(qmp_message_parse("", QMP_LINE_MAX + 1, &m), ERR_BAD_DATA, "longer");
}

static void a_command_is_one_line_that_carries_its_id(void **state)
{
	struct buf b = BUF_INIT;
	json_t *arguments = json_pack("{s:s}", "path", "a\nb");

	qmp_command_format(&b, "inject-nmi", NULL, 1);
	qmp_command_format(&b, "qom-get", arguments, 2);
	assert_string_equal(
		buf_text(&b),
		"{\"execute\":\"inject-nmi\",\"id\":1}\n"
		"{\"execute\":\"qom-get\",\"id\":2,\"arguments\":{\"path\":\"a\\nb\"}}\n");
	json_decref(arguments);
	buf_deinit(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_greeting_tells_the_version),
		cmocka_unit_test(a_return_names_its_command_by_id),
		cmocka_unit_test(an_error_has_a_class_and_a_sentence),
		cmocka_unit_test(an_event_may_have_no_data),
		cmocka_unit_test(other_shapes_are_bad_data),
		cmocka_unit_test(a_command_is_one_line_that_carries_its_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
