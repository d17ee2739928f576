#include "iam_testing.h"

#include "failing_malloc.h"

#define HEAD	  "{\"Version\": \"2012-10-17\", \"Statement\": ["
#define ALLOW_ALL "{\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\"}"

static void accepts(const char *json)
{
	iam_policy_free(policy_of(json));
}

static void the_policy_of_the_announcement_loads_verbatim(void **state)
{
	accepts("{\n"
		"   \"Version\": \"2012-10-17\",\n"
		"   \"Statement\": [\n"
		"      {\n"
		"      \"Effect\": \"Allow\",\n"
		"      \"Action\": \"ec2:SendDiagnosticInterrupt\",\n"
		"      \"Resource\": \"arn:aws:ec2:region:account-id:instance/instance-id\"\n"
		"      }\n"
		"   ]\n"
		"}");
}

static void every_element_may_be_there(void **state)
{
	accepts("{\"Version\": \"2012-10-17\", \"Id\": \"oncall\", \"Statement\": [{\"Sid\": "
		"\"One1\", \"Effect\": \"Deny\", \"NotAction\": [\"ec2:*\", \"s3:Get?bject\"], "
		"\"NotResource\": [\"arn:aws:ec2:*:*:instance/*\", \"*\"], \"Condition\": {"
		"\"StringEquals\": {\"aws:username\": [\"a\", \"b\"], \"aws:userid\": \"c\"}, "
		"\"Bool\": {\"aws:SecureTransport\": true}, \"NumericLessThan\": "
		"{\"aws:MultiFactorAuthAge\": 300}}}]}");
	accepts("{\"Version\": \"2008-10-17\", \"Statement\": " ALLOW_ALL "}");
	accepts("{\"Statement\": " ALLOW_ALL "}");
	accepts(HEAD
		"{\"Sid\": \"\", \"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": "
		"\"*\", \"Condition\": {}}]}");
}

static void what_is_unknown_is_refused_with_its_line(void **state)
{
	assert_refused("{\"Version\": \"2012-10-17\",\n\"Statments\": [],\n\"Statement\": "
		       "[" ALLOW_ALL "]}",
		       "test.json:2: Statments: a policy has no element of this name");
	assert_refused(
		HEAD ALLOW_ALL ",\n{\"Effect\": \"Allow\",\n\"Action\": \"*\", "
			       "\"Resource\": \"*\",\n\"Conditions\": {}}]}",
		"test.json:4: Statement[1].Conditions: a statement has no element of "
		"this name");
	assert_refused("{\"Version\": \"2012-10-18\", \"Statement\": []}",
		       "test.json:1: Version: has to be \"2012-10-17\" or \"2008-10-17\"");
	assert_condition_refused(
		"\n\"StringEqual\": {\"aws:username\": \"a\"}",
		"test.json:2: Statement.Condition.StringEqual: there is no "
		"condition operator");
	assert_condition_refused("\"stringequals\": {\"aws:username\": \"a\"}",
				 "there is no condition operator");
	assert_condition_refused(
		"\"StringEqualsIfExistsIfExists\": {\"aws:username\": \"a\"}",
		"there is no condition operator");
	assert_condition_refused(
		"\"ForSomeValues:StringEquals\": {\"aws:username\": \"a\"}",
		"there is no condition operator");
	assert_condition_refused(
		"\"StringEquals\": {\"aws:usrname\": \"a\"}",
		"Condition.StringEquals.aws:usrname: there is no condition key");
	assert_condition_refused("\"StringEquals\": {\"ec2:ResourceTag/\": \"a\"}",
				 "there is no condition key");
	assert_condition_refused("\"StringEquals\": {\"username\": \"a\"}",
				 "a key is SERVICE:NAME");
}

static void a_member_that_comes_twice_is_refused(void **state)
{
	assert_refused(HEAD
		       "{\"Effect\": \"Deny\",\n\"Effect\": \"Allow\", \"Action\": \"*\", "
		       "\"Resource\": \"*\"}]}",
		       "test.json:2: duplicate object key");
	assert_condition_refused(
		"\"Bool\": {\"aws:SecureTransport\": \"true\"},\n\"Bool\": "
		"{\"aws:MultiFactorAuthPresent\": \"true\"}",
		"test.json:2: duplicate object key");
}

static void a_statement_has_exactly_one_of_each(void **state)
{
	assert_refused(HEAD "{\"Action\": \"*\", \"Resource\": \"*\"}]}",
		       "test.json:1: Statement[0]: has no Effect");
	assert_refused(HEAD "{\"Effect\": \"Allow\", \"Resource\": \"*\"}]}",
		       "has neither Action nor NotAction");
	assert_refused(HEAD "{\"Effect\": \"Allow\", \"Action\": \"*\"}]}",
		       "has neither Resource nor NotResource");
	assert_refused(HEAD
		       "{\"Effect\": \"Allow\", \"Action\": \"*\", \"NotAction\": \"*\", "
		       "\"Resource\": \"*\"}]}",
		       "Statement[0].NotAction: cannot be there beside its opposite");
	assert_refused(HEAD
		       "{\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\", "
		       "\"NotResource\": \"*\"}]}",
		       "Statement[0].NotResource: cannot be there beside its opposite");
	assert_refused("{\"Version\": \"2012-10-17\"}", "the policy has no Statement");
}

static void an_effect_is_allow_or_deny_in_this_spelling(void **state)
{
	assert_refused(HEAD
		       "{\"Effect\": \"allow\", \"Action\": \"*\", \"Resource\": \"*\"}]}",
		       "Statement[0].Effect: has to be \"Allow\" or \"Deny\"");
	assert_refused(HEAD "{\"Effect\": true, \"Action\": \"*\", \"Resource\": \"*\"}]}",
		       "has to be \"Allow\" or \"Deny\"");
}

static void principals_have_no_place_in_such_a_policy(void **state)
{
	assert_refused(HEAD
		       "{\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"*\", "
		       "\"Resource\": \"*\"}]}",
		       "Statement[0].Principal: a policy of a user, group or role has no "
		       "principal");
	assert_refused(HEAD "{\"Effect\": \"Allow\", \"NotPrincipal\": {\"AWS\": \"*\"}, "
			    "\"Action\": \"*\", \"Resource\": \"*\"}]}",
		       "has no principal");
}

static void an_action_is_a_service_and_a_name(void **state)
{
	static const char *const wrong[] = {"ec2",     "ec2:",	  ":Reboot",	"e*:Reboot",
					    "ec2:a:b", "ec2:a b", "ec2:${x:y}", ""};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		char json[400];

		snprintf(json, sizeof(json),
			 HEAD "{\"Effect\": \"Allow\", \"Action\": [\"*\", \"%s\"], "
			      "\"Resource\": \"*\"}]}",
			 wrong[i]);
		assert_refused(json, "test.json:1: Statement[0].Action[1]: ");
	}
	assert_refused(HEAD "{\"Effect\": \"Allow\", \"Action\": 5, \"Resource\": \"*\"}]}",
		       "Action: has to be a string");
}

static void a_resource_is_an_arn(void **state)
{
	assert_refused(HEAD "{\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": "
			    "\"i-1234567890abcdef0\"}]}",
		       "Statement[0].Resource: a resource is an ARN");
	assert_refused(HEAD "{\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": "
			    "\"arn:aws:ec2:${ec2:Region}:1:instance/*\"}]}",
		       "only be behind the fifth colon");
}

static void an_empty_array_is_refused(void **state)
{
	assert_refused("{\"Version\": \"2012-10-17\", \"Statement\": []}",
		       "Statement: an empty array");
	assert_refused(HEAD
		       "{\"Effect\": \"Deny\", \"NotAction\": [], \"Resource\": \"*\"}]}",
		       "NotAction: an empty array");
	assert_condition_refused("\"StringEquals\": {\"aws:username\": []}",
				 "an empty array");
}

static void ids_are_unique_words(void **state)
{
	assert_refused(HEAD "{\"Sid\": \"A\", \"Effect\": \"Deny\", \"Action\": \"*\", "
			    "\"Resource\": \"*\"},\n{\"Sid\": \"A\", \"Effect\": \"Deny\", "
			    "\"Action\": \"*\", \"Resource\": \"*\"}]}",
		       "test.json:2: Statement[1].Sid: another statement has this Sid");
	assert_refused(HEAD
		       "{\"Sid\": \"on call\", \"Effect\": \"Deny\", \"Action\": \"*\", "
		       "\"Resource\": \"*\"}]}",
		       "Sid: has letters and digits only");
}

static void variables_need_the_version_that_has_them(void **state)
{
	static const char without[] =
		"{\"Version\": \"2008-10-17\", \"Statement\": {\"Effect\": \"Allow\", "
		"\"Action\": \"*\", \"Resource\": \"arn:aws:ec2:*:*:instance/${aws:userid}\"}}";

	assert_refused(without, "there is a variable where none can be");
	assert_refused(
		"{\"Statement\": {\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": "
		"\"*\", \"Condition\": {\"StringLike\": {\"aws:userid\": "
		"\"${aws:username}\"}}}}",
		"there is a variable where none can be");
	assert_condition_refused(
		"\"NumericEquals\": {\"aws:EpochTime\": \"${aws:userid}\"}",
		"there is a variable where none can be");
}

static void a_variable_names_a_key(void **state)
{
	assert_condition_refused("\"StringLike\": {\"aws:userid\": \"${aws:usrname}\"}",
				 "variable ${aws:usrname}: there is no condition key");
	assert_condition_refused("\"StringLike\": {\"aws:userid\": \"${aws:username\"}",
				 "has no closing }");
	assert_condition_refused("\"StringLike\": {\"aws:userid\": \"${}\"}",
				 "a key is SERVICE:NAME");
	assert_condition_refused("\"StringLike\": {\"aws:userid\": \"${aws:username, x}\"}",
				 "has to be in single quotes");
}

static void a_value_that_its_operator_cannot_read_is_refused(void **state)
{
	assert_condition_refused("\"NumericEquals\": {\"aws:EpochTime\": [1, \"1x\"]}",
				 "NumericEquals.aws:EpochTime[1]: not a number");
	assert_condition_refused("\"NumericEquals\": {\"aws:EpochTime\": \"1.\"}",
				 "not a number");
	assert_condition_refused("\"DateLessThan\": {\"aws:CurrentTime\": \"2026-02-29\"}",
				 "not a date");
	assert_condition_refused("\"DateLessThan\": {\"aws:CurrentTime\": \"2026\"}",
				 "not a date");
	assert_condition_refused("\"Bool\": {\"aws:SecureTransport\": \"yes\"}",
				 "neither \"true\" nor \"false\"");
	assert_condition_refused("\"Null\": {\"aws:username\": \"maybe\"}",
				 "neither \"true\" nor \"false\"");
	assert_condition_refused("\"IpAddress\": {\"aws:SourceIp\": \"10.0.0.0/33\"}",
				 "not an address");
	assert_condition_refused("\"BinaryEquals\": {\"s3:x\": \"YQ\"}", "not base64");
	assert_condition_refused(
		"\"ArnLike\": {\"aws:PrincipalArn\": \"arn:aws:iam::user\"}",
		"not an ARN of six parts");
	assert_condition_refused(
		"\"StringEqualsIgnoreCase\": {\"aws:username\": \"\xc3\x84\"}",
		"letters of ASCII only");
	assert_condition_refused("\"StringEquals\": {\"aws:username\": null}",
				 "has to be a string, a number, true or false");
	assert_condition_refused("\"StringEquals\": {\"aws:username\": \"a\\u0001\"}",
				 "a control character, \\u0001");
	assert_condition_refused("\"NullIfExists\": {\"aws:username\": \"true\"}",
				 "Null has no other form");
	assert_condition_refused("\"ForAnyValue:Null\": {\"aws:username\": \"true\"}",
				 "Null has no other form");
	assert_condition_refused("\"StringEquals\": \"aws:username\"",
				 "has to be an object of keys");
}

static void the_size_of_a_policy_is_bounded(void **state)
{
	size_t len = IAM_POLICY_MAX + 1;
	char *json = malloc(len);
	struct iam_policy *p = NULL;

	assert_non_null(json);
	memset(json, ' ', len);
	assert_failure(iam_policy_parse(json, len, "big.json", &p), ERR_BAD_DATA,
		       "big.json: 65537 bytes");
	free(json);
}

static void the_number_of_values_and_statements_is_bounded(void **state)
{
	struct buf b = BUF_INIT;

	buf_add_str(&b,
		    HEAD "{\"Effect\": \"Allow\", \"Resource\": \"*\", \"Action\": [\"*\"");
	for (unsigned i = 0; i < IAM_VALUES_MAX; i++)
		buf_add_str(&b, ",\"*\"");
	buf_add_str(&b, "]}]}");
	assert_refused(buf_text(&b), "1025 values; 1024 are the most");
	buf_deinit(&b);
	b = BUF_INIT;
	buf_add_str(&b, HEAD ALLOW_ALL);
	for (unsigned i = 0; i < IAM_STATEMENTS_MAX; i++)
		buf_add_str(&b, "," ALLOW_ALL);
	buf_add_str(&b, "]}");
	assert_refused(buf_text(&b), "257 values; 256 are the most");
	buf_deinit(&b);
}

static void text_that_is_no_policy_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"5",
		"[]",
		"{",
		"nonsense",
		"{\"Statement\": 5}",
		"{\"Statement\": [5]}",
		"{\"Statement\": {}} trailing",
		"{\"Statement\": null}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_refused(wrong[i], "test.json:1: ");
}

static void an_allow_that_a_missing_key_satisfies_is_warned_of(void **state)
{
	struct iam_policy *p = policy_of(
		ALLOW_IF("\"StringNotEquals\": {\"ec2:ResourceTag/env\": \"prod\"}"));

	assert_int_equal(iam_policy_count_warnings(p), 1);
	assert_string_equal(
		iam_policy_warning(p, 0),
		"test.json: statement 1: allows where ec2:ResourceTag/env is missing "
		"too, because a negated operator is true then; add \"Null\": "
		"{\"ec2:ResourceTag/env\": \"false\"} if that is not meant");
	iam_policy_free(p);
	p = policy_of(ALLOW_IF("\"ForAllValues:StringEquals\": {\"aws:TagKeys\": \"a\"}"));
	assert_int_equal(iam_policy_count_warnings(p), 1);
	assert_non_null(strstr(iam_policy_warning(p, 0), "ForAllValues is true then"));
	iam_policy_free(p);
}

static void what_is_meant_is_not_warned_of(void **state)
{
	static const char *const meant[] = {
		ALLOW_IF(
			"\"StringNotEquals\": {\"ec2:ResourceTag/env\": \"prod\"}, \"Null\": "
			"{\"EC2:resourcetag/ENV\": \"false\"}"),
		ALLOW_IF(
			"\"StringNotEqualsIfExists\": {\"ec2:ResourceTag/env\": \"prod\"}"),
		ALLOW_IF("\"NotIpAddress\": {\"aws:SourceIp\": \"10.0.0.0/8\"}"),
		ALLOW_IF("\"StringEquals\": {\"ec2:ResourceTag/env\": \"prod\"}"),
		HEAD
		"{\"Effect\": \"Deny\", \"NotAction\": \"ec2:*\", \"Resource\": \"*\", "
		"\"Condition\": {\"StringNotEquals\": {\"aws:username\": \"x\"}}}]}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(meant); i++) {
		struct iam_policy *p = policy_of(meant[i]);

		assert_int_equal(iam_policy_count_warnings(p), 0);
		iam_policy_free(p);
	}
}

static void an_allow_of_all_but_something_is_warned_of(void **state)
{
	struct iam_policy *p =
		policy_of(HEAD "{\"Effect\": \"Allow\", \"NotAction\": \"s3:*\", "
			       "\"NotResource\": \"arn:aws:s3:::x\"}]}");

	assert_int_equal(iam_policy_count_warnings(p), 2);
	iam_policy_free(p);
}

static struct err *parse_some(void *ctx)
{
	static const char json[] = HEAD
		"{\"Sid\": \"A\", \"Effect\": \"Allow\", \"Action\": [\"ec2:*\"], "
		"\"NotResource\": \"arn:aws:ec2:*:*:instance/${aws:userid, 'x'}b\", "
		"\"Condition\": {\"StringNotLike\": {\"aws:username\": [\"a*\", 5, true]}, "
		"\"IpAddress\": {\"aws:SourceIp\": \"::1\"}}}]}";
	struct iam_policy *p = NULL;
	struct err *err = iam_policy_parse(json, strlen(json), "test.json", &p);

	if (!err)
		iam_policy_free(p);
	return err;
}

static void parsing_survives_each_failing_allocation(void **state)
{
	assert_true(each_allocation_fails_once(parse_some, NULL) > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_policy_of_the_announcement_loads_verbatim),
		cmocka_unit_test(every_element_may_be_there),
		cmocka_unit_test(what_is_unknown_is_refused_with_its_line),
		cmocka_unit_test(a_member_that_comes_twice_is_refused),
		cmocka_unit_test(a_statement_has_exactly_one_of_each),
		cmocka_unit_test(an_effect_is_allow_or_deny_in_this_spelling),
		cmocka_unit_test(principals_have_no_place_in_such_a_policy),
		cmocka_unit_test(an_action_is_a_service_and_a_name),
		cmocka_unit_test(a_resource_is_an_arn),
		cmocka_unit_test(an_empty_array_is_refused),
		cmocka_unit_test(ids_are_unique_words),
		cmocka_unit_test(variables_need_the_version_that_has_them),
		cmocka_unit_test(a_variable_names_a_key),
		cmocka_unit_test(a_value_that_its_operator_cannot_read_is_refused),
		cmocka_unit_test(the_size_of_a_policy_is_bounded),
		cmocka_unit_test(the_number_of_values_and_statements_is_bounded),
		cmocka_unit_test(text_that_is_no_policy_is_refused),
		cmocka_unit_test(an_allow_that_a_missing_key_satisfies_is_warned_of),
		cmocka_unit_test(what_is_meant_is_not_warned_of),
		cmocka_unit_test(an_allow_of_all_but_something_is_warned_of),
		cmocka_unit_test(parsing_survives_each_failing_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
