#include "access/iam_parse_priv.h"

#include <string.h>

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

static struct err *parse_values(const struct iam_reader *rd, const struct json_place *at,
				const json_t *v, struct iam_condition *c)
{
	struct err *err = iam_values_check(rd, at, v, IAM_VALUES_MAX);
	size_t num = iam_values_count(v);

	if (err)
		return err;
	c->values = calloc(num, sizeof(*c->values));
	if (!c->values)
		return err_nomem();
	for (size_t i = 0; i < num; i++) {
		const json_t *value = iam_values_get(v, i);
		struct json_place room;
		const struct json_place *here = iam_values_place(v, at, i, &room);
		cleanup(freep) char *text = NULL;

		if (json_is_object(value) || json_is_array(value) || json_is_null(value))
			return iam_wrong(rd, here,
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
static struct err *parse_operator(const struct iam_reader *rd, const struct json_place *at,
				  const char *word, json_t *keys, struct iam_statement *s)
{
	struct iam_condition kind = {0};
	struct err *err = iam_operator_find(word, &kind);
	const char *key;
	json_t *values;

	if (err)
		return json_place_wrap(rd->document, at, err);
	if (!json_is_object(keys))
		return iam_wrong(rd, at, "has to be an object of keys and their values");
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

struct err *iam_parse_conditions(const struct iam_reader *rd, const struct json_place *at,
				 json_t *v, struct iam_statement *s)
{
	const char *word;
	json_t *keys;

	if (!json_is_object(v))
		return iam_wrong(rd, at, "has to be an object of operators");
	json_object_foreach(v, word, keys)
	{
		struct json_place here = JSON_MEMBER(at, word);
		struct err *err = parse_operator(rd, &here, word, keys, s);

		if (err)
			return err;
	}
	return NULL;
}
