/*
 * Network interfaces and their addresses, and the neighbours that ARP found.
 *
 * Sources: include/linux/netdevice.h, include/linux/inetdevice.h, include/net/if_inet6.h,
 * include/net/neighbour.h. Plain values; names are hostile text.
 */
#ifndef KERNEL_NET_DEVICE_H
#define KERNEL_NET_DEVICE_H

#include "kernel/kernel.h"

#define NET_DEVICE_NAME_SIZE 17
#define NET_DEVICES_MAX	     65536
#define NET_ADDRESSES_MAX    65536 /* of one interface */
#define NEIGHBOURS_MAX	     65536

struct net_device {
	vaddr_t addr;
	char name[NET_DEVICE_NAME_SIZE];
};

struct net_address {
	bool is_v6;
	u8 bytes[16]; /* as they are sent; 4 of them unless is_v6 */
};

struct neighbour {
	vaddr_t addr;
	u8 address[4];
	u64 hardware_type; /* ARPHRD_… of the interface */
	u64 state;	   /* NUD_… */
	u8 hardware[32];
	u64 hardware_len;
	char device[NET_DEVICE_NAME_SIZE];
};

/* The struct net that the task_struct @task is in. ERR_ABSENT if it has left it. */
must_check struct err *net_of_task(struct kernel *k, vaddr_t task, vaddr_t *ret);

/* Call @each for each interface of the struct net at @net, until it returns false. */
must_check struct err *net_device_each(struct kernel *k, vaddr_t net,
				       bool (*each)(void *ctx, const struct net_device *d),
				       void *ctx);

/* Call @each for the addresses of @d: IPv4, then IPv6, where the kernel has either. */
must_check struct err *
net_device_each_address(struct kernel *k, const struct net_device *d,
			void (*each)(void *ctx, const struct net_address *a), void *ctx);

/* Call @each for the rows of the ARP cache, until it returns false. */
must_check struct err *neighbour_each(struct kernel *k,
				      bool (*each)(void *ctx, const struct neighbour *n),
				      void *ctx);

#endif
