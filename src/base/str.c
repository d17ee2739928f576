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

/* Well-formed UTF-8 by first and second byte (RFC 3629, section 4), which leaves out
 * overlong forms and surrogates; and, U+0080..U+009F being C1 controls, those too. */
struct utf8_form {
	unsigned char first_min, first_max, second_min, second_max, len;
};

static const struct utf8_form utf8_forms[] = {
	{0xc2, 0xc2, 0xa0, 0xbf, 2}, {0xc3, 0xdf, 0x80, 0xbf, 2},
	{0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
	{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
	{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
	{0xf4, 0xf4, 0x80, 0x8f, 4},
};

static bool is_continuation(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* Do the @len bytes at @s start with a sequence of this form? */
static bool utf8_form_fits(const struct utf8_form *form, const unsigned char *s, size_t len)
{
	if (len < form->len || s[0] < form->first_min || s[0] > form->first_max)
		return false;
	if (s[1] < form->second_min || s[1] > form->second_max)
		return false;
	for (size_t i = 2; i < form->len; i++)
		if (!is_continuation(s[i]))
			return false;
	return true;
}

/* Length of the valid UTF-8 sequence at @s, 0 if there is none. */
static size_t utf8_sequence_len(const unsigned char *s, size_t len)
{
	if (s[0] < 0x80)
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(utf8_forms); i++)
		if (utf8_form_fits(&utf8_forms[i], s, len))
			return utf8_forms[i].len;
	return 0;
}

/* Characters that reorder or hide text on a terminal or a page: bidirectional controls,
 * zero width ones, soft hyphen, annotation marks, tags. Unicode 15, Bidi_Control and
 * Default_Ignorable_Code_Point but for variation selectors and fillers. */
static const struct {
	u32 first, last;
} deceptive[] = {
	{0xad, 0xad},	  {0x61c, 0x61c},   {0x180e, 0x180e},
	{0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
	{0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe0fff},
};

/* The code point of a valid sequence. */
static u32 utf8_decode(const unsigned char *s, size_t len)
{
	u32 c = len == 1 ? s[0] : s[0] & (0xffu >> (len + 1));

	for (size_t i = 1; i < len; i++)
		c = c << 6 | (s[i] & 0x3f);
	return c;
}

static bool is_deceptive(const unsigned char *s, size_t len)
{
	u32 c = utf8_decode(s, len);

	for (size_t i = 0; len > 1 && i < ARRAY_SIZE(deceptive); i++)
		if (c >= deceptive[i].first && c <= deceptive[i].last)
			return true;
	return false;
}

static void add_hex(struct buf *b, unsigned char byte)
{
	static const char digits[] = "0123456789abcdef";
	const char text[4] = {'\\', 'x', digits[byte >> 4], digits[byte & 15]};

	buf_add(b, text, sizeof(text));
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
		add_hex(b, p[i]);
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

char *str_vformat(const char *fmt, va_list args)
{
	char *text;

	/* It leaves the pointer undefined on failure. */
	return vasprintf(&text, fmt, args) < 0 ? NULL : text;
}

bool str_copy(const char *text, char **ret)
{
	*ret = text ? strdup(text) : NULL;
	return !text || *ret;
}

void str_free_secret(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
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
