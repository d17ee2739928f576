#include "access/iam_parse_priv.h"

#include "base/str.h"

#include <string.h>

static struct err *parse_id(const struct iam_reader *rd, const struct json_place *at,
			    const json_t *v, struct iam_statement *s)
{
	const char *id = json_string_value(v);

	if (!id)
		return iam_wrong(rd, at, "has to be a string");
	if (id[strspn(id,
		      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")])
		return iam_wrong(rd, at, "has letters and digits only");
	if (!*id)
		return NULL;
	s->id = strdup(id);
	return s->id ? NULL : err_nomem();
}

static struct err *parse_effect(const struct iam_reader *rd, const struct json_place *at,
				const json_t *v, struct iam_statement *s)
{
	const char *effect = json_string_value(v);

	if (!effect || (!str_eq(effect, "Allow") && !str_eq(effect, "Deny")))
		return iam_wrong(rd, at, "has to be \"Allow\" or \"Deny\"");
	s->denies = str_eq(effect, "Deny");
	return NULL;
}

static struct err *parse_element(const struct iam_reader *rd, const struct json_place *at,
				 const char *name, json_t *v, struct iam_statement *s)
{
	if (str_eq(name, "Sid"))
		return parse_id(rd, at, v, s);
	if (str_eq(name, "Effect"))
		return parse_effect(rd, at, v, s);
	if (str_eq(name, "Condition"))
		return iam_parse_conditions(rd, at, v, s);
	if (str_eq(name, "Action") || str_eq(name, "NotAction")) {
		s->is_not_action = *name == 'N';
		return iam_parse_actions(rd, at, v, &s->actions);
	}
	if (str_eq(name, "Resource") || str_eq(name, "NotResource")) {
		s->is_not_resource = *name == 'N';
		return iam_parse_resources(rd, at, v, &s->resources);
	}
	if (str_eq(name, "Principal") || str_eq(name, "NotPrincipal"))
		return iam_wrong(rd, at,
				 "a policy of a user, group or role has no principal: it "
				 "is about whom it is attached to");
	return iam_wrong(rd, at,
			 "a statement has no element of this name: Sid, Effect, Action or "
			 "NotAction, Resource or NotResource, Condition");
}

/* Exactly one of each of these. */
static struct err *check_elements(const struct iam_reader *rd, const struct json_place *at,
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
			return iam_wrong(rd, at, needed[i].sentence);
		if (has_one && has_other && i) {
			struct json_place here = JSON_MEMBER(at, needed[i].other);

			return iam_wrong(rd, &here, "cannot be there beside its opposite");
		}
	}
	return NULL;
}

static struct err *parse_statement(const struct iam_reader *rd, const struct json_place *at,
				   json_t *v, struct iam_statement *s)
{
	const char *name;
	json_t *element;
	struct err *err;

	if (!json_is_object(v))
		return iam_wrong(rd, at, "a statement has to be an object");
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

static struct err *check_ids(const struct iam_reader *rd, const struct json_place *at,
			     const struct iam_policy *p, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (p->statements[i].id && p->statements[j].id &&
		    str_eq(p->statements[i].id, p->statements[j].id)) {
			struct json_place here = JSON_MEMBER(at, "Sid");

			return iam_wrong(rd, &here, "another statement has this Sid");
		}
	return NULL;
}

static struct err *parse_statements(const struct iam_reader *rd,
				    const struct json_place *at, const json_t *v,
				    struct iam_policy *p)
{
	struct err *err = iam_values_check(rd, at, v, IAM_STATEMENTS_MAX);
	size_t num = iam_values_count(v);

	if (err)
		return err;
	p->statements = calloc(num, sizeof(*p->statements));
	if (!p->statements)
		return err_nomem();
	for (size_t i = 0; i < num; i++) {
		struct json_place room;
		const struct json_place *here = iam_values_place(v, at, i, &room);

		p->num_statements++;
		err = parse_statement(rd, here, (json_t *)iam_values_get(v, i),
				      &p->statements[i]);
		if (!err)
			err = check_ids(rd, here, p, i);
		if (err)
			return err;
	}
	return NULL;
}

/* The members of the document but Statement. */
static struct err *parse_head(struct iam_reader *rd, const struct json_place *at,
			      json_t *root)
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
				return iam_wrong(rd, &here,
						 "has to be \"2012-10-17\" or "
						 "\"2008-10-17\"");
			rd->has_variables = str_eq(text, "2012-10-17");
		} else if (str_eq(name, "Id")) {
			if (!text)
				return iam_wrong(rd, &here, "has to be a string");
		} else if (!str_eq(name, "Statement")) {
			return iam_wrong(rd, &here,
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
	struct iam_reader rd = {.document = d};
	struct json_place statements = JSON_MEMBER(at, "Statement");
	struct err *err;

	if (!p)
		return err_nomem();
	p->name = strdup(name);
	if (!p->name)
		return err_nomem();
	if (!json_is_object(root))
		return iam_wrong(&rd, at, "a policy has to be an object");
	if (!json_object_get(root, "Statement"))
		return iam_wrong(&rd, at, "the policy has no Statement");
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
