#include "capture/network_link.h"

#include "base/str.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

/* How often a bond looks at its slaves. */
#define BOND_MIIMON_MS 100

struct search {
	u8 mac[MAC_SIZE];
	const char *name; /* else by MAC */
	int index;	  /* 0: not found */
};

static bool is_mac(const void *payload, size_t len, u16 type, const u8 mac[MAC_SIZE])
{
	size_t mac_len;
	const void *found = netlink_payload_find(payload, len, sizeof(struct ifinfomsg),
						 type, MAC_SIZE, &mac_len);

	return found && mac_len == MAC_SIZE && memcmp(found, mac, MAC_SIZE) == 0;
}

/* A VLAN or a bond has the MAC of what is below it; those have a kind. A veth has one too,
 * and is as good as hardware to whoever is inside a container. */
static bool is_hardware(const void *payload, size_t len)
{
	size_t nest_len, kind_len;
	const void *nest = netlink_payload_find(payload, len, sizeof(struct ifinfomsg),
						IFLA_LINKINFO, 0, &nest_len);
	const char *kind =
		nest ? netlink_attr_find(nest, nest_len, IFLA_INFO_KIND, 1, &kind_len)
		     : NULL;

	return !kind || (kind_len == sizeof("veth") && memcmp(kind, "veth", kind_len) == 0);
}

static struct err *on_link(void *ctx, u16 type, const void *payload, size_t len)
{
	struct search *s = ctx;
	struct ifinfomsg header;
	size_t name_len;
	const char *name;

	if (type != RTM_NEWLINK || len < sizeof(header) || s->index)
		return NULL;
	memcpy(&header, payload, sizeof(header));
	if (s->name) {
		name = netlink_payload_find(payload, len, sizeof(header), IFLA_IFNAME, 1,
					    &name_len);
		if (name && name_len == strlen(s->name) + 1 &&
		    memcmp(name, s->name, name_len) == 0)
			s->index = header.ifi_index;
	} else if (is_hardware(payload, len) &&
		   (is_mac(payload, len, IFLA_PERM_ADDRESS, s->mac) ||
		    is_mac(payload, len, IFLA_ADDRESS, s->mac))) {
		s->index = header.ifi_index;
	}
	return NULL;
}

static struct err *search(struct netlink *n, struct search *s)
{
	cleanup(buf_deinit) struct buf m = BUF_INIT;
	struct ifinfomsg header = {0};

	netlink_begin(&m, RTM_GETLINK, NLM_F_DUMP, &header, sizeof(header));
	return err_wrap(netlink_request(n, &m, on_link, s), "list of interfaces");
}

struct err *link_find_mac(struct netlink *n, const char *mac, int *ret_index)
{
	struct search s = {0};
	struct err *err;

	if (!mac_parse(mac, s.mac))
		return err_new(ERR_BAD_DATA, "\"%s\" is no MAC address", mac);
	err = search(n, &s);
	if (!err && !s.index)
		err = err_new(ERR_ABSENT, "there is no interface with the MAC address %s",
			      mac);
	if (!err)
		*ret_index = s.index;
	return err;
}

struct err *link_find_name(struct netlink *n, const char *name, int *ret_index)
{
	struct search s = {.name = name};
	struct err *err = search(n, &s);

	if (!err && !s.index)
		err = err_new(ERR_ABSENT, "there is no interface %s", name);
	if (!err)
		*ret_index = s.index;
	return err;
}

/* Modes by the numbers of Documentation/networking/bonding.rst. */
static bool bond_mode_number(const char *name, u8 *ret)
{
	static const char *const names[] = {"balance-rr", "active-backup", "balance-xor",
					    "broadcast",  "802.3ad",	   "balance-tlb",
					    "balance-alb"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!str_eq(name, names[i]))
			continue;
		*ret = (u8)i;
		return true;
	}
	return false;
}

static struct err *add_bond(struct buf *m, const struct manifest_interface *i)
{
	u8 mode;

	if (!bond_mode_number(i->bond_mode, &mode))
		return err_new(ERR_BAD_DATA, "\"%s\" is no mode of a bond", i->bond_mode);
	netlink_add(m, IFLA_BOND_MODE, &mode, sizeof(mode));
	netlink_add_u32(m, IFLA_BOND_MIIMON, BOND_MIIMON_MS);
	return NULL;
}

static struct err *add_vlan(struct buf *m, const struct manifest_interface *i)
{
	u16 id = (u16)i->vlan_id;

	if (!i->vlan_id || i->vlan_id > 4094)
		return err_new(ERR_BAD_DATA, "%llu is no number of a VLAN",
			       (unsigned long long)i->vlan_id);
	netlink_add(m, IFLA_VLAN_ID, &id, sizeof(id));
	return NULL;
}

struct err *link_make(struct netlink *n, const struct manifest_interface *i, int parent)
{
	cleanup(buf_deinit) struct buf m = BUF_INIT;
	struct ifinfomsg header = {0};
	size_t about, own;
	struct err *err;
	u8 mac[MAC_SIZE];

	if (!*i->name || strlen(i->name) >= IFNAMSIZ)
		return err_new(ERR_BAD_DATA, "\"%s\" is no name of an interface", i->name);
	netlink_begin(&m, RTM_NEWLINK, NLM_F_CREATE, &header, sizeof(header));
	netlink_add_str(&m, IFLA_IFNAME, i->name);
	if (parent)
		netlink_add_u32(&m, IFLA_LINK, (u32)parent);
	if (mac_parse(i->mac, mac))
		netlink_add(&m, IFLA_ADDRESS, mac, sizeof(mac));
	about = netlink_nest(&m, IFLA_LINKINFO);
	netlink_add_str(&m, IFLA_INFO_KIND, i->kind);
	own = netlink_nest(&m, IFLA_INFO_DATA);
	err = str_eq(i->kind, "bond") ? add_bond(&m, i) : add_vlan(&m, i);
	netlink_unnest(&m, own);
	netlink_unnest(&m, about);
	if (!err)
		err = netlink_request(n, &m, NULL, NULL);
	return err_wrap(err, "cannot make the %s %s", i->kind, i->name);
}

struct err *link_set_up(struct netlink *n, int index, bool up)
{
	cleanup(buf_deinit) struct buf m = BUF_INIT;
	struct ifinfomsg header = {
		.ifi_index = index, .ifi_change = IFF_UP, .ifi_flags = up ? IFF_UP : 0};

	netlink_begin(&m, RTM_NEWLINK, 0, &header, sizeof(header));
	return err_wrap(netlink_request(n, &m, NULL, NULL),
			up ? "cannot bring it up" : "cannot take it down");
}

static struct err *set_u32(struct netlink *n, int index, u16 type, u64 value)
{
	cleanup(buf_deinit) struct buf m = BUF_INIT;
	struct ifinfomsg header = {.ifi_index = index};

	netlink_begin(&m, RTM_NEWLINK, 0, &header, sizeof(header));
	netlink_add_u32(&m, type, (u32)value);
	return netlink_request(n, &m, NULL, NULL);
}

struct err *link_set_mtu(struct netlink *n, int index, u64 mtu)
{
	return err_wrap(set_u32(n, index, IFLA_MTU, mtu), "cannot set the MTU %llu",
			(unsigned long long)mtu);
}

struct err *link_set_master(struct netlink *n, int index, int master)
{
	return err_wrap(set_u32(n, index, IFLA_MASTER, (u64)master),
			"cannot put it into its bond");
}

static struct err *on_carrier(void *ctx, u16 type, const void *payload, size_t len)
{
	struct ifinfomsg header;

	if (type != RTM_NEWLINK || len < sizeof(header))
		return NULL;
	memcpy(&header, payload, sizeof(header));
	*(bool *)ctx = (header.ifi_flags & IFF_UP) && (header.ifi_flags & IFF_RUNNING);
	return NULL;
}

struct err *link_has_carrier(struct netlink *n, int index, bool *ret)
{
	cleanup(buf_deinit) struct buf m = BUF_INIT;
	struct ifinfomsg header = {.ifi_index = index};
	bool has = false;
	struct err *err;

	netlink_begin(&m, RTM_GETLINK, 0, &header, sizeof(header));
	err = netlink_request(n, &m, on_carrier, &has);
	if (!err)
		*ret = has;
	return err;
}

static struct err *forgive_existing(struct err *err)
{
	if (err && err_errno(err) == EEXIST) {
		err_ignore(err);
		return NULL;
	}
	return err;
}

struct err *link_add_address(struct netlink *n, int index, const struct ip_prefix *ip)
{
	cleanup(buf_deinit) struct buf m = BUF_INIT;
	struct ifaddrmsg header = {.ifa_family = (u8)ip->family,
				   .ifa_prefixlen = (u8)ip->bits,
				   .ifa_index = (u32)index};
	char text[IP_TEXT_SIZE];

	/* The crashed machine had it: nobody else does, so there is nothing to detect. */
	if (ip->family == AF_INET6)
		header.ifa_flags = IFA_F_NODAD;
	netlink_begin(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
	netlink_add(&m, IFA_LOCAL, ip->bytes, ip_size(ip));
	netlink_add(&m, IFA_ADDRESS, ip->bytes, ip_size(ip));
	if (ip->family == AF_INET && ip->bits < 31) {
		struct ip_prefix all = *ip;

		for (unsigned bit = ip->bits; bit < 32; bit++)
			all.bytes[bit / 8] |= (u8)(0x80 >> bit % 8);
		netlink_add(&m, IFA_BROADCAST, all.bytes, ip_size(&all));
	}
	return err_wrap(forgive_existing(netlink_request(n, &m, NULL, NULL)),
			"cannot set the address %s", ip_prefix_format(text, ip));
}

struct err *link_add_route(struct netlink *n, int index, const struct ip_prefix *to,
			   const struct ip_prefix *gateway)
{
	cleanup(buf_deinit) struct buf m = BUF_INIT;
	struct rtmsg header = {.rtm_family =
				       (u8)(to->family ? to->family : gateway->family),
			       .rtm_dst_len = (u8)(to->family ? to->bits : 0),
			       .rtm_table = RT_TABLE_MAIN,
			       .rtm_protocol = RTPROT_BOOT,
			       .rtm_scope = RT_SCOPE_LINK,
			       .rtm_type = RTN_UNICAST};
	char text[IP_TEXT_SIZE] = "default";

	/* It is there, whatever our own addresses say: on clouds a gateway often lies
	 * outside of them. */
	if (gateway->family) {
		header.rtm_scope = RT_SCOPE_UNIVERSE;
		header.rtm_flags = RTNH_F_ONLINK;
	}
	netlink_begin(&m, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &header,
		      sizeof(header));
	if (to->family)
		netlink_add(&m, RTA_DST, to->bytes, ip_size(to));
	if (gateway->family)
		netlink_add(&m, RTA_GATEWAY, gateway->bytes, ip_size(gateway));
	netlink_add_u32(&m, RTA_OIF, (u32)index);
	return err_wrap(forgive_existing(netlink_request(n, &m, NULL, NULL)),
			"cannot set the route to %s",
			to->family ? ip_prefix_format(text, to) : text);
}
