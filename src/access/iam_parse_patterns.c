#include "access/iam_parse_priv.h"

#include "base/str.h"

#include <string.h>

typedef struct err *pattern_fn(const struct iam_reader *rd, const char *text,
			       struct iam_pattern *ret);

/* "*", or SERVICE:NAME with wildcards in the name. */
static struct err *parse_action(const struct iam_reader *rd, const char *text,
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
static struct err *parse_resource(const struct iam_reader *rd, const char *text,
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

static struct err *parse_patterns(const struct iam_reader *rd, const struct json_place *at,
				  const json_t *v, pattern_fn *parse,
				  struct iam_patterns *ret)
{
	struct err *err = iam_values_check(rd, at, v, IAM_VALUES_MAX);
	size_t num = iam_values_count(v);

	if (err)
		return err;
	ret->rows = calloc(num, sizeof(*ret->rows));
	if (!ret->rows)
		return err_nomem();
	for (size_t i = 0; i < num; i++) {
		const json_t *text = iam_values_get(v, i);
		struct json_place room;
		const struct json_place *here = iam_values_place(v, at, i, &room);

		if (!json_is_string(text))
			return iam_wrong(rd, here, "has to be a string");
		err = parse(rd, json_string_value(text), &ret->rows[i]);
		if (err)
			return json_place_wrap(rd->document, here, err);
		ret->num++;
	}
	return NULL;
}

struct err *iam_parse_actions(const struct iam_reader *rd, const struct json_place *at,
			      const json_t *v, struct iam_patterns *ret)
{
	return parse_patterns(rd, at, v, parse_action, ret);
}

struct err *iam_parse_resources(const struct iam_reader *rd, const struct json_place *at,
				const json_t *v, struct iam_patterns *ret)
{
	return parse_patterns(rd, at, v, parse_resource, ret);
}
