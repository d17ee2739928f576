#include "capture/network.h"

#include "base/clock.h"
#include "base/str.h"
#include "capture/dhcp_client.h"
#include "capture/network_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define POLL_MS	      100
#define TRY_AGAIN_MS  250
#define CONNECT_MS    3000
#define LINKS_MAX     MANIFEST_ROWS_MAX
#define LOOPBACK_NAME "lo"

struct link {
	const struct manifest_interface *config;
	int index; /* 0: not there */
};

struct network {
	struct netlink netlink;
	const struct manifest *manifest;
	struct link links[LINKS_MAX];
	size_t num_links;
	struct notices *notices;
};

/* Say what went wrong with @config and go on. */
static void note(struct network *n, const struct manifest_interface *config,
		 struct err *err)
{
	notices_add_err(n->notices, err_wrap(err, "%s", config->name));
}

static struct link *find_link(struct network *n, const char *name)
{
	for (size_t i = 0; i < n->num_links; i++)
		if (str_eq(n->links[i].config->name, name))
			return &n->links[i];
	return NULL;
}

static bool is_ethernet(const struct link *l)
{
	return str_eq(l->config->kind, "ethernet");
}

/* Look for those that are not there yet. The last error of each is noted if @is_last. */
static bool find_hardware(struct network *n, bool is_last)
{
	bool has_all = true;

	for (size_t i = 0; i < n->num_links; i++) {
		struct link *l = &n->links[i];
		struct err *err;

		if (!is_ethernet(l) || l->index)
			continue;
		err = link_find_mac(&n->netlink, l->config->mac, &l->index);
		if (!err)
			continue;
		has_all = false;
		if (is_last)
			note(n, l->config, err);
		else
			err_ignore(err);
	}
	return has_all;
}

static void wait_for_hardware(struct network *n, u64 deadline_ms)
{
	u64 start = clock_now_ms();

	while (clock_now_ms() - start < deadline_ms) {
		if (find_hardware(n, false))
			return;
		clock_sleep_ms(POLL_MS);
	}
	find_hardware(n, true);
}

static void make_links(struct network *n, const char *kind)
{
	for (size_t i = 0; i < n->num_links; i++) {
		struct link *l = &n->links[i];
		const struct link *parent = find_link(n, l->config->parent);
		struct err *err;

		if (!str_eq(l->config->kind, kind))
			continue;
		err = link_make(&n->netlink, l->config, parent ? parent->index : 0);
		if (!err)
			err = link_find_name(&n->netlink, l->config->name, &l->index);
		note(n, l->config, err);
	}
}

/* Slaves go into a bond while they are down. */
static void fill_bonds(struct network *n)
{
	for (size_t i = 0; i < n->num_links; i++) {
		struct link *l = &n->links[i];
		const struct link *master = find_link(n, l->config->master);
		struct err *err;

		if (!l->index || !master || !master->index)
			continue;
		err = link_set_up(&n->netlink, l->index, false);
		if (!err)
			err = link_set_master(&n->netlink, l->index, master->index);
		note(n, l->config, err);
	}
}

static void bring_links_up(struct network *n)
{
	for (size_t i = 0; i < n->num_links; i++) {
		struct link *l = &n->links[i];

		if (!l->index)
			continue;
		/* A smaller one than the hardware's own is as good. */
		if (l->config->mtu)
			note(n, l->config,
			     link_set_mtu(&n->netlink, l->index, l->config->mtu));
		note(n, l->config, link_set_up(&n->netlink, l->index, true));
	}
}

static void add_addresses(struct network *n, struct link *l)
{
	const char *at = l->config->addresses;

	while (*at) {
		size_t len = strcspn(at, " ");
		struct ip_prefix ip;

		if (len && !ip_prefix_parse(at, len, &ip))
			note(n, l->config,
			     err_new(ERR_BAD_DATA, "\"%.*s\" is no address", (int)len, at));
		else if (len)
			note(n, l->config, link_add_address(&n->netlink, l->index, &ip));
		at += len + strspn(at + len, " ");
	}
}

static struct err *add_route(struct network *n, const struct manifest_route *r)
{
	struct ip_prefix to = {0}, gateway = {0};
	const struct link *l = find_link(n, r->interface);

	if (!l || !l->index)
		return err_new(ERR_ABSENT, "the route to %s is over %s, which is not there",
			       r->to, r->interface);
	if (!str_eq(r->to, "default") && !ip_prefix_parse(r->to, strlen(r->to), &to))
		return err_new(ERR_BAD_DATA, "\"%s\" is no network to route to", r->to);
	if (*r->gateway && !ip_prefix_parse(r->gateway, strlen(r->gateway), &gateway))
		return err_new(ERR_BAD_DATA, "\"%s\" is no address of a gateway",
			       r->gateway);
	if (!to.family && !gateway.family)
		to.family = AF_INET;
	return link_add_route(&n->netlink, l->index, &to, &gateway);
}

/* What lies on a link first: gateways are reached through it. */
static void add_routes(struct network *n)
{
	for (int with_gateway = 0; with_gateway < 2; with_gateway++) {
		for (size_t i = 0; i < n->manifest->num_routes; i++) {
			const struct manifest_route *r = &n->manifest->routes[i];

			if ((*r->gateway != '\0') == with_gateway)
				notices_add_err(n->notices, add_route(n, r));
		}
	}
}

static struct err *restore(struct network *n, u64 hardware_ms)
{
	int loopback;
	struct err *err = link_find_name(&n->netlink, LOOPBACK_NAME, &loopback);

	if (!err)
		err = link_set_up(&n->netlink, loopback, true);
	notices_add_err(n->notices, err_wrap(err, "loopback"));
	wait_for_hardware(n, hardware_ms);
	make_links(n, "bond");
	fill_bonds(n);
	make_links(n, "vlan");
	bring_links_up(n);
	for (size_t i = 0; i < n->num_links; i++)
		if (n->links[i].index)
			add_addresses(n, &n->links[i]);
	add_routes(n);
	for (size_t i = 0; i < n->num_links; i++)
		if (n->links[i].index)
			return NULL;
	return n->num_links ? err_new(ERR_ABSENT, "none of the interfaces to the server is "
						  "there: is their driver in the image?")
			    : NULL;
}

static struct err *socket_address(const struct network_goal *goal,
				  struct sockaddr_storage *ret, socklen_t *ret_len)
{
	struct ip_prefix ip;

	if (!ip_prefix_parse(goal->address, strlen(goal->address), &ip))
		return err_new(ERR_BAD_DATA, "\"%s\" is no address of a server",
			       goal->address);
	memset(ret, 0, sizeof(*ret));
	if (ip.family == AF_INET) {
		struct sockaddr_in in = {.sin_family = AF_INET,
					 .sin_port = htons(goal->port)};

		memcpy(&in.sin_addr, ip.bytes, sizeof(in.sin_addr));
		memcpy(ret, &in, sizeof(in));
		*ret_len = sizeof(in);
	} else {
		struct sockaddr_in6 in = {.sin6_family = AF_INET6,
					  .sin6_port = htons(goal->port)};

		memcpy(&in.sin6_addr, ip.bytes, sizeof(in.sin6_addr));
		memcpy(ret, &in, sizeof(in));
		*ret_len = sizeof(in);
	}
	return NULL;
}

/* One try; the error is about the socket, without the server's name. */
static struct err *connect_once(const struct sockaddr_storage *to, socklen_t len,
				u64 patience_ms)
{
	cleanup(closep) int fd =
		socket(to->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int failure = 0;
	socklen_t failure_len = sizeof(failure);

	if (fd < 0)
		return err_os(errno, "no socket");
	if (connect(fd, (const struct sockaddr *)to, len) == 0)
		return NULL;
	if (errno != EINPROGRESS)
		return err_os(errno, "no connection");
	if (poll(&p, 1, (int)patience_ms) <= 0)
		return err_os(ETIMEDOUT, "no connection");
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &failure_len) < 0)
		failure = errno;
	return failure ? err_os(failure, "no connection") : NULL;
}

struct err *network_wait_reachable(const struct network_goal *goal, u64 deadline_ms)
{
	struct sockaddr_storage to;
	socklen_t len;
	u64 start = clock_now_ms();
	struct err *err = socket_address(goal, &to, &len);

	if (err)
		return err;
	for (;;) {
		u64 spent;

		err = connect_once(&to, len, CONNECT_MS);
		if (!err)
			return NULL;
		spent = clock_now_ms() - start;
		if (spent + TRY_AGAIN_MS >= deadline_ms)
			return err_wrap(err, "%s does not answer on port %u for %llu s",
					goal->address, goal->port,
					(unsigned long long)(spent / 1000));
		err_ignore(err);
		clock_sleep_ms(TRY_AGAIN_MS);
	}
}

/* Ask the DHCP servers of those interfaces that once had a lease. */
static bool lease_again(struct network *n, u64 deadline_ms)
{
	bool has_lease = false;

	for (size_t i = 0; i < n->num_links; i++) {
		struct link *l = &n->links[i];
		struct dhcp_lease lease;
		struct ip_prefix all = {0};
		struct err *err;

		if (!l->index || !l->config->dhcp)
			continue;
		err = dhcp_ask(l->index, deadline_ms, &lease);
		if (!err)
			err = link_add_address(&n->netlink, l->index, &lease.address);
		if (!err && lease.router.family)
			err = link_add_route(&n->netlink, l->index, &all, &lease.router);
		has_lease |= !err;
		note(n, l->config, err);
	}
	return has_lease;
}

/* A cable that is out is worth more words than a server that does not answer. */
static struct err *name_dead_links(struct network *n, struct err *err)
{
	for (size_t i = 0; err && i < n->num_links; i++) {
		const struct link *l = &n->links[i];
		bool has_carrier = true;

		if (!l->index)
			continue;
		err_ignore(link_has_carrier(&n->netlink, l->index, &has_carrier));
		if (!has_carrier)
			err = err_wrap(err, "%s (%s) has no carrier", l->config->name,
				       l->config->mac);
	}
	return err;
}

static bool may_lease(const struct network *n)
{
	for (size_t i = 0; i < n->num_links; i++)
		if (n->links[i].index && n->links[i].config->dhcp)
			return true;
	return false;
}

/* The old addresses are still ours as a rule, and cost no server's time. */
static struct err *reach(struct network *n, const struct network_goal *goal, u64 left_ms)
{
	u64 start = clock_now_ms(), spent;
	struct err *err =
		network_wait_reachable(goal, may_lease(n) ? left_ms / 3 : left_ms);

	if (!err || !may_lease(n))
		return err;
	if (!lease_again(n, left_ms / 3))
		return err;
	err_ignore(err);
	spent = clock_now_ms() - start;
	return network_wait_reachable(goal, spent < left_ms ? left_ms - spent : 1);
}

struct err *network_bring_up(const struct manifest *m, const struct network_goal *goal,
			     u64 deadline_ms, struct notices *notices)
{
	struct network n = {.manifest = m, .notices = notices};
	u64 start = clock_now_ms(), spent;
	struct err *err = netlink_open(&n.netlink);

	if (err)
		return err;
	for (size_t i = 0; i < m->num_interfaces && i < LINKS_MAX; i++)
		n.links[n.num_links++].config = &m->interfaces[i];
	err = restore(&n, deadline_ms / 3);
	spent = clock_now_ms() - start;
	if (!err)
		err = name_dead_links(
			&n, reach(&n, goal, spent < deadline_ms ? deadline_ms - spent : 1));
	netlink_close(&n.netlink);
	return err;
}

const char *network_own_address(char text[IP_TEXT_SIZE], const char *address)
{
	struct network_goal goal = {.address = address, .port = 9};
	struct sockaddr_storage to, own = {0};
	struct ip_prefix ip = {0};
	socklen_t len, own_len = sizeof(own);
	struct err *err = socket_address(&goal, &to, &len);
	cleanup(closep) int fd = -1;

	text[0] = '\0';
	if (err) {
		err_ignore(err);
		return text;
	}
	/* Connecting a datagram socket sends nothing: it only chooses the way. */
	fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&own, &own_len) < 0)
		return text;
	ip.family = own.ss_family;
	if (ip.family == AF_INET)
		memcpy(ip.bytes, &((struct sockaddr_in *)&own)->sin_addr, 4);
	else if (ip.family == AF_INET6)
		memcpy(ip.bytes, &((struct sockaddr_in6 *)&own)->sin6_addr, 16);
	return ip_format(text, &ip);
}
