#include "arm/network_snapshot.h"

#include "arm/network_table.h"
#include "base/str.h"

#include <limits.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

/* A VLAN on a bond on a bridge's port: more is a loop. */
#define DEPTH_MAX 6

struct taking {
	struct network_snapshot *snapshot;
	struct network_table table;
	const char *root, *host;
};

void network_snapshot_deinit(struct network_snapshot *s)
{
	for (size_t i = 0; i < s->num_owned; i++)
		free(s->owned[i]);
	free(s->owned);
	*s = (struct network_snapshot){0};
}

/* A copy of @text that lives as long as the snapshot, NULL without memory. */
static const char *keep(struct network_snapshot *s, const char *text)
{
	void **owned = reallocarray(s->owned, s->num_owned + 1, sizeof(*owned));
	char *copy;

	if (!owned)
		return NULL;
	s->owned = owned;
	copy = strdup(text);
	if (copy)
		owned[s->num_owned++] = copy;
	return copy;
}

static struct err *add_module(struct network_snapshot *s, const char *name)
{
	for (size_t i = 0; i < s->num_modules; i++)
		if (str_eq(s->modules[i], name))
			return NULL;
	if (s->num_modules == MANIFEST_ROWS_MAX)
		return err_new(ERR_UNSUPPORTED, "the network takes more than %d drivers",
			       MANIFEST_ROWS_MAX);
	s->modules[s->num_modules] = keep(s, name);
	return s->modules[s->num_modules++] ? NULL : err_nomem();
}

/* The modules bound to the device at @path and to those it sits on: an adapter, and below
 * it perhaps virtio_pci. A driver of the kernel itself has none. */
static struct err *add_drivers(struct taking *t, const char *name)
{
	char path[PATH_MAX], module[PATH_MAX];
	cleanup(freep) char *device = NULL;
	char *slash;

	snprintf(path, sizeof(path), "%s/sys/class/net/%s/device", t->root, name);
	device = realpath(path, NULL);
	while (device && strstr(device, "/sys/devices/")) {
		cleanup(freep) char *target = NULL;
		struct err *err;

		if ((size_t)snprintf(module, sizeof(module), "%s/driver/module", device) <
		    sizeof(module))
			target = realpath(module, NULL);
		slash = target ? strrchr(target, '/') : NULL;
		err = slash ? add_module(t->snapshot, slash + 1) : NULL;
		if (err)
			return err;
		slash = strrchr(device, '/');
		*slash = '\0';
	}
	return NULL;
}

static struct manifest_interface *find_interface(struct network_snapshot *s,
						 const char *name)
{
	for (size_t i = 0; i < s->num_interfaces; i++)
		if (str_eq(s->interfaces[i].name, name))
			return &s->interfaces[i];
	return NULL;
}

static struct err *refuse_kind(const struct taking *t, const struct network_device *d)
{
	return err_new(
		ERR_UNSUPPORTED,
		"the way to %s is over %s, and a capture kernel cannot restore links "
		"of kind %s: choose a server that is reached over an adapter, a VLAN, "
		"a bond or a bridge",
		t->host, d->name, d->kind);
}

/* Add @d alone; what it stands on is added by the caller. */
static struct err *add_interface(struct taking *t, const struct network_device *d,
				 const char *kind, const char *parent, const char *master)
{
	static const char *const modes[] = {"balance-rr", "active-backup", "balance-xor",
					    "broadcast",  "802.3ad",	   "balance-tlb",
					    "balance-alb"};
	struct network_snapshot *s = t->snapshot;
	struct manifest_interface *i = find_interface(s, d->name);
	const char *mode = "";
	char mac[MAC_TEXT_SIZE];

	if (i)
		return NULL;
	if (!d->has_mac)
		return refuse_kind(t, d);
	if (s->num_interfaces == MANIFEST_ROWS_MAX)
		return err_new(ERR_UNSUPPORTED, "the way to %s is over more than %d links",
			       t->host, MANIFEST_ROWS_MAX);
	if (str_eq(kind, "bond") && d->bond_mode < ARRAY_SIZE(modes))
		mode = modes[d->bond_mode];
	i = &s->interfaces[s->num_interfaces];
	*i = (struct manifest_interface){
		.name = keep(s, d->name),
		.kind = kind,
		.mac = keep(s, mac_format(mac, d->mac)),
		.parent = keep(s, parent),
		.master = keep(s, master),
		.addresses = "",
		.bond_mode = mode,
		.vlan_id = d->vlan_id,
		.mtu = d->mtu,
	};
	if (!i->name || !i->mac || !i->parent || !i->master)
		return err_nomem();
	s->num_interfaces++;
	return NULL;
}

static struct err *add_hardware(struct taking *t, const struct network_device *d,
				const char *master)
{
	struct err *err;

	/* Inside a container, a veth is the adapter. */
	if (*d->kind && !str_eq(d->kind, "veth"))
		return refuse_kind(t, d);
	err = add_interface(t, d, "ethernet", "", master);
	return err ? err : add_drivers(t, d->name);
}

static struct err *add_bond(struct taking *t, const struct network_device *d)
{
	struct err *err = add_module(t->snapshot, "bonding");

	for (size_t i = 0; !err && i < t->table.num_devices; i++)
		if (t->table.devices[i].master == d->index)
			err = add_hardware(t, &t->table.devices[i], d->name);
	return err ? err : add_interface(t, d, "bond", "", "");
}

/* The port of bridge @d that leads out: an adapter rather than a guest's end, and one with
 * something on its other end. */
static const struct network_device *find_port(const struct taking *t,
					      const struct network_device *d)
{
	const struct network_device *best = NULL;

	for (size_t i = 0; i < t->table.num_devices; i++) {
		const struct network_device *port = &t->table.devices[i];

		if (port->master != d->index ||
		    (*port->kind && !str_eq(port->kind, "vlan") &&
		     !str_eq(port->kind, "bond")))
			continue;
		if (!best || (port->has_carrier && !best->has_carrier))
			best = port;
	}
	return best;
}

/* Add @d and what it stands on; *@ret_name is what carries its addresses then. */
static struct err *add_device(struct taking *t, const struct network_device *d,
			      const char **ret_name)
{
	const struct network_device *vlan = NULL;
	const char *name = d->name, *parent;
	struct err *err;

	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		if (str_eq(d->kind, "bridge")) {
			const struct network_device *port = find_port(t, d);

			if (!port)
				return err_new(ERR_UNSUPPORTED,
					       "the way to %s is over bridge %s, and none "
					       "of its ports leads out of this machine",
					       t->host, d->name);
			d = port;
			if (!vlan)
				name = d->name;
		} else if (str_eq(d->kind, "vlan") && !vlan) {
			vlan = d;
			d = network_table_find(&t->table, d->parent);
			if (!d)
				return refuse_kind(t, vlan);
		} else {
			break;
		}
	}
	parent = d->name;
	err = str_eq(d->kind, "bond") ? add_bond(t, d) : add_hardware(t, d, "");
	if (!err && vlan)
		err = add_module(t->snapshot, "8021q");
	if (!err && vlan)
		err = add_interface(t, vlan, "vlan", parent, "");
	if (!err)
		*ret_name = name;
	return err;
}

static struct err *add_addresses(struct taking *t, int index, const char *name,
				 const struct network_hop *hop, struct network_way *way)
{
	struct manifest_interface *i = find_interface(t->snapshot, name);
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	char text[IP_TEXT_SIZE];
	struct err *err;

	for (size_t k = 0; k < t->table.num_addresses; k++) {
		const struct network_address *a = &t->table.addresses[k];
		bool is_own = ip_size(&a->ip) && a->ip.family == hop->own.family &&
			      memcmp(a->ip.bytes, hop->own.bytes, ip_size(&a->ip)) == 0;

		if (a->index != index)
			continue;
		if (is_own)
			way->is_leased = a->is_leased;
		if (a->is_leased && a->ip.family == AF_INET)
			i->dhcp = true;
		buf_printf(&b, "%s%s", b.len ? " " : "", ip_prefix_format(text, &a->ip));
	}
	err = buf_check(&b);
	if (err)
		return err;
	i->addresses = keep(t->snapshot, buf_text(&b));
	return i->addresses ? NULL : err_nomem();
}

static const struct manifest_route *find_route(const struct network_snapshot *s,
					       const char *to)
{
	for (size_t i = 0; i < s->num_routes; i++)
		if (str_eq(s->routes[i].to, to))
			return &s->routes[i];
	return NULL;
}

/* What is on the link needs no route where our own address says so, which is nearly always;
 * one more does no harm. The first gateway is everybody's: hooks may want others. */
static struct err *add_route(struct taking *t, const struct network_hop *hop,
			     const struct ip_prefix *to, const char *name)
{
	struct network_snapshot *s = t->snapshot;
	struct manifest_route *r = &s->routes[s->num_routes];
	char target[IP_TEXT_SIZE] = "default", gateway[IP_TEXT_SIZE];
	const struct manifest_route *before;

	ip_format(gateway, &hop->gateway);
	before = find_route(s, "default");
	if (!hop->gateway.family || (before && !(str_eq(before->gateway, gateway) &&
						 str_eq(before->interface, name))))
		ip_prefix_format(target, to);
	if (find_route(s, target))
		return NULL;
	if (s->num_routes == MANIFEST_ROWS_MAX)
		return err_new(ERR_UNSUPPORTED, "more than %d routes", MANIFEST_ROWS_MAX);
	*r = (struct manifest_route){.to = keep(s, target),
				     .gateway = keep(s, gateway),
				     .interface = keep(s, name)};
	if (!r->to || !r->gateway || !r->interface)
		return err_nomem();
	s->num_routes++;
	return NULL;
}

static struct err *resolve(const char *host, struct ip_prefix *ret)
{
	const struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *all = NULL;
	struct ip_prefix ip = {0};
	const char *address;
	int failure;

	if (ip_prefix_parse(host, strlen(host), ret) && !strchr(host, '/'))
		return NULL;
	failure = getaddrinfo(host, NULL, &wanted, &all);
	if (failure)
		return err_new(ERR_ABSENT, "the name \"%s\" has no address: %s", host,
			       gai_strerror(failure));
	/* The first is the one that the system would use. */
	ip.family = all->ai_family;
	address = (const char *)all->ai_addr;
	if (ip.family == AF_INET)
		memcpy(ip.bytes, address + offsetof(struct sockaddr_in, sin_addr), 4);
	else if (ip.family == AF_INET6)
		memcpy(ip.bytes, address + offsetof(struct sockaddr_in6, sin6_addr), 16);
	freeaddrinfo(all);
	ip.bits = (unsigned)ip_size(&ip) * 8;
	*ret = ip;
	return NULL;
}

static struct err *take(struct taking *t, struct netlink *n, const struct ip_prefix *to,
			struct network_way *way)
{
	const struct network_device *d;
	struct network_hop hop;
	const char *name = "";
	char text[IP_TEXT_SIZE];
	struct err *err = network_hop_ask(n, to, &hop);

	if (err)
		return err;
	d = network_table_find(&t->table, hop.index);
	if (!d)
		return err_new(ERR_ABSENT, "interface %d went away meanwhile", hop.index);
	if (hop.is_local || d->is_loopback)
		return err_new(ERR_USAGE, "%s is this machine itself", t->host);
	err = add_device(t, d, &name);
	if (!err)
		err = add_addresses(t, hop.index, name, &hop, way);
	if (!err)
		err = add_route(t, &hop, to, name);
	if (err)
		return err;
	way->address = keep(t->snapshot, ip_format(text, to));
	way->own_address = keep(t->snapshot, ip_format(text, &hop.own));
	return way->address && way->own_address ? NULL : err_nomem();
}

struct err *network_snapshot_add(struct network_snapshot *s, const char *root,
				 const char *host, struct network_way *ret)
{
	struct taking t = {.snapshot = s, .root = root, .host = host};
	struct network_way way = {0};
	struct ip_prefix to;
	struct netlink n;
	struct err *err = resolve(host, &to);

	if (err)
		return err;
	err = netlink_open(&n);
	if (err)
		return err;
	err = network_table_read(&n, &t.table);
	if (!err)
		err = take(&t, &n, &to, &way);
	netlink_close(&n);
	network_table_deinit(&t.table);
	if (err)
		return err_wrap(err, "cannot note the way to %s", host);
	*ret = way;
	return NULL;
}
