#include "access/sigv4_canonical_priv.h"

#include "format/percent.h"

#include <string.h>
#include <strings.h>

size_t sigv4_find_header(const struct sigv4_request *r, const char *name, const char **ret)
{
	size_t count = 0;

	for (size_t i = 0; i < r->num_headers; i++) {
		if (strcasecmp(r->headers[i].name, name) != 0)
			continue;
		if (!count++)
			*ret = r->headers[i].value;
	}
	return count;
}

bool sigv4_is_bounded(const struct sigv4_request *r)
{
	size_t len = strlen(r->path) + (r->query ? strlen(r->query) : 0);

	if (r->num_headers > SIGV4_HEADERS_MAX)
		return false;
	for (size_t i = 0; i < r->num_headers; i++)
		len += strlen(r->headers[i].name) + strlen(r->headers[i].value);
	return len <= SIGV4_TEXT_MAX;
}

static bool is_name_char(char c)
{
	/* RFC 9110 "token", in lower case. */
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

static int compare_pieces(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	if (order)
		return order;
	return a_len < b_len ? -1 : a_len > b_len;
}

bool sigv4_names_parse(const char *text, struct sigv4_names *ret)
{
	const char *p = text;

	ret->num = 0;
	for (;;) {
		size_t len = 0, i = ret->num;

		while (is_name_char(p[len]))
			len++;
		if (!len || i >= SIGV4_HEADERS_MAX || (p[len] && p[len] != ';'))
			return false;
		if (i && compare_pieces(ret->name[i - 1], ret->len[i - 1], p, len) >= 0)
			return false;
		ret->name[i] = p;
		ret->len[i] = len;
		ret->num++;
		if (!p[len])
			return true;
		p += len + 1;
	}
}

bool sigv4_names_have(const struct sigv4_names *names, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < names->num; i++)
		if (names->len[i] == len && strncasecmp(names->name[i], name, len) == 0)
			return true;
	return false;
}

static void drop_segment(struct buf *b, size_t start)
{
	if (b->len == start)
		return;
	while (b->len > start && b->data[--b->len] != '/')
		;
	b->data[b->len] = '\0';
}

/* Append @path without empty and "." segments and with ".." resolved (RFC 3986, 5.2.4). */
static void add_normal_path(struct buf *b, const char *path)
{
	const char *segment = path;
	size_t start = b->len, len;
	bool ends_in_slash = true;

	for (; *segment; segment += len + (segment[len] == '/')) {
		len = strcspn(segment, "/");
		ends_in_slash = segment[len] == '/';
		if (len == 0 || (len == 1 && segment[0] == '.'))
			continue;
		if (len == 2 && segment[0] == '.' && segment[1] == '.') {
			drop_segment(b, start);
			continue;
		}
		buf_add_char(b, '/');
		percent_encode(b, segment, len, "");
	}
	if (b->len == start || ends_in_slash)
		buf_add_char(b, '/');
}

void sigv4_add_path(struct buf *b, const char *path, bool as_is)
{
	if (!as_is)
		add_normal_path(b, path);
	else if (!path[0])
		buf_add_char(b, '/');
	else
		percent_encode(b, path, strlen(path), "/");
}

struct parameter {
	size_t name, value; /* where in the text */
	const char *text;
};

static int compare_parameters(const void *a, const void *b)
{
	const struct parameter *x = a, *y = b;
	int order = strcmp(x->text + x->name, y->text + y->name);

	return order ? order : strcmp(x->text + x->value, y->text + y->value);
}

/* Decode and encode again, so that all ways to write a byte become one. */
static bool add_reencoded(struct buf *b, const char *s, size_t len)
{
	struct buf plain = BUF_INIT;
	bool good = percent_decode(&plain, s, len, PERCENT_PLUS_IS_PLUS);

	if (good)
		percent_encode(b, buf_text(&plain), plain.len, "");
	buf_add_char(b, '\0');
	b->failed |= plain.failed;
	buf_deinit(&plain);
	return good;
}

/* Names and values, encoded and each ended by a NUL, into @text; where they are into @p. */
static bool split_query(struct buf *text, const char *query, struct parameter *p,
			size_t *ret_num)
{
	size_t num = 0, len;

	for (; *query; query += len + (query[len] == '&')) {
		const char *equals;

		len = strcspn(query, "&");
		if (!len)
			continue;
		if (num == SIGV4_PARAMETERS_MAX)
			return false;
		equals = memchr(query, '=', len);
		p[num].name = text->len;
		if (!add_reencoded(text, query, equals ? (size_t)(equals - query) : len))
			return false;
		p[num].value = text->len;
		if (!add_reencoded(text, equals ? equals + 1 : "",
				   equals ? len - (size_t)(equals - query) - 1 : 0))
			return false;
		num++;
	}
	*ret_num = num;
	return true;
}

bool sigv4_add_query(struct buf *b, const char *query, const char *leave_out)
{
	struct parameter p[SIGV4_PARAMETERS_MAX];
	struct buf text = BUF_INIT;
	size_t num = 0;
	bool is_first = true;
	bool good = split_query(&text, query ? query : "", p, &num);

	if (text.failed) {
		b->failed = true;
		buf_deinit(&text);
		return good;
	}
	for (size_t i = 0; i < num; i++)
		p[i].text = text.data;
	qsort(p, good ? num : 0, sizeof(p[0]), compare_parameters);
	for (size_t i = 0; good && i < num; i++) {
		if (leave_out && strcmp(text.data + p[i].name, leave_out) == 0)
			continue;
		buf_add_str(b, is_first ? "" : "&");
		buf_add_str(b, text.data + p[i].name);
		buf_add_char(b, '=');
		buf_add_str(b, text.data + p[i].value);
		is_first = false;
	}
	buf_deinit(&text);
	return good;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void sigv4_add_trimmed(struct buf *b, const char *value)
{
	bool is_first = true;

	while (*value) {
		size_t len = 0;

		while (is_blank(*value))
			value++;
		while (value[len] && !is_blank(value[len]))
			len++;
		if (!len)
			return;
		if (!is_first)
			buf_add_char(b, ' ');
		buf_add(b, value, len);
		value += len;
		is_first = false;
	}
}

bool sigv4_add_headers(struct buf *b, const struct sigv4_request *r,
		       const struct sigv4_names *names)
{
	for (size_t i = 0; i < names->num; i++) {
		bool is_there = false;

		buf_add(b, names->name[i], names->len[i]);
		for (size_t k = 0; k < r->num_headers; k++) {
			const char *name = r->headers[k].name;

			if (strncasecmp(name, names->name[i], names->len[i]) != 0 ||
			    name[names->len[i]])
				continue;
			buf_add_char(b, is_there ? ',' : ':');
			sigv4_add_trimmed(b, r->headers[k].value);
			is_there = true;
		}
		if (!is_there)
			return false;
		buf_add_char(b, '\n');
	}
	return true;
}
