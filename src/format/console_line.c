#include "format/console_line.h"

#include "base/str.h"

#include <ctype.h>
#include <string.h>

#define FACT_MARK "inquest: "
#define TEXT_MARK "inquest| "

/* The longest "[…]" that printk writes is a time stamp of 20 digits. */
#define PREFIX_MAX 32

static bool is_bare(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("._:/@%+,-", c));
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

void console_line_begin(struct buf *b, const char *event)
{
	buf_add_str(b, FACT_MARK);
	buf_add_str(b, event);
}

void console_line_add(struct buf *b, const char *key, const char *value)
{
	const char *p = value;

	buf_add_char(b, ' ');
	buf_add_str(b, key);
	buf_add_char(b, '=');
	while (is_bare(*p))
		p++;
	if (!*p && p != value) {
		buf_add_str(b, value);
		return;
	}
	buf_add_char(b, '"');
	for (p = value; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			buf_printf(b, "\\x%02x", c);
		else
			buf_add_char(b, (char)c);
	}
	buf_add_char(b, '"');
}

void console_line_add_u64(struct buf *b, const char *key, u64 value)
{
	buf_printf(b, " %s=%llu", key, (unsigned long long)value);
}

/* Start of the last line in @b. */
static size_t last_line(const struct buf *b)
{
	size_t start = b->len;

	while (start && b->data[start - 1] != '\n')
		start--;
	return start;
}

void console_line_end(struct buf *b)
{
	size_t start = last_line(b);

	if (b->len - start > CONSOLE_LINE_MAX - 1) {
		b->len = start + CONSOLE_LINE_MAX - 1;
		b->data[b->len] = '\0';
	}
	buf_add_char(b, '\n');
}

void console_text_add(struct buf *b, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		buf_add_str(b, TEXT_MARK);
		str_escape(b, text, len, false);
		console_line_end(b);
		text += len;
		if (*text)
			text++;
	}
}

/* Length of a "[…]" of printk at @s, 0 if there is none; its time goes to *@ret_us. */
static size_t bracket_len(const char *s, size_t len, bool *ret_has_time, u64 *ret_us)
{
	u64 seconds = 0, us = 0;
	size_t i = 1, digits = 0;
	bool dot = false;

	if (len < 3 || s[0] != '[')
		return 0;
	for (; i < len && i < PREFIX_MAX && s[i] != ']'; i++) {
		if (s[i] >= '0' && s[i] <= '9') {
			u64 digit = (u64)(s[i] - '0');

			if (!dot)
				seconds = seconds * 10 + digit;
			else if (digits++ < 6)
				us = us * 10 + digit;
		} else if (s[i] == '.' && !dot) {
			dot = true;
		} else if (s[i] != ' ' && s[i] != 'T' && s[i] != 'C') {
			return 0;
		}
	}
	if (i >= len || s[i] != ']')
		return 0;
	if (dot && digits == 6 && seconds < UINT64_MAX / 2000000) {
		*ret_has_time = true;
		*ret_us = seconds * 1000000 + us;
	}
	return i + 1;
}

size_t console_skip_prefix(const char *line, size_t len, bool *ret_has_time, u64 *ret_us)
{
	size_t pos = 0;

	*ret_has_time = false;
	*ret_us = 0;
	for (int i = 0; i < 2; i++) {
		size_t n = bracket_len(line + pos, len - pos, ret_has_time, ret_us);

		if (!n)
			break;
		pos += n;
	}
	if (pos && pos < len && line[pos] == ' ')
		pos++;
	return pos;
}

/* The rest of the line behind its printk prefix and @mark, without its end; NULL if @mark
 * is not there. */
static const char *after_mark(const char *line, size_t len, const char *mark,
			      struct console_line *l, size_t *ret_len)
{
	size_t mark_len = strlen(mark), pos;

	while (len && (line[len - 1] == '\n' || line[len - 1] == '\r'))
		len--;
	while (len && *line == '\r') {
		line++;
		len--;
	}
	pos = console_skip_prefix(line, len, &l->has_kernel_time, &l->kernel_time_us);
	if (len - pos < mark_len || memcmp(line + pos, mark, mark_len) != 0)
		return NULL;
	*ret_len = len - pos - mark_len;
	return line + pos + mark_len;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* Undo the quoting of the value at @s, which starts with '"', in place. Returns the byte
 * behind the closing quote, NULL if the value does not end. */
static char *unquote(char *s)
{
	char *to = s, *from = s + 1;

	while (*from && *from != '"') {
		if (*from != '\\') {
			*to++ = *from++;
		} else if (from[1] == '"' || from[1] == '\\') {
			*to++ = from[1];
			from += 2;
		} else if (from[1] == 'x' && hex_digit(from[2]) >= 0 &&
			   hex_digit(from[3]) >= 0) {
			int c = hex_digit(from[2]) * 16 + hex_digit(from[3]);

			if (!c)
				return NULL;
			*to++ = (char)c;
			from += 4;
		} else {
			return NULL;
		}
	}
	if (!*from)
		return NULL;
	*to = '\0';
	return from + 1;
}

/* Take one " key=value" at @s. Returns where the next one starts, NULL at the end of what
 * can be understood. */
static char *parse_pair(char *s, struct console_pair *ret)
{
	char *key = s, *value, *end;

	while (is_word(*s))
		s++;
	if (s == key || *s != '=')
		return NULL;
	*s++ = '\0';
	value = s;
	if (*value == '"') {
		end = unquote(value);
		if (!end || (*end && *end != ' '))
			return NULL;
	} else {
		while (is_bare(*s))
			s++;
		if (*s && *s != ' ')
			return NULL;
		end = s;
	}
	*ret = (struct console_pair){.key = key, .value = value};
	if (*end)
		*end++ = '\0';
	return end;
}

bool console_line_parse(const char *line, size_t len, struct console_line *ret)
{
	const char *rest = after_mark(line, len, FACT_MARK, ret, &len);
	char *s = ret->text;

	ret->num_pairs = 0;
	if (!rest || len > CONSOLE_LINE_MAX || memchr(rest, '\0', len))
		return false;
	memcpy(ret->text, rest, len);
	ret->text[len] = '\0';
	ret->event = s;
	while (is_word(*s))
		s++;
	if (s == ret->event || (*s && *s != ' '))
		return false;
	if (*s)
		*s++ = '\0';
	while (s && *s && ret->num_pairs < CONSOLE_PAIRS_MAX) {
		s = parse_pair(s, &ret->pairs[ret->num_pairs]);
		if (s)
			ret->num_pairs++;
	}
	return true;
}

bool console_text_parse(const char *line, size_t len, const char **ret, size_t *ret_len)
{
	struct console_line unused;
	size_t rest_len;
	const char *rest = after_mark(line, len, TEXT_MARK, &unused, &rest_len);

	if (!rest)
		return false;
	*ret = rest;
	*ret_len = rest_len;
	return true;
}

const char *console_line_find(const struct console_line *l, const char *key)
{
	for (size_t i = 0; i < l->num_pairs; i++)
		if (str_eq(l->pairs[i].key, key))
			return l->pairs[i].value;
	return NULL;
}

bool console_line_u64(const struct console_line *l, const char *key, u64 *ret)
{
	const char *value = console_line_find(l, key);

	return value && !str_has_prefix(value, "0x") && str_parse_u64(value, ret);
}
