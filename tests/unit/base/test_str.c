#include "testing.h"

#include "base/str.h"
#include "failing_malloc.h"

static void assert_escaped(const char *in, size_t len, bool keep_lines, const char *want)
{
	struct buf b = BUF_INIT;

	str_escape(&b, in, len, keep_lines);
	assert_string_equal(buf_text(&b), want);
	buf_deinit(&b);
}

static void escape_sequences_are_made_visible(void **state)
{
	assert_escaped("a\033[2Jb", 6, false, "a\\x1b[2Jb");
	assert_escaped("a\nb", 3, false, "a\\x0ab");
	assert_escaped("a\nb\t", 4, true, "a\nb\t");
	assert_escaped("\0", 1, false, "\\x00");
}

static void invalid_utf8_is_made_visible_and_valid_stays(void **state)
{
	assert_escaped("gr\xc3\xbc\xc3\x9f", 6, false, "gr\xc3\xbc\xc3\x9f");
	assert_escaped("\xff\xc3", 2, false, "\\xff\\xc3");
	assert_escaped("\xc0\xaf", 2, false, "\\xc0\\xaf");
	assert_escaped("\xc2\x9b", 2, false, "\\xc2\\x9b");
	assert_escaped("\xe2\x80\xae", 3, false, "\\xe2\\x80\\xae");
	assert_escaped("\xed\xa0\x80", 3, false, "\\xed\\xa0\\x80");
}

static void characters_that_turn_or_hide_text_are_made_visible(void **state)
{
	/* Right-to-left override, Arabic letter mark, soft hyphen, a tag. */
	assert_escaped("a\xe2\x80\xae", 4, false, "a\\xe2\\x80\\xae");
	assert_escaped("\xd8\x9c", 2, false, "\\xd8\\x9c");
	assert_escaped("\xc2\xad", 2, false, "\\xc2\\xad");
	assert_escaped("\xf3\xa0\x81\x81", 4, false, "\\xf3\\xa0\\x81\\x81");
	/* Their neighbours are letters. */
	assert_escaped("\xd8\x9b", 2, false, "\xd8\x9b");
	assert_escaped("\xc2\xae", 2, false, "\xc2\xae");
}

static void sizes_have_binary_suffixes(void **state)
{
	u64 bytes = 0;

	assert_true(str_parse_size("88M", &bytes));
	assert_int_equal(bytes, 88 << 20);
	assert_true(str_parse_size("5g", &bytes));
	assert_int_equal(bytes, 5ULL << 30);
	assert_false(str_parse_size("", &bytes));
	assert_false(str_parse_size("M", &bytes));
	assert_false(str_parse_size("1X", &bytes));
	assert_false(str_parse_size("99999999999999E", &bytes));
	assert_int_equal(bytes, 5ULL << 30);
}

static void numbers_are_taken_whole_or_not_at_all(void **state)
{
	u64 v = 1;

	assert_true(str_parse_u64("0x10", &v));
	assert_int_equal(v, 16);
	assert_false(str_parse_u64("10 ", &v));
	assert_false(str_parse_u64("-1", &v));
	assert_false(str_parse_u64("18446744073709551616", &v));
	assert_int_equal(v, 16);
}

static void a_copy_is_ones_own_and_nothing_stays_nothing(void **state)
{
	const char *text = "abc";
	char *copy = NULL;

	assert_true(str_copy(text, &copy));
	assert_string_equal(copy, "abc");
	assert_ptr_not_equal(copy, text);
	free(copy);
	assert_true(str_copy(NULL, &copy));
	assert_null(copy);
	failing_malloc_set(1);
	assert_false(str_copy(text, &copy));
	assert_null(copy);
	str_free_secret(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escape_sequences_are_made_visible),
		cmocka_unit_test(invalid_utf8_is_made_visible_and_valid_stays),
		cmocka_unit_test(characters_that_turn_or_hide_text_are_made_visible),
		cmocka_unit_test(sizes_have_binary_suffixes),
		cmocka_unit_test(numbers_are_taken_whole_or_not_at_all),
		cmocka_unit_test(a_copy_is_ones_own_and_nothing_stays_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
