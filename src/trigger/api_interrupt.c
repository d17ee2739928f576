/* SendDiagnosticInterrupt: the rows of the table from its parameters to its submission. */
#include "trigger/api_priv.h"

#include "base/str.h"

#include <openssl/sha.h>
#include <string.h>

void api_submission_free(struct api_submission *s)
{
	if (!s)
		return;
	config_unref(s->config);
	free(s->instance_id);
	free(s->source_ip);
	free(s->user_agent);
	for (size_t i = 0; i < ARRAY_SIZE(s->statements); i++)
		free(s->statements[i]);
	free(s);
}

struct wish {
	const char *id;
	bool is_dry_run, is_forced;
};

static enum api_code read_wish(struct call *c, struct wish *w)
{
	static const char *const known[] = {"InstanceId", "DryRun", "InquestForce"};
	enum api_code code;

	w->id = aws_query_find(&c->query, "InstanceId");
	if (!w->id)
		return api_say(c, API_MISSING_PARAMETER,
			       "The request must contain the parameter InstanceId");
	for (size_t i = 0; i < c->query.num; i++) {
		const char *name = c->query.parameters[i].name;
		bool is_known = api_is_common_parameter(name);

		for (size_t k = 0; k < ARRAY_SIZE(known); k++)
			is_known |= str_eq(name, known[k]);
		if (!is_known)
			return api_say(c, API_UNKNOWN_PARAMETER,
				       "The parameter %s is not recognized", name);
	}
	code = api_read_bool(c, "DryRun", false, &w->is_dry_run);
	if (code == API_OK)
		code = api_read_bool(c, "InquestForce", false, &w->is_forced);
	if (code == API_OK && !api_is_instance_id(w->id))
		return api_say(c, API_MALFORMED_ID, "Invalid id: \"%s\"", w->id);
	return code;
}

/* Both decisions are made with the ARN that the id would have, whether or not it exists. */
static enum api_code authorise(struct call *c, const struct wish *w,
			       const struct config_instance *instance)
{
	struct buf arn = BUF_INIT;
	enum api_code code;

	buf_printf(&arn, "arn:%s:ec2:%s:%s:instance/%s", c->config->partition,
		   c->config->region, c->principal->account, w->id);
	code = arn.failed ? API_INTERNAL
			  : api_authorise(c, "ec2:SendDiagnosticInterrupt", arn.data,
					  instance, &c->decision);
	if (code == API_OK && w->is_forced) {
		c->has_force_decision = true;
		code = api_authorise(c, "inquest:ForceInterrupt", arn.data, instance,
				     &c->force_decision);
	}
	buf_deinit(&arn);
	return code;
}

/* What outlives the call: its strings are those of the submission and of the configuration.
 */
static void fill_event(struct audit_event *e, const struct call *c,
		       struct api_submission *s)
{
	api_fill_event(c, e);
	e->event_name = "SendDiagnosticInterrupt";
	e->source_ip = s->source_ip;
	e->user_agent = s->user_agent;
	e->request_id = s->request_id;
	e->instance_id = s->instance_id;
	e->statements = (const char *const *)s->statements;
}

static void hash_signature(char text[REPLAY_HASH_LEN + 1], const struct sigv4_claim *claim)
{
	u8 hash[SHA256_DIGEST_LENGTH];

	SHA256(claim->signature, sizeof(claim->signature), hash);
	for (size_t i = 0; i < sizeof(hash); i++)
		snprintf(text + 2 * i, 3, "%02x", hash[i]);
}

static bool make_submission(struct call *c, const struct wish *w,
			    const struct config_instance *instance)
{
	struct api_submission *s = calloc(1, sizeof(*s));
	const char *agent = api_find_header(c, "user-agent");

	if (!s)
		return false;
	c->submission = s;
	s->api = c->api;
	s->config = config_ref(c->config);
	memcpy(s->request_id, c->request_id, sizeof(s->request_id));
	hash_signature(s->replay_hash, &c->claim);
	s->instance_id = strdup(w->id);
	s->source_ip = strdup(c->source_ip);
	s->user_agent = strdup(agent ? agent : "");
	if (!s->instance_id || !s->source_ip || !s->user_agent ||
	    !api_name_statement(&c->decision, &s->statements[0]) ||
	    (c->has_force_decision &&
	     !api_name_statement(&c->force_decision, &s->statements[1])))
		return false;
	s->engine = (struct engine_request){
		.instance = instance,
		.config = c->config,
		.invocation_id = api_find_header(c, "amz-sdk-invocation-id"),
		.signature_hash = s->replay_hash,
		.is_forced = w->is_forced,
	};
	fill_event(&s->engine.audit, c, s);
	return true;
}

/* Seen before? What came of it is said again; what is on its way or was done, the engine
 * knows to be the same. */
static enum api_code enter(struct call *c)
{
	const struct sigv4_claim *claim = &c->claim;
	s64 until = claim->time +
		    (claim->is_presigned ? claim->expires_s : (s64)c->config->skew_s);
	enum engine_outcome outcome;

	switch (replay_enter(c->api->replay, c->submission->replay_hash, until,
			     c->r->now_ms / 1000, &outcome)) {
	case REPLAY_NEW:
	case REPLAY_UNKNOWN:
		return API_OK;
	case REPLAY_FULL:
		return api_say(c, API_LIMIT, "Request limit exceeded.");
	case REPLAY_ENDED:
		break;
	}
	if (outcome == ENGINE_ACCEPTED || outcome == ENGINE_DUPLICATE)
		return API_OK;
	c->submission->has_ended = true;
	c->submission->ended = outcome;
	return API_OK;
}

enum api_code api_send_diagnostic_interrupt(struct call *c)
{
	const struct config_bucket *rule = &c->config->limits.principal;
	const struct config_instance *instance;
	struct wish w;
	enum api_code code = read_wish(c, &w);

	if (code != API_OK)
		return code;
	if (!buckets_take(c->api->by_principal, c->principal->arn, rule->tokens,
			  rule->refill_per_s, c->r->monotonic_ms))
		return api_say(c, API_LIMIT, "Request limit exceeded.");
	instance = config_find_instance(c->config, w.id);
	/* Of another account or region: for this caller there is none. */
	if (instance && (!str_eq(instance->account, c->principal->account) ||
			 !str_eq(instance->region, c->config->region)))
		instance = NULL;
	code = authorise(c, &w, instance);
	if (code != API_OK)
		return code;
	if (w.is_dry_run)
		return api_say(c, API_DRY_RUN,
			       "Request would have succeeded, but DryRun flag is set.");
	if (!instance)
		return api_say(c, API_NOT_FOUND, "The instance ID '%s' does not exist",
			       w.id);
	if (!instance->asks_state && !instance->is_running)
		return api_say(c, API_WRONG_STATE,
			       "The instance '%s' is not in a state from which it can be "
			       "interrupted: it is not running.",
			       w.id);
	if (!instance->has_interrupt)
		return api_say(c, API_UNSUPPORTED,
			       "The instance '%s' does not support diagnostic interrupts: "
			       "its type is %s.",
			       w.id, instance->type ? instance->type : "not known");
	if (!make_submission(c, &w, instance))
		return API_INTERNAL;
	return enter(c);
}
