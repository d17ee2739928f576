#include "testing.h"

#include "format/kernel_cmdline.h"

static void the_last_value_of_a_parameter_counts(void **state)
{
	const char *text = "ro  inquest.role=x quiet inquest.role=capture ";
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	assert_true(kernel_cmdline_find(text, "inquest.role", &b));
	assert_string_equal(b.data, "capture");
	assert_false(kernel_cmdline_find(text, "inquest", &b));
	assert_false(kernel_cmdline_find(text, "role", &b));
	assert_false(kernel_cmdline_find(text, "quiet", &b));
	assert_true(kernel_cmdline_has(text, "quiet"));
	assert_false(kernel_cmdline_has("", "quiet"));
}

static void quotes_keep_white_space_in_a_value(void **state)
{
	const char *text = "a=\"x y\" \"b=1 2\" c";
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	assert_true(kernel_cmdline_find(text, "a", &b));
	assert_true(kernel_cmdline_find(text, "b", &b));
	assert_string_equal(b.data, "x y1 2");
	assert_false(kernel_cmdline_has(text, "y"));
	assert_true(kernel_cmdline_has(text, "c"));
}

static void dash_and_underscore_are_the_same_in_names(void **state)
{
	assert_true(kernel_cmdline_has("log-buf-len=1M", "log_buf_len"));
	assert_true(kernel_cmdline_is("nr_cpus=1", 9, "nr-cpus"));
	assert_false(kernel_cmdline_is("nr_cpus", 5, "nr_cpus"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_value_of_a_parameter_counts),
		cmocka_unit_test(quotes_keep_white_space_in_a_value),
		cmocka_unit_test(dash_and_underscore_are_the_same_in_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
