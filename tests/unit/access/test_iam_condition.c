#include "iam_testing.h"

/* A condition with one key: user ids stand for any text. */
#define ID(op, values) "\"" op "\": {\"aws:userid\": " values "}"

static void string_equals_is_exact(void **state)
{
	assert_true(HOLDS(ID("StringEquals", "\"alice\""), "aws:userid=alice"));
	assert_false(HOLDS(ID("StringEquals", "\"alice\""), "aws:userid=Alice"));
	assert_false(HOLDS(ID("StringEquals", "\"al*\""), "aws:userid=alice"));
	assert_true(HOLDS(ID("StringEquals", "\"al*\""), "aws:userid=al*"));
	assert_true(HOLDS(ID("StringEquals", "[\"bob\", \"alice\"]"), "aws:userid=alice"));
	assert_false(HOLDS(ID("StringEquals", "\"alice\"")));
	assert_true(HOLDS(ID("StringEquals", "\"5\""), "aws:userid=5"));
	assert_true(HOLDS(ID("StringEquals", "5"), "aws:userid=5"));
	assert_true(HOLDS(ID("StringEquals", "0.1"), "aws:userid=0.1"));
	assert_true(HOLDS(ID("StringEquals", "true"), "aws:userid=true"));
}

static void string_not_equals_is_none_of_the_values(void **state)
{
	assert_true(HOLDS(ID("StringNotEquals", "\"alice\""), "aws:userid=bob"));
	assert_false(
		HOLDS(ID("StringNotEquals", "[\"bob\", \"alice\"]"), "aws:userid=bob"));
	assert_true(HOLDS(ID("StringNotEquals", "\"alice\"")));
}

static void ignoring_case_is_for_letters_of_ascii(void **state)
{
	assert_true(HOLDS(ID("StringEqualsIgnoreCase", "\"aLICe\""), "aws:userid=Alice"));
	assert_false(HOLDS(ID("StringEqualsIgnoreCase", "\"al*\""), "aws:userid=Alice"));
	assert_false(HOLDS(ID("StringEqualsIgnoreCase", "\"[\""), "aws:userid={"));
	assert_false(
		HOLDS(ID("StringNotEqualsIgnoreCase", "\"aLICe\""), "aws:userid=Alice"));
	assert_true(HOLDS(ID("StringNotEqualsIgnoreCase", "\"aLICe\""), "aws:userid=Bob"));
}

static void string_like_has_wildcards(void **state)
{
	assert_true(HOLDS(ID("StringLike", "\"al*c?\""), "aws:userid=alice"));
	assert_false(HOLDS(ID("StringLike", "\"al*c?\""), "aws:userid=ALICE"));
	assert_true(HOLDS(ID("StringLike", "\"*\""), "aws:userid="));
	assert_false(HOLDS(ID("StringLike", "\"*\"")));
	assert_false(HOLDS(ID("StringNotLike", "\"al*\""), "aws:userid=alice"));
	assert_true(HOLDS(ID("StringNotLike", "\"al*\""), "aws:userid=bob"));
	assert_true(HOLDS(ID("StringLike", "\"a${*}${?}${$}\""), "aws:userid=a*?$"));
	assert_false(HOLDS(ID("StringLike", "\"a${*}\""), "aws:userid=abc"));
}

#define AGE(op, value) "\"" op "\": {\"aws:MultiFactorAuthAge\": " value "}"

static void numbers_are_compared_as_numbers(void **state)
{
	assert_true(HOLDS(AGE("NumericEquals", "300"), "aws:MultiFactorAuthAge=300.0"));
	assert_true(HOLDS(AGE("NumericEquals", "\"0.1\""), "aws:MultiFactorAuthAge=0.10"));
	assert_false(HOLDS(AGE("NumericEquals", "300"), "aws:MultiFactorAuthAge=301"));
	assert_true(HOLDS(AGE("NumericNotEquals", "300"), "aws:MultiFactorAuthAge=301"));
	assert_false(HOLDS(AGE("NumericNotEquals", "300"), "aws:MultiFactorAuthAge=300"));
	assert_true(HOLDS(AGE("NumericLessThan", "300"), "aws:MultiFactorAuthAge=99"));
	assert_false(HOLDS(AGE("NumericLessThan", "300"), "aws:MultiFactorAuthAge=300"));
	assert_true(
		HOLDS(AGE("NumericLessThanEquals", "300"), "aws:MultiFactorAuthAge=300"));
	assert_true(HOLDS(AGE("NumericGreaterThan", "-1"), "aws:MultiFactorAuthAge=0"));
	assert_false(HOLDS(AGE("NumericGreaterThan", "0"), "aws:MultiFactorAuthAge=-0"));
	assert_true(HOLDS(AGE("NumericGreaterThanEquals", "[900, 300]"),
			  "aws:MultiFactorAuthAge=300"));
	/* Neighbours that a double does not tell apart. */
	assert_false(HOLDS(AGE("NumericEquals", "100000000000000001"),
			   "aws:MultiFactorAuthAge=100000000000000002"));
}

static void what_is_no_number_satisfies_no_comparison(void **state)
{
	assert_false(HOLDS(AGE("NumericEquals", "0"), "aws:MultiFactorAuthAge=none"));
	assert_false(HOLDS(AGE("NumericNotEquals", "0"), "aws:MultiFactorAuthAge=none"));
	assert_false(HOLDS(AGE("NumericNotEquals", "0"), "aws:MultiFactorAuthAge=0x10"));
	assert_false(HOLDS(AGE("NumericLessThan", "9"), "aws:MultiFactorAuthAge=1e0"));
	assert_false(HOLDS(AGE("NumericLessThan", "9"), "aws:MultiFactorAuthAge="));
}

#define TIME(op, value) "\"" op "\": {\"aws:CurrentTime\": \"" value "\"}"

static void dates_of_each_form_are_the_same_moment(void **state)
{
	static const char *const same[] = {
		"aws:CurrentTime=2026-11-20T21:58:52Z",
		"aws:CurrentTime=2026-11-20T21:58:52.000Z",
		"aws:CurrentTime=2026-11-20T22:58:52+01:00",
		"aws:CurrentTime=2026-11-20T16:28:52-05:30",
		"aws:CurrentTime=1795211932",
	};

	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		assert_true(HOLDS(TIME("DateEquals", "2026-11-20T21:58:52Z"), same[i]));
		assert_true(HOLDS(TIME("DateEquals", "1795211932"), same[i]));
		assert_false(HOLDS(TIME("DateNotEquals", "2026-11-20T21:58:52Z"), same[i]));
	}
	assert_true(HOLDS(TIME("DateEquals", "2024-02"), "aws:CurrentTime=2024-02-01"));
	assert_true(HOLDS(TIME("DateEquals", "2024-02-29"),
			  "aws:CurrentTime=2024-02-29T00:00Z"));
	assert_true(HOLDS(TIME("DateEquals", "2000-03-01"), "aws:CurrentTime=951868800"));
	assert_true(HOLDS(TIME("DateEquals", "1969-12-31T23:59:59Z"),
			  "aws:CurrentTime=1970-01-01T00:59:59+01:00"));
}

static void dates_have_an_order(void **state)
{
	assert_true(HOLDS(TIME("DateLessThan", "2026-11-21"),
			  "aws:CurrentTime=2026-11-20T23:59:59.999999Z"));
	assert_false(
		HOLDS(TIME("DateLessThan", "2026-11-21"), "aws:CurrentTime=2026-11-21"));
	assert_true(HOLDS(TIME("DateLessThanEquals", "2026-11-21"),
			  "aws:CurrentTime=2026-11-21"));
	assert_true(HOLDS(TIME("DateGreaterThan", "2026-11-21"),
			  "aws:CurrentTime=2026-11-21T00:00:00.000001Z"));
	assert_true(HOLDS(TIME("DateGreaterThanEquals", "2026-11-21"),
			  "aws:CurrentTime=2026-11-21"));
	assert_true(
		HOLDS(TIME("DateNotEquals", "2026-11-21"), "aws:CurrentTime=2026-11-22"));
}

static void what_is_no_date_satisfies_no_comparison(void **state)
{
	static const char *const wrong[] = {
		"aws:CurrentTime=now",
		"aws:CurrentTime=2026-13-01",
		"aws:CurrentTime=2025-02-29",
		"aws:CurrentTime=2026-11-20T25:00Z",
		"aws:CurrentTime=2026-11-20T21:58:52",
		"aws:CurrentTime=2026-11-20T21:58:52+0100",
		"aws:CurrentTime=2026-11-20 21:58:52Z",
		"aws:CurrentTime=9999999999999",
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_false(HOLDS(TIME("DateNotEquals", "2026-11-20"), wrong[i]));
		assert_false(HOLDS(TIME("DateGreaterThan", "1970-01-02"), wrong[i]));
	}
}

#define SECURE(op, value) "\"" op "\": {\"aws:SecureTransport\": " value "}"

static void a_boolean_is_true_or_false_in_either_case(void **state)
{
	assert_true(HOLDS(SECURE("Bool", "\"true\""), "aws:SecureTransport=true"));
	assert_true(HOLDS(SECURE("Bool", "true"), "aws:SecureTransport=TRUE"));
	assert_false(HOLDS(SECURE("Bool", "true"), "aws:SecureTransport=false"));
	assert_false(HOLDS(SECURE("Bool", "false"), "aws:SecureTransport=no"));
	assert_false(HOLDS(SECURE("Bool", "false")));
	assert_true(HOLDS(SECURE("BoolIfExists", "true")));
	assert_true(HOLDS(SECURE("Bool", "[true, false]"), "aws:SecureTransport=false"));
}

static void binary_values_are_compared_byte_for_byte(void **state)
{
	assert_true(HOLDS("\"BinaryEquals\": {\"kms:x\": \"QmluYXJ5VmFsdWU=\"}",
			  "kms:x=QmluYXJ5VmFsdWU="));
	assert_false(HOLDS("\"BinaryEquals\": {\"kms:x\": \"QmluYXJ5VmFsdWU=\"}",
			   "kms:x=QmluYXJ5VmFsdWU"));
	assert_true(HOLDS("\"BinaryEquals\": {\"kms:x\": [\"\", \"YQ==\"]}", "kms:x=YQ=="));
}

#define FROM(op, value) "\"" op "\": {\"aws:SourceIp\": " value "}"

static void an_address_lies_in_a_network(void **state)
{
	assert_true(
		HOLDS(FROM("IpAddress", "\"203.0.113.0/24\""), "aws:SourceIp=203.0.113.7"));
	assert_false(
		HOLDS(FROM("IpAddress", "\"203.0.113.0/24\""), "aws:SourceIp=203.0.114.7"));
	assert_true(
		HOLDS(FROM("IpAddress", "\"203.0.113.7\""), "aws:SourceIp=203.0.113.7"));
	assert_true(
		HOLDS(FROM("IpAddress", "\"203.0.113.9/24\""), "aws:SourceIp=203.0.113.7"));
	/* A net is in another one where all of it is. */
	assert_true(HOLDS(FROM("IpAddress", "\"203.0.113.0/24\""),
			  "aws:SourceIp=203.0.113.128/25"));
	assert_false(HOLDS(FROM("IpAddress", "\"203.0.113.0/24\""),
			   "aws:SourceIp=203.0.113.0/23"));
	assert_true(HOLDS(FROM("IpAddress", "\"0.0.0.0/0\""), "aws:SourceIp=203.0.113.7"));
	assert_true(HOLDS(FROM("IpAddress", "[\"10.0.0.0/8\", \"2001:DB8::/33\"]"),
			  "aws:SourceIp=2001:db8:7fff::1"));
	assert_false(HOLDS(FROM("IpAddress", "\"2001:DB8::/33\""),
			   "aws:SourceIp=2001:db8:8000::1"));
	assert_false(HOLDS(FROM("IpAddress", "\"10.0.0.0/8\"")));
}

static void an_address_of_the_other_family_lies_outside(void **state)
{
	assert_false(HOLDS(FROM("IpAddress", "\"0.0.0.0/0\""), "aws:SourceIp=2001:db8::1"));
	assert_true(
		HOLDS(FROM("NotIpAddress", "\"0.0.0.0/0\""), "aws:SourceIp=2001:db8::1"));
	assert_false(HOLDS(FROM("IpAddress", "\"::/0\""), "aws:SourceIp=10.0.0.1"));
}

static void an_ipv4_address_in_ipv6_is_one_of_ipv4(void **state)
{
	assert_true(
		HOLDS(FROM("IpAddress", "\"10.0.0.0/8\""), "aws:SourceIp=::ffff:10.1.2.3"));
	assert_false(HOLDS(FROM("NotIpAddress", "\"::ffff:10.0.0.0/104\""),
			   "aws:SourceIp=10.1.2.3"));
}

static void not_ip_address_is_outside_all_networks(void **state)
{
	assert_true(HOLDS(FROM("NotIpAddress", "[\"10.0.0.0/8\", \"192.168.0.0/16\"]"),
			  "aws:SourceIp=172.16.0.1"));
	assert_false(HOLDS(FROM("NotIpAddress", "[\"10.0.0.0/8\", \"192.168.0.0/16\"]"),
			   "aws:SourceIp=192.168.3.4"));
	assert_true(HOLDS(FROM("NotIpAddress", "\"10.0.0.0/8\"")));
	assert_false(HOLDS(FROM("NotIpAddress", "\"10.0.0.0/8\""), "aws:SourceIp=unknown"));
	assert_false(HOLDS(FROM("NotIpAddress", "\"10.0.0.0/8\""),
			   "aws:SourceIp=172.16.0.0/12x"));
}

#define WHO(op, value) "\"" op "\": {\"aws:PrincipalArn\": \"" value "\"}"
#define ALICE	       "aws:PrincipalArn=arn:aws:iam::123456789012:user/ops/alice"

static void both_arn_operators_have_wildcards(void **state)
{
	assert_true(HOLDS(WHO("ArnEquals", "arn:aws:iam::*:user/ops/*"), ALICE));
	assert_true(HOLDS(WHO("ArnLike", "arn:aws:iam::123456789012:user/*"), ALICE));
	assert_true(HOLDS(WHO("ArnLike", "*"), ALICE));
	assert_false(HOLDS(WHO("ArnLike", "arn:aws:*:user/ops/alice:*:*"), ALICE));
	assert_false(HOLDS(WHO("ArnEquals", "arn:aws:iam::*:role/*"), ALICE));
	assert_false(HOLDS(WHO("ArnNotEquals", "arn:aws:iam::*:user/ops/*"), ALICE));
	assert_true(HOLDS(WHO("ArnNotLike", "arn:aws:iam::*:role/*"), ALICE));
	assert_false(HOLDS(WHO("ArnLike", "arn:aws:iam::*:*"), "aws:PrincipalArn=alice"));
}

static void null_asks_whether_the_key_is_there(void **state)
{
	assert_true(HOLDS(ID("Null", "\"true\"")));
	assert_false(HOLDS(ID("Null", "true"), "aws:userid=a"));
	assert_true(HOLDS(ID("Null", "\"false\""), "aws:userid=a"));
	assert_false(HOLDS(ID("Null", "false")));
	assert_true(HOLDS(ID("Null", "[true, false]"), "aws:userid=a"));
}

/* Every operator with a value that "x" (and the like) does not match. */
static const struct {
	const char *op, *value;
	bool is_negated;
} every[] = {
	{"StringEquals", "a", false},
	{"StringNotEquals", "a", true},
	{"StringEqualsIgnoreCase", "a", false},
	{"StringNotEqualsIgnoreCase", "a", true},
	{"StringLike", "a", false},
	{"StringNotLike", "a", true},
	{"NumericEquals", "1", false},
	{"NumericNotEquals", "1", true},
	{"NumericLessThan", "1", false},
	{"NumericLessThanEquals", "1", false},
	{"NumericGreaterThan", "1", false},
	{"NumericGreaterThanEquals", "1", false},
	{"DateEquals", "2026-11-20", false},
	{"DateNotEquals", "2026-11-20", true},
	{"DateLessThan", "2026-11-20", false},
	{"DateLessThanEquals", "2026-11-20", false},
	{"DateGreaterThan", "2026-11-20", false},
	{"DateGreaterThanEquals", "2026-11-20", false},
	{"Bool", "true", false},
	{"BinaryEquals", "YQ==", false},
	{"IpAddress", "10.0.0.0/8", false},
	{"NotIpAddress", "10.0.0.0/8", true},
	{"ArnEquals", "arn:aws:a:b:c:d", false},
	{"ArnLike", "arn:aws:a:b:c:d", false},
	{"ArnNotEquals", "arn:aws:a:b:c:d", true},
	{"ArnNotLike", "arn:aws:a:b:c:d", true},
};

static bool holds_without_key(const char *prefix, const char *op, const char *suffix,
			      const char *value)
{
	char json[400];

	snprintf(json, sizeof(json), ALLOW_IF("\"%s%s%s\": {\"aws:userid\": \"%s\"}"),
		 prefix, op, suffix, value);
	return DECIDE(json, INTERRUPT, INSTANCE) == IAM_ALLOW;
}

static void a_missing_key_fails_what_is_positive_and_satisfies_what_is_negated(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(every); i++)
		assert_int_equal(holds_without_key("", every[i].op, "", every[i].value),
				 every[i].is_negated);
}

static void a_missing_key_satisfies_every_operator_with_if_exists(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(every); i++) {
		assert_true(holds_without_key("", every[i].op, "IfExists", every[i].value));
		assert_true(holds_without_key("ForAllValues:", every[i].op, "IfExists",
					      every[i].value));
		assert_true(holds_without_key("ForAnyValue:", every[i].op, "IfExists",
					      every[i].value));
	}
}

static void a_missing_key_is_all_values_and_not_any(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(every); i++) {
		assert_true(holds_without_key("ForAllValues:", every[i].op, "",
					      every[i].value));
		assert_false(
			holds_without_key("ForAnyValue:", every[i].op, "", every[i].value));
	}
}

#define TAGS(op, values) "\"" op "\": {\"aws:TagKeys\": " values "}"

static void for_all_values_wants_each_value_to_match(void **state)
{
	assert_true(HOLDS(TAGS("ForAllValues:StringEquals", "[\"env\", \"team\"]"),
			  "aws:TagKeys=env", "aws:TagKeys=team"));
	assert_false(HOLDS(TAGS("ForAllValues:StringEquals", "[\"env\", \"team\"]"),
			   "aws:TagKeys=env", "aws:TagKeys=cost"));
	assert_true(HOLDS(TAGS("ForAllValues:StringNotEquals", "\"env\""),
			  "aws:TagKeys=cost", "aws:TagKeys=team"));
	assert_false(HOLDS(TAGS("ForAllValues:StringNotEquals", "\"env\""),
			   "aws:TagKeys=cost", "aws:TagKeys=env"));
}

static void for_any_value_wants_one_value_to_match(void **state)
{
	assert_true(HOLDS(TAGS("ForAnyValue:StringLike", "\"env*\""), "aws:TagKeys=cost",
			  "aws:TagKeys=env1"));
	assert_false(HOLDS(TAGS("ForAnyValue:StringLike", "\"env*\""), "aws:TagKeys=cost"));
	assert_true(HOLDS(TAGS("ForAnyValue:StringNotEquals", "\"env\""),
			  "aws:TagKeys=cost", "aws:TagKeys=env"));
	assert_false(
		HOLDS(TAGS("ForAnyValue:StringNotEquals", "\"env\""), "aws:TagKeys=env"));
}

static void several_values_need_a_set_operator(void **state)
{
	assert_false(HOLDS(TAGS("StringEquals", "[\"env\", \"team\"]"), "aws:TagKeys=env",
			   "aws:TagKeys=team"));
	assert_false(HOLDS(TAGS("StringNotEquals", "\"cost\""), "aws:TagKeys=env",
			   "aws:TagKeys=team"));
}

static void an_empty_value_is_an_empty_set(void **state)
{
	assert_true(HOLDS(TAGS("ForAllValues:StringEquals", "\"env\""), "aws:TagKeys="));
	assert_false(HOLDS(TAGS("ForAnyValue:StringNotEquals", "\"env\""), "aws:TagKeys="));
	assert_false(HOLDS(ID("StringEquals", "\"env\""), "aws:userid="));
}

static void all_operators_and_all_keys_have_to_hold(void **state)
{
#define BOTH                                                                               \
	"\"StringEquals\": {\"aws:userid\": \"a\", \"ec2:Region\": \"eu-west-1\"}, "       \
	"\"Bool\": {\"aws:SecureTransport\": true}"
	assert_true(HOLDS(BOTH, "aws:userid=a", "ec2:Region=eu-west-1",
			  "aws:SecureTransport=true"));
	assert_false(HOLDS(BOTH, "aws:userid=b", "ec2:Region=eu-west-1",
			   "aws:SecureTransport=true"));
	assert_false(HOLDS(BOTH, "aws:userid=a", "ec2:Region=eu-west-2",
			   "aws:SecureTransport=true"));
	assert_false(HOLDS(BOTH, "aws:userid=a", "ec2:Region=eu-west-1",
			   "aws:SecureTransport=false"));
}

static void names_of_keys_have_no_case(void **state)
{
	assert_true(HOLDS("\"StringEquals\": {\"EC2:resourcetag/ENV\": \"prod\"}",
			  "ec2:ResourceTag/env=prod"));
	assert_true(HOLDS("\"StringEquals\": {\"AWS:USERID\": \"a\"}", "aws:userid=a"));
	assert_false(HOLDS("\"StringEquals\": {\"ec2:ResourceTag/env\": \"a\"}",
			   "aws:ResourceTag/env=a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(string_equals_is_exact),
		cmocka_unit_test(string_not_equals_is_none_of_the_values),
		cmocka_unit_test(ignoring_case_is_for_letters_of_ascii),
		cmocka_unit_test(string_like_has_wildcards),
		cmocka_unit_test(numbers_are_compared_as_numbers),
		cmocka_unit_test(what_is_no_number_satisfies_no_comparison),
		cmocka_unit_test(dates_of_each_form_are_the_same_moment),
		cmocka_unit_test(dates_have_an_order),
		cmocka_unit_test(what_is_no_date_satisfies_no_comparison),
		cmocka_unit_test(a_boolean_is_true_or_false_in_either_case),
		cmocka_unit_test(binary_values_are_compared_byte_for_byte),
		cmocka_unit_test(an_address_lies_in_a_network),
		cmocka_unit_test(an_address_of_the_other_family_lies_outside),
		cmocka_unit_test(an_ipv4_address_in_ipv6_is_one_of_ipv4),
		cmocka_unit_test(not_ip_address_is_outside_all_networks),
		cmocka_unit_test(both_arn_operators_have_wildcards),
		cmocka_unit_test(null_asks_whether_the_key_is_there),
		cmocka_unit_test(
			a_missing_key_fails_what_is_positive_and_satisfies_what_is_negated),
		cmocka_unit_test(a_missing_key_satisfies_every_operator_with_if_exists),
		cmocka_unit_test(a_missing_key_is_all_values_and_not_any),
		cmocka_unit_test(for_all_values_wants_each_value_to_match),
		cmocka_unit_test(for_any_value_wants_one_value_to_match),
		cmocka_unit_test(several_values_need_a_set_operator),
		cmocka_unit_test(an_empty_value_is_an_empty_set),
		cmocka_unit_test(all_operators_and_all_keys_have_to_hold),
		cmocka_unit_test(names_of_keys_have_no_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
