/*
 * The way to a server as it is now, so that a capture kernel can take it: interfaces with
 * their MAC addresses, VLANs, bonds, addresses, the route, and the drivers of the hardware.
 *
 * Asked of the kernel by rtnetlink, in the network namespace we are in; only drivers are
 * looked up in /sys below @root. A bridge is not taken along: the port of it that leads out
 * takes its addresses. What a capture kernel cannot restore (a tunnel, a team, …) is
 * refused with its kind. Several servers may be added to one snapshot.
 *
 * Layout is public, in the manifest's own types. All strings belong to the snapshot.
 */
#ifndef ARM_NETWORK_SNAPSHOT_H
#define ARM_NETWORK_SNAPSHOT_H

#include "base/err.h"
#include "format/manifest.h"

struct network_snapshot {
	struct manifest_interface interfaces[MANIFEST_ROWS_MAX];
	size_t num_interfaces;
	struct manifest_route routes[MANIFEST_ROWS_MAX];
	size_t num_routes;
	/* Kernel modules it takes: drivers, "8021q", "bonding". */
	const char *modules[MANIFEST_ROWS_MAX + 1];
	size_t num_modules; /* and a NULL behind them */
	void **owned;
	size_t num_owned;
};

struct network_way {
	const char *address;	 /* of the server, numeric */
	const char *own_address; /* ours towards it */
	bool is_leased;		 /* ours came from a DHCP server */
};

/* Add the way to @host, a name or an address. Start with a zeroed snapshot.
 *
 * ERR_ABSENT if the name has no address, ERR_UNSUPPORTED for a way that cannot be restored,
 * ERR_USAGE if @host is this machine itself. */
must_check struct err *network_snapshot_add(struct network_snapshot *s, const char *root,
					    const char *host, struct network_way *ret);
void network_snapshot_deinit(struct network_snapshot *s);

#endif
