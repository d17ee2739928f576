#include "machine/console.h"

#include "base/io.h"
#include "base/str.h"

#include <string.h>

struct console {
	int log_fd;
	const char *log_name;
	console_line_fn *fn;
	void *ctx;
	u64 bytes, log_bytes;
	size_t line_len;
	char line[CONSOLE_LINE_BYTES_MAX];
};

struct err *console_new(int log_fd, const char *log_name, console_line_fn *fn, void *ctx,
			struct console **ret)
{
	struct console *c = calloc(1, sizeof(*c));

	if (!c)
		return err_nomem();
	c->log_fd = log_fd;
	c->log_name = log_name;
	c->fn = fn;
	c->ctx = ctx;
	*ret = c;
	return NULL;
}

void console_free(struct console *c)
{
	free(c);
}

static struct err *log_line(struct console *c, size_t len, u64 at_ms)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct err *err;

	if (c->log_fd < 0 || c->log_bytes > CONSOLE_LOG_BYTES_MAX)
		return NULL;
	buf_printf(&b, "%8llu.%03llu  ", (unsigned long long)at_ms / 1000,
		   (unsigned long long)at_ms % 1000);
	str_escape(&b, c->line, len, true);
	buf_add_char(&b, '\n');
	c->log_bytes += b.len;
	if (c->log_bytes > CONSOLE_LOG_BYTES_MAX)
		buf_add_str(&b, "(the log is full: what followed is not kept)\n");
	err = buf_check(&b);
	if (!err)
		err = io_write_all(c->log_fd, b.data, b.len, c->log_name);
	/* One failure is enough to be told of. */
	if (err)
		c->log_fd = -1;
	return err;
}

static struct err *end_line(struct console *c, u64 at_ms)
{
	size_t len = c->line_len;
	struct err *err;

	while (len && c->line[len - 1] == '\r')
		len--;
	c->line_len = 0;
	err = log_line(c, len, at_ms);
	if (c->fn)
		c->fn(c->ctx, c->line, len, at_ms);
	return err;
}

struct err *console_feed(struct console *c, const char *data, size_t len, u64 at_ms)
{
	struct err *first = NULL;

	c->bytes += len;
	while (len) {
		const char *end = memchr(data, '\n', len);
		size_t part = end ? (size_t)(end - data) : len;
		size_t room = CONSOLE_LINE_BYTES_MAX - c->line_len;
		size_t taken = part < room ? part : room;

		memcpy(c->line + c->line_len, data, taken);
		c->line_len += taken;
		if (end) {
			struct err *err = end_line(c, at_ms);

			if (!first)
				first = err;
			else
				err_ignore(err);
			part++;
		}
		data += part;
		len -= part;
	}
	return first;
}

struct err *console_finish(struct console *c, u64 at_ms)
{
	return c->line_len ? end_line(c, at_ms) : NULL;
}

u64 console_bytes(const struct console *c)
{
	return c->bytes;
}
