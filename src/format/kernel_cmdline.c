#include "format/kernel_cmdline.h"

#include <ctype.h>
#include <string.h>

const char *kernel_cmdline_next(const char **pos, size_t *ret_len)
{
	const char *word = *pos, *end;
	bool quoted = false;

	while (isspace((unsigned char)*word))
		word++;
	for (end = word; *end && (quoted || !isspace((unsigned char)*end)); end++)
		if (*end == '"')
			quoted = !quoted;
	*pos = end;
	*ret_len = (size_t)(end - word);
	return end == word ? NULL : word;
}

static char dashed(char c)
{
	return c == '_' ? '-' : c;
}

/* Length of NAME in the word at @word, behind an opening quote the word may have. */
static bool name_matches(const char *word, size_t len, const char *name, size_t *ret_end)
{
	size_t i = len && *word == '"' ? 1 : 0;

	for (; *name; name++, i++)
		if (i >= len || dashed(word[i]) != dashed(*name))
			return false;
	*ret_end = i;
	return i == len || word[i] == '=' || (i + 1 == len && word[i] == '"');
}

bool kernel_cmdline_is(const char *word, size_t len, const char *name)
{
	size_t end;

	return name_matches(word, len, name, &end);
}

bool kernel_cmdline_find(const char *text, const char *name, struct buf *b)
{
	const char *word, *value = NULL;
	size_t len, value_len = 0, end;

	while ((word = kernel_cmdline_next(&text, &len))) {
		if (!name_matches(word, len, name, &end) || end >= len || word[end] != '=')
			continue;
		value = word + end + 1;
		value_len = len - end - 1;
	}
	for (size_t i = 0; value && i < value_len; i++)
		if (value[i] != '"')
			buf_add_char(b, value[i]);
	return value != NULL;
}

bool kernel_cmdline_has(const char *text, const char *name)
{
	const char *word;
	size_t len;

	while ((word = kernel_cmdline_next(&text, &len)))
		if (kernel_cmdline_is(word, len, name))
			return true;
	return false;
}
