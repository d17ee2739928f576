#include "access/iam_priv.h"

#include "base/str.h"

#include <string.h>

/* Where sentences are about, and what the policy's version allows. */
struct reader {
	const struct json_document *document;
	bool has_variables;
};

static struct err *wrong(const struct reader *rd, const struct json_place *at,
			 const char *sentence)
{
	return json_place_wrap(rd->document, at, err_new(ERR_BAD_DATA, "%s", sentence));
}

/* Most elements are one value, or an array of them. */
static size_t count_values(const json_t *v)
{
	return json_is_array(v) ? json_array_size(v) : 1;
}

static const json_t *get_value(const json_t *v, size_t i)
{
	return json_is_array(v) ? json_array_get(v, i) : v;
}

/* The place of value @i of the element @at, made in @room. */
static const struct json_place *place_value(const json_t *v, const struct json_place *at,
					    size_t i, struct json_place *room)
{
	if (!json_is_array(v))
		return at;
	*room = JSON_ELEMENT(at, i);
	return room;
}

static struct err *check_count(const struct reader *rd, const struct json_place *at,
			       const json_t *v, size_t max)
{
	if (!count_values(v))
		return wrong(rd, at, "an empty array: give one value at least");
	if (count_values(v) > max)
		return json_place_wrap(rd->document, at,
				       err_new(ERR_BAD_DATA, "%zu values; %zu are the most",
					       count_values(v), max));
	return NULL;
}

typedef struct err *pattern_fn(const struct reader *rd, const char *text,
			       struct iam_pattern *ret);

/* "*", or SERVICE:NAME with wildcards in the name. */
static struct err *parse_action(const struct reader *rd, const char *text,
				struct iam_pattern *ret)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789";
	const char *colon = strchr(text, ':');

	if (!str_eq(text, "*")) {
		size_t service = colon ? (size_t)(colon - text) : 0;
		size_t name = colon ? strlen(colon + 1) : 0;

		if (!service || !name)
			return err_new(ERR_BAD_DATA, "an action is SERVICE:NAME, as in "
						     "ec2:SendDiagnosticInterrupt, or *");
		for (size_t i = 0; i < service; i++)
			if (!strchr(letters, text[i]) && text[i] != '-')
				return err_new(
					ERR_BAD_DATA,
					"a service has letters, digits and - in its name, "
					"and no wildcards");
		for (size_t i = 0; i < name; i++)
			if (!strchr(letters, colon[1 + i]) && !strchr("*?", colon[1 + i]))
				return err_new(ERR_BAD_DATA,
					       "the name of an action has letters, "
					       "digits, * and ?");
	}
	return iam_pattern_parse(text, IAM_WILDCARDS, ret);
}

/* "*", or an ARN. Parts that are missing are *, as AWS completes them. */
static struct err *parse_resource(const struct reader *rd, const char *text,
				  struct iam_pattern *ret)
{
	cleanup(buf_deinit) struct buf whole = BUF_INIT;
	size_t parts = iam_arn_count_parts(text);
	const char *variable = strstr(text, "${");
	size_t colons = 0;
	struct err *err;

	if (!str_eq(text, "*") && !parts)
		return err_new(ERR_BAD_DATA,
			       "a resource is an ARN, as in "
			       "arn:aws:ec2:us-east-1:123456789012:instance/*, or *");
	for (const char *p = text; p < variable; p++)
		colons += *p == ':';
	if (variable && colons < 5)
		return err_new(ERR_BAD_DATA,
			       "a variable of a resource can only be behind the "
			       "fifth colon of its ARN");
	buf_add_str(&whole, text);
	for (; parts && parts < 6; parts++)
		buf_add_str(&whole, ":*");
	err = buf_check(&whole);
	return err ? err
		   : iam_pattern_parse(
			     buf_text(&whole),
			     IAM_WILDCARDS | (rd->has_variables ? IAM_VARIABLES : 0), ret);
}

static struct err *parse_patterns(const struct reader *rd, const struct json_place *at,
				  const json_t *v, pattern_fn *parse,
				  struct iam_patterns *ret)
{
	struct err *err = check_count(rd, at, v, IAM_VALUES_MAX);
	size_t num = count_values(v);

	if (err)
		return err;
	ret->rows = calloc(num, sizeof(*ret->rows));
	if (!ret->rows)
		return err_nomem();
	for (size_t i = 0; i < num; i++) {
		const json_t *text = get_value(v, i);
		struct json_place room;
		const struct json_place *here = place_value(v, at, i, &room);

		if (!json_is_string(text))
			return wrong(rd, here, "has to be a string");
		err = parse(rd, json_string_value(text), &ret->rows[i]);
		if (err)
			return json_place_wrap(rd->document, here, err);
		ret->num++;
	}
	return NULL;
}

/* The text of a value of a condition: "5", 5 and "true", true are the same. NULL for
 * anything else, or for lack of memory. */
static char *condition_text(const json_t *v)
{
	char text[40];
	double number;

	switch (json_typeof(v)) {
	case JSON_STRING:
		return strdup(json_string_value(v));
	case JSON_TRUE:
		return strdup("true");
	case JSON_FALSE:
		return strdup("false");
	case JSON_INTEGER:
		snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(v));
		return strdup(text);
	case JSON_REAL:
		number = json_real_value(v);
		snprintf(text, sizeof(text), "%.15g", number);
		if (strtod(text, NULL) < number || strtod(text, NULL) > number)
			snprintf(text, sizeof(text), "%.17g", number);
		return strdup(text);
	default:
		return NULL;
	}
}

static struct err *parse_values(const struct reader *rd, const struct json_place *at,
				const json_t *v, struct iam_condition *c)
{
	struct err *err = check_count(rd, at, v, IAM_VALUES_MAX);
	size_t num = count_values(v);

	if (err)
		return err;
	c->values = calloc(num, sizeof(*c->values));
	if (!c->values)
		return err_nomem();
	for (size_t i = 0; i < num; i++) {
		const json_t *value = get_value(v, i);
		struct json_place room;
		const struct json_place *here = place_value(v, at, i, &room);
		cleanup(freep) char *text = NULL;

		if (json_is_object(value) || json_is_array(value) || json_is_null(value))
			return wrong(rd, here,
				     "has to be a string, a number, true or false");
		text = condition_text(value);
		if (!text)
			return err_nomem();
		err = iam_value_parse(c, text, rd->has_variables, &c->values[i]);
		if (err)
			return json_place_wrap(rd->document, here, err);
		c->num_values++;
	}
	return NULL;
}

/* Room for @more conditions of @s, zeroed. */
static struct err *grow_conditions(struct iam_statement *s, size_t more)
{
	struct iam_condition *rows =
		reallocarray(s->conditions, s->num_conditions + more + 1, sizeof(*rows));

	if (!rows)
		return err_nomem();
	memset(rows + s->num_conditions, 0, (more + 1) * sizeof(*rows));
	s->conditions = rows;
	return NULL;
}

/* One operator with its keys: {"aws:SourceIp": "10.0.0.0/8", …}. */
static struct err *parse_operator(const struct reader *rd, const struct json_place *at,
				  const char *word, json_t *keys, struct iam_statement *s)
{
	struct iam_condition kind = {0};
	struct err *err = iam_operator_find(word, &kind);
	const char *key;
	json_t *values;

	if (err)
		return json_place_wrap(rd->document, at, err);
	if (!json_is_object(keys))
		return wrong(rd, at, "has to be an object of keys and their values");
	err = grow_conditions(s, json_object_size(keys));
	if (err)
		return err;
	json_object_foreach(keys, key, values)
	{
		struct json_place here = JSON_MEMBER(at, key);
		struct iam_condition *c = &s->conditions[s->num_conditions++];

		*c = kind;
		err = iam_key_check(key);
		if (err)
			return json_place_wrap(rd->document, &here, err);
		c->key = strdup(key);
		if (!c->key)
			return err_nomem();
		err = parse_values(rd, &here, values, c);
		if (err)
			return err;
	}
	return NULL;
}

static struct err *parse_conditions(const struct reader *rd, const struct json_place *at,
				    json_t *v, struct iam_statement *s)
{
	const char *word;
	json_t *keys;

	if (!json_is_object(v))
		return wrong(rd, at, "has to be an object of operators");
	json_object_foreach(v, word, keys)
	{
		struct json_place here = JSON_MEMBER(at, word);
		struct err *err = parse_operator(rd, &here, word, keys, s);

		if (err)
			return err;
	}
	return NULL;
}

static struct err *parse_id(const struct reader *rd, const struct json_place *at,
			    const json_t *v, struct iam_statement *s)
{
	const char *id = json_string_value(v);

	if (!id)
		return wrong(rd, at, "has to be a string");
	if (id[strspn(id,
		      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")])
		return wrong(rd, at, "has letters and digits only");
	if (!*id)
		return NULL;
	s->id = strdup(id);
	return s->id ? NULL : err_nomem();
}

static struct err *parse_effect(const struct reader *rd, const struct json_place *at,
				const json_t *v, struct iam_statement *s)
{
	const char *effect = json_string_value(v);

	if (!effect || (!str_eq(effect, "Allow") && !str_eq(effect, "Deny")))
		return wrong(rd, at, "has to be \"Allow\" or \"Deny\"");
	s->denies = str_eq(effect, "Deny");
	return NULL;
}

static struct err *parse_element(const struct reader *rd, const struct json_place *at,
				 const char *name, json_t *v, struct iam_statement *s)
{
	if (str_eq(name, "Sid"))
		return parse_id(rd, at, v, s);
	if (str_eq(name, "Effect"))
		return parse_effect(rd, at, v, s);
	if (str_eq(name, "Condition"))
		return parse_conditions(rd, at, v, s);
	if (str_eq(name, "Action") || str_eq(name, "NotAction")) {
		s->is_not_action = *name == 'N';
		return parse_patterns(rd, at, v, parse_action, &s->actions);
	}
	if (str_eq(name, "Resource") || str_eq(name, "NotResource")) {
		s->is_not_resource = *name == 'N';
		return parse_patterns(rd, at, v, parse_resource, &s->resources);
	}
	if (str_eq(name, "Principal") || str_eq(name, "NotPrincipal"))
		return wrong(rd, at,
			     "a policy of a user, group or role has no principal: it "
			     "is about whom it is attached to");
	return wrong(rd, at,
		     "a statement has no element of this name: Sid, Effect, Action or "
		     "NotAction, Resource or NotResource, Condition");
}

/* Exactly one of each of these. */
static struct err *check_elements(const struct reader *rd, const struct json_place *at,
				  const json_t *v)
{
	static const struct {
		const char *one, *other, *sentence;
	} needed[] = {
		{"Effect", "Effect", "has no Effect"},
		{"Action", "NotAction", "has neither Action nor NotAction"},
		{"Resource", "NotResource", "has neither Resource nor NotResource"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		bool has_one = json_object_get(v, needed[i].one) != NULL;
		bool has_other = json_object_get(v, needed[i].other) != NULL;

		if (!has_one && !has_other)
			return wrong(rd, at, needed[i].sentence);
		if (has_one && has_other && i) {
			struct json_place here = JSON_MEMBER(at, needed[i].other);

			return wrong(rd, &here, "cannot be there beside its opposite");
		}
	}
	return NULL;
}

static struct err *parse_statement(const struct reader *rd, const struct json_place *at,
				   json_t *v, struct iam_statement *s)
{
	const char *name;
	json_t *element;
	struct err *err;

	if (!json_is_object(v))
		return wrong(rd, at, "a statement has to be an object");
	/* First: each of the tables below is filled once. */
	err = check_elements(rd, at, v);
	if (err)
		return err;
	json_object_foreach(v, name, element)
	{
		struct json_place here = JSON_MEMBER(at, name);

		err = parse_element(rd, &here, name, element, s);
		if (err)
			return err;
	}
	return NULL;
}

static struct err *check_ids(const struct reader *rd, const struct json_place *at,
			     const struct iam_policy *p, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (p->statements[i].id && p->statements[j].id &&
		    str_eq(p->statements[i].id, p->statements[j].id)) {
			struct json_place here = JSON_MEMBER(at, "Sid");

			return wrong(rd, &here, "another statement has this Sid");
		}
	return NULL;
}

static struct err *parse_statements(const struct reader *rd, const struct json_place *at,
				    const json_t *v, struct iam_policy *p)
{
	struct err *err = check_count(rd, at, v, IAM_STATEMENTS_MAX);
	size_t num = count_values(v);

	if (err)
		return err;
	p->statements = calloc(num, sizeof(*p->statements));
	if (!p->statements)
		return err_nomem();
	for (size_t i = 0; i < num; i++) {
		struct json_place room;
		const struct json_place *here = place_value(v, at, i, &room);

		p->num_statements++;
		err = parse_statement(rd, here, (json_t *)get_value(v, i),
				      &p->statements[i]);
		if (!err)
			err = check_ids(rd, here, p, i);
		if (err)
			return err;
	}
	return NULL;
}

/* The members of the document but Statement. */
static struct err *parse_head(struct reader *rd, const struct json_place *at, json_t *root)
{
	const char *name;
	json_t *v;

	json_object_foreach(root, name, v)
	{
		struct json_place here = JSON_MEMBER(at, name);
		const char *text = json_string_value(v);

		if (str_eq(name, "Version")) {
			if (!text ||
			    (!str_eq(text, "2012-10-17") && !str_eq(text, "2008-10-17")))
				return wrong(rd, &here,
					     "has to be \"2012-10-17\" or "
					     "\"2008-10-17\"");
			rd->has_variables = str_eq(text, "2012-10-17");
		} else if (str_eq(name, "Id")) {
			if (!text)
				return wrong(rd, &here, "has to be a string");
		} else if (!str_eq(name, "Statement")) {
			return wrong(rd, &here,
				     "a policy has no element of this name: "
				     "Version, Id, Statement");
		}
	}
	return NULL;
}

static void statement_deinit(struct iam_statement *s)
{
	free(s->id);
	for (size_t i = 0; i < s->actions.num; i++)
		iam_pattern_deinit(&s->actions.rows[i]);
	for (size_t i = 0; i < s->resources.num; i++)
		iam_pattern_deinit(&s->resources.rows[i]);
	for (size_t i = 0; i < s->num_conditions; i++)
		iam_condition_deinit(&s->conditions[i]);
	free(s->actions.rows);
	free(s->resources.rows);
	free(s->conditions);
}

void iam_policy_free(struct iam_policy *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->num_statements; i++)
		statement_deinit(&p->statements[i]);
	for (size_t i = 0; i < p->num_warnings; i++)
		free(p->warnings[i]);
	free(p->statements);
	free(p->warnings);
	free(p->name);
	free(p);
}

struct err *iam_policy_read(const struct json_document *d, const struct json_place *at,
			    const json_t *root, const char *name, struct iam_policy **ret)
{
	cleanup(iam_policy_freep) struct iam_policy *p = calloc(1, sizeof(*p));
	struct reader rd = {.document = d};
	struct json_place statements = JSON_MEMBER(at, "Statement");
	struct err *err;

	if (!p)
		return err_nomem();
	p->name = strdup(name);
	if (!p->name)
		return err_nomem();
	if (!json_is_object(root))
		return wrong(&rd, at, "a policy has to be an object");
	if (!json_object_get(root, "Statement"))
		return wrong(&rd, at, "the policy has no Statement");
	err = parse_head(&rd, at, (json_t *)root);
	if (!err)
		err = parse_statements(&rd, &statements, json_object_get(root, "Statement"),
				       p);
	if (!err)
		err = iam_policy_warn(p);
	if (err)
		return err;
	*ret = steal(p);
	return NULL;
}

struct err *iam_policy_parse(const char *json, size_t len, const char *name,
			     struct iam_policy **ret)
{
	struct json_document d = {.name = name, .text = json, .len = len};
	json_t *root = NULL;
	struct err *err;

	if (len > IAM_POLICY_MAX)
		return err_new(ERR_BAD_DATA, "%s: %zu bytes; a policy has %u at most", name,
			       len, IAM_POLICY_MAX);
	err = json_document_parse(&d, &root);
	if (err)
		return err;
	err = iam_policy_read(&d, JSON_WHOLE, root, name, ret);
	json_decref(root);
	return err;
}

const char *iam_policy_name(const struct iam_policy *p)
{
	return p->name;
}

size_t iam_policy_count_warnings(const struct iam_policy *p)
{
	return p->num_warnings;
}

const char *iam_policy_warning(const struct iam_policy *p, size_t i)
{
	return p->warnings[i];
}
