#include "iam_testing.h"

#define POLICY(statements) "{\"Version\": \"2012-10-17\", \"Statement\": [" statements "]}"
#define STATEMENT(effect, action, resource, more)                                          \
	"{\"Effect\": \"" effect "\", \"Action\": " action                                 \
	", \"Resource\": " resource more "}"
#define ALLOW(resource) STATEMENT("Allow", "\"" INTERRUPT "\"", "\"" resource "\"", "")
#define DENY(resource)	STATEMENT("Deny", "\"" INTERRUPT "\"", "\"" resource "\"", "")
#define ALLOW_WHERE(resource, cond)                                                        \
	STATEMENT("Allow", "\"" INTERRUPT "\"", "\"" resource "\"",                        \
		  ", \"Condition\": {" cond "}")

/* What one policy makes of one request. */
struct example {
	const char *what;
	const char *policy;
	const char *action, *resource;
	const char *context[4];
	enum iam_effect effect;
};

static const struct example examples[] = {
	{"the policy of the announcement with region, account and instance filled in",
	 POLICY(ALLOW(INSTANCE)),
	 INTERRUPT,
	 INSTANCE,
	 {0},
	 IAM_ALLOW},
	{"another instance",
	 POLICY(ALLOW(INSTANCE)),
	 INTERRUPT,
	 "arn:aws:ec2:us-east-1:123456789012:instance/i-1234567890abcdef1",
	 {0},
	 IAM_IMPLICIT_DENY},
	{"another region",
	 POLICY(ALLOW(INSTANCE)),
	 INTERRUPT,
	 "arn:aws:ec2:us-east-2:123456789012:instance/i-1234567890abcdef0",
	 {0},
	 IAM_IMPLICIT_DENY},
	{"another account",
	 POLICY(ALLOW(INSTANCE)),
	 INTERRUPT,
	 "arn:aws:ec2:us-east-1:123456789013:instance/i-1234567890abcdef0",
	 {0},
	 IAM_IMPLICIT_DENY},
	{"another action",
	 POLICY(ALLOW(INSTANCE)),
	 "ec2:RebootInstances",
	 INSTANCE,
	 {0},
	 IAM_IMPLICIT_DENY},
	{"the placeholders of the announcement are no wildcards",
	 POLICY(ALLOW("arn:aws:ec2:region:account-id:instance/instance-id")),
	 INTERRUPT,
	 INSTANCE,
	 {0},
	 IAM_IMPLICIT_DENY},
	{"the case of an action does not count",
	 POLICY(STATEMENT("Allow", "\"EC2:sendDIAGNOSTICinterrupt\"", "\"*\"", "")),
	 INTERRUPT,
	 INSTANCE,
	 {0},
	 IAM_ALLOW},
	{"wildcards in an action",
	 POLICY(STATEMENT("Allow", "\"ec2:Send*Interrup?\"", "\"*\"", "")),
	 INTERRUPT,
	 INSTANCE,
	 {0},
	 IAM_ALLOW},
	{"a wildcard for too few letters",
	 POLICY(STATEMENT("Allow", "\"ec2:SendDiagnosticInterrupt?\"", "\"*\"", "")),
	 INTERRUPT,
	 INSTANCE,
	 {0},
	 IAM_IMPLICIT_DENY},
	{"every action",
	 POLICY(STATEMENT("Allow", "\"*\"", "\"*\"", "")),
	 INTERRUPT,
	 INSTANCE,
	 {0},
	 IAM_ALLOW},
	{"every action of another service",
	 POLICY(STATEMENT("Allow", "\"ssm:*\"", "\"*\"", "")),
	 INTERRUPT,
	 INSTANCE,
	 {0},
	 IAM_IMPLICIT_DENY},
	{"one of several actions",
	 POLICY(STATEMENT("Allow", "[\"ec2:Describe*\", \"" INTERRUPT "\"]", "\"*\"", "")),
	 INTERRUPT,
	 INSTANCE,
	 {0},
	 IAM_ALLOW},
	{"the case of a resource counts",
	 POLICY(ALLOW("arn:aws:ec2:us-east-1:123456789012:Instance/*")),
	 INTERRUPT,
	 INSTANCE,
	 {0},
	 IAM_IMPLICIT_DENY},
	{"all instances of an account",
	 POLICY(ALLOW("arn:aws:ec2:*:123456789012:instance/*")),
	 INTERRUPT,
	 INSTANCE,
	 {0},
	 IAM_ALLOW},
	{"a resource with parts left out is completed",
	 POLICY(ALLOW("arn:aws:ec2:us-east-1")),
	 INTERRUPT,
	 INSTANCE,
	 {0},
	 IAM_ALLOW},
	{"completed, it is not wider than it says",
	 POLICY(ALLOW("arn:aws:ec2:us-west-1")),
	 INTERRUPT,
	 INSTANCE,
	 {0},
	 IAM_IMPLICIT_DENY},
	{"a deny of some instances beats an allow of all",
	 POLICY(ALLOW("*") "," DENY("arn:aws:ec2:*:*:instance/i-123*")),
	 INTERRUPT,
	 INSTANCE,
	 {0},
	 IAM_EXPLICIT_DENY},
	{"and leaves the others alone",
	 POLICY(DENY("arn:aws:ec2:*:*:instance/i-124*") "," ALLOW("*")),
	 INTERRUPT,
	 INSTANCE,
	 {0},
	 IAM_ALLOW},
	{"NotAction is every other action",
	 "{\"Version\": \"2012-10-17\", \"Statement\": {\"Effect\": \"Allow\", \"NotAction\": "
	 "\"ec2:Terminate*\", \"Resource\": \"*\"}}",
	 INTERRUPT,
	 INSTANCE,
	 {0},
	 IAM_ALLOW},
	{"and not that one",
	 "{\"Version\": \"2012-10-17\", \"Statement\": {\"Effect\": \"Allow\", \"NotAction\": "
	 "[\"ec2:Terminate*\", \"ec2:send*\"], \"Resource\": \"*\"}}",
	 INTERRUPT,
	 INSTANCE,
	 {0},
	 IAM_IMPLICIT_DENY},
	{"NotResource is every other resource",
	 POLICY(ALLOW("*") ",{\"Effect\": \"Deny\", \"Action\": \"*\", \"NotResource\": "
			   "\"arn:aws:ec2:*:*:instance/i-9*\"}"),
	 INTERRUPT,
	 INSTANCE,
	 {0},
	 IAM_EXPLICIT_DENY},
	{"and not that one",
	 POLICY(ALLOW("*") ",{\"Effect\": \"Deny\", \"Action\": \"*\", \"NotResource\": "
			   "\"arn:aws:ec2:*:*:instance/i-1*\"}"),
	 INTERRUPT,
	 INSTANCE,
	 {0},
	 IAM_ALLOW},
	{"a tag has the value",
	 POLICY(ALLOW_WHERE("*", "\"StringEquals\": {\"ec2:ResourceTag/env\": \"test\"}")),
	 INTERRUPT,
	 INSTANCE,
	 {"ec2:ResourceTag/env=test"},
	 IAM_ALLOW},
	{"the case of a tag's value counts",
	 POLICY(ALLOW_WHERE("*", "\"StringEquals\": {\"ec2:ResourceTag/env\": \"test\"}")),
	 INTERRUPT,
	 INSTANCE,
	 {"ec2:ResourceTag/env=Test"},
	 IAM_IMPLICIT_DENY},
	{"the case of a condition key does not",
	 POLICY(ALLOW_WHERE("*", "\"StringEquals\": {\"EC2:resourcetag/env\": \"test\"}")),
	 INTERRUPT,
	 INSTANCE,
	 {"ec2:ResourceTag/env=test"},
	 IAM_ALLOW},
	{"a missing tag is not equal",
	 POLICY(ALLOW_WHERE("*", "\"StringEquals\": {\"ec2:ResourceTag/env\": \"test\"}")),
	 INTERRUPT,
	 INSTANCE,
	 {0},
	 IAM_IMPLICIT_DENY},
	{"a missing tag is unequal: the trap",
	 POLICY(ALLOW_WHERE("*",
			    "\"StringNotEquals\": {\"ec2:ResourceTag/env\": \"prod\"}")),
	 INTERRUPT,
	 INSTANCE,
	 {0},
	 IAM_ALLOW},
	{"a deny whose condition does not hold",
	 POLICY(ALLOW("*") "," STATEMENT("Deny", "\"*\"", "\"*\"",
					 ", \"Condition\": {\"Bool\": "
					 "{\"aws:SecureTransport\": \"false\"}}")),
	 INTERRUPT,
	 INSTANCE,
	 {"aws:SecureTransport=true"},
	 IAM_ALLOW},
	{"and one whose condition does",
	 POLICY(ALLOW("*") "," STATEMENT("Deny", "\"*\"", "\"*\"",
					 ", \"Condition\": {\"Bool\": "
					 "{\"aws:SecureTransport\": \"false\"}}")),
	 INTERRUPT,
	 INSTANCE,
	 {"aws:SecureTransport=false"},
	 IAM_EXPLICIT_DENY},
	{"an action without resources needs the resource *",
	 POLICY(STATEMENT("Allow", "\"ec2:DescribeInstances\"", "\"*\"", "")),
	 "ec2:DescribeInstances",
	 "*",
	 {0},
	 IAM_ALLOW},
	{"an ARN does not do for it",
	 POLICY(STATEMENT("Allow", "\"ec2:DescribeInstances\"",
			  "\"arn:aws:ec2:*:*:instance/*\"", "")),
	 "ec2:DescribeInstances",
	 "*",
	 {0},
	 IAM_IMPLICIT_DENY},
	{"the other spelling of the partition",
	 POLICY(ALLOW("arn:aws-cn:ec2:*:*:instance/*")),
	 INTERRUPT,
	 INSTANCE,
	 {0},
	 IAM_IMPLICIT_DENY},
};

static void each_example_is_decided_as_aws_does(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		const struct example *e = &examples[i];
		enum iam_effect effect =
			decide(e->policy, e->action, e->resource, e->context);

		if (effect != e->effect)
			print_error("%s: %d\n", e->what, effect);
		assert_int_equal(effect, e->effect);
	}
}

/* A boundary and a session policy beside one or two policies of the principal's own. */
struct parties {
	const char *identity, *other, *boundary, *session;
};

static void decide_all(const struct parties *p, struct iam_decision *ret, char name[64])
{
	struct iam_policy *own[2] = {policy_of(p->identity)};
	struct iam_policy *boundary = p->boundary ? policy_of(p->boundary) : NULL;
	struct iam_policy *session = p->session ? policy_of(p->session) : NULL;
	const struct iam_policy *identity[2] = {own[0]};
	struct iam_grants g = {.identity = identity,
			       .num_identity = 1,
			       .boundary = boundary,
			       .session = session};

	if (p->other) {
		own[1] = policy_of(p->other);
		identity[g.num_identity++] = own[1];
	}
	iam_decide(&g, &(struct iam_request){.action = INTERRUPT, .resource = INSTANCE},
		   ret);
	snprintf(name, 64, "%s/%s/%zu", ret->policy ? ret->policy : "none",
		 ret->statement_id ? ret->statement_id : "none", ret->statement);
	iam_policy_free(own[0]);
	iam_policy_free(own[1]);
	iam_policy_free(boundary);
	iam_policy_free(session);
}

static void expect(const struct parties *p, enum iam_effect effect, enum iam_lack lack)
{
	struct iam_decision d;
	char name[64];

	decide_all(p, &d, name);
	assert_int_equal(d.effect, effect);
	assert_int_equal(d.lack, lack);
	if (effect == IAM_IMPLICIT_DENY)
		assert_null(d.policy);
	else
		assert_non_null(d.policy);
}

#define YES   POLICY(ALLOW("*"))
#define NO    POLICY(DENY("*"))
#define OTHER POLICY(STATEMENT("Allow", "\"s3:*\"", "\"*\"", ""))

static void a_boundary_limits_and_does_not_grant(void **state)
{
	expect(&(struct parties){.identity = YES, .boundary = YES}, IAM_ALLOW,
	       IAM_LACK_NONE);
	expect(&(struct parties){.identity = YES, .boundary = OTHER}, IAM_IMPLICIT_DENY,
	       IAM_LACK_BOUNDARY);
	expect(&(struct parties){.identity = OTHER, .boundary = YES}, IAM_IMPLICIT_DENY,
	       IAM_LACK_IDENTITY);
	expect(&(struct parties){.identity = YES, .boundary = NO}, IAM_EXPLICIT_DENY,
	       IAM_LACK_NONE);
}

static void a_session_policy_limits_and_does_not_grant(void **state)
{
	expect(&(struct parties){.identity = YES, .session = YES}, IAM_ALLOW,
	       IAM_LACK_NONE);
	expect(&(struct parties){.identity = YES, .session = OTHER}, IAM_IMPLICIT_DENY,
	       IAM_LACK_SESSION);
	expect(&(struct parties){.identity = OTHER, .session = YES}, IAM_IMPLICIT_DENY,
	       IAM_LACK_IDENTITY);
	expect(&(struct parties){.identity = YES, .session = NO}, IAM_EXPLICIT_DENY,
	       IAM_LACK_NONE);
	expect(&(struct parties){.identity = YES, .boundary = OTHER, .session = NO},
	       IAM_EXPLICIT_DENY, IAM_LACK_NONE);
	expect(&(struct parties){.identity = YES, .boundary = YES, .session = YES},
	       IAM_ALLOW, IAM_LACK_NONE);
}

static void any_policy_of_a_principal_allows_and_any_denies(void **state)
{
	expect(&(struct parties){.identity = OTHER, .other = YES}, IAM_ALLOW,
	       IAM_LACK_NONE);
	expect(&(struct parties){.identity = YES, .other = NO}, IAM_EXPLICIT_DENY,
	       IAM_LACK_NONE);
	expect(&(struct parties){.identity = OTHER, .other = OTHER}, IAM_IMPLICIT_DENY,
	       IAM_LACK_IDENTITY);
}

static void without_any_policy_nothing_is_allowed(void **state)
{
	struct iam_decision d;

	iam_decide(&(struct iam_grants){0},
		   &(struct iam_request){.action = INTERRUPT, .resource = INSTANCE}, &d);
	assert_int_equal(d.effect, IAM_IMPLICIT_DENY);
	assert_int_equal(d.lack, IAM_LACK_IDENTITY);
}

static void the_statement_that_decided_is_named(void **state)
{
	struct iam_decision d;
	char name[64];

	decide_all(
		&(struct parties){
			.identity = POLICY(ALLOW(
				"arn:aws:s3:::x") ",{\"Sid\": \"Oncall\", \"Effect\": "
						  "\"Allow\", \"Action\": \"ec2:*\", "
						  "\"Resource\": \"*\"}," ALLOW("*"))},
		&d, name);
	assert_int_equal(d.effect, IAM_ALLOW);
	assert_string_equal(name, "test.json/Oncall/2");
	decide_all(&(struct parties){.identity = POLICY(ALLOW("*") "," DENY("*"))}, &d,
		   name);
	assert_int_equal(d.effect, IAM_EXPLICIT_DENY);
	assert_string_equal(name, "test.json/none/2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_example_is_decided_as_aws_does),
		cmocka_unit_test(a_boundary_limits_and_does_not_grant),
		cmocka_unit_test(a_session_policy_limits_and_does_not_grant),
		cmocka_unit_test(any_policy_of_a_principal_allows_and_any_denies),
		cmocka_unit_test(without_any_policy_nothing_is_allowed),
		cmocka_unit_test(the_statement_that_decided_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
