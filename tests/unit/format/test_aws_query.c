#include "testing.h"

#include "format/aws_query.h"

static struct err *parse(struct aws_query *q, const char *text)
{
	return aws_query_parse(q, text, strlen(text), PERCENT_PLUS_IS_SPACE);
}

static void assert_refused(const char *text, const char *words)
{
	struct aws_query q = {0};

	assert_failure(parse(&q, text), ERR_BAD_DATA, words);
	aws_query_deinit(&q);
}

static void parameters_are_decoded_and_found_by_name(void **state)
{
	struct aws_query q = {0};

	assert_success(parse(&q, "Action=Send&a%2Db=%41%62+c&empty=&bare&&x=y%3d%3D=z"));
	assert_int_equal(q.num, 5);
	assert_string_equal(aws_query_find(&q, "Action"), "Send");
	assert_string_equal(aws_query_find(&q, "a-b"), "Ab c");
	assert_string_equal(aws_query_find(&q, "empty"), "");
	assert_string_equal(aws_query_find(&q, "bare"), "");
	assert_string_equal(aws_query_find(&q, "x"), "y===z");
	assert_null(aws_query_find(&q, "action"));
	aws_query_deinit(&q);
}

/* SigV4 signs a + in a URL as %2B: were it read as a space, one signature would stand for
 * two requests. */
static void plus_is_a_space_in_a_body_and_itself_in_a_url(void **state)
{
	struct aws_query q = {0};

	assert_success(aws_query_parse(&q, "a=1+2", 5, PERCENT_PLUS_IS_PLUS));
	assert_success(aws_query_parse(&q, "b=1+2", 5, PERCENT_PLUS_IS_SPACE));
	assert_string_equal(aws_query_find(&q, "a"), "1+2");
	assert_string_equal(aws_query_find(&q, "b"), "1 2");
	aws_query_deinit(&q);
}

static void a_parameter_in_query_and_body_must_have_one_value(void **state)
{
	struct aws_query q = {0};

	assert_success(parse(&q, "DryRun=true"));
	assert_success(parse(&q, "DryRun=tru%65"));
	assert_int_equal(q.num, 1);
	assert_failure(parse(&q, "DryRun=false"), ERR_BAD_DATA, "DryRun has two values");
	assert_int_equal(q.num, 1);
	aws_query_deinit(&q);
}

static void bad_encoding_is_refused_wherever_it_stands(void **state)
{
	static const char *const bad[] = {"a=%",   "a=%4",  "a=%4g", "%=1",  "a=%%41",
					  "a=%u1", "a=%-1", "a=% 1", "a=b%", "%4"};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_refused(bad[i], "hexadecimal");
	assert_refused("a=%00", "NUL");
	assert_refused("a%00b=1", "NUL");
	assert_refused("=1", "without a name");
}

static void what_is_out_of_bounds_is_refused(void **state)
{
	struct aws_query q = {0};
	struct buf b = BUF_INIT;

	for (unsigned i = 0; i < AWS_QUERY_PARAMETERS_MAX; i++)
		buf_printf(&b, "p%u=1&", i);
	assert_success(parse(&q, b.data));
	assert_int_equal(q.num, AWS_QUERY_PARAMETERS_MAX);
	assert_failure(parse(&q, "more=1"), ERR_BAD_DATA, "more than 64");
	assert_success(parse(&q, "p0=1"));
	aws_query_deinit(&q);
	buf_deinit(&b);
	b = BUF_INIT;
	for (unsigned i = 0; i <= AWS_QUERY_NAME_MAX; i++)
		buf_add_char(&b, 'n');
	assert_refused(b.data, "more than 128 bytes");
	b.data[AWS_QUERY_NAME_MAX] = '=';
	assert_success(parse(&q, b.data));
	aws_query_deinit(&q);
	buf_deinit(&b);
}

static void numbers_of_lists_are_read_strictly(void **state)
{
	static const struct {
		const char *name;
		size_t index;
		const char *rest;
	} cases[] = {
		{"Filter.1", 1, ""},
		{"Filter.12.Name", 12, "Name"},
		{"Filter.3.Value.4", 3, "Value.4"},
		{"Filter.1000", 1000, ""},
		{"Filter.1001", 0, NULL},
		{"Filter.0", 0, NULL},
		{"Filter.01", 0, NULL},
		{"Filter", 0, NULL},
		{"Filter.", 0, NULL},
		{"Filter.1.", 0, NULL},
		{"Filter.1x", 0, NULL},
		{"Filters.1", 0, NULL},
		{"Filter.-1", 0, NULL},
		{"Filter.99999999999999999999", 0, NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *rest = NULL;

		assert_int_equal(aws_query_index(cases[i].name, "Filter", &rest),
				 cases[i].index);
		if (cases[i].rest)
			assert_string_equal(rest, cases[i].rest);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parameters_are_decoded_and_found_by_name),
		cmocka_unit_test(plus_is_a_space_in_a_body_and_itself_in_a_url),
		cmocka_unit_test(a_parameter_in_query_and_body_must_have_one_value),
		cmocka_unit_test(bad_encoding_is_refused_wherever_it_stands),
		cmocka_unit_test(what_is_out_of_bounds_is_refused),
		cmocka_unit_test(numbers_of_lists_are_read_strictly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
