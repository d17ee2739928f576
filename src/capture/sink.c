#include "capture/sink.h"

#include "base/io.h"
#include "format/console_line.h"

#include <fcntl.h>
#include <string.h>

/* KERN_NOTICE: printed unless somebody asked for quiet. */
#define LEVEL "<5>"

struct sink sink_open(void)
{
	struct sink s = {.fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC), .is_kmsg = true};

	if (s.fd >= 0)
		return s;
	s.is_kmsg = false;
	s.fd = open("/dev/console", O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (s.fd < 0)
		s.fd = STDERR_FILENO;
	return s;
}

static void say_line(const struct sink *s, const char *line, size_t len)
{
	char record[sizeof(LEVEL) + CONSOLE_LINE_MAX];
	size_t prefix = s->is_kmsg ? strlen(LEVEL) : 0;

	if (len > CONSOLE_LINE_MAX)
		len = CONSOLE_LINE_MAX;
	memcpy(record, LEVEL, prefix);
	memcpy(record + prefix, line, len);
	err_ignore(io_write_all(s->fd, record, prefix + len, "console"));
}

void sink_say(const struct sink *s, struct buf *lines)
{
	const char *line = buf_text(lines);

	while (*line) {
		size_t len = strcspn(line, "\n");

		if (line[len])
			len++;
		say_line(s, line, len);
		line += len;
	}
	buf_deinit(lines);
}

void sink_fact(const struct sink *s, struct buf *line)
{
	console_line_end(line);
	sink_say(s, line);
}

void sink_warn(const struct sink *s, struct err *err)
{
	struct buf line = BUF_INIT;

	if (!err)
		return;
	console_line_begin(&line, "warning");
	console_line_add(&line, "reason", err_message(err));
	sink_fact(s, &line);
	err_free(err);
}
