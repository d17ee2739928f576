/* What a policy may ask of a request: its condition keys, and the decision. */
#include "trigger/api_priv.h"

#include "base/str.h"

#include <string.h>
#include <time.h>

#define KEYS_MAX 256u

/* Names that are made ("aws:PrincipalTag/team") live in `text` until the end. */
struct context {
	struct iam_key keys[KEYS_MAX];
	const char *values[KEYS_MAX];
	char *made[KEYS_MAX]; /* NULL where the name is a constant */
	size_t num;
	bool failed;
};

static void context_deinit(struct context *x)
{
	for (size_t i = 0; i < x->num; i++)
		free(x->made[i]);
}

/* A NULL value: the key is absent. */
static void add_key(struct context *x, const char *name, const char *value)
{
	if (!value)
		return;
	if (x->num == KEYS_MAX) {
		x->failed = true;
		return;
	}
	x->values[x->num] = value;
	x->made[x->num] = NULL;
	x->keys[x->num] = (struct iam_key){name, &x->values[x->num], 1};
	x->num++;
}

static void add_tags(struct context *x, const char *prefix, const struct config_tag *tags,
		     size_t num)
{
	for (size_t i = 0; i < num; i++) {
		char *name;

		if (asprintf(&name, "%s/%s", prefix, tags[i].key) < 0) {
			x->failed = true;
			return;
		}
		add_key(x, name, tags[i].value);
		if (x->failed)
			free(name);
		else
			x->made[x->num - 1] = name;
	}
}

static void format_time(char text[32], s64 seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	text[0] = '\0';
	if (gmtime_r(&t, &tm))
		strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static void add_principal(struct context *x, const struct call *c, char issued[32])
{
	const struct config_principal *p = c->principal;
	bool is_session = p->type == CONFIG_ROLE_SESSION;

	add_key(x, "aws:PrincipalArn", p->policy_arn);
	add_key(x, "aws:PrincipalAccount", p->account);
	add_key(x, "aws:PrincipalType", is_session ? "AssumedRole" : "User");
	add_key(x, "aws:userid", p->id);
	if (!is_session)
		add_key(x, "aws:username", p->name);
	add_tags(x, "aws:PrincipalTag", p->tags, p->num_tags);
	/* These two only temporary credentials have. */
	if (!c->key->session_token)
		return;
	add_key(x, "aws:MultiFactorAuthPresent", "false");
	if (c->key->issued) {
		format_time(issued, c->key->issued);
		add_key(x, "aws:TokenIssueTime", issued);
	}
}

static void add_instance(struct context *x, const struct config_instance *i)
{
	add_key(x, "aws:ResourceAccount", i->account);
	add_key(x, "ec2:AvailabilityZone", i->zone);
	add_key(x, "ec2:InstanceID", i->id);
	add_key(x, "ec2:InstanceType", i->type);
	add_tags(x, "aws:ResourceTag", i->tags, i->num_tags);
	add_tags(x, "ec2:ResourceTag", i->tags, i->num_tags);
}

enum api_code api_authorise(struct call *c, const char *action, const char *resource,
			    const struct config_instance *instance,
			    struct iam_decision *ret)
{
	struct context x;
	char now[32], epoch[32], issued[32];
	struct iam_request request = {
		.action = action, .resource = resource, .keys = x.keys};

	x.num = 0;
	x.failed = false;
	format_time(now, c->r->now_ms / 1000);
	snprintf(epoch, sizeof(epoch), "%lld", (long long)(c->r->now_ms / 1000));
	add_key(&x, "aws:CurrentTime", now);
	add_key(&x, "aws:EpochTime", epoch);
	add_key(&x, "aws:SecureTransport", c->r->is_tls ? "true" : "false");
	add_key(&x, "aws:SourceIp", c->source_ip);
	add_key(&x, "aws:UserAgent", api_find_header(c, "user-agent"));
	add_key(&x, "aws:RequestedRegion", c->config->region);
	add_key(&x, "ec2:Region", c->config->region);
	add_principal(&x, c, issued);
	if (instance)
		add_instance(&x, instance);
	request.num_keys = x.num;
	if (!x.failed)
		iam_decide(&c->principal->grants, &request, ret);
	context_deinit(&x);
	if (x.failed)
		return API_INTERNAL;
	if (ret->effect == IAM_ALLOW)
		return API_OK;
	/* The same words for every reason: which of them it is could tell what exists. */
	return api_say(c, API_UNAUTHORIZED,
		       "You are not authorized to perform this operation. User: %s is not "
		       "authorized to perform: %s on resource: %s",
		       c->principal->arn, action, resource);
}
