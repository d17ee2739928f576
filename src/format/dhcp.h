/*
 * DHCPv4 messages (RFC 2131, options of RFC 2132): the two that a client sends, and what it
 * needs to know of an answer. Pure; every byte of an answer is untrusted.
 */
#ifndef FORMAT_DHCP_H
#define FORMAT_DHCP_H

#include "format/ip_prefix.h"

#define DHCP_CLIENT_PORT 68
#define DHCP_SERVER_PORT 67

enum dhcp_kind {
	DHCP_DISCOVER = 1,
	DHCP_OFFER = 2,
	DHCP_REQUEST = 3,
	DHCP_ACK = 5,
	DHCP_NAK = 6
};

struct dhcp_lease {
	struct ip_prefix address; /* ours, with the length of the subnet's prefix */
	struct ip_prefix router;  /* the first one; family 0 for none */
	struct ip_prefix server;  /* who offers it */
};

/* What we ask. A DISCOVER has no @offer; a REQUEST has the one it accepts. Writes
 * DHCP_MESSAGE_BYTES into @message. */
#define DHCP_MESSAGE_BYTES 300
struct dhcp_question {
	enum dhcp_kind kind;
	u32 transaction;
	u8 mac[MAC_SIZE];
	const struct dhcp_lease *offer;
};
void dhcp_format(const struct dhcp_question *q, u8 message[DHCP_MESSAGE_BYTES]);

/* Is the datagram of @len bytes an answer to @q? Then *@ret_kind tells which, and *@ret
 * what it leases (nothing in a NAK). Anything else, or anything odd, is false. */
bool dhcp_parse(const void *message, size_t len, const struct dhcp_question *q,
		enum dhcp_kind *ret_kind, struct dhcp_lease *ret);

#endif
