/* The interfaces of this machine and their addresses, as rtnetlink lists them. */
#ifndef ARM_NETWORK_TABLE_H
#define ARM_NETWORK_TABLE_H

#include "base/netlink.h"
#include "format/ip_prefix.h"

#include <net/if.h>

#define NETWORK_KIND_SIZE 16

struct network_device {
	int index, master, parent; /* 0: none */
	char name[IFNAMSIZ];
	char kind[NETWORK_KIND_SIZE]; /* "" for hardware, "vlan", "bond", "bridge" … */
	u8 mac[MAC_SIZE];	      /* its hardware's own if that is known */
	bool has_mac, has_carrier, is_loopback;
	u32 mtu;
	u16 vlan_id;
	u8 bond_mode;
};

struct network_address {
	int index; /* of its device */
	struct ip_prefix ip;
	bool is_leased; /* it has an end */
};

/* Layout is public. */
struct network_table {
	struct network_device *devices;
	size_t num_devices;
	struct network_address *addresses;
	size_t num_addresses;
};

must_check struct err *network_table_read(struct netlink *n, struct network_table *ret);
void network_table_deinit(struct network_table *t);
const struct network_device *network_table_find(const struct network_table *t, int index);

/* How the kernel would go to @to now: the device's index, the gateway and our address, both
 * of family 0 where there is none. */
struct network_hop {
	int index;
	struct ip_prefix gateway, own;
	bool is_local; /* @to is an address of this machine */
};
must_check struct err *network_hop_ask(struct netlink *n, const struct ip_prefix *to,
				       struct network_hop *ret);

#endif
