#include "access/iam_priv.h"

#include "base/buf.h"

#include <string.h>

void iam_pattern_deinit(struct iam_pattern *p)
{
	for (size_t i = 0; i < p->num_pieces; i++) {
		free(p->pieces[i].text);
		free(p->pieces[i].fallback);
	}
	free(p->pieces);
	*p = (struct iam_pattern){0};
}

bool iam_pattern_has_variables(const struct iam_pattern *p)
{
	for (size_t i = 0; i < p->num_pieces; i++)
		if (p->pieces[i].is_variable)
			return true;
	return false;
}

/* Add a piece that owns @text and @fallback, also when it fails. */
static struct err *add_piece(struct iam_pattern *p, bool is_variable, char *text,
			     char *fallback)
{
	struct iam_piece *more =
		text ? reallocarray(p->pieces, p->num_pieces + 1, sizeof(*more)) : NULL;

	if (!more) {
		free(text);
		free(fallback);
		return err_nomem();
	}
	p->pieces = more;
	more[p->num_pieces++] = (struct iam_piece){is_variable, text, fallback};
	return NULL;
}

static struct err *add_text(struct iam_pattern *p, struct buf *text)
{
	struct err *err = buf_check(text);

	if (err || (!text->len && p->num_pieces))
		return err;
	err = add_piece(p, false, text->len ? steal(text->data) : strdup(""), NULL);
	*text = BUF_INIT;
	return err;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Read the fallback of "${KEY, 'text'}": @p is behind the comma. */
static struct err *parse_fallback(const char *p, size_t len, char **ret)
{
	while (len && is_blank(*p)) {
		p++;
		len--;
	}
	while (len && is_blank(p[len - 1]))
		len--;
	if (len < 2 || p[0] != '\'' || p[len - 1] != '\'')
		return err_new(ERR_BAD_DATA,
			       "what stands in for a variable has to be in "
			       "single quotes, as in ${aws:username, 'none'}");
	*ret = strndup(p + 1, len - 2);
	return *ret ? NULL : err_nomem();
}

/* Where "${" at @p ends: its "}", that is not in the quotes of a fallback. */
static const char *find_close(const char *p)
{
	bool is_quoted = false;

	for (p += 2; *p; p++) {
		if (*p == '\'')
			is_quoted = !is_quoted;
		else if (*p == '}' && !is_quoted)
			return p;
	}
	return NULL;
}

static struct err *parse_variable(const char *p, const char *close, struct iam_pattern *ret)
{
	const char *inside = p + 2;
	const char *comma = memchr(inside, ',', (size_t)(close - inside));
	cleanup(freep) char *key =
		strndup(inside, (size_t)((comma ? comma : close) - inside));
	cleanup(freep) char *fallback = NULL;
	struct err *err;

	if (!key)
		return err_nomem();
	for (size_t len = strlen(key); len && is_blank(key[len - 1]);)
		key[--len] = '\0';
	err = iam_key_check(key);
	if (!err && comma)
		err = parse_fallback(comma + 1, (size_t)(close - comma - 1), &fallback);
	return err ? err_wrap(err, "variable ${%s}", key)
		   : add_piece(ret, true, steal(key), steal(fallback));
}

/* "${" at *@p: one of ${*}, ${?}, ${$}, or a variable. */
static struct err *parse_dollar(const char **p, unsigned flags, struct buf *text,
				struct iam_pattern *ret)
{
	const char *close = find_close(*p);
	struct err *err = NULL;

	if (!(flags & IAM_VARIABLES))
		return err_new(
			ERR_BAD_DATA,
			"there is a variable where none can be: they are in Resource "
			"and in conditions on strings and ARNs, of policies whose "
			"Version is \"2012-10-17\"");
	if (!close)
		return err_new(ERR_BAD_DATA, "a variable has no closing }");
	if (close == *p + 3 && strchr("*?$", (*p)[2])) {
		buf_add_char(text, (*p)[2]);
	} else {
		err = add_text(ret, text);
		if (!err)
			err = parse_variable(*p, close, ret);
	}
	*p = close + 1;
	return err;
}

static struct err *check_text(const char *text)
{
	if (strlen(text) > IAM_TEXT_MAX)
		return err_new(ERR_BAD_DATA, "text of %zu bytes; %u are the most",
			       strlen(text), IAM_TEXT_MAX);
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if (*p < 0x20 || *p == 0x7f)
			return err_new(ERR_BAD_DATA,
				       "a control character, \\u%04x, is in the text", *p);
	return NULL;
}

struct err *iam_pattern_parse(const char *text, unsigned flags, struct iam_pattern *ret)
{
	cleanup(iam_pattern_deinit) struct iam_pattern p = {0};
	cleanup(buf_deinit) struct buf plain = BUF_INIT;
	struct err *err = check_text(text);

	while (!err && *text) {
		if (text[0] == '$' && text[1] == '{') {
			err = parse_dollar(&text, flags, &plain, &p);
			continue;
		}
		if (*text == '*' && flags & IAM_WILDCARDS)
			buf_add_char(&plain, IAM_MANY);
		else if (*text == '?' && flags & IAM_WILDCARDS)
			buf_add_char(&plain, IAM_ONE);
		else
			buf_add_char(&plain, *text);
		text++;
	}
	if (!err)
		err = add_text(&p, &plain);
	if (err)
		return err;
	*ret = p;
	p = (struct iam_pattern){0};
	return NULL;
}

/* What @piece is in @r; NULL if it is nothing that can be compared with. */
static const char *resolve(const struct iam_piece *piece, const struct iam_request *r)
{
	const struct iam_key *key;
	const char *text;

	if (!piece->is_variable)
		return piece->text;
	key = iam_request_find(r, piece->text);
	if (key && key->num_values > 1)
		return NULL;
	text = key && key->values[0][0] ? key->values[0] : piece->fallback;
	/* These would be wildcards, at the wish of whoever has set the value. */
	if (text && (strchr(text, IAM_MANY) || strchr(text, IAM_ONE)))
		return NULL;
	return text;
}

const char *iam_pattern_expand(const struct iam_pattern *p, const struct iam_request *r,
			       const char *otherwise, char room[IAM_TEXT_MAX + 1])
{
	size_t len = 0;

	if (p->num_pieces == 1 && !p->pieces[0].is_variable)
		return p->pieces[0].text;
	for (size_t i = 0; i < p->num_pieces; i++) {
		const char *value = resolve(&p->pieces[i], r);
		const char *text = value ? value : otherwise;
		size_t more = text ? strlen(text) : 0;

		if (!text || more > IAM_TEXT_MAX - len)
			return NULL;
		memcpy(room + len, text, more);
		len += more;
	}
	room[len] = '\0';
	return room;
}
