/* Asking a DHCP server for an address, once: a capture is over long before a lease is. */
#ifndef CAPTURE_DHCP_CLIENT_H
#define CAPTURE_DHCP_CLIENT_H

#include "base/err.h"
#include "format/dhcp.h"

/* Ask on interface @index, which is up, for at most @deadline_ms. ERR_ABSENT if nobody
 * answers. */
must_check struct err *dhcp_ask(int index, u64 deadline_ms, struct dhcp_lease *ret);

#endif
