#include "failing_malloc.h"
#include "testing.h"

#include "format/shell_assign.h"

#define MANY 600

/* The value that NAME has after @text. */
static void assert_value(const char *text, const char *name, const char *value)
{
	struct shell_vars v = {0};

	assert_success(shell_vars_read(&v, text, "test"));
	assert_non_null(shell_vars_find(&v, name));
	assert_string_equal(shell_vars_find(&v, name)->value, value);
	shell_vars_deinit(&v);
}

static void assert_refused(const char *text, const char *words)
{
	struct shell_vars v = {0};

	assert_failure(shell_vars_read(&v, text, "/etc/default/x"), ERR_USAGE, words);
	shell_vars_deinit(&v);
}

static void quotes_and_escapes_are_those_of_a_shell(void **state)
{
	assert_value("A=b", "A", "b");
	assert_value("A=", "A", "");
	assert_value("A=\"a b\"", "A", "a b");
	assert_value("A='a $B `c` \\'", "A", "a $B `c` \\");
	assert_value("A=\"x\"'y'z\\ w", "A", "xyz w");
	assert_value("A=\"\\$B \\\"q\\\" \\n \\\\\"", "A", "$B \"q\" \\n \\");
	assert_value("A=\"$ 5$\"", "A", "$ 5$");
	assert_value("A=a#b", "A", "a#b");
	assert_value("A=#", "A", "#");
	assert_value("A=\"two\nlines\"", "A", "two\nlines");
}

static void lines_go_on_behind_a_backslash(void **state)
{
	assert_value("A=\"one \\\ntwo\"\nB=3", "A", "one two");
	assert_value("A=one\\\ntwo", "A", "onetwo");
	assert_value("A=1 \\\n  B=2", "B", "2");
}

static void comments_blank_lines_and_export_are_passed_over(void **state)
{
	assert_value("# A=1\n\n  A=2 # A=3\n#A=4", "A", "2");
	assert_value("export A=1; B=2 C=3 ;", "C", "3");
	assert_value("A=1\nexport A B\nexport C=4", "C", "4");
}

static void variables_assigned_before_are_expanded(void **state)
{
	assert_value("A=1\nB=\"$A ${A}2 '$A'\"", "B", "1 12 '1'");
	assert_value("A=1\nA=\"$A 2\"\nA+=' 3'", "A", "1 2 3");
	/* Nothing has assigned it: added to itself it is empty, as in a shell. */
	assert_value("A=\"$A crashkernel=384M-:512M\"", "A", " crashkernel=384M-:512M");
	assert_refused("A=1\nB=\"$A $C\"", "/etc/default/x line 2: nothing has assigned "
					   "the variable \"C\"");
}

static void the_environment_is_what_the_caller_gives(void **state)
{
	const char *text = "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT "
			   "crashkernel=384M-:512M\"\n";
	struct shell_vars v = {0};

	assert_success(shell_vars_set(&v, "GRUB_CMDLINE_LINUX_DEFAULT", "quiet"));
	assert_int_equal(shell_vars_find(&v, "GRUB_CMDLINE_LINUX_DEFAULT")->line, 0);
	assert_success(shell_vars_read(&v, text, "kdump-tools.cfg"));
	assert_string_equal(shell_vars_get(&v, "GRUB_CMDLINE_LINUX_DEFAULT", ""),
			    "quiet crashkernel=384M-:512M");
	assert_string_equal(shell_vars_get(&v, "GRUB_TIMEOUT", "5"), "5");
	shell_vars_deinit(&v);
}

static void nothing_is_run(void **state)
{
	assert_refused("\nA=`id`", "line 2");
	assert_refused("A=$(id)", "A=$(id)");
	assert_refused("A=\"x $(id)\"", "commands are not run");
	assert_refused("A=\"`id`\"", "commands are not run");
	assert_refused("A=$((1+1))", "commands are not run");
	assert_refused("A=1\nB=2 id", "only assignments");
	assert_refused(". /etc/other", "only assignments");
	assert_refused("if true; then A=1; fi", "if true; then A=1; fi");
	assert_refused("A=1 | B=2", "only assignments");
	assert_refused("A=1>x", "only assignments");
	assert_refused("id", "commands are not run");
	assert_refused("reboot -f", "commands are not run");
}

static void what_would_need_a_shell_is_refused_with_its_word(void **state)
{
	assert_refused("A=${B:-x}", "only ${NAME} is known");
	assert_refused("A=$1", "only variables named by letters");
	assert_refused("A=~/x", "~ is not expanded");
	assert_refused("A=(1 2)", "lists are not known");
	assert_refused("A=$'x'", "use plain quotes");
	assert_refused("A=1\r\n", "carriage return");
	assert_refused("A='x\n\n", "line 1: cannot be read without a shell at \"A='x\"");
	assert_refused("A=\"x", "a double quote is not closed");
	assert_refused("A-B=1", "only assignments");
}

static void values_and_numbers_of_variables_are_bounded(void **state)
{
	char text[MANY * 8] = "A=xxxxxxxxxxxxxxxx\n";
	size_t len = strlen(text);

	for (int i = 0; i < 20; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "A=$A$A\n");
	assert_refused(text, "line 14: cannot be read without a shell at \"A=$A$A\": the "
			     "value is longer than 64 KiB");
	len = 0;
	for (int i = 0; i < MANY; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "A%d=\n", i);
	assert_refused(text, "more than 512 variables");
}

static void a_lenient_reader_goes_on_and_says_so(void **state)
{
	/* As Debian installs it. */
	const char *text = "GRUB_DEFAULT=0\n"
			   "GRUB_DISTRIBUTOR=`lsb_release -i -s 2> /dev/null || echo D`\n"
			   "if [ -e /x ]; then\n"
			   "  GRUB_CMDLINE_LINUX=\"a $GRUB_DISTRIBUTOR\"\n"
			   "fi\n"
			   "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet $UNSET\"\n";
	struct shell_vars v = {.is_lenient = true};

	assert_success(shell_vars_read(&v, text, "grub"));
	assert_int_equal(v.skipped_line, 2);
	assert_true(shell_vars_find(&v, "GRUB_DISTRIBUTOR")->is_unknown);
	assert_true(shell_vars_find(&v, "GRUB_CMDLINE_LINUX")->is_unknown);
	assert_false(shell_vars_find(&v, "GRUB_CMDLINE_LINUX_DEFAULT")->is_unknown);
	assert_string_equal(shell_vars_get(&v, "GRUB_CMDLINE_LINUX_DEFAULT", ""), "quiet ");
	shell_vars_deinit(&v);
}

static void a_variable_knows_where_its_value_stands(void **state)
{
	const char *text = "A=1\n\nB=\"x\ny\" C=2\n";
	struct shell_vars v = {0};
	const struct shell_var *b;

	assert_success(shell_vars_read(&v, text, "test"));
	b = shell_vars_find(&v, "B");
	assert_int_equal(b->line, 3);
	assert_int_equal(b->value_end - b->value_start, 5);
	assert_memory_equal(text + b->value_start, "\"x\ny\"", 5);
	assert_int_equal(shell_vars_find(&v, "C")->line, 4);
	shell_vars_deinit(&v);
}

static struct err *read_some(void *ctx)
{
	struct shell_vars v = {.is_lenient = true};
	struct err *err = shell_vars_set(&v, "A", "1");

	if (!err)
		err = shell_vars_read(&v, "B=\"$A 2\"\nC=`x`\nB=3 D", "test");
	shell_vars_deinit(&v);
	return err;
}

static void an_allocation_that_fails_is_told(void **state)
{
	assert_true(each_allocation_fails_once(read_some, NULL) > 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes_and_escapes_are_those_of_a_shell),
		cmocka_unit_test(lines_go_on_behind_a_backslash),
		cmocka_unit_test(comments_blank_lines_and_export_are_passed_over),
		cmocka_unit_test(variables_assigned_before_are_expanded),
		cmocka_unit_test(the_environment_is_what_the_caller_gives),
		cmocka_unit_test(nothing_is_run),
		cmocka_unit_test(what_would_need_a_shell_is_refused_with_its_word),
		cmocka_unit_test(values_and_numbers_of_variables_are_bounded),
		cmocka_unit_test(a_lenient_reader_goes_on_and_says_so),
		cmocka_unit_test(a_variable_knows_where_its_value_stands),
		cmocka_unit_test(an_allocation_that_fails_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
