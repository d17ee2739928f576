#include "format/percent.h"

#include <string.h>

static bool is_unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

void percent_encode(struct buf *b, const char *s, size_t len, const char *keep)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		u8 c = (u8)s[i];

		if (is_unreserved(s[i]) || (c && strchr(keep, c))) {
			buf_add_char(b, s[i]);
			continue;
		}
		buf_add(b, (char[]){'%', digits[c >> 4], digits[c & 15]}, 3);
	}
}

int hex_digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool percent_decode(struct buf *b, const char *s, size_t len, enum percent_plus plus)
{
	for (size_t i = 0; i < len; i++) {
		int high, low;

		if (s[i] == '+' && plus == PERCENT_PLUS_IS_SPACE) {
			buf_add_char(b, ' ');
			continue;
		}
		if (s[i] != '%') {
			buf_add_char(b, s[i]);
			continue;
		}
		if (len - i < 3)
			return false;
		high = hex_digit_value(s[i + 1]);
		low = hex_digit_value(s[i + 2]);
		if (high < 0 || low < 0)
			return false;
		buf_add_char(b, (char)(high << 4 | low));
		i += 2;
	}
	return true;
}
