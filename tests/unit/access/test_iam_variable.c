#include "iam_testing.h"

#define ON(effect, resource)                                                               \
	"{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", "           \
	"\"Action\": \"*\", \"Resource\": \"*\"}, {\"Effect\": \"" effect                  \
	"\", \"Action\": \"" INTERRUPT "\", \"Resource\": \"" resource "\"}]}"
#define ALLOW_ON(resource)                                                                 \
	"{\"Version\": \"2012-10-17\", \"Statement\": {\"Effect\": \"Allow\", "            \
	"\"Action\": \"" INTERRUPT "\", \"Resource\": \"" resource "\"}}"
#define ALLOWED(json, ...) (DECIDE(json, INTERRUPT, INSTANCE, __VA_ARGS__) == IAM_ALLOW)

#define BY_TAG "arn:aws:ec2:*:*:instance/${aws:PrincipalTag/instance}"

static void a_variable_is_the_value_of_its_key(void **state)
{
	assert_true(
		ALLOWED(ALLOW_ON(BY_TAG), "aws:PrincipalTag/instance=i-1234567890abcdef0"));
	assert_true(
		ALLOWED(ALLOW_ON("arn:aws:ec2:*:*:instance/${AWS:principaltag/Instance}"),
			"aws:PrincipalTag/instance=i-1234567890abcdef0"));
	assert_false(ALLOWED(ALLOW_ON(BY_TAG), "aws:PrincipalTag/instance=i-123"));
	assert_true(
		HOLDS("\"StringEquals\": {\"ec2:ResourceTag/owner\": \"${aws:username}\"}",
		      "ec2:ResourceTag/owner=alice", "aws:username=alice"));
	assert_false(
		HOLDS("\"StringEquals\": {\"ec2:ResourceTag/owner\": \"${aws:username}\"}",
		      "ec2:ResourceTag/owner=alice", "aws:username=bob"));
	assert_true(HOLDS("\"StringLike\": {\"ec2:ResourceTag/owner\": "
			  "\"${aws:username}-${aws:userid}*\"}",
			  "ec2:ResourceTag/owner=alice-AIDA-x", "aws:username=alice",
			  "aws:userid=AIDA"));
	assert_true(HOLDS("\"ArnLike\": {\"aws:SourceArn\": "
			  "\"arn:aws:iam::${aws:PrincipalAccount}:user/*\"}",
			  "aws:SourceArn=arn:aws:iam::1:user/a", "aws:PrincipalAccount=1"));
}

static void a_value_has_no_wildcards(void **state)
{
	assert_false(ALLOWED(ALLOW_ON(BY_TAG), "aws:PrincipalTag/instance=i-*"));
	assert_false(ALLOWED(ALLOW_ON(BY_TAG), "aws:PrincipalTag/instance=*"));
	/* What stands for a wildcard inside of us. */
	assert_false(ALLOWED(ALLOW_ON(BY_TAG), "aws:PrincipalTag/instance=\1"));
	assert_false(HOLDS("\"StringLike\": {\"aws:userid\": \"${aws:username}\"}",
			   "aws:userid=alice", "aws:username=\1"));
	assert_true(HOLDS("\"StringLike\": {\"aws:userid\": \"${aws:username}\"}",
			  "aws:userid=a*", "aws:username=a*"));
}

static void a_variable_without_a_value_matches_nothing(void **state)
{
	assert_false(ALLOWED(ALLOW_ON(BY_TAG)));
	assert_false(ALLOWED(ALLOW_ON(BY_TAG), "aws:PrincipalTag/instance="));
	assert_false(HOLDS("\"StringEquals\": {\"aws:userid\": \"${aws:username}\"}",
			   "aws:userid="));
	assert_true(
		HOLDS("\"StringEquals\": {\"aws:userid\": [\"${aws:username}\", \"a\"]}",
		      "aws:userid=a"));
}

static void no_allow_is_made_of_a_negation_of_it(void **state)
{
	assert_false(HOLDS("\"StringNotEquals\": {\"aws:userid\": \"${aws:username}\"}",
			   "aws:userid=a"));
	assert_false(HOLDS("\"ArnNotLike\": {\"aws:PrincipalArn\": "
			   "\"arn:aws:iam::1:user/${aws:username}\"}",
			   "aws:PrincipalArn=arn:aws:iam::1:user/a"));
#define ALL_BUT(effect, resource)                                                          \
	"{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"" effect             \
	"\", \"Action\": \"*\", \"NotResource\": \"" resource "\"}]}"
	assert_false(ALLOWED(ALL_BUT("Allow", BY_TAG)));
	/* What it could not be whatever its value. */
	assert_true(ALLOWED(ALL_BUT(
		"Allow", "arn:aws:ec2:eu-west-1:*:instance/${aws:PrincipalTag/i}")));
}

static void a_deny_by_a_negation_of_it_denies(void **state)
{
	assert_int_equal(
		DECIDE("{\"Version\": \"2012-10-17\", \"Statement\": {\"Effect\": "
		       "\"Deny\", \"Action\": \"*\", \"Resource\": \"*\", \"Condition\": "
		       "{\"StringNotEquals\": {\"ec2:ResourceTag/team\": "
		       "\"${aws:PrincipalTag/team}\"}}}}",
		       INTERRUPT, INSTANCE, "ec2:ResourceTag/team=web"),
		IAM_EXPLICIT_DENY);
	assert_int_equal(DECIDE(ALL_BUT("Deny", BY_TAG), INTERRUPT, INSTANCE),
			 IAM_EXPLICIT_DENY);
	/* A resource with it is none, so that a Deny of it denies nothing. */
	assert_true(ALLOWED(ON("Deny", BY_TAG)));
}

static void a_default_stands_in_for_a_missing_value(void **state)
{
#define DEFAULT                                                                            \
	"arn:aws:ec2:*:*:instance/${aws:PrincipalTag/instance, 'i-1234567890abcdef0'}"
	assert_true(ALLOWED(ALLOW_ON(DEFAULT)));
	assert_false(ALLOWED(ALLOW_ON(DEFAULT), "aws:PrincipalTag/instance=i-1"));
	assert_true(HOLDS("\"StringEquals\": {\"aws:userid\": \"${aws:username,'a}*'}\"}",
			  "aws:userid=a}*"));
	assert_false(HOLDS("\"StringLike\": {\"aws:userid\": \"${aws:username, '*'}\"}",
			   "aws:userid=a"));
	assert_true(HOLDS("\"StringLike\": {\"aws:userid\": \"a${aws:username, ''}\"}",
			  "aws:userid=a"));
}

static void a_key_with_several_values_is_no_variable(void **state)
{
	assert_false(ALLOWED(ALLOW_ON(DEFAULT), "aws:PrincipalTag/instance=i-1",
			     "aws:PrincipalTag/instance=i-1234567890abcdef0"));
}

static void a_dollar_without_a_brace_is_text(void **state)
{
	assert_true(HOLDS("\"StringEquals\": {\"aws:userid\": \"$5 {a}\"}",
			  "aws:userid=$5 {a}"));
	assert_true(HOLDS("\"StringEquals\": {\"aws:userid\": \"${$}{a}\"}",
			  "aws:userid=${a}"));
}

static void what_would_become_too_long_matches_nothing(void **state)
{
	char word[3000];

	memset(word, 'a', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	memcpy(word, "aws:username=", 13);
	assert_false(HOLDS("\"StringLike\": {\"aws:userid\": \"*${aws:username}*\"}",
			   "aws:userid=a", word));
	assert_false(HOLDS("\"StringNotLike\": {\"aws:userid\": \"*${aws:username}*\"}",
			   "aws:userid=a", word));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_variable_is_the_value_of_its_key),
		cmocka_unit_test(a_value_has_no_wildcards),
		cmocka_unit_test(a_variable_without_a_value_matches_nothing),
		cmocka_unit_test(no_allow_is_made_of_a_negation_of_it),
		cmocka_unit_test(a_deny_by_a_negation_of_it_denies),
		cmocka_unit_test(a_default_stands_in_for_a_missing_value),
		cmocka_unit_test(a_key_with_several_values_is_no_variable),
		cmocka_unit_test(a_dollar_without_a_brace_is_text),
		cmocka_unit_test(what_would_become_too_long_matches_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
