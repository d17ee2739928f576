#include "machine/qmp_client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

struct qmp_client {
	int fd;
	qmp_message_fn *fn;
	void *ctx;
	u64 last_id;
	struct buf pending; /* an incomplete line, at most QMP_LINE_MAX */
};

struct err *qmp_client_new(int fd, qmp_message_fn *fn, void *ctx, struct qmp_client **ret)
{
	cleanup(qmp_client_freep) struct qmp_client *c = calloc(1, sizeof(*c));
	struct err *err;
	u64 id;

	if (!c) {
		close(fd);
		return err_nomem();
	}
	c->fd = fd;
	c->fn = fn;
	c->ctx = ctx;
	err = qmp_client_send(c, "qmp_capabilities", NULL, &id);
	if (err)
		return err;
	*ret = steal(c);
	return NULL;
}

void qmp_client_free(struct qmp_client *c)
{
	if (!c)
		return;
	closep(&c->fd);
	buf_deinit(&c->pending);
	free(c);
}

int qmp_client_fd(const struct qmp_client *c)
{
	return c->fd;
}

/* As send(2), with @passed_fd as a descriptor besides unless it is -1. */
static ssize_t send_some(int fd, const struct buf *b, int passed_fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} control = {{0}};
	struct iovec text = {.iov_base = b->data, .iov_len = b->len};
	struct msghdr m = {.msg_iov = &text, .msg_iovlen = 1};

	if (passed_fd >= 0) {
		m.msg_control = control.bytes;
		m.msg_controllen = sizeof(control.bytes);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &passed_fd, sizeof(int));
	}
	return sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

struct err *qmp_client_send_fd(struct qmp_client *c, const char *execute,
			       const json_t *arguments, int passed_fd, u64 *ret_id)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	u64 id = c->last_id + 1;
	struct err *err;
	ssize_t n;

	qmp_command_format(&b, execute, arguments, id);
	err = buf_check(&b);
	if (err)
		return err;
	if (c->fd < 0)
		return err_os(EPIPE, "QMP command %s", execute);
	/* Commands are a few hundred bytes and the socket's buffer is 200 KiB: either all
	 * of one fits, or QEMU has stopped reading. */
	do
		n = send_some(c->fd, &b, passed_fd);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_os(errno, "QMP command %s", execute);
	if (n != (ssize_t)b.len)
		return err_new(ERR_INCOMPLETE,
			       "QMP command %s: only %zd of %zu bytes could be sent",
			       execute, n, b.len);
	c->last_id = id;
	*ret_id = id;
	return NULL;
}

struct err *qmp_client_send(struct qmp_client *c, const char *execute,
			    const json_t *arguments, u64 *ret_id)
{
	return qmp_client_send_fd(c, execute, arguments, -1, ret_id);
}

static struct err *hand_on(struct qmp_client *c, const char *line, size_t len)
{
	struct qmp_message m;
	struct err *err;

	while (len && (line[len - 1] == '\r' || line[len - 1] == ' '))
		len--;
	if (!len)
		return NULL;
	err = qmp_message_parse(line, len, &m);
	if (err)
		return err;
	c->fn(c->ctx, &m);
	qmp_message_deinit(&m);
	return NULL;
}

static struct err *hand_on_lines(struct qmp_client *c)
{
	size_t start = 0;
	const char *end;

	while (start < c->pending.len &&
	       (end = memchr(c->pending.data + start, '\n', c->pending.len - start))) {
		const char *line = c->pending.data + start;
		struct err *err = hand_on(c, line, (size_t)(end - line));

		if (err)
			return err;
		start = (size_t)(end - c->pending.data) + 1;
	}
	c->pending.len -= start;
	if (start)
		memmove(c->pending.data, c->pending.data + start, c->pending.len + 1);
	if (c->pending.len > QMP_LINE_MAX)
		return err_new(ERR_BAD_DATA, "QMP line of more than %u bytes",
			       QMP_LINE_MAX);
	return NULL;
}

static void hang_up(struct qmp_client *c)
{
	closep(&c->fd);
	c->fd = -1;
}

struct err *qmp_client_receive(struct qmp_client *c)
{
	char data[8192];
	ssize_t n;
	struct err *err;

	n = recv(c->fd, data, sizeof(data), MSG_DONTWAIT);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return NULL;
	/* A reset connection is how a killed QEMU looks. */
	if (n <= 0) {
		hang_up(c);
		return NULL;
	}
	buf_add(&c->pending, data, (size_t)n);
	err = buf_check(&c->pending);
	if (!err)
		err = hand_on_lines(c);
	/* What comes after nonsense cannot be told from it. */
	if (err)
		hang_up(c);
	return err;
}
