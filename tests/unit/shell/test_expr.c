#include "testing.h"

#include "base/str.h"
#include "shell/expr.h"

static bool lookup(void *ctx, const char *name, u64 *ret)
{
	*ret = 0xffffffff81000000;
	return str_eq(name, "schedule");
}

static void values_are_as_in_c(void **state)
{
	static const struct {
		const char *text;
		u64 value;
	} cases[] = {
		{"1", 1},
		{"0x10 + 3", 19},
		{"1a", 26},
		{"0X1A", 26},
		{"10 / 3", 3},
		{"10 % 3", 1},
		{"2 + 3 * 4", 14},
		{"(2 + 3) * 4", 20},
		{"1 << 4 | 1", 17},
		{"6 & 3 ^ 1", 3},
		{"0xff >> 4", 15},
		{"-5", (u64)-5},
		{"~0", UINT64_MAX},
		{"- -5", 5},
		{"2k", 2048},
		{"3M", 3 << 20},
		{"1g", 1 << 30},
		{"1 << 64", 0},
		{"schedule+16", 0xffffffff81000010},
		{" ( schedule ) ", 0xffffffff81000000},
		{"12345678901234567890123", UINT64_MAX},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 value = 1;

		assert_success(expr_eval(cases[i].text, lookup, NULL, &value));
		assert_int_equal(value, cases[i].value);
	}
}

static void nonsense_is_a_sentence(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"", "ends early"},	     {"1 +", "ends early"},
		{"(1", ") is missing"},	     {"1)", "at \")\""},
		{"zzz", "zzz is neither"},   {"10 / 0", "division by zero"},
		{"5 % (1 - 1)", "division"}, {"1 1", "at \"1\""},
		{"0x", "neither"},	     {"2kk", "neither"},
		{"1 ? 2", "at \"? 2\""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 value = 77;

		assert_failure(expr_eval(cases[i].text, lookup, NULL, &value), ERR_USAGE,
			       cases[i].words);
		assert_int_equal(value, 77);
	}
}

static void depth_is_bounded(void **state)
{
	char text[3000];
	u64 value;

	memset(text, '(', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_failure(expr_eval(text, lookup, NULL, &value), ERR_USAGE, "too deeply");
	memset(text, '-', sizeof(text) - 1);
	assert_failure(expr_eval(text, lookup, NULL, &value), ERR_USAGE, "too deeply");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_as_in_c),
		cmocka_unit_test(nonsense_is_a_sentence),
		cmocka_unit_test(depth_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
