#include "testing.h"

#include "base/opts.h"
#include "failing_malloc.h"

static const struct opt options[] = {
	{"json", 'j', OPTS_FLAG, NULL, "Print JSON."},
	{"last", 'n', OPTS_VALUE, "LINES", "So many lines of the log."},
	{"apt", 0, OPTS_OPTIONAL, "PACKAGE", "Fetch the kernel through apt."},
	{NULL, 0, OPTS_FLAG, NULL, NULL},
};

static const struct opts_verb verb = {
	.name = "report",
	.operands = "VMCORE",
	.summary = "Say why.",
	.options = options,
	.min_operands = 1,
	.max_operands = 2,
};

#define PARSE(r, ...)                                                                      \
	({                                                                                 \
		static char *argv_[] = {"inquest", "report", __VA_ARGS__};                 \
		opts_parse(&verb, ARRAY_SIZE(argv_), argv_, 2, (r));                       \
	})

static void options_and_operands_may_stand_in_any_order(void **state)
{
	struct opts_result r;

	assert_success(PARSE(&r, "one", "--json", "two", "--last=3"));
	assert_int_equal(r.num_operands, 2);
	assert_string_equal(r.operands[0], "one");
	assert_string_equal(r.operands[1], "two");
	assert_true(opts_has(&r, "json"));
	assert_false(opts_has(&r, "apt"));
	assert_string_equal(opts_value(&r, "last", "x"), "3");
	opts_deinit(&r);
}

static void values_come_attached_or_as_the_next_word(void **state)
{
	static const char *const wanted = "7";
	struct opts_result r;

	assert_success(PARSE(&r, "f", "--last", "7"));
	assert_string_equal(opts_value(&r, "last", ""), wanted);
	opts_deinit(&r);
	assert_success(PARSE(&r, "f", "-n", "7"));
	assert_string_equal(opts_value(&r, "last", ""), wanted);
	opts_deinit(&r);
	assert_success(PARSE(&r, "f", "-n7"));
	assert_string_equal(opts_value(&r, "last", ""), wanted);
	opts_deinit(&r);
	assert_success(PARSE(&r, "f", "-jn7"));
	assert_string_equal(opts_value(&r, "last", ""), wanted);
	assert_true(opts_has(&r, "json"));
	opts_deinit(&r);
}

static void an_optional_value_is_only_taken_attached(void **state)
{
	struct opts_result r;

	assert_success(PARSE(&r, "--apt", "vmcore"));
	assert_true(opts_has(&r, "apt"));
	assert_string_equal(opts_value(&r, "apt", "none"), "none");
	assert_string_equal(r.operands[0], "vmcore");
	opts_deinit(&r);
	assert_success(PARSE(&r, "--apt=linux", "vmcore"));
	assert_string_equal(opts_value(&r, "apt", "none"), "linux");
	opts_deinit(&r);
}

static void the_last_of_several_values_counts(void **state)
{
	struct opts_result r;

	assert_success(PARSE(&r, "f", "--last=1", "--last=2"));
	assert_string_equal(opts_value(&r, "last", ""), "2");
	assert_int_equal(r.num_given, 2);
	opts_deinit(&r);
}

static void two_dashes_end_the_options(void **state)
{
	struct opts_result r;

	assert_success(PARSE(&r, "--", "--json", "-"));
	assert_int_equal(r.num_operands, 2);
	assert_string_equal(r.operands[0], "--json");
	assert_string_equal(r.operands[1], "-");
	assert_false(opts_has(&r, "json"));
	opts_deinit(&r);
}

static void help_needs_no_operands(void **state)
{
	struct opts_result r;

	assert_success(PARSE(&r, "--help"));
	assert_true(r.wants_help);
	opts_deinit(&r);
	assert_success(PARSE(&r, "-h"));
	assert_true(r.wants_help);
	opts_deinit(&r);
}

static void a_wrong_word_is_named_in_the_sentence(void **state)
{
	struct opts_result r;

	assert_failure(PARSE(&r, "f", "--jsonx"), ERR_USAGE, "no option --jsonx");
	opts_deinit(&r);
	assert_failure(PARSE(&r, "f", "--jso"), ERR_USAGE, "no option --jso");
	opts_deinit(&r);
	assert_failure(PARSE(&r, "f", "-x"), ERR_USAGE, "no option -x");
	opts_deinit(&r);
	assert_failure(PARSE(&r, "f", "--json=1"), ERR_USAGE, "takes no value");
	opts_deinit(&r);
	assert_failure(PARSE(&r, "f", "--last"), ERR_USAGE, "needs a value: LINES");
	opts_deinit(&r);
	assert_failure(PARSE(&r, "f", "-n"), ERR_USAGE, "needs a value: LINES");
	opts_deinit(&r);
}

static void too_few_and_too_many_operands_are_usage_errors(void **state)
{
	struct opts_result r;

	assert_failure(PARSE(&r, "--json"), ERR_USAGE, "missing operand: VMCORE");
	opts_deinit(&r);
	assert_failure(PARSE(&r, "a", "b", "c"), ERR_USAGE, "one word too many: c");
	opts_deinit(&r);
}

static void help_shows_every_option_with_its_value(void **state)
{
	struct buf b = BUF_INIT;

	opts_help(&b, "inquest", &verb);
	assert_success(buf_check(&b));
	assert_non_null(strstr(b.data, "Usage: inquest report [options] VMCORE\n"));
	assert_non_null(strstr(b.data, "-j, --json "));
	assert_non_null(strstr(b.data, "-n, --last LINES "));
	assert_non_null(strstr(b.data, "  --apt[=PACKAGE] "));
	assert_non_null(strstr(b.data, "-h, --help "));
	buf_deinit(&b);
}

static const struct opts_verb short_verb = {
	.name = "short",
	.operands = "",
	.options =
		(const struct opt[]){
			{.name = "split"},
			{.name = "splitblock-size", .arg = OPTS_VALUE, .value_name = "KB"},
			{.name = "show-stats"},
			{.name = "show-nothing", .is_never_short = true},
			{.name = NULL},
		},
	.takes_abbreviations = true,
};

static void the_beginning_of_a_long_name_is_enough_where_a_verb_says_so(void **state)
{
	static char *argv[] = {"--splitb", "7", "--show", "--split"};
	static char *unclear[] = {"--spl"}, *exact[] = {"--show-n"}, *empty[] = {"--=x"};
	struct opts_result r;

	assert_success(opts_parse(&short_verb, ARRAY_SIZE(argv), argv, 0, &r));
	assert_string_equal(opts_value(&r, "splitblock-size", ""), "7");
	assert_true(opts_has(&r, "show-stats"));
	assert_true(opts_has(&r, "split"));
	opts_deinit(&r);
	assert_failure(opts_parse(&short_verb, 1, unclear, 0, &r), ERR_USAGE,
		       "--spl may be --split or --splitblock-size");
	opts_deinit(&r);
	assert_failure(opts_parse(&short_verb, 1, exact, 0, &r), ERR_USAGE,
		       "no option --show-n");
	opts_deinit(&r);
	assert_failure(opts_parse(&short_verb, 1, empty, 0, &r), ERR_USAGE,
		       "no option --=x");
	opts_deinit(&r);
	assert_failure(PARSE(&r, "f", "--jso"), ERR_USAGE, "no option --jso");
	opts_deinit(&r);
}

static struct err *parse_some(void *ctx)
{
	struct opts_result r;
	struct err *err = PARSE(&r, "one", "--json", "--last=3", "-j");

	opts_deinit(&r);
	return err;
}

static void parsing_survives_each_failing_allocation(void **state)
{
	assert_int_equal(each_allocation_fails_once(parse_some, NULL), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_and_operands_may_stand_in_any_order),
		cmocka_unit_test(values_come_attached_or_as_the_next_word),
		cmocka_unit_test(an_optional_value_is_only_taken_attached),
		cmocka_unit_test(the_last_of_several_values_counts),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(help_needs_no_operands),
		cmocka_unit_test(a_wrong_word_is_named_in_the_sentence),
		cmocka_unit_test(too_few_and_too_many_operands_are_usage_errors),
		cmocka_unit_test(
			the_beginning_of_a_long_name_is_enough_where_a_verb_says_so),
		cmocka_unit_test(help_shows_every_option_with_its_value),
		cmocka_unit_test(parsing_survives_each_failing_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
