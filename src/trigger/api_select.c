/* Which instances a Describe action is about: ids, filters, pages. */
#include "trigger/api_priv.h"

#include "base/str.h"

#include <string.h>

#define PAGE_MAX 1000u

/* As EC2 has it for actions that change nothing. */
#define DESCRIBE_TOKENS	      100
#define DESCRIBE_REFILL_PER_S 20

/* What was asked for besides filters, which stay in the query. */
struct choice {
	size_t max;	   /* of one page */
	const char *after; /* NextToken: the last id of the page before, or NULL */
	size_t num_ids;
	bool is_dry_run, is_paged;
};

void api_selection_deinit(struct api_selection *s)
{
	free(s->instances);
	*s = (struct api_selection){0};
}

/* Does @text match @pattern, where * is any text, ? any character, \ takes the next one as
 * it is? In steps no more than the product of the lengths. */
static bool glob_matches(const char *pattern, const char *text)
{
	const char *star = NULL, *from = NULL;

	while (*text) {
		bool is_literal = *pattern == '\\' && pattern[1];
		const char *p = pattern + is_literal;

		if (!is_literal && *pattern == '*') {
			star = ++pattern;
			from = text;
		} else if (*p && (*p == *text || (!is_literal && *p == '?'))) {
			pattern = p + 1;
			text++;
		} else if (star) {
			pattern = star;
			text = ++from;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

struct subject {
	const struct config_instance *i;
	struct api_condition condition;
	char code[16];
};

/* The value of a tag that tells of the capture; NULL if there is none of that name. */
static const char *capture_tag(const struct subject *s, const char *key)
{
	if (!s->condition.has_capture)
		return NULL;
	if (str_eq(key, API_TAG_STATE))
		return capture_state_name(s->condition.capture.state);
	return str_eq(key, API_TAG_ID) ? s->condition.capture.capture_id : NULL;
}

static bool tag_matches(const struct subject *s, const char *key, const char *pattern)
{
	const char *ours = capture_tag(s, key);

	for (size_t t = 0; t < s->i->num_tags; t++)
		if (str_eq(s->i->tags[t].key, key) &&
		    glob_matches(pattern, s->i->tags[t].value))
			return true;
	return ours && glob_matches(pattern, ours);
}

static bool tag_key_matches(const struct subject *s, const char *pattern)
{
	for (size_t t = 0; t < s->i->num_tags; t++)
		if (glob_matches(pattern, s->i->tags[t].key))
			return true;
	return s->condition.has_capture &&
	       (glob_matches(pattern, API_TAG_STATE) || glob_matches(pattern, API_TAG_ID));
}

/* The attribute that a filter is called after; NULL if the instance has none. False if
 * there is no such filter. */
static bool find_attribute(const struct subject *s, const char *name, const char **ret)
{
	const struct {
		const char *name, *value;
	} table[] = {
		{"availability-zone", s->i->zone},
		{"image-id", s->i->image},
		{"instance-id", s->i->id},
		{"instance-state-code", s->code},
		{"instance-state-name", s->condition.state},
		{"instance-status.status", s->condition.health},
		{"instance-type", s->i->type},
		{"owner-id", s->i->account},
		{"private-ip-address", s->i->private_ip},
	};

	for (size_t k = 0; k < ARRAY_SIZE(table); k++) {
		if (!str_eq(table[k].name, name))
			continue;
		*ret = table[k].value;
		return true;
	}
	return false;
}

static bool value_matches(const struct subject *s, const char *filter, const char *pattern)
{
	const char *attribute = NULL;

	if (str_has_prefix(filter, "tag:"))
		return tag_matches(s, filter + 4, pattern);
	if (str_eq(filter, "tag-key"))
		return tag_key_matches(s, pattern);
	return find_attribute(s, filter, &attribute) && attribute &&
	       glob_matches(pattern, attribute);
}

/* How many values filter number @index has, and whether any matches. */
static size_t count_values(const struct call *c, size_t index, const char *filter,
			   const struct subject *s, bool *any)
{
	size_t count = 0;

	*any = false;
	for (size_t k = 0; k < c->query.num; k++) {
		const struct aws_query_parameter *p = &c->query.parameters[k];
		const char *rest, *tail;

		if (aws_query_index(p->name, "Filter", &rest) != index ||
		    !aws_query_index(rest, "Value", &tail) || *tail)
			continue;
		count++;
		*any |= s && value_matches(s, filter, p->value);
	}
	return count;
}

/* All filters must match; any value of one will do. */
static bool passes_filters(const struct call *c, const struct subject *s)
{
	for (size_t k = 0; k < c->query.num; k++) {
		const struct aws_query_parameter *p = &c->query.parameters[k];
		const char *rest;
		size_t index = aws_query_index(p->name, "Filter", &rest);
		bool any;

		if (!index || !str_eq(rest, "Name"))
			continue;
		count_values(c, index, p->value, s, &any);
		if (!any)
			return false;
	}
	return true;
}

static enum api_code check_filter(struct call *c, size_t index, const char *filter)
{
	static const struct config_instance nothing;
	const struct subject s = {.i = &nothing};
	const char *attribute;
	bool any;

	if (!str_has_prefix(filter, "tag:") && !str_eq(filter, "tag-key") &&
	    !find_attribute(&s, filter, &attribute))
		return api_say(c, API_INVALID_VALUE, "The filter '%s' is invalid", filter);
	if (!count_values(c, index, filter, NULL, &any))
		return api_say(c, API_INVALID_VALUE, "The filter '%s' has no values",
			       filter);
	return API_OK;
}

static enum api_code read_max(struct call *c, const char *value, struct choice *ret)
{
	u64 max;

	if (!value[0] || strspn(value, "0123456789") != strlen(value) ||
	    !str_parse_u64(value, &max) || max < 5 || max > PAGE_MAX)
		return api_say(
			c, API_INVALID_VALUE,
			"Value ( %s ) for parameter maxResults is invalid. Expecting a "
			"value from 5 to %u.",
			value, PAGE_MAX);
	ret->max = (size_t)max;
	ret->is_paged = true;
	return API_OK;
}

static enum api_code read_one(struct call *c, const struct aws_query_parameter *p,
			      struct choice *ret)
{
	const char *rest, *tail;
	size_t index;

	if (aws_query_index(p->name, "InstanceId", &rest) && !*rest) {
		ret->num_ids++;
		return API_OK;
	}
	index = aws_query_index(p->name, "Filter", &rest);
	if (index && str_eq(rest, "Name"))
		return check_filter(c, index, p->value);
	if (index && aws_query_index(rest, "Value", &tail) && !*tail)
		return API_OK;
	if (str_eq(p->name, "MaxResults"))
		return read_max(c, p->value, ret);
	if (str_eq(p->name, "NextToken")) {
		ret->after = p->value;
		return API_OK;
	}
	if (api_is_common_parameter(p->name) || str_eq(p->name, "DryRun") ||
	    str_eq(p->name, "IncludeAllInstances"))
		return API_OK;
	return api_say(c, API_UNKNOWN_PARAMETER, "The parameter %s is not recognized",
		       p->name);
}

static enum api_code read_choice(struct call *c, struct choice *ret)
{
	enum api_code code = API_OK;

	*ret = (struct choice){.max = PAGE_MAX};
	for (size_t k = 0; k < c->query.num && code == API_OK; k++)
		code = read_one(c, &c->query.parameters[k], ret);
	if (code == API_OK)
		code = api_read_bool(c, "DryRun", false, &ret->is_dry_run);
	if (code != API_OK)
		return code;
	if (ret->num_ids && (ret->is_paged || ret->after))
		return api_say(
			c, API_INVALID_COMBINATION,
			"The parameter instancesSet cannot be used with the parameter "
			"maxResults");
	if (ret->after && !api_is_instance_id(ret->after))
		return api_say(c, API_INVALID_VALUE,
			       "Value ( %s ) for parameter nextToken is invalid.",
			       ret->after);
	for (size_t k = 0; k < c->query.num; k++) {
		const struct aws_query_parameter *p = &c->query.parameters[k];
		const char *rest;

		if (aws_query_index(p->name, "InstanceId", &rest) &&
		    !api_is_instance_id(p->value))
			return api_say(c, API_MALFORMED_ID, "Invalid id: \"%s\"", p->value);
	}
	return API_OK;
}

static bool is_visible(const struct call *c, const struct config_instance *i)
{
	return str_eq(i->account, c->principal->account) &&
	       str_eq(i->region, c->config->region);
}

static enum api_code check_ids_exist(struct call *c)
{
	for (size_t k = 0; k < c->query.num; k++) {
		const struct aws_query_parameter *p = &c->query.parameters[k];
		const struct config_instance *i;
		const char *rest;

		if (!aws_query_index(p->name, "InstanceId", &rest))
			continue;
		i = config_find_instance(c->config, p->value);
		if (!i || !is_visible(c, i))
			return api_say(c, API_NOT_FOUND,
				       "The instance ID '%s' does not exist", p->value);
	}
	return API_OK;
}

static bool is_among_ids(const struct call *c, const char *id)
{
	for (size_t k = 0; k < c->query.num; k++) {
		const struct aws_query_parameter *p = &c->query.parameters[k];
		const char *rest;

		if (aws_query_index(p->name, "InstanceId", &rest) && str_eq(p->value, id))
			return true;
	}
	return false;
}

static bool is_chosen(const struct call *c, const struct choice *choice,
		      const struct config_instance *i, bool only_running)
{
	struct subject s = {.i = i};

	if (!is_visible(c, i) || (choice->after && strcmp(i->id, choice->after) <= 0) ||
	    (choice->num_ids && !is_among_ids(c, i->id)))
		return false;
	api_read_condition(c, i, &s.condition);
	snprintf(s.code, sizeof(s.code), "%u", s.condition.code);
	if (only_running && s.condition.code != 16)
		return false;
	return passes_filters(c, &s);
}

/* Is it asked too often, and may it be asked at all? */
static enum api_code admit(struct call *c, const char *action)
{
	cleanup(freep) char *bucket = NULL, *permission = NULL;

	if (asprintf(&bucket, "%s %s", action, c->principal->arn) < 0)
		return API_INTERNAL;
	if (!buckets_take(c->api->by_principal, bucket, DESCRIBE_TOKENS,
			  DESCRIBE_REFILL_PER_S, c->r->monotonic_ms))
		return api_say(c, API_LIMIT, "Request limit exceeded.");
	if (asprintf(&permission, "ec2:%s", action) < 0)
		return API_INTERNAL;
	return api_authorise(c, permission, "*", NULL, &c->decision);
}

enum api_code api_select(struct call *c, const char *action, bool only_running,
			 struct api_selection *ret)
{
	struct choice choice;
	enum api_code code = read_choice(c, &choice);

	if (code == API_OK)
		code = admit(c, action);
	if (code == API_OK && choice.is_dry_run)
		code = api_say(c, API_DRY_RUN,
			       "Request would have succeeded, but DryRun flag is set.");
	if (code == API_OK)
		code = check_ids_exist(c);
	if (code != API_OK)
		return code;
	ret->instances = calloc(choice.max, sizeof(ret->instances[0]));
	if (!ret->instances)
		return API_INTERNAL;
	for (size_t k = 0; k < c->config->num_instances; k++) {
		const struct config_instance *i = &c->config->instances[k];

		if (!is_chosen(c, &choice, i, only_running))
			continue;
		if (ret->num == choice.max) {
			ret->next = ret->instances[ret->num - 1]->id;
			break;
		}
		ret->instances[ret->num++] = i;
	}
	return API_OK;
}
