#include "format/shell_assign.h"

#include "format/config_priv.h"

#include "base/buf.h"
#include "base/str.h"

#include <string.h>

void shell_vars_deinit(struct shell_vars *v)
{
	for (size_t i = 0; i < v->count; i++) {
		free(v->vars[i].name);
		free(v->vars[i].value);
	}
	free(v->vars);
	*v = (struct shell_vars){0};
}

static struct shell_var *find(const struct shell_vars *v, const char *name, size_t len)
{
	for (size_t i = 0; i < v->count; i++)
		if (strlen(v->vars[i].name) == len &&
		    memcmp(v->vars[i].name, name, len) == 0)
			return &v->vars[i];
	return NULL;
}

const struct shell_var *shell_vars_find(const struct shell_vars *v, const char *name)
{
	return find(v, name, strlen(name));
}

const char *shell_vars_get(const struct shell_vars *v, const char *name,
			   const char *otherwise)
{
	const struct shell_var *var = shell_vars_find(v, name);

	return var && *var->value ? var->value : otherwise;
}

/* A new variable without a value. */
static struct err *add(struct shell_vars *v, const char *name, size_t len,
		       struct shell_var **ret)
{
	struct shell_var *vars, *var;

	if (v->count == SHELL_VARS_MAX)
		return err_new(ERR_USAGE, "more than %d variables", SHELL_VARS_MAX);
	vars = realloc(v->vars, (v->count + 1) * sizeof(*vars));
	if (!vars)
		return err_nomem();
	v->vars = vars;
	var = &vars[v->count];
	*var = (struct shell_var){.name = strndup(name, len), .value = strdup("")};
	if (!var->name || !var->value) {
		free(var->name);
		free(var->value);
		return err_nomem();
	}
	v->count++;
	*ret = var;
	return NULL;
}

/* Take over @value, which is malloc()ed, in any case. */
static struct err *assign(struct shell_vars *v, const char *name, size_t len, char *value,
			  struct shell_var **ret)
{
	struct shell_var *var = find(v, name, len);
	struct err *err = var ? NULL : add(v, name, len, &var);

	if (err) {
		free(value);
		return err;
	}
	free(var->value);
	var->value = value;
	*ret = var;
	return NULL;
}

struct err *shell_vars_set(struct shell_vars *v, const char *name, const char *value)
{
	struct shell_var *var;
	char *copy = strdup(value);
	struct err *err = copy ? assign(v, name, strlen(name), copy, &var) : err_nomem();

	if (!err)
		var->is_unknown = false;
	return err;
}

/* Where reading is, and the value that is being put together. */
struct reader {
	struct shell_vars *v;
	struct config_place at;
	const char *text; /* all of it */
	const char *p;
	const char *word; /* start of the current one, for sentences */
	u64 word_line;
	const char *name; /* of the variable being assigned */
	size_t name_len;
	struct buf value;
	bool is_unknown;
};

static bool is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name_char(char c)
{
	return is_name_start(c) || (c >= '0' && c <= '9');
}

static size_t name_length(const char *p)
{
	size_t len = 0;

	if (is_name_start(*p))
		while (is_name_char(p[len]))
			len++;
	return len;
}

/* Names the rest of the line from the current word on, which is more telling than a piece
 * cut at a blank inside quotes. */
static struct err *bad_word(const struct reader *r, const char *what)
{
	const struct config_place at = {.file = r->at.file, .line = r->word_line};

	return config_error(&at, "cannot be read without a shell at", r->word,
			    strcspn(r->word, "\n"), what);
}

static struct err *add_char(struct reader *r, char c)
{
	if (r->value.len >= SHELL_VALUE_MAX)
		return bad_word(r, ": the value is longer than 64 KiB");
	buf_add_char(&r->value, c);
	return NULL;
}

static char next(struct reader *r)
{
	if (*r->p == '\n')
		r->at.line++;
	return *r->p++;
}

/* The value of the variable whose name has @len bytes at @name. */
static struct err *expand(struct reader *r, const char *name, size_t len)
{
	const struct shell_var *var = find(r->v, name, len);

	if (var) {
		if (strlen(var->value) >
		    SHELL_VALUE_MAX - min_u64(r->value.len, SHELL_VALUE_MAX))
			return bad_word(r, ": the value is longer than 64 KiB");
		buf_add_str(&r->value, var->value);
		r->is_unknown |= var->is_unknown;
		return NULL;
	}
	if (r->v->is_lenient || (len == r->name_len && memcmp(name, r->name, len) == 0))
		return NULL;
	return config_error(&r->at, "nothing has assigned the variable", name, len,
			    ": write out what it should be");
}

/* $NAME or ${NAME}; a $ that starts neither stands for itself. r->p is behind the $. */
static struct err *read_dollar(struct reader *r)
{
	bool braced = *r->p == '{';
	const char *name = r->p + braced;
	size_t len = name_length(name);

	if (len && (!braced || name[len] == '}')) {
		r->p = name + len + braced;
		return expand(r, name, len);
	}
	if (braced)
		return bad_word(r, ": of ${…} only ${NAME} is known; write out the value");
	if (*r->p == '(')
		return bad_word(r, ": commands are not run; write out what they would say");
	if (*r->p && strchr("0123456789@*#?-$!", *r->p))
		return bad_word(r, ": only variables named by letters are known");
	return add_char(r, '$');
}

static struct err *read_single_quoted(struct reader *r)
{
	struct err *err = NULL;

	while (!err && *r->p != '\'') {
		if (!*r->p)
			return bad_word(r, ": a single quote is not closed");
		err = add_char(r, next(r));
	}
	r->p += !err;
	return err;
}

/* A backslash within double quotes; r->p is behind it. */
static struct err *read_quoted_escape(struct reader *r)
{
	if (*r->p == '\n') {
		next(r);
		return NULL;
	}
	if (*r->p && strchr("$`\"\\", *r->p))
		return add_char(r, next(r));
	return add_char(r, '\\');
}

static struct err *read_double_quoted(struct reader *r)
{
	struct err *err = NULL;

	while (!err && *r->p != '"') {
		char c = *r->p;

		if (!c)
			return bad_word(r, ": a double quote is not closed");
		if (c == '`')
			return bad_word(
				r, ": commands are not run; write out what they would say");
		next(r);
		if (c == '$' && *r->p == '"')
			err = add_char(r, '$');
		else if (c == '$')
			err = read_dollar(r);
		else if (c == '\\')
			err = read_quoted_escape(r);
		else
			err = add_char(r, c);
	}
	r->p += !err;
	return err;
}

/* A backslash outside quotes; r->p is behind it. */
static struct err *read_escape(struct reader *r)
{
	if (*r->p == '\n') {
		next(r);
		return NULL;
	}
	return add_char(r, *r->p ? next(r) : '\\');
}

/* Characters that end a word, or would start something else than one. */
static bool ends_word(char c)
{
	return c == '\0' || c == ' ' || c == '\t' || c == '\n' || c == ';';
}

static struct err *read_piece(struct reader *r)
{
	char c = *r->p;

	if (c == '`')
		return bad_word(r, ": commands are not run; write out what they would say");
	if (strchr("|&<>()", c))
		return bad_word(r, ": only assignments such as NAME=\"value\" are known");
	if (c == '\r')
		return bad_word(r,
				": a carriage return; save the file with Unix line ends");
	next(r);
	switch (c) {
	case '\'':
		return read_single_quoted(r);
	case '"':
		return read_double_quoted(r);
	case '\\':
		return read_escape(r);
	case '$':
		if (*r->p == '\'' || *r->p == '"')
			return bad_word(r, ": use plain quotes");
		return read_dollar(r);
	default:
		return add_char(r, c);
	}
}

static struct err *read_value(struct reader *r)
{
	struct err *err = NULL;

	if (*r->p == '~')
		return bad_word(r, ": ~ is not expanded; write out the path");
	if (*r->p == '(')
		return bad_word(r, ": lists are not known; write one value in quotes");
	while (!err && !ends_word(*r->p))
		err = read_piece(r);
	return err ? err : buf_check(&r->value);
}

/* NAME=value or NAME+=value; r->p is at NAME, of @len bytes. */
static struct err *read_assignment(struct reader *r, size_t len)
{
	bool adds = r->p[len] == '+';
	const char *value = r->p + len + 1 + adds;
	u64 line = r->at.line;
	struct shell_var *var;
	struct err *err = NULL;
	char *copy;

	r->name = r->p;
	r->name_len = len;
	r->value.len = 0;
	r->is_unknown = false;
	r->p = value;
	if (adds)
		err = expand(r, r->name, len);
	if (!err)
		err = read_value(r);
	if (err)
		return err;
	copy = strndup(buf_text(&r->value), r->value.len);
	err = copy ? assign(r->v, r->name, len, copy, &var) : err_nomem();
	if (err)
		return err;
	var->line = line;
	var->is_unknown = r->is_unknown;
	var->value_start = (size_t)(value - r->text);
	var->value_end = (size_t)(r->p - r->text);
	return NULL;
}

static bool is_assignment(const char *p, size_t len)
{
	return len && (p[len] == '=' || (p[len] == '+' && p[len + 1] == '='));
}

/* One word of a line: an assignment, or behind `export` a name too. */
static struct err *read_word(struct reader *r, bool *is_export)
{
	size_t len = name_length(r->p);

	r->word = r->p;
	r->word_line = r->at.line;
	if (is_assignment(r->p, len))
		return read_assignment(r, len);
	if (!len || !ends_word(r->p[len]))
		return bad_word(r, ": only assignments such as NAME=\"value\" are known");
	if (*is_export) {
		r->p += len;
		return NULL;
	}
	if (len != strlen("export") || memcmp(r->p, "export", len) != 0)
		return bad_word(r, ": commands are not run; only assignments such as "
				   "NAME=\"value\" are known");
	r->p += len;
	*is_export = true;
	return NULL;
}

static void skip_line(struct reader *r)
{
	r->p += strcspn(r->p, "\n");
}

/* Blanks, and lines that go on on the next one. */
static void skip_blanks(struct reader *r)
{
	while (*r->p == ' ' || *r->p == '\t' || (*r->p == '\\' && r->p[1] == '\n')) {
		if (*r->p == '\\')
			next(r);
		next(r);
	}
}

/* A lenient reader goes on behind the line; of what it could not read it knows only that it
 * is unknown. */
static struct err *pass_over(struct reader *r, struct err *err)
{
	size_t len = name_length(r->word);
	struct shell_var *var;
	char *empty;

	if (!r->v->is_lenient || err_code(err) != ERR_USAGE)
		return err;
	err_ignore(err);
	if (!r->v->skipped_line)
		r->v->skipped_line = r->word_line;
	skip_line(r);
	if (!is_assignment(r->word, len))
		return NULL;
	empty = strdup("");
	err = empty ? assign(r->v, r->word, len, empty, &var) : err_nomem();
	if (err)
		return err;
	var->is_unknown = true;
	var->line = r->word_line;
	var->value_start = var->value_end = 0;
	return NULL;
}

/* Up to the end of a line, or a ';'. */
static struct err *read_command(struct reader *r)
{
	bool is_export = false;
	struct err *err = NULL;

	for (;;) {
		skip_blanks(r);
		if (*r->p == '#')
			skip_line(r);
		if (ends_word(*r->p))
			break;
		err = read_word(r, &is_export);
		if (err)
			err = pass_over(r, err);
		if (err)
			return err;
	}
	if (*r->p)
		next(r);
	return NULL;
}

struct err *shell_vars_read(struct shell_vars *v, const char *text, const char *file)
{
	struct reader r = {
		.v = v, .at = {.file = file, .line = 1}, .text = text, .p = text};
	struct err *err = NULL;

	while (!err && *r.p)
		err = read_command(&r);
	buf_deinit(&r.value);
	return err;
}
