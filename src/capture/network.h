/*
 * The network of the crashed machine, as it was when arming, brought up again by rtnetlink:
 * no program of a distribution takes part.
 *
 * An interface is found by its MAC address, names being given anew. VLANs and bonds are
 * made, addresses and routes are set; a DHCP server is asked only where an address was
 * leased and does not lead to the server any more. Everything has a deadline, and what
 * failed is one sentence that names the interface.
 */
#ifndef CAPTURE_NETWORK_H
#define CAPTURE_NETWORK_H

#include "base/notices.h"
#include "format/ip_prefix.h"
#include "format/manifest.h"

/* Where a remote target is. */
struct network_goal {
	const char *address; /* numeric */
	u16 port;	     /* TCP */
};

/* Bring up loopback, and the interfaces and routes of @m, until @goal answers a TCP
 * connection: in all at most @deadline_ms. What went wrong on the way without being fatal
 * is added to @notices. To call it again is fine: what is up stays up. */
must_check struct err *network_bring_up(const struct manifest *m,
					const struct network_goal *goal, u64 deadline_ms,
					struct notices *notices);

/* Wait until @goal accepts a TCP connection. The sentence of the error tells what happened
 * at the last try. */
must_check struct err *network_wait_reachable(const struct network_goal *goal,
					      u64 deadline_ms);

/* The address that this machine has towards @address, "" if it cannot be told. */
const char *network_own_address(char text[IP_TEXT_SIZE], const char *address);

#endif
