#include "testing.h"

#include "shell/line.h"

static struct shell_line parse(const char *text)
{
	struct shell_line l;

	assert_success(shell_line_parse(&l, text));
	return l;
}

static void assert_words(const struct shell_line *l, const char *const *words)
{
	size_t i = 0;

	for (; words[i]; i++)
		assert_string_equal(l->words[i], words[i]);
	assert_int_equal(l->num_words, i);
	assert_null(l->words[i]);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void words_are_separated_by_blanks(void **state)
{
	struct shell_line l = parse("  bt\t-a   12 \n");

	assert_int_equal(l.kind, SHELL_LINE_COMMAND);
	assert_words(&l, WORDS("bt", "-a", "12"));
	assert_null(l.pipe);
	assert_null(l.file);
	shell_line_deinit(&l);
}

static void quotes_keep_blanks_and_go_away(void **state)
{
	struct shell_line l = parse("alias x \"rd -d\" 'a | b'c");

	assert_words(&l, WORDS("alias", "x", "rd -d", "a | bc"));
	shell_line_deinit(&l);
	l = parse("alias x \"\"");
	assert_words(&l, WORDS("alias", "x", ""));
	shell_line_deinit(&l);
}

static void parentheses_keep_everything_and_stay(void **state)
{
	struct shell_line l = parse("eval (1 << (4 | 3)) + 2");

	assert_words(&l, WORDS("eval", "(1 << (4 | 3))", "+", "2"));
	assert_null(l.pipe);
	shell_line_deinit(&l);
}

static void the_rest_behind_a_pipe_is_the_shells(void **state)
{
	struct shell_line l = parse("ps -k | grep 'a > b' > out");

	assert_words(&l, WORDS("ps", "-k"));
	assert_string_equal(l.pipe, "grep 'a > b' > out");
	assert_null(l.file);
	shell_line_deinit(&l);
	l = parse("ps|wc");
	assert_words(&l, WORDS("ps"));
	assert_string_equal(l.pipe, "wc");
	shell_line_deinit(&l);
}

static void output_goes_to_a_file_or_its_end(void **state)
{
	struct shell_line l = parse("log -t > out.txt");

	assert_words(&l, WORDS("log", "-t"));
	assert_string_equal(l.file, "out.txt");
	assert_false(l.appends);
	shell_line_deinit(&l);
	l = parse("log>>'a file'");
	assert_words(&l, WORDS("log"));
	assert_string_equal(l.file, "a file");
	assert_true(l.appends);
	shell_line_deinit(&l);
}

static void the_arrow_of_c_is_no_redirection(void **state)
{
	struct shell_line l = parse("p modules.next->prev > out");

	assert_words(&l, WORDS("p", "modules.next->prev"));
	assert_string_equal(l.file, "out");
	shell_line_deinit(&l);
	l = parse("ps -> out");
	assert_words(&l, WORDS("ps", "-"));
	assert_string_equal(l.file, "out");
	shell_line_deinit(&l);
}

static void a_bang_escapes_to_the_shell(void **state)
{
	struct shell_line l = parse(" ! ls | wc");

	assert_int_equal(l.kind, SHELL_LINE_ESCAPE);
	assert_string_equal(l.pipe, "ls | wc");
	shell_line_deinit(&l);
	l = parse("!");
	assert_int_equal(l.kind, SHELL_LINE_ESCAPE);
	assert_string_equal(l.pipe, "");
	shell_line_deinit(&l);
}

static void comments_and_blank_lines_do_nothing(void **state)
{
	static const char *const lines[] = {"", "   \n", "# bt", "  #"};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct shell_line l = parse(lines[i]);

		assert_int_equal(l.kind, SHELL_LINE_EMPTY);
		shell_line_deinit(&l);
	}
}

static void half_a_syntax_is_a_sentence(void **state)
{
	static const struct {
		const char *line, *words;
	} cases[] = {
		{"bt 'a", "not closed"},       {"eval (1", "not closed"},
		{"ps |", "behind |"},	       {"ps >", "behind >"},
		{"ps >> ", "behind >>"},       {"| wc", "in front of |"},
		{"> out", "in front of >"},    {"ps > a b", "can follow"},
		{"ps > a | wc", "can follow"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct shell_line l;

		assert_failure(shell_line_parse(&l, cases[i].line), ERR_USAGE,
			       cases[i].words);
		shell_line_deinit(&l);
	}
}

static void too_much_is_refused(void **state)
{
	char *text = calloc(1, SHELL_LINE_MAX + 2);
	struct shell_line l;

	memset(text, 'x', SHELL_LINE_MAX + 1);
	assert_failure(shell_line_parse(&l, text), ERR_USAGE, "more than 4096 bytes");
	shell_line_deinit(&l);
	for (size_t i = 0; i < SHELL_MAX_WORDS + 1; i++)
		memcpy(text + 2 * i, "y ", 3);
	assert_failure(shell_line_parse(&l, text), ERR_USAGE, "more than 100 words");
	shell_line_deinit(&l);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_separated_by_blanks),
		cmocka_unit_test(quotes_keep_blanks_and_go_away),
		cmocka_unit_test(parentheses_keep_everything_and_stay),
		cmocka_unit_test(the_rest_behind_a_pipe_is_the_shells),
		cmocka_unit_test(output_goes_to_a_file_or_its_end),
		cmocka_unit_test(the_arrow_of_c_is_no_redirection),
		cmocka_unit_test(a_bang_escapes_to_the_shell),
		cmocka_unit_test(comments_and_blank_lines_do_nothing),
		cmocka_unit_test(half_a_syntax_is_a_sentence),
		cmocka_unit_test(too_much_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
