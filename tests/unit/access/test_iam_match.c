#include "iam_testing.h"

#include "access/iam_priv.h"
#include "base/clock.h"

/* @pattern with * and ? as a policy has them. */
static bool glob(const char *pattern, const char *text)
{
	struct iam_pattern p = {0};
	bool matches;

	assert_success(iam_pattern_parse(pattern, IAM_WILDCARDS, &p));
	matches = iam_glob_matches(p.pieces[0].text, text, false);
	iam_pattern_deinit(&p);
	return matches;
}

static bool arn(const char *pattern, const char *text)
{
	struct iam_pattern p = {0};
	bool matches;

	assert_success(iam_pattern_parse(pattern, IAM_WILDCARDS, &p));
	matches = iam_arn_matches(p.pieces[0].text, text);
	iam_pattern_deinit(&p);
	return matches;
}

static void a_star_is_any_text_and_a_question_mark_one_character(void **state)
{
	assert_true(glob("*", ""));
	assert_true(glob("*", "anything"));
	assert_true(glob("i-*0", "i-120"));
	assert_true(glob("a*b*c", "aXbYbZc"));
	assert_true(glob("**a", "ba"));
	assert_true(glob("a?c", "abc"));
	assert_true(glob("", ""));
	assert_false(glob("", "a"));
	assert_false(glob("?", ""));
	assert_false(glob("a?c", "ac"));
	assert_false(glob("a*b", "abc"));
	assert_false(glob("abc", "abcd"));
	assert_false(glob("abcd", "abc"));
	assert_false(glob("A", "a"));
}

static void a_question_mark_is_one_character_of_utf8(void **state)
{
	assert_true(glob("?", "\xc3\xa9"));
	assert_true(glob("*?x", "\xe2\x82\xacx"));
	assert_false(glob("??", "\xc3\xa9"));
	assert_false(glob("*??x", "\xc3\xa9x"));
}

static void case_is_folded_only_when_asked_for(void **state)
{
	assert_true(iam_glob_matches("ec2:SEND\1", "EC2:SendDiagnosticInterrupt", true));
	assert_false(iam_glob_matches("ec2:SEND\1", "EC2:SendDiagnosticInterrupt", false));
}

static void a_wildcard_of_an_arn_stays_within_its_part(void **state)
{
	assert_true(arn("arn:aws:ec2:*:123456789012:instance/*", INSTANCE));
	assert_true(arn("arn:*:*:*:*:*", INSTANCE));
	assert_true(arn("arn:aws*:ec2:us-*-?:*:instance/i-?234*", INSTANCE));
	assert_false(arn("arn:aws:*:instance/i-1234567890abcdef0", INSTANCE));
	assert_false(arn("arn:aws:ec2:*:instance/i-1234567890abcdef0", INSTANCE));
	assert_false(arn("arn:aws:ec2:us-east-1*:instance/*:x", INSTANCE));
	assert_true(arn("arn:aws:ec2:us-east-1:123456789012:*", INSTANCE));
	assert_true(arn("arn:aws:logs:*:*:log-group:*:x",
			"arn:aws:logs:us-east-1:1:log-group:a:b:x"));
}

static void a_lone_star_is_every_arn_and_even_none(void **state)
{
	assert_true(arn("*", INSTANCE));
	assert_true(arn("*", "*"));
	assert_true(arn("*", "i-1"));
}

static void what_has_not_six_parts_is_no_arn(void **state)
{
	assert_false(arn("arn:aws:ec2:*:*:*", "arn:aws:ec2:us-east-1:123456789012"));
	assert_false(arn("arn:aws:ec2:*:*:*", "*"));
	assert_false(arn("arn:aws:ec2:*:*:*", ""));
}

static void case_counts_in_an_arn(void **state)
{
	assert_false(arn("arn:AWS:ec2:*:*:*", INSTANCE));
	assert_false(arn("arn:aws:ec2:US-EAST-1:*:*", INSTANCE));
	assert_false(arn("arn:aws:ec2:*:*:Instance/*", INSTANCE));
}

/* Twenty stars take a matcher that tries every way longer than the universe is old. */
static void many_stars_take_no_longer_than_one(void **state)
{
	char pattern[IAM_TEXT_MAX + 1], text[4096];
	u64 start = clock_now_ms();

	for (size_t i = 0; i + 2 < sizeof(pattern); i += 2)
		memcpy(pattern + i, "*a", 3);
	pattern[sizeof(pattern) - 1] = '\0';
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 2] = 'b';
	text[sizeof(text) - 1] = '\0';
	assert_false(glob(pattern, text));
	assert_true(clock_now_ms() - start < 20000);
}

/* What the matcher should say, by trying every way. */
static bool every_way(const char *p, const char *t)
{
	if (!*p)
		return !*t;
	if (*p == '*')
		return every_way(p + 1, t) || (*t && every_way(p, t + 1));
	return *t && (*p == '?' || *p == *t) && every_way(p + 1, t + 1);
}

static void all_short_patterns_match_what_trying_every_way_finds(void **state)
{
	static const char signs[] = "ab*?";
	char pattern[6], text[6];

	for (unsigned i = 0; i < 1024; i++) {
		for (unsigned k = 0; k < 5; k++)
			pattern[k] = signs[i >> (2 * k) & 3];
		for (unsigned len = 0; len <= 5; len++) {
			pattern[len] = '\0';
			for (unsigned j = 0; j < 32; j++) {
				for (unsigned k = 0; k < 5; k++)
					text[k] = signs[j >> k & 1];
				text[j % 6] = '\0';
				assert_int_equal(glob(pattern, text),
						 every_way(pattern, text));
			}
			pattern[len] = signs[i >> (2 * len) & 3];
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_star_is_any_text_and_a_question_mark_one_character),
		cmocka_unit_test(a_question_mark_is_one_character_of_utf8),
		cmocka_unit_test(case_is_folded_only_when_asked_for),
		cmocka_unit_test(a_wildcard_of_an_arn_stays_within_its_part),
		cmocka_unit_test(a_lone_star_is_every_arn_and_even_none),
		cmocka_unit_test(what_has_not_six_parts_is_no_arn),
		cmocka_unit_test(case_counts_in_an_arn),
		cmocka_unit_test(many_stars_take_no_longer_than_one),
		cmocka_unit_test(all_short_patterns_match_what_trying_every_way_finds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
