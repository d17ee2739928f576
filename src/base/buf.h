/*
 * A growing byte buffer that is also a C string: data[len] is always 0 once anything was
 * added.
 *
 * Layout is public. The buffer owns `data`; steal(b->data) hands it over. Growth failure is
 * remembered in `failed` instead of being returned by each call, and makes later additions
 * no-ops: check once at the end with buf_check(). Not for more than one thread.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/err.h"

struct buf {
	char *data;
	size_t len;
	size_t capacity;
	bool failed;
};

#define BUF_INIT ((struct buf){0})

void buf_deinit(struct buf *b);

void buf_add(struct buf *b, const void *data, size_t len);
void buf_add_str(struct buf *b, const char *s);
void buf_add_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) printf_like(2, 3);

/* The text so far, "" when empty. Valid until the next addition. */
const char *buf_text(const struct buf *b);

/* ERR_NOMEM if any addition was lost. */
must_check struct err *buf_check(const struct buf *b);

#endif
