/*
 * rtnetlink(7): asking the kernel about links, addresses and routes, and changing them.
 *
 * A message is built in a buf (netlink_begin(), netlink_add…()), sent with
 * netlink_request(), and each message of the answer is handed to a function as a payload of
 * a family header and attributes, which netlink_attr_find() looks through. Nothing is
 * trusted to fit: every length is checked against what came. A socket belongs to one
 * thread.
 */
#ifndef BASE_NETLINK_H
#define BASE_NETLINK_H

#include "base/buf.h"

struct netlink {
	int fd;
	u32 sequence;
};

/* Open a socket for the network namespace we are in. */
must_check struct err *netlink_open(struct netlink *ret);
void netlink_close(struct netlink *n);

/* Begin message @type (RTM_…) with @flags (NLM_F_…; a request with an answer is added) and
 * the family header of @len bytes (struct ifinfomsg, ifaddrmsg, rtmsg). */
void netlink_begin(struct buf *m, u16 type, u16 flags, const void *header, size_t len);
void netlink_add(struct buf *m, u16 type, const void *data, size_t len);
void netlink_add_u32(struct buf *m, u16 type, u32 value);
void netlink_add_str(struct buf *m, u16 type, const char *text);
/* Begin an attribute that holds others; the result goes to netlink_unnest(). */
size_t netlink_nest(struct buf *m, u16 type);
void netlink_unnest(struct buf *m, size_t nest);

/* One message of the answer: its type, and what follows the netlink header. */
typedef struct err *netlink_reply(void *ctx, u16 type, const void *payload, size_t len);

/* Send @m, empty it, and wait until the kernel has answered all of it. ERR_OS with the
 * kernel's errno, and its own words where it has some; @reply may be NULL. */
must_check struct err *netlink_request(struct netlink *n, struct buf *m,
				       netlink_reply *reply, void *ctx);

/* Find attribute @type with at least @min_len bytes of value among @len bytes of
 * attributes. NULL if there is none; *@ret_len, which may be NULL, is its length. */
const void *netlink_attr_find(const void *attrs, size_t len, u16 type, size_t min_len,
			      size_t *ret_len);
/* That of a payload behind a family header of @header_len bytes. */
const void *netlink_payload_find(const void *payload, size_t len, size_t header_len,
				 u16 type, size_t min_len, size_t *ret_len);
/* The value as u32, or 0. */
u32 netlink_payload_u32(const void *payload, size_t len, size_t header_len, u16 type);

#endif
