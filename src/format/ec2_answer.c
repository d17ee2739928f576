#include "format/ec2_answer.h"

#include "base/str.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct span {
	const char *data;
	size_t len;
};

/* What stands between the first @open and the next @close. */
static bool find_between(struct span in, const char *open, const char *close,
			 struct span *ret)
{
	const char *start = memmem(in.data, in.len, open, strlen(open));
	const char *end;
	size_t left;

	if (!start)
		return false;
	start += strlen(open);
	left = in.len - (size_t)(start - in.data);
	end = memmem(start, left, close, strlen(close));
	if (!end)
		return false;
	*ret = (struct span){start, (size_t)(end - start)};
	return true;
}

static void take_text(struct span in, char *ret, size_t max)
{
	size_t len = in.len < max ? in.len : max;

	memcpy(ret, in.data, len);
	ret[len] = '\0';
}

static bool is_code(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!isalnum((unsigned char)s.data[i]) && s.data[i] != '.')
			return false;
	return s.len > 0 && s.len <= EC2_CODE_MAX;
}

static void take_error(struct span body, struct ec2_answer *a)
{
	struct span errors, part;

	if (!find_between(body, "<Error>", "</Error>", &errors) ||
	    !find_between(errors, "<Code>", "</Code>", &part) || !is_code(part))
		return;
	take_text(part, a->code, EC2_CODE_MAX);
	if (find_between(errors, "<Message>", "</Message>", &part) &&
	    !memchr(part.data, '\0', part.len))
		take_text(part, a->message, EC2_MESSAGE_MAX);
}

void ec2_answer_read(const char *body, size_t len, const char *action,
		     struct ec2_answer *ret)
{
	struct span all = {body, len}, inside, word;
	char open[EC2_CODE_MAX], close[EC2_CODE_MAX];

	*ret = (struct ec2_answer){0};
	take_error(all, ret);
	snprintf(open, sizeof(open), "<%sResponse", action);
	snprintf(close, sizeof(close), "</%sResponse>", action);
	if (ret->code[0] || !len || !find_between(all, open, close, &inside))
		return;
	ret->is_done = !find_between(inside, "<return>", "</return>", &word) ||
		       (word.len == 4 && !memcmp(word.data, "true", 4));
}
