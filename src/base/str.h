/*
 * Strings: escaping hostile text, parsing numbers, printing sizes.
 *
 * Text from a dump (comm, log, module names, command line) is hostile: it goes through one
 * of the escapers here before a terminal, a log or JSON sees it.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/buf.h"

static inline bool str_eq(const char *a, const char *b)
{
	return __builtin_strcmp(a, b) == 0;
}

bool str_has_prefix(const char *s, const char *prefix);
bool str_has_suffix(const char *s, const char *suffix);

/* Append @len bytes of @s to @b as valid UTF-8 without control characters: those and
 * invalid bytes become \xNN, a backslash stays itself; '\n' and '\t' stay if @keep_lines.
 */
void str_escape(struct buf *b, const char *s, size_t len, bool keep_lines);

/* As vasprintf(3): the text, which the caller frees, or NULL without memory. */
char *str_vformat(const char *fmt, va_list args) printf_like(1, 0);

/* Copy @text to *@ret, which the caller frees; NULL becomes NULL. False without memory,
 * *@ret then NULL. */
bool str_copy(const char *text, char **ret);

/* Overwrite a secret and free it. NULL is fine. */
void str_free_secret(char *text);
static inline void str_free_secretp(char **text)
{
	str_free_secret(*text);
}

/* Parse all of @s (0x… hexadecimal, otherwise decimal). False if it is anything else or
 * does not fit, *@ret then untouched. */
bool str_parse_u64(const char *s, u64 *ret);

/* Parse "64", "64K", "64M", "1G", "1T" (powers of 1024, letter in either case). False if
 * anything else or out of range. */
bool str_parse_size(const char *s, u64 *ret_bytes);

/* Print @bytes for a person, as "17.2 MB" (decimal units). Returns @text. */
#define STR_SIZE_TEXT_LEN 32
const char *str_format_size(char text[STR_SIZE_TEXT_LEN], u64 bytes);

#endif
