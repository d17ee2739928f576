#include "base/markup.h"

void markup_text(struct buf *b, const char *text)
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
