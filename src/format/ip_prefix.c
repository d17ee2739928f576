#include "format/ip_prefix.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

size_t ip_size(const struct ip_prefix *ip)
{
	if (ip->family == AF_INET)
		return 4;
	return ip->family == AF_INET6 ? 16 : 0;
}

bool ip_prefix_parse(const char *text, size_t len, struct ip_prefix *ret)
{
	struct ip_prefix ip = {0};
	char copy[IP_TEXT_SIZE];
	char *slash;
	u64 bits;

	if (!len || len >= sizeof(copy) || memchr(text, '\0', len))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	slash = strchr(copy, '/');
	if (slash)
		*slash++ = '\0';
	ip.family = strchr(copy, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(ip.family, copy, ip.bytes) != 1)
		return false;
	ip.bits = (unsigned)ip_size(&ip) * 8;
	if (slash) {
		if (!isdigit((unsigned char)*slash) || !str_parse_u64(slash, &bits) ||
		    bits > ip.bits)
			return false;
		ip.bits = (unsigned)bits;
	}
	*ret = ip;
	return true;
}

const char *ip_format(char text[IP_TEXT_SIZE], const struct ip_prefix *ip)
{
	text[0] = '\0';
	if (ip_size(ip))
		inet_ntop(ip->family, ip->bytes, text, IP_TEXT_SIZE);
	return text;
}

const char *ip_prefix_format(char text[IP_TEXT_SIZE], const struct ip_prefix *ip)
{
	size_t len = strlen(ip_format(text, ip));

	if (len)
		snprintf(text + len, IP_TEXT_SIZE - len, "/%u", ip->bits);
	return text;
}

bool ip_is_within(const struct ip_prefix *ip, const struct ip_prefix *net)
{
	unsigned whole = net->bits / 8, rest = net->bits % 8;

	if (ip->family != net->family || net->bits > ip_size(net) * 8)
		return false;
	if (memcmp(ip->bytes, net->bytes, whole) != 0)
		return false;
	return !rest || ((ip->bytes[whole] ^ net->bytes[whole]) >> (8 - rest)) == 0;
}

bool mac_parse(const char *text, u8 ret[MAC_SIZE])
{
	u8 mac[MAC_SIZE];

	for (size_t i = 0; i < MAC_SIZE; i++, text += 3) {
		char digits[] = {text[0], text[0] ? text[1] : '\0', '\0'};

		if (!isxdigit((unsigned char)digits[0]) ||
		    !isxdigit((unsigned char)digits[1]))
			return false;
		if (text[2] != (i + 1 < MAC_SIZE ? ':' : '\0'))
			return false;
		mac[i] = (u8)strtoul(digits, NULL, 16);
	}
	memcpy(ret, mac, sizeof(mac));
	return true;
}

const char *mac_format(char text[MAC_TEXT_SIZE], const u8 mac[MAC_SIZE])
{
	snprintf(text, MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
		 mac[2], mac[3], mac[4], mac[5]);
	return text;
}
