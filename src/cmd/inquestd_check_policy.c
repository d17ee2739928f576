#include "access/iam.h"
#include "base/io.h"
#include "base/str.h"
#include "cmd/inquestd.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#define KEYS_MAX   256
#define VALUES_MAX 64

static const struct opt options[] = {
	{"principal", 0, OPTS_VALUE, "ARN", "Who asks; need not exist anywhere."},
	{"action", 0, OPTS_VALUE, "ACTION", "What for, as in ec2:SendDiagnosticInterrupt."},
	{"resource", 0, OPTS_VALUE, "ARN",
	 "On what, or * for an action without resources."},
	{"context", 0, OPTS_VALUE, "KEY=VALUE",
	 "A key of the request; again for more keys, or more values of one."},
	OPTS_END,
};

/* The keys of the request. */
struct context {
	struct {
		char *name;
		const char *values[VALUES_MAX];
		char *texts[VALUES_MAX];
		size_t num;
	} rows[KEYS_MAX];
	struct iam_key keys[KEYS_MAX];
	size_t num;
};

static void context_freep(struct context **c)
{
	if (!*c)
		return;
	for (size_t i = 0; i < (*c)->num; i++) {
		for (size_t j = 0; j < (*c)->rows[i].num; j++)
			free((*c)->rows[i].texts[j]);
		free((*c)->rows[i].name);
	}
	free(*c);
}

static size_t find_row(const struct context *c, const char *name, size_t len)
{
	size_t i = 0;

	while (i < c->num && (strlen(c->rows[i].name) != len ||
			      strncasecmp(c->rows[i].name, name, len) != 0))
		i++;
	return i;
}

/* Add a value to the key whose name has @len bytes. */
static struct err *add(struct context *c, const char *name, size_t len, const char *value)
{
	size_t i = find_row(c, name, len);

	if (i == KEYS_MAX || (i < c->num && c->rows[i].num == VALUES_MAX))
		return err_new(ERR_USAGE,
			       "--context: more than %d keys, or %d values of one",
			       KEYS_MAX, VALUES_MAX);
	if (i == c->num) {
		c->rows[i].name = strndup(name, len);
		if (!c->rows[i].name)
			return err_nomem();
		c->num++;
	}
	c->rows[i].texts[c->rows[i].num] = strdup(value);
	if (!c->rows[i].texts[c->rows[i].num])
		return err_nomem();
	c->rows[i].values[c->rows[i].num] = c->rows[i].texts[c->rows[i].num];
	c->rows[i].num++;
	c->keys[i] = (struct iam_key){c->rows[i].name, c->rows[i].values, c->rows[i].num};
	return NULL;
}

/* Add what follows from the other words, unless --context says it. */
static struct err *derive(struct context *c, const char *name, const char *value)
{
	if (find_row(c, name, strlen(name)) < c->num)
		return NULL;
	return add(c, name, strlen(name), value);
}

static struct err *add_given(const struct opts_result *given, struct context *c)
{
	for (size_t i = 0; i < given->num_given; i++) {
		const char *word = given->given[i].value;
		const char *equals;
		struct err *err;

		if (!str_eq(given->given[i].row->name, "context"))
			continue;
		equals = strchr(word, '=');
		if (!equals || equals == word)
			return err_new(ERR_USAGE,
				       "--context %s is not KEY=VALUE, as in "
				       "aws:SourceIp=203.0.113.7",
				       word);
		err = add(c, word, (size_t)(equals - word), equals + 1);
		if (err)
			return err;
	}
	return NULL;
}

/* The parts of an ARN, in a copy of it. */
struct arn {
	char *copy;
	char *parts[6];
};

static void arn_deinit(struct arn *a)
{
	free(a->copy);
}

static struct err *arn_parse(const char *option, const char *text, struct arn *ret)
{
	char *rest = strdup(text);

	ret->copy = rest;
	if (!rest)
		return err_nomem();
	for (size_t i = 0; i < 6; i++) {
		ret->parts[i] = i < 5 ? strsep(&rest, ":") : rest;
		if (!ret->parts[i])
			break;
	}
	if (!ret->parts[5] || !str_eq(ret->parts[0], "arn"))
		return err_new(ERR_USAGE,
			       "--%s %s is not an ARN of six parts, "
			       "arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE",
			       option, text);
	return NULL;
}

/* Who asks. For a session AWS says the ARN of its role. */
static struct err *derive_principal(const char *text, struct context *c)
{
	cleanup(arn_deinit) struct arn a = {0};
	cleanup(buf_deinit) struct buf role = BUF_INIT;
	struct err *err = arn_parse("principal", text, &a);
	const char *type = "AssumedRole", *shown = text;

	if (err)
		return err;
	if (str_has_prefix(a.parts[5], "user/")) {
		type = "User";
		err = derive(c, "aws:username", strrchr(a.parts[5], '/') + 1);
	} else if (str_eq(a.parts[5], "root")) {
		type = "Account";
	} else if (str_has_prefix(a.parts[5], "assumed-role/")) {
		const char *name = a.parts[5] + strlen("assumed-role/");

		buf_printf(&role, "arn:%s:iam::%s:role/%.*s", a.parts[1], a.parts[4],
			   (int)strcspn(name, "/"), name);
		err = buf_check(&role);
		shown = buf_text(&role);
	}
	if (!err)
		err = derive(c, "aws:PrincipalArn", shown);
	if (!err)
		err = derive(c, "aws:PrincipalAccount", a.parts[4]);
	return err ? err : derive(c, "aws:PrincipalType", type);
}

static struct err *derive_resource(const char *text, struct context *c)
{
	cleanup(arn_deinit) struct arn a = {0};
	struct err *err;

	if (str_eq(text, "*"))
		return NULL;
	err = arn_parse("resource", text, &a);
	if (!err && *a.parts[3])
		err = derive(c, "aws:RequestedRegion", a.parts[3]);
	if (!err && *a.parts[3])
		err = derive(c, "ec2:Region", a.parts[3]);
	if (!err && str_has_prefix(a.parts[5], "instance/"))
		err = derive(c, "ec2:InstanceID", a.parts[5] + strlen("instance/"));
	return err;
}

static struct err *derive_time(struct context *c)
{
	time_t now = time(NULL);
	char text[40];
	struct tm tm;
	struct err *err;

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	err = derive(c, "aws:CurrentTime", text);
	snprintf(text, sizeof(text), "%lld", (long long)now);
	return err ? err : derive(c, "aws:EpochTime", text);
}

static struct err *read_policy(const char *path, struct iam_policy **ret)
{
	cleanup(freep) char *text = NULL;
	size_t len;
	struct err *err = io_read_file(path, IAM_POLICY_MAX, &text, &len);

	return err ? err : iam_policy_parse(text, len, path, ret);
}

static struct err *say(const char *path, const struct iam_decision *d)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	if (d->effect == IAM_IMPLICIT_DENY) {
		buf_printf(&b, "deny because no statement of %s allows it\n", path);
		return cmd_print(&b);
	}
	buf_printf(&b, "%s by statement %zu", d->effect == IAM_ALLOW ? "allow" : "deny",
		   d->statement);
	if (d->statement_id)
		buf_printf(&b, " (%s)", d->statement_id);
	buf_printf(&b, " of %s\n", path);
	return cmd_print(&b);
}

static struct err *decide(const struct opts_result *given, const struct context *c,
			  const struct iam_policy *policy, enum exit_status *status)
{
	const struct iam_grants grants = {.identity = &policy, .num_identity = 1};
	struct iam_decision d;

	for (size_t i = 0; i < iam_policy_count_warnings(policy); i++)
		fprintf(stderr, "warning: %s\n", iam_policy_warning(policy, i));
	iam_decide(&grants,
		   &(struct iam_request){.action = opts_value(given, "action", NULL),
					 .resource = opts_value(given, "resource", NULL),
					 .keys = c->keys,
					 .num_keys = c->num},
		   &d);
	*status = d.effect == IAM_ALLOW ? EXIT_DONE : EXIT_NOT_READY;
	return say(given->operands[0], &d);
}

static struct err *check_words(const struct opts_result *given)
{
	static const char *const needed[] = {"principal", "action", "resource"};
	const char *colon;

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (!opts_has(given, needed[i]))
			return err_new(ERR_USAGE, "--%s is missing", needed[i]);
	colon = strchr(opts_value(given, "action", NULL), ':');
	if (!colon || colon == opts_value(given, "action", NULL) || !colon[1])
		return err_new(ERR_USAGE,
			       "--action %s is not SERVICE:NAME, as in "
			       "ec2:SendDiagnosticInterrupt",
			       opts_value(given, "action", NULL));
	return NULL;
}

static struct err *run(const struct opts_result *given, enum exit_status *status)
{
	cleanup(iam_policy_freep) struct iam_policy *policy = NULL;
	cleanup(context_freep) struct context *c = calloc(1, sizeof(*c));
	struct err *err;

	if (!c)
		return err_nomem();
	/* Whatever is wrong with the document is a refusal. */
	*status = EXIT_USAGE;
	err = check_words(given);
	if (!err)
		err = read_policy(given->operands[0], &policy);
	if (!err)
		err = add_given(given, c);
	if (!err)
		err = derive_principal(opts_value(given, "principal", NULL), c);
	if (!err)
		err = derive_resource(opts_value(given, "resource", NULL), c);
	if (!err)
		err = derive_time(c);
	return err ? err : decide(given, c, policy, status);
}

const struct cmd cmd_check_policy = {
	.opts = {.name = "check-policy",
		 .operands = "FILE",
		 .summary = "Tell what a policy says to a request.",
		 .options = options,
		 .min_operands = 1,
		 .max_operands = 1},
	.run = run,
};
