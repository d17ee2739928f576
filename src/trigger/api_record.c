/* What the audit log says of a request: who asked for what. Lines of what is refused or
 * only tried are written from here, those of interrupts by the engine. */
#include "trigger/api_priv.h"

#include "base/str.h"

#include <string.h>
#include <strings.h>

/* Bytes that a line of these has of what was sent: anybody can have as many as he likes. */
#define AGENT_MAX   256
#define MESSAGE_MAX 512

const char *api_find_header(const struct call *c, const char *name)
{
	for (size_t i = 0; i < c->r->http.num_headers; i++)
		if (strcasecmp(c->r->http.headers[i].name, name) == 0)
			return c->r->http.headers[i].value;
	return NULL;
}

bool api_name_statement(const struct iam_decision *d, char **ret)
{
	int len = d->statement_id ? asprintf(ret, "%s/%s", d->policy, d->statement_id)
				  : asprintf(ret, "%s/%zu", d->policy, d->statement);

	/* It leaves the pointer undefined on failure, and it is freed in any case. */
	if (len < 0)
		*ret = NULL;
	return len >= 0;
}

void api_fill_event(const struct call *c, struct audit_event *e)
{
	const struct config_principal *p = c->principal;

	*e = (struct audit_event){
		.region = c->config->region,
		.source_ip = c->source_ip,
		.user_agent = api_find_header(c, "user-agent"),
		.request_id = c->request_id,
		.time_ms = c->r->now_ms,
	};
	if (!p)
		return;
	e->account = p->account;
	e->principal_type = p->type == CONFIG_USER ? "IAMUser" : "AssumedRole";
	e->principal_id = p->id;
	e->principal_arn = p->arn;
	e->principal_account = p->account;
	e->principal_name = p->name;
	e->access_key = c->key->access_key;
}

/* The action, in words of ours alone: names of the log's own lines are not to be feigned.
 */
static const char *name_event(const struct call *c)
{
	const char *name = aws_query_find(&c->query, "Action");
	const char *known = name ? api_action_name(name) : NULL;

	return known ? known : "UnknownAction";
}

/* A key that was claimed and is none of ours may be a secret in the wrong place: it is
 * shown where it looks like a key. */
static const char *claimed_key(const struct call *c)
{
	const char *key = c->claim.access_key;
	size_t len = strlen(key);
	bool looks_so = len && len <= 32 &&
			strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == len;

	return looks_so || config_find_key(c->config, key) ? key : NULL;
}

/* The statements that decided; false without memory. Freed by the caller in any case. */
static bool name_statements(const struct call *c, char *ret[3])
{
	const struct iam_decision *const decisions[] = {&c->decision, &c->force_decision};
	size_t num = 0;

	for (size_t i = 0; i < ARRAY_SIZE(decisions); i++) {
		if (!decisions[i]->policy)
			continue;
		if (!api_name_statement(decisions[i], &ret[num++]))
			return false;
	}
	return true;
}

void api_record(struct call *c, enum api_code code, const char *message)
{
	const char *id = aws_query_find(&c->query, "InstanceId");
	const char *dry = aws_query_find(&c->query, "DryRun");
	char *statements[3] = {NULL};
	struct audit_event e;
	char error_code[64], text[MESSAGE_MAX + 1], agent[AGENT_MAX + 1];

	if (!c->r->record)
		return;
	api_fill_event(c, &e);
	if (e.user_agent) {
		snprintf(agent, sizeof(agent), "%s", e.user_agent);
		e.user_agent = agent;
	}
	snprintf(text, sizeof(text), "%s", message);
	e.error_message = text;
	e.event_name = name_event(c);
	e.is_read_only = str_has_prefix(e.event_name, "Describe");
	e.is_dry_run = dry && str_eq(dry, "true");
	e.instance_id = id && api_is_instance_id(id) ? id : NULL;
	if (!c->principal && c->claim.access_key[0])
		e.access_key = claimed_key(c);
	snprintf(error_code, sizeof(error_code), "%s.%s",
		 code == API_INTERNAL || code == API_UNAVAILABLE ? "Server" : "Client",
		 api_error_name(code));
	e.error_code = error_code;
	if (name_statements(c, statements) && statements[0])
		e.statements = (const char *const *)statements;
	audit_queue_add(c->r->record, &e, c->principal ? c->principal->arn : c->source,
			c->principal != NULL, c->r->monotonic_ms);
	for (size_t i = 0; i < ARRAY_SIZE(statements); i++)
		free(statements[i]);
}
