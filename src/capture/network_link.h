/*
 * Links, addresses and routes of this kernel, one request each.
 */
#ifndef CAPTURE_NETWORK_LINK_H
#define CAPTURE_NETWORK_LINK_H

#include "base/netlink.h"
#include "format/ip_prefix.h"
#include "format/manifest.h"

/* Find the interface of real hardware whose own or present MAC address is @mac. ERR_ABSENT
 * without one. */
must_check struct err *link_find_mac(struct netlink *n, const char *mac, int *ret_index);
must_check struct err *link_find_name(struct netlink *n, const char *name, int *ret_index);

/* Make the VLAN or the bond of @i; one of that name is made over. @parent is the index of
 * the interface below a VLAN. */
must_check struct err *link_make(struct netlink *n, const struct manifest_interface *i,
				 int parent);

must_check struct err *link_set_up(struct netlink *n, int index, bool up);
must_check struct err *link_set_mtu(struct netlink *n, int index, u64 mtu);
must_check struct err *link_set_master(struct netlink *n, int index, int master);

/* Is it up with something on the other end? */
must_check struct err *link_has_carrier(struct netlink *n, int index, bool *ret);

/* Give link @index the address @ip; to have it already is fine. */
must_check struct err *link_add_address(struct netlink *n, int index,
					const struct ip_prefix *ip);
/* @to of family 0 is the default route, in the family of @gateway; @gateway of family 0
 * means that @to is on the link. */
must_check struct err *link_add_route(struct netlink *n, int index,
				      const struct ip_prefix *to,
				      const struct ip_prefix *gateway);

#endif
