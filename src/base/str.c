#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

bool str_has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_has_suffix(const char *s, const char *suffix)
{
	size_t len = strlen(s), suffix_len = strlen(suffix);

	return len >= suffix_len && str_eq(s + len - suffix_len, suffix);
}

static bool is_continuation(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* Length of the valid UTF-8 sequence at @s, 0 if there is none. Overlong forms, surrogates
 * and C1 controls count as invalid (RFC 3629). */
static size_t utf8_sequence_len(const unsigned char *s, size_t len)
{
	if (s[0] < 0x80)
		return 1;
	if (len >= 2 && s[0] >= 0xc2 && s[0] <= 0xdf && is_continuation(s[1]))
		return s[0] == 0xc2 && s[1] < 0xa0 ? 0 : 2;
	if (len >= 3 && (s[0] & 0xf0) == 0xe0 && is_continuation(s[1]) &&
	    is_continuation(s[2])) {
		if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] >= 0xa0))
			return 0;
		return 3;
	}
	if (len >= 4 && s[0] >= 0xf0 && s[0] <= 0xf4 && is_continuation(s[1]) &&
	    is_continuation(s[2]) && is_continuation(s[3])) {
		if ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] >= 0x90))
			return 0;
		return 4;
	}
	return 0;
}

/* Characters that reorder or hide text on a terminal: bidirectional controls and zero width
 * ones, U+200B..U+200F, U+2028..U+202E, U+2060..U+206F, U+FEFF. */
static bool is_deceptive(const unsigned char *s, size_t len)
{
	if (len != 3)
		return false;
	if (s[0] == 0xe2 && s[1] == 0x80)
		return (s[2] >= 0x8b && s[2] <= 0x8f) || (s[2] >= 0xa8 && s[2] <= 0xae);
	if (s[0] == 0xe2 && s[1] == 0x81)
		return s[2] >= 0xa0 && s[2] <= 0xaf;
	return s[0] == 0xef && s[1] == 0xbb && s[2] == 0xbf;
}

void str_escape(struct buf *b, const char *s, size_t len, bool keep_lines)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t i = 0;

	while (i < len) {
		size_t n = utf8_sequence_len(p + i, len - i);
		bool is_control = n == 1 && (p[i] < 0x20 || p[i] == 0x7f);
		bool is_layout = keep_lines && (p[i] == '\n' || p[i] == '\t');

		if (n && !is_deceptive(p + i, n) && (!is_control || is_layout)) {
			buf_add(b, s + i, n);
			i += n;
			continue;
		}
		buf_printf(b, "\\x%02x", p[i]);
		i++;
	}
}

bool str_parse_u64(const char *s, u64 *ret)
{
	char *end;
	u64 value;
	int base = str_has_prefix(s, "0x") || str_has_prefix(s, "0X") ? 16 : 10;

	if (!isxdigit((unsigned char)s[0]))
		return false;
	errno = 0;
	value = strtoull(s, &end, base);
	if (errno || *end || end == s)
		return false;
	*ret = value;
	return true;
}

bool str_parse_size(const char *s, u64 *ret_bytes)
{
	static const char units[] = "KMGTPE";
	char digits[24];
	size_t len = strlen(s);
	const char *unit = NULL;
	u64 value;

	if (len == 0 || len >= sizeof(digits))
		return false;
	if (isalpha((unsigned char)s[len - 1]) && !str_has_prefix(s, "0x")) {
		unit = strchr(units, toupper((unsigned char)s[len - 1]));
		if (!unit)
			return false;
		len--;
	}
	memcpy(digits, s, len);
	digits[len] = '\0';
	if (!str_parse_u64(digits, &value))
		return false;
	if (unit) {
		unsigned shift = 10 * (unsigned)(unit - units + 1);

		if (value > UINT64_MAX >> shift)
			return false;
		value <<= shift;
	}
	*ret_bytes = value;
	return true;
}

const char *str_format_size(char text[STR_SIZE_TEXT_LEN], u64 bytes)
{
	static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB", "PB", "EB"};
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1000 && unit + 1 < ARRAY_SIZE(units)) {
		value /= 1000;
		unit++;
	}
	if (unit == 0)
		snprintf(text, STR_SIZE_TEXT_LEN, "%llu bytes", (unsigned long long)bytes);
	else
		snprintf(text, STR_SIZE_TEXT_LEN, value < 10 ? "%.2f %s" : "%.1f %s", value,
			 units[unit]);
	return text;
}
