/* Answers of a DHCP server, to a question of ours. */
#include "fuzz.h"

#include "format/dhcp.h"

#include <assert.h>
#include <sys/socket.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct dhcp_question question = {.kind = DHCP_DISCOVER,
						      .transaction = 0x11223344,
						      .mac = {2, 0, 0, 0, 0, 1}};
	enum dhcp_kind kind;
	struct dhcp_lease lease;
	char text[IP_TEXT_SIZE];

	if (!dhcp_parse(data, size, &question, &kind, &lease))
		return 0;
	assert(kind == DHCP_NAK || kind == DHCP_OFFER || kind == DHCP_ACK);
	assert(lease.address.bits <= 32);
	assert((lease.address.family == AF_INET) == (kind != DHCP_NAK));
	ip_prefix_format(text, &lease.address);
	ip_prefix_format(text, &lease.router);
	return 0;
}
