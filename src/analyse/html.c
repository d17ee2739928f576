#include "analyse/html.h"

void html_text(struct buf *b, const char *text)
{
	for (; text && *text; text++) {
		switch (*text) {
		case '&':
			buf_add_str(b, "&amp;");
			break;
		case '<':
			buf_add_str(b, "&lt;");
			break;
		case '>':
			buf_add_str(b, "&gt;");
			break;
		case '"':
			buf_add_str(b, "&quot;");
			break;
		case '\'':
			buf_add_str(b, "&#39;");
			break;
		default:
			buf_add_char(b, *text);
		}
	}
}

const char *html_get(json_t *j, const char *key)
{
	const char *text = json_string_value(json_object_get(j, key));

	return text ? text : "";
}

u64 html_get_int(json_t *j, const char *key)
{
	return (u64)json_integer_value(json_object_get(j, key));
}

bool html_has(json_t *j, const char *key)
{
	return json_object_get(j, key) != NULL;
}

void html_member(struct buf *b, json_t *j, const char *key)
{
	html_text(b, html_get(j, key));
}

void html_row(struct buf *b, const char *heading, const char *text)
{
	if (!*text)
		return;
	buf_add_str(b, "<tr><th scope=\"row\">");
	html_text(b, heading);
	buf_add_str(b, "</th><td>");
	html_text(b, text);
	buf_add_str(b, "</td></tr>\n");
}
