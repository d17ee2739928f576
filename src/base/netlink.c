#include "base/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* The kernel fills at most 32 KiB of a dump into one datagram. */
#define ANSWER_BYTES 32768
/* The kernel answers at once; this is for one that is broken. */
#define ANSWER_SECONDS 10

struct err *netlink_open(struct netlink *ret)
{
	static const int on = 1;
	const struct timeval patience = {.tv_sec = ANSWER_SECONDS};
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	cleanup(closep) int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return err_os(errno, "cannot open a netlink socket");
	if (connect(fd, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return err_os(errno, "cannot connect a netlink socket to the kernel");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	/* The kernel's own words, where it has some. Old ones have not. */
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	*ret = (struct netlink){.fd = steal_fd(&fd)};
	return NULL;
}

void netlink_close(struct netlink *n)
{
	closep(&n->fd);
	n->fd = -1;
}

static void add_padded(struct buf *m, const void *data, size_t len)
{
	buf_add(m, data, len);
	buf_add(m, "\0\0\0", NLMSG_ALIGN(len) - len);
}

void netlink_begin(struct buf *m, u16 type, u16 flags, const void *header, size_t len)
{
	struct nlmsghdr h = {.nlmsg_type = type,
			     .nlmsg_flags = flags | NLM_F_REQUEST | NLM_F_ACK};

	m->len = 0;
	add_padded(m, &h, sizeof(h));
	add_padded(m, header, len);
}

void netlink_add(struct buf *m, u16 type, const void *data, size_t len)
{
	struct rtattr a = {.rta_type = type, .rta_len = (u16)RTA_LENGTH(len)};

	add_padded(m, &a, sizeof(a));
	add_padded(m, data, len);
}

void netlink_add_u32(struct buf *m, u16 type, u32 value)
{
	netlink_add(m, type, &value, sizeof(value));
}

void netlink_add_str(struct buf *m, u16 type, const char *text)
{
	netlink_add(m, type, text, strlen(text) + 1);
}

size_t netlink_nest(struct buf *m, u16 type)
{
	size_t nest = m->len;

	netlink_add(m, type, "", 0);
	return nest;
}

void netlink_unnest(struct buf *m, size_t nest)
{
	u16 len = (u16)(m->len - nest);

	if (!m->failed)
		memcpy(m->data + nest + offsetof(struct rtattr, rta_len), &len,
		       sizeof(len));
}

const void *netlink_attr_find(const void *attrs, size_t len, u16 type, size_t min_len,
			      size_t *ret_len)
{
	const char *at = attrs;

	while (len >= sizeof(struct rtattr)) {
		struct rtattr a;
		size_t step;

		memcpy(&a, at, sizeof(a));
		if (a.rta_len < sizeof(a) || a.rta_len > len)
			return NULL;
		if ((a.rta_type & NLA_TYPE_MASK) == type &&
		    a.rta_len - sizeof(a) >= min_len) {
			if (ret_len)
				*ret_len = a.rta_len - sizeof(a);
			return at + sizeof(a);
		}
		step = RTA_ALIGN(a.rta_len);
		if (step > len)
			return NULL;
		at += step;
		len -= step;
	}
	return NULL;
}

const void *netlink_payload_find(const void *payload, size_t len, size_t header_len,
				 u16 type, size_t min_len, size_t *ret_len)
{
	size_t skip = NLMSG_ALIGN(header_len);

	if (len < skip)
		return NULL;
	return netlink_attr_find((const char *)payload + skip, len - skip, type, min_len,
				 ret_len);
}

u32 netlink_payload_u32(const void *payload, size_t len, size_t header_len, u16 type)
{
	u32 value = 0;
	const void *at =
		netlink_payload_find(payload, len, header_len, type, sizeof(value), NULL);

	if (at)
		memcpy(&value, at, sizeof(value));
	return value;
}

/* An NLMSG_ERROR, which is also how "done" is said: its number is 0 then. */
static struct err *read_verdict(const void *payload, size_t len)
{
	struct nlmsgerr e;
	const char *words;
	size_t words_len;

	if (len < sizeof(e))
		return err_new(ERR_BAD_DATA, "the kernel's answer was cut short");
	memcpy(&e, payload, sizeof(e));
	if (!e.error)
		return NULL;
	/* The attributes lie behind a copy of our message, or of its header only. */
	words_len = e.msg.nlmsg_len;
	words = NULL;
	if (words_len >= sizeof(e.msg) && sizeof(e) - sizeof(e.msg) + words_len <= len)
		words = netlink_payload_find(payload, len,
					     sizeof(e) - sizeof(e.msg) + words_len,
					     NLMSGERR_ATTR_MSG, 1, &words_len);
	if (words && memchr(words, '\0', words_len))
		return err_os(-e.error, "the kernel refuses (%s)", words);
	return err_os(-e.error, "the kernel refuses");
}

struct answer {
	u32 sequence;
	netlink_reply *reply;
	void *ctx;
	bool is_over;
};

static struct err *read_messages(struct answer *a, const char *at, size_t len)
{
	struct err *err = NULL;

	while (!err && !a->is_over && len >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr h;
		size_t step;

		memcpy(&h, at, sizeof(h));
		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > len)
			return err_new(ERR_BAD_DATA, "the kernel's answer was cut short");
		step = min_u64(NLMSG_ALIGN(h.nlmsg_len), len);
		if (h.nlmsg_seq != a->sequence) {
			/* Left over from a request that was given up. */
		} else if (h.nlmsg_type == NLMSG_ERROR || h.nlmsg_type == NLMSG_DONE) {
			a->is_over = true;
			if (h.nlmsg_type == NLMSG_ERROR)
				err = read_verdict(at + sizeof(h), h.nlmsg_len - sizeof(h));
		} else if (a->reply) {
			err = a->reply(a->ctx, h.nlmsg_type, at + sizeof(h),
				       h.nlmsg_len - sizeof(h));
		}
		at += step;
		len -= step;
	}
	return err;
}

static struct err *read_answer(struct netlink *n, struct answer *a)
{
	cleanup(freep) char *data = malloc(ANSWER_BYTES);
	struct err *err = NULL;

	if (!data)
		return err_nomem();
	while (!err && !a->is_over) {
		ssize_t got = recv(n->fd, data, ANSWER_BYTES, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_os(errno, "the kernel did not answer");
		err = read_messages(a, data, (size_t)got);
	}
	return err;
}

struct err *netlink_request(struct netlink *n, struct buf *m, netlink_reply *reply,
			    void *ctx)
{
	struct answer a = {.sequence = ++n->sequence, .reply = reply, .ctx = ctx};
	struct err *err = buf_check(m);
	struct nlmsghdr h;
	size_t len = m->len;

	if (err)
		return err;
	memcpy(&h, m->data, sizeof(h));
	h.nlmsg_len = (u32)len;
	h.nlmsg_seq = a.sequence;
	memcpy(m->data, &h, sizeof(h));
	m->len = 0;
	if (send(n->fd, m->data, len, 0) != (ssize_t)len)
		return err_os(errno, "cannot send to the kernel's network");
	return read_answer(n, &a);
}
