#include "arm/network_table.h"

#include "base/str.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* A host of containers has thousands; this is for a kernel that lies. */
#define ROWS_MAX 65536

void network_table_deinit(struct network_table *t)
{
	free(t->devices);
	free(t->addresses);
	*t = (struct network_table){0};
}

/* Room for one more of @size in @rows; the number of them is a power of two or grows. */
static void *grow(void *rows, size_t count, size_t size)
{
	if (count & (count - 1))
		return rows;
	return reallocarray(rows, count ? count * 2 : 1, size);
}

static void copy_text(char *to, size_t size, const void *text, size_t len)
{
	size_t n = text ? strnlen(text, len) : 0;

	if (n >= size)
		n = size - 1;
	if (n)
		memcpy(to, text, n);
	to[n] = '\0';
}

static void read_kind(struct network_device *d, const void *nest, size_t len)
{
	size_t own_len = 0, kind_len = 0;
	const void *kind = netlink_attr_find(nest, len, IFLA_INFO_KIND, 1, &kind_len);
	const void *own = netlink_attr_find(nest, len, IFLA_INFO_DATA, 0, &own_len);
	const void *value;

	copy_text(d->kind, sizeof(d->kind), kind, kind_len);
	if (!own)
		return;
	value = netlink_attr_find(own, own_len, IFLA_VLAN_ID, sizeof(d->vlan_id), NULL);
	if (value && str_eq(d->kind, "vlan"))
		memcpy(&d->vlan_id, value, sizeof(d->vlan_id));
	value = netlink_attr_find(own, own_len, IFLA_BOND_MODE, 1, NULL);
	if (value && str_eq(d->kind, "bond"))
		d->bond_mode = *(const u8 *)value;
}

static struct err *on_device(void *ctx, u16 type, const void *payload, size_t len)
{
	struct network_table *t = ctx;
	struct network_device d = {0};
	struct ifinfomsg header;
	size_t at_len = 0;
	const void *at;
	void *more;

	if (type != RTM_NEWLINK || len < sizeof(header) || t->num_devices >= ROWS_MAX)
		return NULL;
	memcpy(&header, payload, sizeof(header));
	d.index = header.ifi_index;
	d.has_carrier = header.ifi_flags & IFF_RUNNING;
	d.is_loopback = header.ifi_flags & IFF_LOOPBACK;
	d.master = (int)netlink_payload_u32(payload, len, sizeof(header), IFLA_MASTER);
	d.parent = (int)netlink_payload_u32(payload, len, sizeof(header), IFLA_LINK);
	d.mtu = netlink_payload_u32(payload, len, sizeof(header), IFLA_MTU);
	at = netlink_payload_find(payload, len, sizeof(header), IFLA_IFNAME, 1, &at_len);
	copy_text(d.name, sizeof(d.name), at, at_len);
	at = netlink_payload_find(payload, len, sizeof(header), IFLA_LINKINFO, 0, &at_len);
	if (at)
		read_kind(&d, at, at_len);
	/* In a bond all have one address; each finds back to its own. */
	at = netlink_payload_find(payload, len, sizeof(header), IFLA_PERM_ADDRESS, MAC_SIZE,
				  &at_len);
	if (!at || at_len != MAC_SIZE)
		at = netlink_payload_find(payload, len, sizeof(header), IFLA_ADDRESS,
					  MAC_SIZE, &at_len);
	d.has_mac = at && at_len == MAC_SIZE;
	if (d.has_mac)
		memcpy(d.mac, at, MAC_SIZE);
	more = grow(t->devices, t->num_devices, sizeof(d));
	if (!more)
		return err_nomem();
	t->devices = more;
	t->devices[t->num_devices++] = d;
	return NULL;
}

static struct err *on_address(void *ctx, u16 type, const void *payload, size_t len)
{
	static const u32 unfit =
		IFA_F_TEMPORARY | IFA_F_DEPRECATED | IFA_F_TENTATIVE | IFA_F_DADFAILED;
	struct network_table *t = ctx;
	struct network_address a = {0};
	struct ifaddrmsg header;
	const void *at;
	void *more;
	u32 flags;

	if (type != RTM_NEWADDR || len < sizeof(header) || t->num_addresses >= ROWS_MAX)
		return NULL;
	memcpy(&header, payload, sizeof(header));
	flags = netlink_payload_u32(payload, len, sizeof(header), IFA_FLAGS) |
		header.ifa_flags;
	a.index = (int)header.ifa_index;
	a.ip.family = header.ifa_family;
	a.ip.bits = header.ifa_prefixlen;
	a.is_leased = !(flags & IFA_F_PERMANENT);
	if (!ip_size(&a.ip) || header.ifa_scope != RT_SCOPE_UNIVERSE || (flags & unfit))
		return NULL;
	at = netlink_payload_find(payload, len, sizeof(header), IFA_LOCAL, ip_size(&a.ip),
				  NULL);
	if (!at)
		at = netlink_payload_find(payload, len, sizeof(header), IFA_ADDRESS,
					  ip_size(&a.ip), NULL);
	if (!at)
		return NULL;
	memcpy(a.ip.bytes, at, ip_size(&a.ip));
	more = grow(t->addresses, t->num_addresses, sizeof(a));
	if (!more)
		return err_nomem();
	t->addresses = more;
	t->addresses[t->num_addresses++] = a;
	return NULL;
}

struct err *network_table_read(struct netlink *n, struct network_table *ret)
{
	cleanup(network_table_deinit) struct network_table t = {0};
	cleanup(buf_deinit) struct buf m = BUF_INIT;
	struct ifinfomsg links = {0};
	struct ifaddrmsg addresses = {0};
	struct err *err;

	netlink_begin(&m, RTM_GETLINK, NLM_F_DUMP, &links, sizeof(links));
	err = netlink_request(n, &m, on_device, &t);
	if (err)
		return err_wrap(err, "list of interfaces");
	netlink_begin(&m, RTM_GETADDR, NLM_F_DUMP, &addresses, sizeof(addresses));
	err = netlink_request(n, &m, on_address, &t);
	if (err)
		return err_wrap(err, "list of addresses");
	*ret = t;
	t = (struct network_table){0};
	return NULL;
}

const struct network_device *network_table_find(const struct network_table *t, int index)
{
	for (size_t i = 0; i < t->num_devices; i++)
		if (t->devices[i].index == index)
			return &t->devices[i];
	return NULL;
}

static void read_ip(struct ip_prefix *ip, int family, const void *payload, size_t len,
		    u16 type)
{
	struct ip_prefix found = {.family = family};
	const void *at = netlink_payload_find(payload, len, sizeof(struct rtmsg), type,
					      ip_size(&found), NULL);

	if (!at)
		return;
	memcpy(found.bytes, at, ip_size(&found));
	found.bits = (unsigned)ip_size(&found) * 8;
	*ip = found;
}

static struct err *on_route(void *ctx, u16 type, const void *payload, size_t len)
{
	struct network_hop *hop = ctx;
	struct rtmsg header;

	if (type != RTM_NEWROUTE || len < sizeof(header))
		return NULL;
	memcpy(&header, payload, sizeof(header));
	if (header.rtm_family != AF_INET && header.rtm_family != AF_INET6)
		return NULL;
	hop->is_local = header.rtm_type == RTN_LOCAL;
	hop->index = (int)netlink_payload_u32(payload, len, sizeof(header), RTA_OIF);
	read_ip(&hop->gateway, header.rtm_family, payload, len, RTA_GATEWAY);
	read_ip(&hop->own, header.rtm_family, payload, len, RTA_PREFSRC);
	return NULL;
}

struct err *network_hop_ask(struct netlink *n, const struct ip_prefix *to,
			    struct network_hop *ret)
{
	cleanup(buf_deinit) struct buf m = BUF_INIT;
	struct rtmsg header = {.rtm_family = (u8)to->family,
			       .rtm_dst_len = (u8)(ip_size(to) * 8)};
	struct network_hop hop = {0};
	char text[IP_TEXT_SIZE];
	struct err *err;

	netlink_begin(&m, RTM_GETROUTE, 0, &header, sizeof(header));
	netlink_add(&m, RTA_DST, to->bytes, ip_size(to));
	err = netlink_request(n, &m, on_route, &hop);
	if (!err && !hop.index)
		err = err_new(ERR_ABSENT, "the kernel names no interface");
	if (err)
		return err_wrap(err, "no route to %s", ip_format(text, to));
	*ret = hop;
	return NULL;
}
