/*
 * An IPv4 or IPv6 address with the length of its prefix, as "192.0.2.5/24", and the MAC
 * address of an interface. Plain values; layout is public.
 */
#ifndef FORMAT_IP_PREFIX_H
#define FORMAT_IP_PREFIX_H

#include "base/types.h"

struct ip_prefix {
	int family;    /* AF_INET or AF_INET6; 0: no address */
	u8 bytes[16];  /* in network order, the first ip_size() of them */
	unsigned bits; /* of the prefix */
};

/* 4 or 16, 0 for no address. */
size_t ip_size(const struct ip_prefix *ip);

/* Parse "ADDRESS" or "ADDRESS/BITS" of @len bytes; without BITS they are all. False for
 * anything else. */
bool ip_prefix_parse(const char *text, size_t len, struct ip_prefix *ret);

/* "ADDRESS/BITS", or "ADDRESS" only. Returns @text. */
#define IP_TEXT_SIZE 56
const char *ip_prefix_format(char text[IP_TEXT_SIZE], const struct ip_prefix *ip);
const char *ip_format(char text[IP_TEXT_SIZE], const struct ip_prefix *ip);

/* Does @ip lie within the network of @net? */
bool ip_is_within(const struct ip_prefix *ip, const struct ip_prefix *net);

/* "52:54:00:12:34:56", in either case. */
#define MAC_SIZE 6
bool mac_parse(const char *text, u8 ret[MAC_SIZE]);
#define MAC_TEXT_SIZE 18
const char *mac_format(char text[MAC_TEXT_SIZE], const u8 mac[MAC_SIZE]);

#endif
