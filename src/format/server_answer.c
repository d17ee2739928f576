#include "format/server_answer.h"

#include "base/str.h"

#include <string.h>

#define BLANKS	   " \t\r\n"
#define DIGITS_MAX 20 /* of 2^64 - 1 */

static bool read_number(const char *digits, size_t len, u64 *ret)
{
	char text[DIGITS_MAX + 1];

	if (!len || len > DIGITS_MAX || strspn(digits, "0123456789") < len)
		return false;
	memcpy(text, digits, len);
	text[len] = '\0';
	return str_parse_u64(text, ret);
}

bool server_answer_count(const char *text, u64 *ret)
{
	size_t end = strlen(text), start;

	while (end && strchr(BLANKS, text[end - 1]))
		end--;
	for (start = end; start && text[start - 1] >= '0' && text[start - 1] <= '9';)
		start--;
	return read_number(text + start, end - start, ret);
}

bool server_answer_free(const char *text, u64 *ret_bytes)
{
	u64 numbers[3]; /* in all, used, available */
	size_t len;

	text += strspn(text, BLANKS);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		text += strcspn(text, BLANKS);
		text += strspn(text, BLANKS);
		len = strcspn(text, BLANKS);
		if (!read_number(text, len, &numbers[i]))
			return false;
	}
	if (numbers[2] > UINT64_MAX / 1024)
		return false;
	*ret_bytes = numbers[2] * 1024;
	return true;
}
