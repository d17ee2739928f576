#include "base/buf.h"

#include <string.h>

void buf_deinit(struct buf *b)
{
	free(b->data);
	*b = BUF_INIT;
}

/* Make room for @extra bytes and a terminating 0. */
static bool buf_reserve(struct buf *b, size_t extra)
{
	size_t needed, capacity;
	char *data;

	if (b->failed)
		return false;
	if (__builtin_add_overflow(b->len, extra, &needed) || needed > SIZE_MAX / 2) {
		b->failed = true;
		return false;
	}
	if (needed < b->capacity)
		return true;
	capacity = needed + needed / 2 + 64;
	data = realloc(b->data, capacity);
	if (!data) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->capacity = capacity;
	return true;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	if (!buf_reserve(b, len))
		return;
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_add_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_add_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0 || !buf_reserve(b, (size_t)len)) {
		b->failed = true;
		return;
	}
	va_start(args, fmt);
	vsnprintf(b->data + b->len, (size_t)len + 1, fmt, args);
	va_end(args);
	b->len += (size_t)len;
}

const char *buf_text(const struct buf *b)
{
	return b->data ? b->data : "";
}

struct err *buf_check(const struct buf *b)
{
	return b->failed ? err_nomem() : NULL;
}
