#include "testing.h"

#include "format/server_answer.h"

static void count_is_the_number_at_the_end(void **state)
{
	static const struct {
		const char *text;
		u64 count;
	} rows[] = {
		{"1234567\n", 1234567},
		{"   42\r\n", 42},
		{"0\n", 0},
		{"Welcome to node 7\n18446744073709551615\n\n", UINT64_MAX},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 count = 1;

		assert_true(server_answer_count(rows[i].text, &count));
		assert_int_equal(count, rows[i].count);
	}
}

static void text_without_a_number_at_its_end_is_no_count(void **state)
{
	static const char *const texts[] = {"",
					    "\n",
					    "wc: vmcore: No such file or directory\n",
					    "12 vmcore\n",
					    "18446744073709551616\n",
					    "123456789012345678901\n"};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		u64 count = 7;

		assert_false(server_answer_count(texts[i], &count));
		assert_int_equal(count, 7);
	}
}

static void free_space_is_the_fourth_word_in_kib(void **state)
{
	u64 bytes;

	assert_true(server_answer_free(
		"/dev/vda1       20465256 8123456  11276536      42% /\n", &bytes));
	assert_int_equal(bytes, 11276536 * 1024ULL);
	assert_true(server_answer_free("  tmpfs 1 1 0 100% /run", &bytes));
	assert_int_equal(bytes, 0);
	assert_true(server_answer_free("tmpfs\t1\t2\t3", &bytes));
	assert_int_equal(bytes, 3072);
}

static void what_is_no_line_of_df_tells_no_space(void **state)
{
	static const char *const texts[] = {"",
					    "df: /var/crash: No such file or directory\n",
					    "/dev/vda1 20465256 8123456\n",
					    "/dev/vda1 20465256 8123456 -5 100% /\n",
					    "/dev/vda1 20465256 8123456 12x 42% /\n",
					    "/dev/vda1 - 8123456 12 42% /\n",
					    "/dev/vda1 1 1 18014398509481984 42% /\n",
					    "/dev/vda1 1 1 0x10 42% /\n"};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		u64 bytes = 7;

		assert_false(server_answer_free(texts[i], &bytes));
		assert_int_equal(bytes, 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(count_is_the_number_at_the_end),
		cmocka_unit_test(text_without_a_number_at_its_end_is_no_count),
		cmocka_unit_test(free_space_is_the_fourth_word_in_kib),
		cmocka_unit_test(what_is_no_line_of_df_tells_no_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
