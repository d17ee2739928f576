#include "testing.h"

#include "format/console_line.h"

static bool parse(const char *text, struct console_line *l)
{
	return console_line_parse(text, strlen(text), l);
}

static void a_line_is_understood_behind_the_kernels_time_stamp(void **state)
{
	struct console_line l;
	u64 size;

	assert_true(parse("[   12.034567] inquest: ready crash_size=1048576 x=a\r\n", &l));
	assert_string_equal(l.event, "ready");
	assert_true(console_line_u64(&l, "crash_size", &size));
	assert_int_equal(size, 1048576);
	assert_string_equal(console_line_find(&l, "x"), "a");
	assert_true(l.has_kernel_time);
	assert_int_equal(l.kernel_time_us, 12034567);
	assert_true(parse("[    0.5][    T1] inquest: end", &l));
	assert_false(l.has_kernel_time);
}

static void values_survive_quoting_whatever_they_hold(void **state)
{
	const char *hostile = "a \"b\" \\ c=d\n\x1b[2J\xff";
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct console_line l;

	console_line_begin(&b, "load-failed");
	console_line_add(&b, "reason", hostile);
	console_line_add(&b, "empty", "");
	console_line_add_u64(&b, "needed", 7);
	console_line_end(&b);
	assert_int_equal(strcspn(b.data, "\n\x1b\xff"), b.len - 1);
	assert_true(console_line_parse(b.data, b.len, &l));
	assert_int_equal(l.num_pairs, 3);
	assert_string_equal(console_line_find(&l, "reason"), hostile);
	assert_string_equal(console_line_find(&l, "empty"), "");
	assert_string_equal(console_line_find(&l, "needed"), "7");
}

static void text_of_a_crashed_kernel_cannot_pass_as_a_fact(void **state)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct console_line l;
	const char *text;
	size_t len;

	console_text_add(&b, "inquest: end outcome=complete\n\rinquest: ready\n");
	assert_string_equal(b.data, "inquest| inquest: end outcome=complete\n"
				    "inquest| \\x0dinquest: ready\n");
	assert_false(console_line_parse(b.data, b.len, &l));
	assert_true(console_text_parse("[    1.000000] inquest| a b\r\n", 29, &text, &len));
	assert_int_equal(len, 3);
	assert_memory_equal(text, "a b", 3);
}

static void other_lines_are_not_ours(void **state)
{
	static const char *const lines[] = {
		"",
		"\n",
		"[    0.000000] Linux version 6.1",
		"systemd[1]: inquest: ready",
		"inquest:ready",
		"inquest: ",
		"inquest: =x",
		"[x] inquest: ready",
		"[    0.1 inquest: ready",
	};
	struct console_line l;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_false(parse(lines[i], &l));
}

static void a_damaged_tail_leaves_the_pairs_before_it(void **state)
{
	struct console_line l;

	assert_true(parse("inquest: saved name=vmcore bytes=12\x01", &l));
	assert_int_equal(l.num_pairs, 1);
	assert_true(parse("inquest: saved name=vmcore reason=\"cut her", &l));
	assert_int_equal(l.num_pairs, 1);
	assert_string_equal(console_line_find(&l, "name"), "vmcore");
}

static void a_line_never_exceeds_a_kernel_log_record(void **state)
{
	char big[3000];
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct console_line l;

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	console_text_add(&b, "first");
	console_line_begin(&b, "warning");
	console_line_add_u64(&b, "a", 1);
	console_line_add(&b, "reason", big);
	console_line_end(&b);
	assert_int_equal(b.len, strlen("inquest| first\n") + CONSOLE_LINE_MAX);
	assert_int_equal(b.data[b.len - 1], '\n');
	assert_true(parse(b.data + strlen("inquest| first\n"), &l));
	assert_string_equal(console_line_find(&l, "a"), "1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_understood_behind_the_kernels_time_stamp),
		cmocka_unit_test(values_survive_quoting_whatever_they_hold),
		cmocka_unit_test(text_of_a_crashed_kernel_cannot_pass_as_a_fact),
		cmocka_unit_test(other_lines_are_not_ours),
		cmocka_unit_test(a_damaged_tail_leaves_the_pairs_before_it),
		cmocka_unit_test(a_line_never_exceeds_a_kernel_log_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
