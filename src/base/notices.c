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
	int len;

	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	if (len < 0) {
		text = NULL;
		n->dropped++;
		return;
	}
	if (notices_has(n, text))
		return;
	if (n->count == NOTICES_MAX) {
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
