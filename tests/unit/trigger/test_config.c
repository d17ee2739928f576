#include "testing.h"

#include "base/io.h"
#include "base/str.h"
#include "failing_malloc.h"
#include "trigger/config.h"

#include <sys/stat.h>

/* A configuration directory that goes away with the test. */
static char *make_directory(void)
{
	static const char *const inside[] = {"instances", "principals", "policies"};
	char *path = strdup("/tmp/inquest-test-config-XXXXXX");
	char below[200];

	assert_non_null(mkdtemp(path));
	for (size_t i = 0; i < ARRAY_SIZE(inside); i++) {
		snprintf(below, sizeof(below), "%s/%s", path, inside[i]);
		assert_int_equal(mkdir(below, 0700), 0);
	}
	return path;
}

static void put_with(const char *dir, const char *name, unsigned mode, const char *text)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_success(io_write_file(path, mode, text, strlen(text)));
	assert_int_equal(chmod(path, mode), 0);
}

static void put(const char *dir, const char *name, const char *text)
{
	put_with(dir, name, 0600, text);
}

static int set_up(void **state)
{
	*state = make_directory();
	put(*state, "inquestd.json", "{\n\"account\": \"123456789012\"\n}\n");
	return 0;
}

static int tear_down(void **state)
{
	char command[300];

	/* A path that mkdtemp() made. */
	snprintf(command, sizeof(command), "rm -rf '%s'", (char *)*state);
	assert_int_equal(system(command), 0);
	free(*state);
	return 0;
}

static const struct config *load(const char *dir)
{
	const struct config *c = NULL;

	assert_success(config_load(dir, &c));
	return c;
}

#define assert_refused(dir, words)                                                         \
	do {                                                                               \
		const struct config *c_ = NULL;                                            \
		assert_failure(config_load(dir, &c_), ERR_BAD_DATA, words);                \
	} while (0)

#define POLICY(action)                                                                     \
	"{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", "           \
	"\"Action\": \"" action "\", \"Resource\": \"*\"}]}"
#define INSTANCE "{\"id\": \"i-1234567890abcdef0\", \"backend\": \"qmp:/run/web.qmp\"}"
#define KEY	 "{\"access_key\": \"AKIDEXAMPLE\", \"secret\": \"wJalr\"}"

static void three_lines_are_enough(void **state)
{
	const struct config *c;

	put(*state, "instances/web.json", INSTANCE);
	c = load(*state);
	assert_string_equal(c->region, "us-east-1");
	assert_string_equal(c->api.address, "127.0.0.1");
	assert_int_equal(c->api.port, 8480);
	assert_int_equal(c->skew_s, 300);
	assert_false(c->allows_presigned);
	assert_int_equal(c->limits.latch_s, 900);
	assert_int_equal(c->limits.duplicate_s, 600);
	assert_int_equal(c->limits.captures_in_flight, 1);
	assert_true(c->limits.principal.tokens > 4.9 && c->limits.principal.tokens < 5.1);
	assert_true(c->limits.principal.refill_per_s > 0.09 &&
		    c->limits.principal.refill_per_s < 0.11);
	assert_int_equal(c->num_instances, 1);
	assert_string_equal(
		c->instances[0].arn,
		"arn:aws:ec2:us-east-1:123456789012:instance/i-1234567890abcdef0");
	assert_string_equal(c->instances[0].zone, "us-east-1a");
	assert_true(c->instances[0].asks_state);
	assert_true(c->instances[0].has_interrupt);
	assert_int_equal(c->num_warnings, 0);
	config_unref(c);
}

static void without_instances_it_says_so(void **state)
{
	const struct config *c = load(*state);

	assert_int_equal(c->num_warnings, 1);
	assert_string_equal(c->warnings[0], "no instance is configured");
	config_unref(c);
}

static void every_member_of_the_server_is_read(void **state)
{
	const struct config *c;

	put(*state, "inquestd.json",
	    "{\"partition\": \"aws-cn\", \"region\": \"eu-west-1\", \"account\": "
	    "\"000000000001\", \"api\": {\"address\": \"0.0.0.0\", \"port\": 443, "
	    "\"certificate\": \"/c.pem\", \"key\": \"/k.pem\"}, \"pages\": {\"address\": "
	    "\"::\", \"port\": 0, \"certificate\": \"/c.pem\", \"key\": \"/k.pem\", "
	    "\"token\": \"sixteen letters!\"}, \"metrics\": false, \"skew_s\": 900, \"presigned\": "
	    "{\"allowed\": true, \"max_s\": 30}, \"trusted_proxies\": [\"10.0.0.1\"], "
	    "\"limits\": {\"principal\": {\"tokens\": 1000, \"refill_per_s\": 1e3}, "
	    "\"unauthenticated\": {\"tokens\": 1.5}, \"captures_in_flight\": 7, \"latch_s\": "
	    "60, \"duplicate_s\": 30, \"connections\": 10, \"replays\": 11}, \"hooks\": "
	    "{\"webhook\": \"https://x/\", \"command\": [\"/bin/true\", \"a\"]}, "
	    "\"state_dir\": \"/s\", \"audit_file\": \"/a\", \"fallback\": {\"dump\": true, "
	    "\"directory\": \"/d\", \"action\": \"reset\", \"quiet_s\": 5, \"no_sign_s\": 6}, "
	    "\"types_without_interrupt\": [\"t2.*\"]}");
	put(*state, "instances/all.json",
	    "[{\"id\": \"i-0123abcd\", \"type\": \"t2.micro\", \"backend\": \"exec:/\"}]");
	assert_refused(*state, "argv and the URI exec: come together");
	put(*state, "instances/all.json",
	    "[{\"id\": \"i-0123abcd\", \"type\": \"t2.micro\", \"backend\": {\"uri\": "
	    "\"exec:\", \"argv\": [\"/bin/true\"]}}]");
	c = load(*state);
	assert_string_equal(c->pages.token, "sixteen letters!");
	assert_null(c->metrics.address);
	assert_int_equal(c->api.port, 443);
	assert_string_equal(c->trusted_proxies[0], "10.0.0.1");
	assert_null(c->trusted_proxies[1]);
	assert_int_equal(c->limits.captures_in_flight, 7);
	assert_int_equal(c->limits.replays, 11);
	assert_string_equal(c->hooks.command[1], "a");
	assert_true(c->instances[0].fallback.dumps);
	assert_int_equal(c->instances[0].fallback.action, CONFIG_RESET);
	assert_false(c->instances[0].has_interrupt);
	assert_string_equal(c->instances[0].arn,
			    "arn:aws-cn:ec2:eu-west-1:000000000001:instance/i-0123abcd");
	config_unref(c);
}

static void every_member_of_an_instance_is_read(void **state)
{
	const struct config_instance *i;
	const struct config *c;

	put(*state, "instances/db.json",
	    "[{\"id\": \"i-0000000000000000f\", \"account\": \"210987654321\", \"region\": "
	    "\"eu-north-1\", \"zone\": \"eu-north-1b\", \"type\": \"r5.large\", \"image\": "
	    "\"ami-1\", \"private_ip\": \"10.0.0.9\", \"tags\": {\"env\": \"prod\", \"Name\": "
	    "\"\"}, \"state\": \"stopped\", \"backend\": {\"uri\": \"ipmi://bmc\", "
	    "\"username\": \"admin\", \"password\": \"secret\"}, \"console\": "
	    "\"unix:/run/c\", \"dump_dir\": \"/dumps\", \"machine_id\": \"m\", \"dmi_uuid\": "
	    "\"u\", \"diagnostic_interrupt\": false}, " INSTANCE "]");
	c = load(*state);
	i = config_find_instance(c, "i-0000000000000000f");
	assert_non_null(i);
	assert_int_equal(i->num_tags, 2);
	assert_string_equal(i->tags[0].key, "env");
	assert_string_equal(i->tags[1].value, "");
	assert_false(i->asks_state || i->is_running || i->has_interrupt);
	assert_string_equal(i->backend.password, "secret");
	assert_string_equal(i->dump_dir, "/dumps");
	assert_string_equal(i->console, "unix:/run/c");
	assert_non_null(config_find_instance(c, "i-1234567890abcdef0"));
	assert_null(config_find_instance(c, "i-1234567890abcdef1"));
	config_unref(c);
}

static void the_first_generation_of_arm_has_no_interrupt(void **state)
{
	const struct config *c;

	put(*state, "instances/a.json",
	    "[{\"id\": \"i-00000001\", \"type\": \"a1.metal\", \"backend\": \"qmp:/a\"},"
	    "{\"id\": \"i-00000002\", \"type\": \"a1.large\", \"backend\": \"qmp:/b\", "
	    "\"diagnostic_interrupt\": true}]");
	c = load(*state);
	assert_false(c->instances[0].has_interrupt);
	assert_true(c->instances[1].has_interrupt);
	config_unref(c);
}

static enum iam_effect ask(const struct config *c, const char *access_key,
			   const char *action)
{
	const struct config_key *k = config_find_key(c, access_key);
	struct iam_decision d;

	assert_non_null(k);
	iam_decide(&k->principal->grants,
		   &(struct iam_request){.action = action, .resource = "*"}, &d);
	return d.effect;
}

static void users_have_policies_of_their_own_and_of_their_groups(void **state)
{
	const struct config_key *k;
	const struct config *c;

	put(*state, "policies/oncall.json", POLICY("ec2:SendDiagnosticInterrupt"));
	put(*state, "policies/all.json", POLICY("*"));
	put(*state, "policies/limit.json", POLICY("ec2:*"));
	/* The group is in a file that comes later. */
	put(*state, "principals/a.json",
	    "{\"users\": [{\"name\": \"alice\", \"path\": \"/ops/\", \"groups\": "
	    "[\"readers\"], \"policies\": [\"oncall\"], \"inline\": {\"mine\": " POLICY(
		    "s3:Get*") "}, \"tags\": {\"team\": \"kernel\"}, \"keys\": [" KEY
			       "]}]}");
	put(*state, "principals/b.json",
	    "{\"groups\": [{\"name\": \"readers\", \"inline\": {\"read\": " POLICY(
		    "ec2:Describe*") "}}], \"users\": [{\"name\": \"bob\", \"policies\": "
				     "[\"all\"], \"boundary\": \"limit\", \"keys\": "
				     "[{\"access_key\": \"AKIDOTHER\", \"secret\": \"x\"}]}]}");
	c = load(*state);
	k = config_find_key(c, "AKIDEXAMPLE");
	assert_string_equal(k->secret, "wJalr");
	assert_null(k->session_token);
	assert_int_equal(k->principal->type, CONFIG_USER);
	assert_string_equal(k->principal->arn, "arn:aws:iam::123456789012:user/ops/alice");
	assert_string_equal(k->principal->policy_arn, k->principal->arn);
	assert_string_equal(k->principal->tags[0].value, "kernel");
	assert_int_equal(strlen(k->principal->id), 21);
	assert_int_equal(ask(c, "AKIDEXAMPLE", "ec2:SendDiagnosticInterrupt"), IAM_ALLOW);
	assert_int_equal(ask(c, "AKIDEXAMPLE", "ec2:DescribeInstances"), IAM_ALLOW);
	assert_int_equal(ask(c, "AKIDEXAMPLE", "s3:GetObject"), IAM_ALLOW);
	assert_int_equal(ask(c, "AKIDEXAMPLE", "s3:PutObject"), IAM_IMPLICIT_DENY);
	assert_int_equal(ask(c, "AKIDOTHER", "ec2:RebootInstances"), IAM_ALLOW);
	assert_int_equal(ask(c, "AKIDOTHER", "s3:GetObject"), IAM_IMPLICIT_DENY);
	assert_null(config_find_key(c, "AKIDNOBODY"));
	assert_int_equal(c->num_principals, 2);
	assert_int_equal(c->num_policies, 5);
	config_unref(c);
}

static void sessions_of_a_role_have_its_rights_and_less(void **state)
{
	const struct config_key *k;
	const struct config *c;

	put(*state, "policies/all.json", POLICY("*"));
	put(*state, "principals/r.json",
	    "{\"roles\": [{\"name\": \"oncall\", \"policies\": [\"all\"], \"sessions\": "
	    "[{\"name\": \"laptop\", \"access_key\": \"ASIAEXAMPLE\", \"secret\": \"s\", "
	    "\"session_token\": \"token\", \"issued\": 1795211932, \"expires\": "
	    "\"2026-11-20T21:58:53Z\", \"inline\": " POLICY("ec2:*") "}]}]}");
	c = load(*state);
	k = config_find_key(c, "ASIAEXAMPLE");
	assert_string_equal(k->session_token, "token");
	assert_int_equal(k->expires - k->issued, 1);
	assert_int_equal(k->principal->type, CONFIG_ROLE_SESSION);
	assert_string_equal(k->principal->arn,
			    "arn:aws:sts::123456789012:assumed-role/oncall/laptop");
	assert_string_equal(k->principal->policy_arn,
			    "arn:aws:iam::123456789012:role/oncall");
	assert_string_equal(k->principal->name, "laptop");
	assert_true(str_has_suffix(k->principal->id, ":laptop"));
	assert_int_equal(ask(c, "ASIAEXAMPLE", "ec2:SendDiagnosticInterrupt"), IAM_ALLOW);
	assert_int_equal(ask(c, "ASIAEXAMPLE", "s3:GetObject"), IAM_IMPLICIT_DENY);
	config_unref(c);
}

static void what_is_unknown_is_refused_with_file_line_and_place(void **state)
{
	put(*state, "instances/web.json",
	    "[\n{\"id\": \"i-1234567890abcdef0\",\n\"backend\": {\"url\": \"qmp:/a\"}}]");
	assert_refused(*state,
		       "instances/web.json:3: [0].backend.url: there is no member of "
		       "this name here; there are: uri, ");
	put(*state, "instances/web.json", INSTANCE);
	put(*state, "principals/a.json", "{\"user\": []}");
	assert_refused(*state, "principals/a.json:1: user: there is no member");
	put(*state, "principals/a.json",
	    "{\"users\": [{\"name\": \"a\", \"policys\": []}]}");
	assert_refused(*state, "principals/a.json:1: users[0].policys: there is no member");
	put(*state, "principals/a.json", "{}");
	put(*state, "inquestd.json", "{\n\"regoin\": \"us-east-1\"}");
	assert_refused(*state, "inquestd.json:2: regoin: there is no member");
	put(*state, "inquestd.json", "{\n\"region\": }");
	assert_refused(*state, "inquestd.json:2: ");
}

static void a_bad_policy_is_refused_with_its_line(void **state)
{
	put(*state, "policies/x.json", "{\"Statement\": [\n{\"Effect\": \"allow\"}]}");
	assert_refused(*state, "policies/x.json:2: Statement[0]");
	put(*state, "policies/x.json", POLICY("*"));
	put(*state, "principals/a.json",
	    "{\"users\": [{\"name\": \"a\", \"inline\": {\n\"mine\": {\"Statement\": {}}}}]}");
	assert_refused(*state,
		       "principals/a.json:2: users[0].inline.mine.Statement: has no "
		       "Effect");
}

static void what_is_there_twice_is_refused_with_both_places(void **state)
{
	put(*state, "instances/a.json", "[" INSTANCE "]");
	put(*state, "instances/b.json", INSTANCE);
	assert_refused(*state,
		       "/instances/b.json: id: the instance i-1234567890abcdef0 is there "
		       "already, in ");
	assert_refused(*state, "/instances/a.json: [0].id");
	put(*state, "instances/b.json", "[]");
	put(*state, "principals/a.json",
	    "{\"users\": [{\"name\": \"a\", \"keys\": [" KEY
	    "]}, {\"name\": \"b\", \"keys\": [" KEY "]}]}");
	assert_refused(*state,
		       "principals/a.json: users[1].keys[0].access_key: the access key "
		       "AKIDEXAMPLE is there already, in ");
	put(*state, "principals/a.json",
	    "{\"users\": [{\"name\": \"a\"}, {\"name\": \"a\"}]}");
	assert_refused(*state,
		       "the principal arn:aws:iam::123456789012:user/a is there already");
	put(*state, "principals/a.json",
	    "{\"groups\": [{\"name\": \"a\"}, {\"name\": \"a\"}]}");
	assert_refused(*state, "the group a is there already");
}

static void a_name_that_leads_nowhere_is_refused(void **state)
{
	put(*state, "principals/a.json",
	    "{\"users\": [{\"name\": \"a\", \"policies\": [\"nosuch\"]}]}");
	assert_refused(*state, "users[0].policies[0]: there is no policy nosuch: "
			       "policies/nosuch.json");
	put(*state, "principals/a.json",
	    "{\"users\": [{\"name\": \"a\", \"boundary\": \"nosuch\"}]}");
	assert_refused(*state, "users[0].boundary: there is no policy nosuch");
	put(*state, "principals/a.json",
	    "{\"users\": [{\"name\": \"a\", \"groups\": [\"nosuch\"]}]}");
	assert_refused(*state, "users[0].groups[0]: there is no group nosuch");
}

/* An inline policy is nobody else's, even by its name. */
static void inline_policies_are_not_found_by_name(void **state)
{
	put(*state, "principals/a.json",
	    "{\"users\": [{\"name\": \"a\", \"inline\": {\"mine\": " POLICY(
		    "*") "}}, {\"name\": \"b\", \"policies\": [\"mine\"]}]}");
	assert_refused(*state, "there is no policy mine");
}

static void secrets_that_others_may_read_are_refused(void **state)
{
	const struct config *c = NULL;

	put_with(*state, "principals/a.json", 0640, "{}");
	assert_failure(config_load(*state, &c), ERR_REFUSED, "chmod 600");
	put(*state, "principals/a.json", "{}");
	put_with(
		*state, "instances/a.json", 0644,
		"{\"id\": \"i-00000001\", \"backend\": {\"uri\": \"ipmi://b\", \"password\": "
		"\"hunter2\"}}");
	assert_failure(config_load(*state, &c), ERR_REFUSED, "backend.password: a secret");
	put_with(*state, "instances/a.json", 0644, INSTANCE);
	put_with(*state, "inquestd.json", 0644, "{\"pages\": {\"token\": \"hunter2\"}}");
	assert_failure(config_load(*state, &c), ERR_REFUSED, "pages.token: a secret");
	put_with(*state, "inquestd.json", 0644, "{}");
	config_unref(load(*state));
}

static void no_sentence_carries_a_secret(void **state)
{
	const struct config *c = NULL;
	struct err *err;

	put(*state, "principals/a.json",
	    "{\"users\": [{\"name\": \"a\", \"keys\": [{\"access_key\": \"AKIDEXAMPLE\", "
	    "\"secret\": \"hunter2\\u0001\"}]}]}");
	err = config_load(*state, &c);
	assert_non_null(err);
	assert_null(strstr(err_message(err), "hunter2"));
	err_free(err);
}

static void listeners_are_plain_on_loopback_only(void **state)
{
	static const struct {
		const char *listener, *words;
	} wrong[] = {
		{"\"api\": {\"address\": \"0.0.0.0\"}",
		 "needs a certificate and its key, or"},
		{"\"api\": {\"address\": \"localhost\"}", "has to be an IP address"},
		{"\"api\": {\"certificate\": \"/c\"}", "certificate and key come together"},
		{"\"api\": {\"port\": 65536}", "has to be a number from 0 to 65535"},
		{"\"api\": {\"token\": \"x\"}", "only pages and metrics have a token"},
		{"\"pages\": {\"address\": \"::\", \"token\": \"x\"}",
		 "needs a certificate"},
		{"\"pages\": {\"address\": \"::\", \"certificate\": \"/c\", \"key\": \"/k\"}",
		 "needs a token"},
		{"\"pages\": {\"address\": \"::\", \"plain_anywhere\": true, \"token\": \"x\"}",
		 "not shown in plain HTTP"},
		{"\"pages\": {\"address\": \"::\", \"certificate\": \"/c\", \"key\": \"/k\", "
		 "\"token\": \"fifteen letters\"}",
		 "less than 16 characters could be guessed"},
		{"\"metrics\": {\"address\": \"::\", \"plain_anywhere\": true, \"token\": "
		 "\"guess\"}",
		 "less than 16 characters could be guessed"},
	};
	char text[400];

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		snprintf(text, sizeof(text), "{%s}", wrong[i].listener);
		put(*state, "inquestd.json", text);
		assert_refused(*state, wrong[i].words);
	}
	put(*state, "inquestd.json",
	    "{\"api\": {\"address\": \"0.0.0.0\", \"plain_anywhere\": true}, \"pages\": "
	    "{\"address\": \"::1\"}, \"metrics\": {\"address\": \"127.3.2.1\"}}");
	config_unref(load(*state));
}

static void metrics_are_plain_where_asked_for_and_may_have_a_token(void **state)
{
	const struct config *c;

	put(*state, "inquestd.json",
	    "{\"metrics\": {\"address\": \"0.0.0.0\", \"plain_anywhere\": true, "
	    "\"token\": \"sixteen letters!\"}}");
	c = load(*state);
	assert_string_equal(c->metrics.token, "sixteen letters!");
	config_unref(c);
	put(*state, "inquestd.json", "{\"metrics\": {\"address\": \"0.0.0.0\"}}");
	assert_refused(*state, "needs a certificate and its key, or");
}

static void absurd_values_are_refused(void **state)
{
	static const struct {
		const char *file, *text, *words;
	} wrong[] = {
		{"inquestd.json", "{\"account\": \"12\"}", "an account has twelve digits"},
		{"inquestd.json", "{\"region\": \"US East\"}", "lower case letters"},
		{"inquestd.json", "{\"skew_s\": -1}", "has to be a number from 1 to 900"},
		{"inquestd.json", "{\"skew_s\": \"5\"}",
		 "has to be a number from 1 to 900"},
		{"inquestd.json", "{\"state_dir\": \"var\"}", "has to be an absolute path"},
		{"inquestd.json", "{\"limits\": {\"latch_s\": 5}}",
		 "duplicate_s is longer than latch_s"},
		{"inquestd.json", "{\"limits\": {\"principal\": {\"tokens\": -1}}}",
		 "has to be a number from 0"},
		{"inquestd.json", "{\"fallback\": {\"dump\": true}}",
		 "a dump needs a directory"},
		{"inquestd.json", "{\"fallback\": {\"action\": \"explode\"}}",
		 "has to be \"leave\""},
		{"inquestd.json", "{\"hooks\": {\"command\": [\"true\"]}}",
		 "absolute path"},
		{"inquestd.json", "{\"hooks\": {\"webhook\": \"file:///etc\"}}", "http://"},
		{"inquestd.json", "{\"trusted_proxies\": [\"10.0.0.0/8\"]}",
		 "trusted_proxies[0]: has to be an IP address"},
		{"inquestd.json", "[]", "has to be an object"},
		{"instances/w.json", "{\"backend\": \"qmp:/a\"}", "has no id"},
		{"instances/w.json", "{\"id\": \"i-00000001\"}", "has no backend"},
		{"instances/w.json", "{\"id\": \"i-1\", \"backend\": \"qmp:/a\"}",
		 "8 or 17 hexadecimal digits"},
		{"instances/w.json", "{\"id\": \"i-0000000A\", \"backend\": \"qmp:/a\"}",
		 "8 or 17 hexadecimal digits"},
		{"instances/w.json", "{\"id\": \"i-00000001\", \"backend\": \"telnet:a\"}",
		 "backend.uri: has to be qmp:PATH"},
		{"instances/w.json",
		 "{\"id\": \"i-00000001\", \"backend\": \"qmp:/a\", \"state\": \"on\"}",
		 "has to be \"ask\""},
		{"instances/w.json",
		 "{\"id\": \"i-00000001\", \"backend\": \"qmp:/a\", \"tags\": {\"aws:x\": \"\"}}",
		 "not set by hand"},
		{"principals/w.json", "{\"users\": {}}", "users: has to be an array"},
		{"principals/w.json", "{\"users\": [{\"name\": \"a b\"}]}",
		 "letters, digits and _+=,.@-"},
		{"principals/w.json",
		 "{\"users\": [{\"name\": \"a\", \"keys\": [{\"access_key\": \"AKIDEXAMPLE\"}]}]}",
		 "has no secret"},
		{"principals/w.json",
		 "{\"users\": [{\"name\": \"a\", \"keys\": [{\"access_key\": \"a/b/c/d/e\", "
		 "\"secret\": \"x\"}]}]}",
		 "from 8 to 128 letters"},
		{"principals/w.json",
		 "{\"roles\": [{\"name\": \"a\", \"sessions\": [{\"name\": \"b\", \"access_key\": "
		 "\"ASIAEXAMPLE\", \"secret\": \"x\", \"session_token\": \"y\"}]}]}",
		 "has no expires"},
		{"principals/w.json",
		 "{\"roles\": [{\"name\": \"a\", \"sessions\": [{\"name\": \"b\", \"access_key\": "
		 "\"ASIAEXAMPLE\", \"secret\": \"x\", \"session_token\": \"y\", \"expires\": "
		 "\"tomorrow\"}]}]}",
		 "has to be a time in UTC"},
		/* As a number it would be one that never comes. */
		{"principals/w.json",
		 "{\"roles\": [{\"name\": \"a\", \"sessions\": [{\"name\": \"b\", \"access_key\": "
		 "\"ASIAEXAMPLE\", \"secret\": \"x\", \"session_token\": \"y\", \"expires\": "
		 "\"1970-01-01T00:00:00Z\"}]}]}",
		 "has to be after"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		put(*state, "inquestd.json", "{}");
		put(*state, "instances/w.json", "[]");
		put(*state, "principals/w.json", "{}");
		put(*state, wrong[i].file, wrong[i].text);
		assert_refused(*state, wrong[i].words);
	}
}

static void addresses_that_are_none_are_refused(void **state)
{
	static const struct {
		const char *backend, *words;
	} wrong[] = {
		{"qmp:", "backend: qmp address: no path"},
		{"libvirt+qemu:///system", "it has a URI and a domain"},
		{"ipmi://a b", "ipmi address"},
		{"redfish://bmc/redfish/v1", "the path is that of a system"},
		{"ec2:eu-west-1/i-00000001", "ec2: keys are needed"},
	};
	char text[128];

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		snprintf(text, sizeof(text),
			 "{\"id\": \"i-00000001\", \"backend\": \"%s\"}", wrong[i].backend);
		put(*state, "instances/w.json", text);
		assert_refused(*state, wrong[i].words);
	}
}

static void files_of_other_names_are_left_alone(void **state)
{
	put(*state, "instances/.web.json.swp", "nonsense");
	put(*state, "instances/web.json~", "nonsense");
	put(*state, "instances/README", "nonsense");
	config_unref(load(*state));
}

static void a_directory_without_the_main_file_is_an_error(void **state)
{
	const struct config *c = NULL;

	assert_failure(config_load("/nonexistent", &c), ERR_OS,
		       "/nonexistent/inquestd.json: ");
}

static void the_cap_on_captures_follows_the_fleet(void **state)
{
	struct buf b = BUF_INIT;
	const struct config *c;

	buf_add_char(&b, '[');
	for (unsigned i = 0; i < 150; i++)
		buf_printf(&b, "%s{\"id\": \"i-%08x\", \"backend\": \"qmp:/x\"}",
			   i ? "," : "", i);
	buf_add_char(&b, ']');
	put(*state, "instances/fleet.json", buf_text(&b));
	buf_deinit(&b);
	c = load(*state);
	assert_int_equal(c->num_instances, 150);
	assert_int_equal(c->limits.captures_in_flight, 3);
	for (unsigned i = 0; i < 150; i++) {
		char id[CONFIG_INSTANCE_ID_MAX + 1];

		snprintf(id, sizeof(id), "i-%08x", i);
		assert_string_equal(config_find_instance(c, id)->id, id);
	}
	config_unref(c);
}

static void a_configuration_lives_as_long_as_somebody_holds_it(void **state)
{
	const struct config *c = load(*state), *held = config_ref(c);

	config_unref(c);
	assert_string_equal(held->region, "us-east-1");
	config_unref(held);
	config_unref(NULL);
}

/* Write what stands between the fences below the next heading of a file's name, "#### `x`",
 * from *@text on. False where there is none. */
static bool put_example(const char *dir, char **text)
{
	char *name = strstr(*text, "\n#### `"), *name_end, *fence, *fence_end;

	if (!name)
		return false;
	name += strlen("\n#### `");
	name_end = strchr(name, '`');
	assert_non_null(name_end);
	fence = strstr(name_end, "```json\n");
	assert_non_null(fence);
	fence += strlen("```json\n");
	fence_end = strstr(fence, "```");
	assert_non_null(fence_end);
	*text = fence_end + 3;
	*name_end = *fence_end = '\0';
	put(dir, name, fence);
	return true;
}

static void the_example_of_the_documentation_loads(void **state)
{
	char *text = NULL, *at;
	const struct config *c;
	size_t files = 0;

	assert_success(io_read_file(DOCS_DIR "/inquestd.md", 1 << 20, &text, NULL));
	for (at = text; put_example(*state, &at);)
		files++;
	free(text);
	assert_int_equal(files, 4);
	c = load(*state);
	assert_int_equal(c->num_instances, 2);
	assert_int_equal(c->num_keys, 2);
	assert_int_equal(c->num_warnings, 0);
	assert_int_equal(ask(c, "AKIAIOSFODNN7EXAMPLE", "ec2:DescribeInstances"),
			 IAM_ALLOW);
	assert_int_equal(ask(c, "ASIAIOSFODNN7EXAMPLE", "ec2:DescribeInstances"),
			 IAM_ALLOW);
	config_unref(c);
}

/* Lines that are an array of words are commands for exec:. */
static void the_commands_of_the_documentation_are_taken(void **state)
{
	static const char begin[] = "\n    [";
	char *text = NULL, instance[512];
	const struct config *c;
	size_t commands = 0;

	assert_success(io_read_file(DOCS_DIR "/backends.md", 1 << 20, &text, NULL));
	for (char *at = text; (at = strstr(at, begin)); commands++) {
		at += strlen(begin) - 1;
		snprintf(instance, sizeof(instance),
			 "{\"id\": \"i-1234567890abcdef0\", \"backend\": {\"uri\": "
			 "\"exec:\", \"argv\": %.*s}}",
			 (int)strcspn(at, "\n"), at);
		put(*state, "instances/web.json", instance);
		c = load(*state);
		assert_int_equal(c->instances[0].backend.argv[0][0], '/');
		config_unref(c);
	}
	free(text);
	assert_int_equal(commands, 3);
}

static struct err *load_some(void *ctx)
{
	const struct config *c = NULL;
	struct err *err = config_load(ctx, &c);

	if (!err)
		config_unref(c);
	return err;
}

static void loading_survives_each_failing_allocation(void **state)
{
	put(*state, "policies/all.json", POLICY("*"));
	put(*state, "instances/web.json", INSTANCE);
	put(*state, "principals/a.json",
	    "{\"groups\": [{\"name\": \"g\", \"policies\": [\"all\"]}], \"users\": [{\"name\": "
	    "\"a\", \"groups\": [\"g\"], \"keys\": [" KEY
	    "]}], \"roles\": [{\"name\": \"r\", "
	    "\"inline\": {\"i\": " POLICY(
		    "s3:*") "}, \"sessions\": [{\"name\": \"s\", "
			    "\"access_key\": \"ASIAEXAMPLE\", \"secret\": \"x\", \"session_token\": \"y\", "
			    "\"expires\": 1795211932}]}]}");
	assert_true(each_allocation_fails_once(load_some, *state) > 50);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(three_lines_are_enough),
		TEST(without_instances_it_says_so),
		TEST(every_member_of_the_server_is_read),
		TEST(every_member_of_an_instance_is_read),
		TEST(the_first_generation_of_arm_has_no_interrupt),
		TEST(users_have_policies_of_their_own_and_of_their_groups),
		TEST(sessions_of_a_role_have_its_rights_and_less),
		TEST(what_is_unknown_is_refused_with_file_line_and_place),
		TEST(a_bad_policy_is_refused_with_its_line),
		TEST(what_is_there_twice_is_refused_with_both_places),
		TEST(a_name_that_leads_nowhere_is_refused),
		TEST(inline_policies_are_not_found_by_name),
		TEST(secrets_that_others_may_read_are_refused),
		TEST(no_sentence_carries_a_secret),
		TEST(listeners_are_plain_on_loopback_only),
		TEST(metrics_are_plain_where_asked_for_and_may_have_a_token),
		TEST(absurd_values_are_refused),
		TEST(addresses_that_are_none_are_refused),
		TEST(files_of_other_names_are_left_alone),
		TEST(a_directory_without_the_main_file_is_an_error),
		TEST(the_cap_on_captures_follows_the_fleet),
		TEST(a_configuration_lives_as_long_as_somebody_holds_it),
		TEST(the_example_of_the_documentation_loads),
		TEST(the_commands_of_the_documentation_are_taken),
		TEST(loading_survives_each_failing_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
