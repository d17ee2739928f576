#include "capture/dhcp_client.h"

#include "base/clock.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>

/* An Ethernet frame holds no more. */
#define ANSWER_BYTES 1500
/* Between two questions: doubled each time, up to the last. */
#define FIRST_WAIT_MS 1000
#define LAST_WAIT_MS  8000

struct client {
	int fd;
	u64 end_ms; /* clock_now_ms() when we give up */
	struct dhcp_question question;
};

static struct err *open_socket(int index, struct client *ret)
{
	static const int on = 1;
	const struct sockaddr_in own = {.sin_family = AF_INET,
					.sin_port = htons(DHCP_CLIENT_PORT)};
	struct ifreq r = {.ifr_ifindex = index};
	cleanup(closep) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_os(errno, "no socket for DHCP");
	if (ioctl(fd, SIOCGIFNAME, &r) < 0)
		return err_os(errno, "there is no interface %d", index);
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, r.ifr_name, sizeof(r.ifr_name)) < 0)
		return err_os(errno, "cannot bind a socket to %s", r.ifr_name);
	if (ioctl(fd, SIOCGIFHWADDR, &r) < 0 || r.ifr_hwaddr.sa_family != ARPHRD_ETHER)
		return err_new(ERR_UNSUPPORTED, "%s is no Ethernet", r.ifr_name);
	memcpy(ret->question.mac, r.ifr_hwaddr.sa_data, MAC_SIZE);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)) < 0 ||
	    bind(fd, (const struct sockaddr *)&own, sizeof(own)) < 0)
		return err_os(errno, "cannot listen on the DHCP client's port");
	ret->fd = steal_fd(&fd);
	return NULL;
}

/* Failing to send is no end: a link may be just coming up. */
static void send_question(struct client *c)
{
	const struct sockaddr_in all = {.sin_family = AF_INET,
					.sin_port = htons(DHCP_SERVER_PORT),
					.sin_addr.s_addr = htonl(INADDR_BROADCAST)};
	u8 message[DHCP_MESSAGE_BYTES];

	dhcp_format(&c->question, message);
	if (sendto(c->fd, message, sizeof(message), 0, (const struct sockaddr *)&all,
		   sizeof(all)) < 0)
		return;
}

/* Wait until @until_ms for an answer to our question. */
static bool wait_answer(struct client *c, u64 until_ms, enum dhcp_kind *ret_kind,
			struct dhcp_lease *ret)
{
	u8 answer[ANSWER_BYTES];

	for (;;) {
		u64 now = clock_now_ms();
		struct pollfd p = {.fd = c->fd, .events = POLLIN};
		ssize_t len;

		if (now >= until_ms || poll(&p, 1, (int)(until_ms - now)) <= 0)
			return false;
		len = recv(c->fd, answer, sizeof(answer), MSG_DONTWAIT);
		if (len > 0 && dhcp_parse(answer, (size_t)len, &c->question, ret_kind, ret))
			return true;
	}
}

/* Ask until there is an answer of kind @wanted. False when time is over, or if a server
 * takes its offer back. */
static bool ask(struct client *c, enum dhcp_kind wanted, u64 end_ms, struct dhcp_lease *ret)
{
	u64 wait_ms = FIRST_WAIT_MS;
	struct dhcp_lease lease;
	enum dhcp_kind kind;

	while (clock_now_ms() < end_ms) {
		u64 until = min_u64(clock_now_ms() + wait_ms, end_ms);

		send_question(c);
		while (wait_answer(c, until, &kind, &lease)) {
			if (kind == DHCP_NAK && wanted == DHCP_ACK)
				return false;
			if (kind != wanted)
				continue;
			*ret = lease;
			return true;
		}
		wait_ms = min_u64(wait_ms * 2, LAST_WAIT_MS);
	}
	return false;
}

struct err *dhcp_ask(int index, u64 deadline_ms, struct dhcp_lease *ret)
{
	struct client c = {.fd = -1, .end_ms = clock_now_ms() + deadline_ms};
	struct dhcp_lease offer, lease;
	bool was_offered = false;
	struct err *err = open_socket(index, &c);

	if (err)
		return err;
	while (clock_now_ms() < c.end_ms) {
		if (getrandom(&c.question.transaction, sizeof(c.question.transaction),
			      GRND_NONBLOCK) < 0)
			c.question.transaction = (u32)clock_now_ns();
		c.question.kind = DHCP_DISCOVER;
		c.question.offer = NULL;
		if (!ask(&c, DHCP_OFFER, c.end_ms, &offer))
			break;
		was_offered = true;
		c.question.kind = DHCP_REQUEST;
		c.question.offer = &offer;
		if (!ask(&c, DHCP_ACK, min_u64(c.end_ms, clock_now_ms() + LAST_WAIT_MS),
			 &lease))
			continue;
		close(c.fd);
		*ret = lease;
		return NULL;
	}
	close(c.fd);
	if (was_offered)
		return err_new(ERR_ABSENT,
			       "a DHCP server offered an address and did not give it");
	return err_new(ERR_ABSENT, "no DHCP server answered for %llu s",
		       (unsigned long long)(deadline_ms / 1000));
}
