#include "trigger/console_tail.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/io.h"
#include "base/str.h"

#define READ_MAX (64u << 10)

struct console_tail {
	char *name;
	int fd;
	bool is_socket;
	u64 begin;	 /* where we began */
	u64 offset;	 /* read up to here */
	u64 done;	 /* and handed on, in whole lines, up to here */
	size_t line_len; /* of a line that has no end yet */
	char line[CONSOLE_TAIL_LINE_MAX];
};

static must_check struct err *connect_to(const char *path, int *ret)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	cleanup(closep) int fd = -1;

	if (strlen(path) >= sizeof(address.sun_path))
		return err_new(ERR_USAGE, "%s: the path of a socket has at most %zu bytes",
			       path, sizeof(address.sun_path) - 1);
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_os(errno, "a socket");
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)))
		return err_os(errno, "console unix:%s", path);
	*ret = steal_fd(&fd);
	return NULL;
}

static must_check struct err *open_log(struct console_tail *t, const char *path, s64 offset)
{
	struct stat st;

	t->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (t->fd < 0 || fstat(t->fd, &st))
		return err_os(errno, "console %s", path);
	if (!S_ISREG(st.st_mode))
		return err_new(ERR_USAGE,
			       "console %s: neither a file nor \"unix:\" and a socket",
			       path);
	t->begin = offset < 0 ? (u64)st.st_size : (u64)offset;
	t->offset = t->done = t->begin;
	return NULL;
}

must_check struct err *console_tail_open(const char *where, s64 offset,
					 struct console_tail **ret)
{
	cleanup(console_tail_closep) struct console_tail *t = calloc(1, sizeof(*t));
	struct err *err;

	if (!t)
		return err_nomem();
	t->fd = -1;
	t->name = strdup(where);
	if (!t->name)
		return err_nomem();
	t->is_socket = str_has_prefix(where, "unix:");
	err = t->is_socket ? connect_to(where + 5, &t->fd) : open_log(t, where, offset);
	if (err)
		return err;
	*ret = steal(t);
	return NULL;
}

void console_tail_close(struct console_tail *t)
{
	if (!t)
		return;
	if (t->fd >= 0)
		close(t->fd);
	free(t->name);
	free(t);
}

s64 console_tail_offset(const struct console_tail *t)
{
	return t->is_socket ? -1 : (s64)t->done;
}

must_check struct err *console_tail_read_before(const struct console_tail *t, size_t max,
						struct buf *ret)
{
	u64 start = t->begin > max ? t->begin - max : 0;
	size_t len = t->begin - start, got = 0, skipped = 0;
	cleanup(freep) char *data = NULL;
	struct err *err;

	if (t->is_socket || !len)
		return NULL;
	data = malloc(len);
	if (!data)
		return err_nomem();
	err = io_pread_some(t->fd, data, len, start, t->name, &got);
	if (err)
		return err;
	/* Not the end of a line that began before. */
	while (start && skipped < got && data[skipped++] != '\n')
		;
	str_escape(ret, data + skipped, got - skipped, true);
	return buf_check(ret);
}

static void take(struct console_tail *t, const char *data, size_t len, console_tail_fn *fn,
		 void *ctx)
{
	while (len) {
		const char *end = memchr(data, '\n', len);
		size_t part = end ? (size_t)(end - data) : len;
		size_t room = sizeof(t->line) - t->line_len;
		size_t taken = part < room ? part : room;

		memcpy(t->line + t->line_len, data, taken);
		t->line_len += taken;
		t->offset += part + (end != NULL);
		if (end) {
			t->done = t->offset;
			fn(ctx, t->line, t->line_len);
			t->line_len = 0;
			part++;
		}
		data += part;
		len -= part;
	}
}

must_check struct err *console_tail_read(struct console_tail *t, console_tail_fn *fn,
					 void *ctx, size_t *ret_bytes)
{
	char data[4096];
	size_t total = 0;

	while (total < READ_MAX) {
		struct stat st;
		ssize_t got = t->is_socket
				      ? recv(t->fd, data, sizeof(data), 0)
				      : pread(t->fd, data, sizeof(data), (off_t)t->offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (got < 0)
			return err_os(errno, "console %s", t->name);
		if (got == 0 && t->is_socket)
			return err_new(ERR_ABSENT, "console %s: closed at the other end",
				       t->name);
		if (got == 0) {
			/* Begun anew by the hypervisor. */
			if (fstat(t->fd, &st) == 0 && (u64)st.st_size < t->offset) {
				t->offset = t->done = 0;
				t->line_len = 0;
			}
			break;
		}
		take(t, data, (size_t)got, fn, ctx);
		total += (size_t)got;
	}
	*ret_bytes = total;
	return NULL;
}
