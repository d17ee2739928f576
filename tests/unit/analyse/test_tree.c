#include "testing.h"

#include "analyse/tree.h"

static void text_from_a_dump_is_escaped_and_valid(void **state)
{
	struct tree t = {0};
	json_t *j = tree_object(&t);

	tree_set_text(&t, j, "comm", "a\x1b[31m\xff\n\"");
	assert_string_equal(json_string_value(json_object_get(j, "comm")),
			    "a\\x1b[31m\\xff\\x0a\"");
	assert_success(tree_check(&t));
	json_decref(j);
}

static void addresses_keep_all_their_bits(void **state)
{
	struct tree t = {0};
	json_t *j = tree_object(&t);

	tree_set_hex(&t, j, "pc", UINT64_MAX);
	assert_string_equal(json_string_value(json_object_get(j, "pc")),
			    "0xffffffffffffffff");
	json_decref(j);
}

static void numbers_never_turn_negative(void **state)
{
	struct tree t = {0};
	json_t *j = tree_object(&t);

	tree_set_int(&t, j, "n", UINT64_MAX);
	assert_int_equal(json_integer_value(json_object_get(j, "n")), INT64_MAX);
	json_decref(j);
}

static void what_could_not_be_made_is_remembered(void **state)
{
	struct tree t = {0};

	tree_set_text(&t, NULL, "key", "value");
	tree_append(&t, NULL, NULL);
	assert_failure(tree_check(&t), ERR_NOMEM, "memory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_from_a_dump_is_escaped_and_valid),
		cmocka_unit_test(addresses_keep_all_their_bits),
		cmocka_unit_test(numbers_never_turn_negative),
		cmocka_unit_test(what_could_not_be_made_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
