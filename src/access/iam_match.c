#include "access/iam_priv.h"

#include <string.h>

#define ARN_PARTS 6

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool iam_text_is(const char *a, const char *b, bool folds)
{
	if (!folds)
		return strcmp(a, b) == 0;
	while (*a && fold(*a) == fold(*b)) {
		a++;
		b++;
	}
	return fold(*a) == fold(*b);
}

/* Past one character of UTF-8, or one byte of anything else. */
static const char *next_char(const char *p, const char *end)
{
	for (p++; p < end && ((unsigned char)*p & 0xc0) == 0x80; p++)
		;
	return p;
}

/* A piece of text that need not end with a NUL. */
struct span {
	const char *p, *end;
};

/* When what follows a wildcard fails, only the last one takes one character more: earlier
 * ones could gain nothing that it cannot. So nothing is tried twice for the same pair of
 * places. */
static bool span_matches(struct span pattern, struct span text, bool folds)
{
	const char *p = pattern.p, *t = text.p;
	const char *retry_p = NULL, *retry_t = NULL;

	while (t < text.end) {
		if (p < pattern.end && *p == IAM_MANY) {
			retry_p = ++p;
			retry_t = t;
		} else if (p < pattern.end && *p == IAM_ONE) {
			p++;
			t = next_char(t, text.end);
		} else if (p < pattern.end &&
			   (*p == *t || (folds && fold(*p) == fold(*t)))) {
			p++;
			t++;
		} else if (retry_p) {
			p = retry_p;
			t = retry_t = next_char(retry_t, text.end);
		} else {
			return false;
		}
	}
	while (p < pattern.end && *p == IAM_MANY)
		p++;
	return p == pattern.end;
}

bool iam_glob_matches(const char *pattern, const char *text, bool folds)
{
	return span_matches((struct span){pattern, pattern + strlen(pattern)},
			    (struct span){text, text + strlen(text)}, folds);
}

/* Split at the first five colons. Returns the number of parts. */
static size_t split(const char *text, struct span parts[ARN_PARTS])
{
	size_t n = 0;

	for (; n < ARN_PARTS - 1; n++) {
		const char *colon = strchr(text, ':');

		if (!colon)
			break;
		parts[n] = (struct span){text, colon};
		text = colon + 1;
	}
	parts[n] = (struct span){text, text + strlen(text)};
	return n + 1;
}

size_t iam_arn_count_parts(const char *text)
{
	struct span parts[ARN_PARTS];

	return strncmp(text, "arn:", 4) == 0 ? split(text, parts) : 0;
}

bool iam_arn_matches(const char *pattern, const char *text)
{
	struct span patterns[ARN_PARTS], texts[ARN_PARTS];

	if (pattern[0] == IAM_MANY && !pattern[1])
		return true;
	if (split(pattern, patterns) != ARN_PARTS || split(text, texts) != ARN_PARTS)
		return false;
	for (size_t i = 0; i < ARN_PARTS; i++)
		if (!span_matches(patterns[i], texts[i], false))
			return false;
	return true;
}
