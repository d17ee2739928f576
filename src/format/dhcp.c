#include "format/dhcp.h"

#include "base/bytes.h"

#include <sys/socket.h>

/* Offsets in a message, RFC 2131 section 2. */
enum {
	AT_OP = 0,
	AT_HTYPE = 1,
	AT_HLEN = 2,
	AT_XID = 4,
	AT_FLAGS = 10,
	AT_YIADDR = 16,
	AT_CHADDR = 28,
	AT_SNAME = 44,
	AT_FILE = 108,
	AT_COOKIE = 236,
	AT_OPTIONS = 240,
};
#define SNAME_BYTES 64
#define FILE_BYTES  128

#define COOKIE	       0x63825363u
#define OP_REQUEST     1
#define OP_REPLY       2
#define HTYPE_ETHERNET 1
#define FLAG_BROADCAST 0x8000

enum {
	OPTION_PAD = 0,
	OPTION_MASK = 1,
	OPTION_ROUTER = 3,
	OPTION_ADDRESS = 50,
	OPTION_OVERLOAD = 52,
	OPTION_KIND = 53,
	OPTION_SERVER = 54,
	OPTION_WISHES = 55,
	OPTION_END = 255,
};

void dhcp_format(const struct dhcp_question *q, u8 message[DHCP_MESSAGE_BYTES])
{
	static const u8 wishes[] = {OPTION_WISHES, 2, OPTION_MASK, OPTION_ROUTER};
	u8 *at = message + AT_OPTIONS;

	memset(message, 0, DHCP_MESSAGE_BYTES);
	message[AT_OP] = OP_REQUEST;
	message[AT_HTYPE] = HTYPE_ETHERNET;
	message[AT_HLEN] = MAC_SIZE;
	put_be32(message + AT_XID, q->transaction);
	/* We have no address yet that an answer could be sent to. */
	put_be16(message + AT_FLAGS, FLAG_BROADCAST);
	memcpy(message + AT_CHADDR, q->mac, MAC_SIZE);
	put_be32(message + AT_COOKIE, COOKIE);
	*at++ = OPTION_KIND;
	*at++ = 1;
	*at++ = (u8)q->kind;
	memcpy(at, wishes, sizeof(wishes));
	at += sizeof(wishes);
	if (q->offer) {
		*at++ = OPTION_ADDRESS;
		*at++ = 4;
		memcpy(at, q->offer->address.bytes, 4);
		at += 4;
		*at++ = OPTION_SERVER;
		*at++ = 4;
		memcpy(at, q->offer->server.bytes, 4);
		at += 4;
	}
	*at = OPTION_END;
}

struct options {
	u8 kind, overload;
	bool has_mask;
	u32 mask;
	struct dhcp_lease *lease;
};

static void set_ip(struct ip_prefix *ip, const u8 *bytes)
{
	*ip = (struct ip_prefix){.family = AF_INET, .bits = 32};
	memcpy(ip->bytes, bytes, 4);
}

static void take_option(struct options *o, u8 code, const u8 *value, size_t len)
{
	if (code == OPTION_KIND && len == 1) {
		o->kind = *value;
	} else if (code == OPTION_OVERLOAD && len == 1) {
		o->overload = *value;
	} else if (code == OPTION_MASK && len == 4) {
		o->mask = get_be32(value);
		o->has_mask = true;
	} else if (code == OPTION_ROUTER && len >= 4) {
		set_ip(&o->lease->router, value);
	} else if (code == OPTION_SERVER && len == 4) {
		set_ip(&o->lease->server, value);
	}
}

/* False if an option reaches past the end. */
static bool read_options(struct options *o, const u8 *at, size_t len)
{
	while (len) {
		size_t value_len;

		if (*at == OPTION_END)
			return true;
		if (*at == OPTION_PAD) {
			at++;
			len--;
			continue;
		}
		if (len < 2)
			return false;
		value_len = at[1];
		if (value_len > len - 2)
			return false;
		take_option(o, at[0], at + 2, value_len);
		at += 2 + value_len;
		len -= 2 + value_len;
	}
	return true;
}

static bool is_for_us(const u8 *m, size_t len, const struct dhcp_question *q)
{
	return len >= AT_OPTIONS && m[AT_OP] == OP_REPLY && m[AT_HTYPE] == HTYPE_ETHERNET &&
	       m[AT_HLEN] == MAC_SIZE && get_be32(m + AT_XID) == q->transaction &&
	       memcmp(m + AT_CHADDR, q->mac, MAC_SIZE) == 0 &&
	       get_be32(m + AT_COOKIE) == COOKIE;
}

/* Bits of a mask that has no holes; else those of the address's old class. */
static unsigned mask_bits(const struct options *o, u8 first)
{
	unsigned bits = (unsigned)__builtin_popcount(o->mask);

	if (o->has_mask && bits && o->mask == (u32)(UINT64_C(0xffffffff) << (32 - bits)))
		return bits;
	if (first < 128)
		return 8;
	return first < 192 ? 16 : 24;
}

bool dhcp_parse(const void *message, size_t len, const struct dhcp_question *q,
		enum dhcp_kind *ret_kind, struct dhcp_lease *ret)
{
	const u8 *m = message;
	struct dhcp_lease lease = {0};
	struct options o = {.lease = &lease};

	if (!is_for_us(m, len, q) || !read_options(&o, m + AT_OPTIONS, len - AT_OPTIONS))
		return false;
	if ((o.overload & 1) && !read_options(&o, m + AT_FILE, FILE_BYTES))
		return false;
	if ((o.overload & 2) && !read_options(&o, m + AT_SNAME, SNAME_BYTES))
		return false;
	if (o.kind == DHCP_NAK) {
		*ret_kind = DHCP_NAK;
		*ret = (struct dhcp_lease){0};
		return true;
	}
	if ((o.kind != DHCP_OFFER && o.kind != DHCP_ACK) || !lease.server.family ||
	    !get_be32(m + AT_YIADDR) || get_be32(m + AT_YIADDR) == UINT32_MAX)
		return false;
	set_ip(&lease.address, m + AT_YIADDR);
	lease.address.bits = mask_bits(&o, m[AT_YIADDR]);
	*ret_kind = (enum dhcp_kind)o.kind;
	*ret = lease;
	return true;
}
