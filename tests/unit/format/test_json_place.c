#include "testing.h"

#include "base/str.h"
#include "format/json_place.h"

static const char text[] = "{\n"
			   "  \"Id\": \"a\\\"{[\",\n"
			   "  \"St\\u0061tement\": [\n"
			   "    {\"x\": [1, {\"y\": 2}], \"Effect\": true},\n"
			   "    {\n"
			   "      \"Condition\": {},\n"
			   "      \"Effect\": null\n"
			   "    }\n"
			   "  ]\n"
			   "}\n";
static const struct json_document document = {"a.json", text, sizeof(text) - 1};

static void members_and_elements_are_found_in_the_text(void **state)
{
	struct json_place id = JSON_MEMBER(JSON_WHOLE, "Id");
	struct json_place statements = JSON_MEMBER(JSON_WHOLE, "Statement");
	struct json_place first = JSON_ELEMENT(&statements, 0);
	struct json_place second = JSON_ELEMENT(&statements, 1);
	struct json_place one = JSON_MEMBER(&first, "Effect");
	struct json_place two = JSON_MEMBER(&second, "Effect");

	assert_int_equal(json_place_line(&document, JSON_WHOLE), 1);
	assert_int_equal(json_place_line(&document, &id), 2);
	assert_int_equal(json_place_line(&document, &statements), 3);
	assert_int_equal(json_place_line(&document, &first), 4);
	assert_int_equal(json_place_line(&document, &one), 4);
	assert_int_equal(json_place_line(&document, &second), 5);
	assert_int_equal(json_place_line(&document, &two), 7);
}

static void what_is_not_there_has_no_line(void **state)
{
	struct json_place absent = JSON_MEMBER(JSON_WHOLE, "absent");
	struct json_place statements = JSON_MEMBER(JSON_WHOLE, "Statement");
	struct json_place third = JSON_ELEMENT(&statements, 2);
	struct json_document nothing = {.name = "a.json"};

	assert_int_equal(json_place_line(&document, &absent), 0);
	assert_int_equal(json_place_line(&document, &third), 0);
	assert_int_equal(json_place_line(&nothing, &third), 0);
}

static void a_sentence_has_file_line_and_path(void **state)
{
	struct json_place statements = JSON_MEMBER(JSON_WHOLE, "Statement");
	struct json_place second = JSON_ELEMENT(&statements, 1);
	struct json_place effect = JSON_MEMBER(&second, "Effect");
	struct err *err =
		json_place_wrap(&document, &effect, err_new(ERR_BAD_DATA, "is absurd"));

	assert_string_equal(err_message(err), "a.json:7: Statement[1].Effect: is absurd");
	err_free(err);
	assert_null(json_place_wrap(&document, &effect, NULL));
}

static void a_hostile_name_is_escaped(void **state)
{
	struct json_place member = JSON_MEMBER(JSON_WHOLE, "\x1b[31m");
	struct buf b = BUF_INIT;

	json_place_describe(&member, &b);
	assert_null(strchr(buf_text(&b), 0x1b));
	buf_deinit(&b);
}

static void a_document_is_parsed_and_what_comes_twice_refused(void **state)
{
	struct json_document twice = {"b.json", "{\"a\":1,\n\"a\":2}", 14};
	json_t *root = NULL;

	assert_success(json_document_parse(&document, &root));
	json_decref(root);
	assert_failure(json_document_parse(&twice, &root), ERR_BAD_DATA,
		       "b.json:2: duplicate");
}

/* The walk is given text that no parser has seen: it ends within it all the same. */
static void text_that_is_no_json_is_left_at_its_end(void **state)
{
	struct json_place member = JSON_MEMBER(JSON_WHOLE, "Effect");
	struct json_place element = JSON_ELEMENT(&member, 3);

	for (size_t len = 0; len < sizeof(text); len++) {
		char *copy = malloc(len + 1);
		struct json_document cut = {.name = "c", .text = copy, .len = len};

		assert_non_null(copy);
		memcpy(copy, text, len);
		json_place_line(&cut, &element);
		json_place_line(&cut, &member);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_and_elements_are_found_in_the_text),
		cmocka_unit_test(what_is_not_there_has_no_line),
		cmocka_unit_test(a_sentence_has_file_line_and_path),
		cmocka_unit_test(a_hostile_name_is_escaped),
		cmocka_unit_test(a_document_is_parsed_and_what_comes_twice_refused),
		cmocka_unit_test(text_that_is_no_json_is_left_at_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
