/* Which tasks the operands of ps name. */
#include "shell/ps_priv.h"

#include "base/str.h"

#include <ctype.h>
#include <regex.h>
#include <string.h>

struct choice {
	const struct task_row **rows;
	size_t max;
	size_t *count;
};

static void choose(struct choice *c, const struct task_row *row)
{
	if (*c->count < c->max)
		c->rows[(*c->count)++] = row;
}

static void choose_named(struct shell *s, const char *name, struct choice *c)
{
	for (size_t i = 0; i < s->tasks.count; i++)
		if (str_eq(s->tasks.rows[i].task.comm, name))
			choose(c, &s->tasks.rows[i]);
}

static bool choose_matching(struct shell *s, const char *pattern, struct choice *c)
{
	regex_t compiled;

	if (!strpbrk(pattern, "*+?.[]^$|") ||
	    regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	for (size_t i = 0; i < s->tasks.count; i++)
		if (regexec(&compiled, s->tasks.rows[i].task.comm, 0, NULL, 0) == 0)
			choose(c, &s->tasks.rows[i]);
	regfree(&compiled);
	return true;
}

struct err *ps_choose(struct shell *s, const char *word, const struct task_row **rows,
		      size_t max, size_t *count)
{
	struct choice c = {.rows = rows, .max = max, .count = count};
	bool is_name = *word == '\\';
	const struct task_row *row = is_name ? NULL : shell_find_task(s, word);
	size_t before = *count;

	if (row) {
		choose(&c, row);
		return NULL;
	}
	choose_named(s, word + is_name, &c);
	if (*count != before || is_name || choose_matching(s, word, &c))
		return NULL;
	return isxdigit((unsigned char)*word)
		       ? err_new(ERR_ABSENT, "invalid task or pid value: %s", word)
		       : NULL;
}
