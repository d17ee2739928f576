#include "format/aws_query.h"

#include "base/str.h"

#include <string.h>

void aws_query_deinit(struct aws_query *q)
{
	for (size_t i = 0; i < q->num; i++) {
		free(q->parameters[i].name);
		free(q->parameters[i].value);
	}
	q->num = 0;
}

const char *aws_query_find(const struct aws_query *q, const char *name)
{
	for (size_t i = 0; i < q->num; i++)
		if (str_eq(q->parameters[i].name, name))
			return q->parameters[i].value;
	return NULL;
}

/* Takes both strings. */
static must_check struct err *add_parameter(struct aws_query *q, char *name, char *value)
{
	const char *was = aws_query_find(q, name);
	struct err *err = NULL;

	if (!was && q->num < AWS_QUERY_PARAMETERS_MAX) {
		q->parameters[q->num].name = name;
		q->parameters[q->num].value = value;
		q->num++;
		return NULL;
	}
	if (!was)
		err = err_new(ERR_BAD_DATA, "more than %u parameters",
			      AWS_QUERY_PARAMETERS_MAX);
	else if (!str_eq(was, value))
		err = err_new(ERR_BAD_DATA, "parameter %s has two values", name);
	free(name);
	free(value);
	return err;
}

/* Decode into a string of its own. */
static must_check struct err *decode(const char *s, size_t len, enum percent_plus plus,
				     size_t max, char **ret)
{
	struct buf b = BUF_INIT;
	struct err *err = NULL;

	if (!percent_decode(&b, s, len, plus))
		err = err_new(ERR_BAD_DATA,
			      "a %% without two hexadecimal digits behind it");
	else if (b.len > max)
		err = err_new(ERR_BAD_DATA, "a name or value of more than %zu bytes", max);
	else if (strlen(buf_text(&b)) != b.len)
		err = err_new(ERR_BAD_DATA, "a NUL in a name or value");
	else
		err = buf_check(&b);
	if (!err) {
		*ret = b.data ? steal(b.data) : strdup("");
		if (!*ret)
			err = err_nomem();
	}
	buf_deinit(&b);
	return err;
}

static must_check struct err *parse_parameter(struct aws_query *q, const char *s,
					      size_t len, enum percent_plus plus)
{
	const char *equals = memchr(s, '=', len);
	size_t name_len = equals ? (size_t)(equals - s) : len;
	cleanup(freep) char *name = NULL, *value = NULL;
	struct err *err = decode(s, name_len, plus, AWS_QUERY_NAME_MAX, &name);

	if (!err)
		err = decode(equals ? equals + 1 : "", equals ? len - name_len - 1 : 0,
			     plus, AWS_QUERY_VALUE_MAX, &value);
	if (err)
		return err;
	if (!name[0])
		return err_new(ERR_BAD_DATA, "a parameter without a name");
	return add_parameter(q, steal(name), steal(value));
}

must_check struct err *aws_query_parse(struct aws_query *q, const char *text, size_t len,
				       enum percent_plus plus)
{
	const char *end = text + len;

	while (text < end) {
		const char *next = memchr(text, '&', (size_t)(end - text));
		size_t piece = (size_t)((next ? next : end) - text);
		struct err *err = piece ? parse_parameter(q, text, piece, plus) : NULL;

		if (err)
			return err;
		text += piece + (next != NULL);
	}
	return NULL;
}

size_t aws_query_index(const char *name, const char *prefix, const char **ret_rest)
{
	size_t len = strlen(prefix), index = 0;
	const char *p = name + len;

	if (!str_has_prefix(name, prefix) || *p++ != '.' || *p == '0')
		return 0;
	for (; *p >= '0' && *p <= '9'; p++) {
		index = index * 10 + (size_t)(*p - '0');
		if (index > AWS_QUERY_INDEX_MAX)
			return 0;
	}
	if (!index || (*p && (*p != '.' || !p[1])))
		return 0;
	*ret_rest = *p ? p + 1 : p;
	return index;
}
