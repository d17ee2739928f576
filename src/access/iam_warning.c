#include "access/iam_priv.h"

#include "base/str.h"

#include <stdarg.h>
#include <string.h>

/* Enough to see what is wrong with a policy. */
#define WARNINGS_MAX 64

static struct err *add_warning(struct iam_policy *p, size_t statement, const char *fmt, ...)
	printf_like(3, 4);

static struct err *add_warning(struct iam_policy *p, size_t statement, const char *fmt, ...)
{
	char **more =
		p->num_warnings < WARNINGS_MAX
			? reallocarray(p->warnings, p->num_warnings + 1, sizeof(*more))
			: NULL;
	cleanup(freep) char *said = NULL;
	char *line;
	va_list args;

	if (p->num_warnings == WARNINGS_MAX)
		return NULL;
	if (!more)
		return err_nomem();
	p->warnings = more;
	va_start(args, fmt);
	said = str_vformat(fmt, args);
	va_end(args);
	if (!said || asprintf(&line, "%s: statement %zu: %s", p->name, statement, said) < 0)
		return err_nomem();
	more[p->num_warnings++] = line;
	return NULL;
}

/* Does another condition of @s fail where the key is missing? */
static bool asks_presence(const struct iam_statement *s, const char *key)
{
	struct iam_request without = {0};

	for (size_t i = 0; i < s->num_conditions; i++)
		if (iam_text_is(s->conditions[i].key, key, true) &&
		    !iam_condition_holds(&s->conditions[i], &without, false))
			return true;
	return false;
}

/* A condition of an Allow that holds where its key is missing, and does not say so. */
static struct err *warn_of_condition(struct iam_policy *p, size_t number,
				     const struct iam_statement *s,
				     const struct iam_condition *c)
{
	cleanup(buf_deinit) struct buf key = BUF_INIT;
	struct err *err;

	if (s->denies || c->if_exists || iam_key_is_always_there(c->key))
		return NULL;
	if (!iam_condition_holds_if_missing(c) || asks_presence(s, c->key))
		return NULL;
	str_escape(&key, c->key, strlen(c->key), false);
	err = buf_check(&key);
	if (err)
		return err;
	return add_warning(
		p, number,
		"allows where %s is missing too, because %s; add \"Null\": {\"%s\": "
		"\"false\"} if that is not meant",
		buf_text(&key),
		iam_condition_is_negated(c) ? "a negated operator is true then"
					    : "ForAllValues is true then",
		buf_text(&key));
}

struct err *iam_policy_warn(struct iam_policy *p)
{
	for (size_t i = 0; i < p->num_statements; i++) {
		const struct iam_statement *s = &p->statements[i];
		struct err *err = NULL;

		if (!s->denies && s->is_not_action)
			err = add_warning(p, i + 1,
					  "allows every action but those of NotAction");
		if (!err && !s->denies && s->is_not_resource)
			err = add_warning(p, i + 1,
					  "allows every resource but those of NotResource");
		for (size_t j = 0; !err && j < s->num_conditions; j++)
			err = warn_of_condition(p, i + 1, s, &s->conditions[j]);
		if (err)
			return err;
	}
	return NULL;
}
