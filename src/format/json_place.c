#include "format/json_place.h"

#include "base/str.h"

#include <string.h>

/* Deeper places are told without a line. */
#define DEPTH_MAX 32

struct err *json_document_parse(const struct json_document *d, json_t **ret)
{
	json_error_t why;
	json_t *root = json_loadb(d->text, d->len, JSON_REJECT_DUPLICATES, &why);

	if (!root && json_error_code(&why) == json_error_out_of_memory)
		return err_nomem();
	if (!root) {
		cleanup(buf_deinit) struct buf text = BUF_INIT;

		/* The library quotes what it met. */
		str_escape(&text, why.text, strlen(why.text), false);
		return err_new(ERR_BAD_DATA, "%s:%d: %s", d->name,
			       why.line > 0 ? why.line : 1, buf_text(&text));
	}
	*ret = root;
	return NULL;
}

/* A walk through text that has been parsed before; it ends early on any other. */
struct walk {
	const char *p, *end;
};

static void skip_blank(struct walk *w)
{
	while (w->p < w->end && strchr(" \t\r\n", *w->p))
		w->p++;
}

/* Skip a string, which starts here. */
static void skip_string(struct walk *w)
{
	for (w->p++; w->p < w->end && *w->p != '"'; w->p++)
		if (*w->p == '\\' && w->end - w->p > 1)
			w->p++;
	if (w->p < w->end)
		w->p++;
}

static void skip_value(struct walk *w)
{
	size_t depth = 0;

	skip_blank(w);
	while (w->p < w->end) {
		char c = *w->p;

		if (!depth && (c == ',' || c == ']' || c == '}'))
			return;
		if (c == '"') {
			skip_string(w);
			continue;
		}
		if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
		w->p++;
	}
}

/* Skip @c after blanks. */
static bool skip_char(struct walk *w, char c)
{
	skip_blank(w);
	if (w->p == w->end || *w->p != c)
		return false;
	w->p++;
	return true;
}

static bool string_is(const char *token, size_t len, const char *key)
{
	json_t *value;
	bool same;

	if (!memchr(token, '\\', len))
		return len == strlen(key) + 2 && memcmp(token + 1, key, len - 2) == 0;
	value = json_loadb(token, len, JSON_DECODE_ANY, NULL);
	same = value && str_eq(json_string_value(value), key);
	json_decref(value);
	return same;
}

/* Go to the name of member @key of the object here, and past it if @enters. */
static bool find_member(struct walk *w, const char *key, bool enters)
{
	if (!skip_char(w, '{'))
		return false;
	for (;;) {
		const char *token;

		skip_blank(w);
		token = w->p;
		if (w->p == w->end || *token != '"')
			return false;
		skip_string(w);
		if (string_is(token, (size_t)(w->p - token), key)) {
			if (!enters)
				w->p = token;
			return !enters || skip_char(w, ':');
		}
		if (!skip_char(w, ':'))
			return false;
		skip_value(w);
		if (!skip_char(w, ','))
			return false;
	}
}

static bool find_element(struct walk *w, size_t index)
{
	if (!skip_char(w, '['))
		return false;
	for (; index; index--) {
		skip_value(w);
		if (!skip_char(w, ','))
			return false;
	}
	skip_blank(w);
	return true;
}

unsigned json_place_line(const struct json_document *d, const struct json_place *at)
{
	const struct json_place *chain[DEPTH_MAX];
	size_t depth = 0;
	struct walk w = {.p = d->text, .end = d->text + d->len};
	unsigned line = 1;

	if (!d->text)
		return 0;
	for (; at; at = at->up) {
		if (depth == DEPTH_MAX)
			return 0;
		chain[depth++] = at;
	}
	skip_blank(&w);
	while (depth--) {
		const struct json_place *step = chain[depth];

		if (!(step->key ? find_member(&w, step->key, depth != 0)
				: find_element(&w, step->index)))
			return 0;
	}
	for (const char *p = d->text; p < w.p; p++)
		line += *p == '\n';
	return line;
}

void json_place_describe(const struct json_place *at, struct buf *b)
{
	if (!at)
		return;
	json_place_describe(at->up, b);
	if (!at->key) {
		buf_printf(b, "[%zu]", at->index);
		return;
	}
	if (at->up)
		buf_add_char(b, '.');
	str_escape(b, at->key, strlen(at->key), false);
}

struct err *json_place_wrap(const struct json_document *d, const struct json_place *at,
			    struct err *err)
{
	cleanup(buf_deinit) struct buf where = BUF_INIT;
	unsigned line;

	if (!err)
		return NULL;
	line = json_place_line(d, at);
	json_place_describe(at, &where);
	if (where.len)
		err = err_wrap(err, "%s", buf_text(&where));
	return line ? err_wrap(err, "%s:%u", d->name, line) : err_wrap(err, "%s", d->name);
}
