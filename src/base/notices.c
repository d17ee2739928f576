#include "base/notices.h"

#include "base/str.h"

void notices_deinit(struct notices *n)
{
	for (size_t i = 0; i < n->count; i++)
		free(n->texts[i]);
	*n = (struct notices){0};
}

static bool notices_has(const struct notices *n, const char *text)
{
	for (size_t i = 0; i < n->count; i++)
		if (str_eq(n->texts[i], text))
			return true;
	return false;
}

void notices_add(struct notices *n, const char *fmt, ...)
{
	cleanup(freep) char *text = NULL;
	va_list args;

	va_start(args, fmt);
	text = str_vformat(fmt, args);
	va_end(args);
	if (text && notices_has(n, text))
		return;
	if (!text || n->count == NOTICES_MAX) {
		n->dropped++;
		return;
	}
	n->texts[n->count++] = steal(text);
}

void notices_add_err(struct notices *n, struct err *err)
{
	if (!err)
		return;
	notices_add(n, "%s", err_message(err));
	err_free(err);
}
