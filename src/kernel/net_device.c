#include "kernel/net_device.h"

#include "kernel/field.h"
#include "kernel/list_walk.h"

#include <string.h>

#define MAX_HASH_SHIFT 20

struct err *net_of_task(struct kernel *k, vaddr_t task, vaddr_t *ret)
{
	u64 proxy;
	struct err *err = field_read_by_name(k, task, "task_struct", "nsproxy", &proxy);

	if (err)
		return err;
	if (!proxy)
		return err_new(ERR_ABSENT,
			       "the task at 0x%llx has left its namespaces: it is exiting",
			       (unsigned long long)task);
	return field_read_by_name(k, proxy, "nsproxy", "net_ns", ret);
}

static struct err *read_name(struct kernel *k, vaddr_t device,
			     char name[NET_DEVICE_NAME_SIZE])
{
	struct field f;
	struct err *err = field_get(k, "net_device", "name", &f);

	return err ? err
		   : kernel_read_str(k, device + f.offset, name, NET_DEVICE_NAME_SIZE);
}

struct err *net_device_each(struct kernel *k, vaddr_t net,
			    bool (*each)(void *ctx, const struct net_device *d), void *ctx)
{
	struct field head, link;
	struct list_walk w;
	struct net_device d;
	struct err *err = field_get(k, "net", "dev_base_head", &head);

	if (!err)
		err = field_get(k, "net_device", "dev_list", &link);
	if (err)
		return err;
	list_walk_begin(&w, k, net + head.offset, link.offset, NET_DEVICES_MAX);
	while (!(err = list_walk_next(&w, &d.addr)) && d.addr) {
		err = read_name(k, d.addr, d.name);
		if (err || !each(ctx, &d))
			break;
	}
	return err_wrap(err, "network interfaces");
}

/* ---- addresses ---- */

static struct err *walk_v4(struct kernel *k, vaddr_t device,
			   void (*each)(void *ctx, const struct net_address *a), void *ctx)
{
	struct field address;
	u64 at = 0;
	struct err *err = field_get(k, "in_ifaddr", "ifa_local", &address);

	if (!err)
		err = field_read_by_name(k, device, "in_device", "ifa_list", &at);
	for (unsigned i = 0; !err && at; i++) {
		struct net_address a = {.is_v6 = false};

		if (i == NET_ADDRESSES_MAX)
			return err_new(ERR_BAD_DATA, "the list of addresses has no end");
		err = kernel_read(k, at + address.offset, a.bytes, 4);
		if (err)
			break;
		each(ctx, &a);
		err = field_read_by_name(k, at, "in_ifaddr", "ifa_next", &at);
	}
	return err;
}

static struct err *walk_v6(struct kernel *k, vaddr_t device,
			   void (*each)(void *ctx, const struct net_address *a), void *ctx)
{
	struct field head, link, address;
	struct list_walk w;
	vaddr_t at;
	struct err *err = field_get(k, "inet6_dev", "addr_list", &head);

	if (!err)
		err = field_get(k, "inet6_ifaddr", "if_list", &link);
	if (!err)
		err = field_get(k, "inet6_ifaddr", "addr", &address);
	if (err)
		return err;
	list_walk_begin(&w, k, device + head.offset, link.offset, NET_ADDRESSES_MAX);
	while (!(err = list_walk_next(&w, &at)) && at) {
		struct net_address a = {.is_v6 = true};

		err = kernel_read(k, at + address.offset, a.bytes, 16);
		if (err)
			break;
		each(ctx, &a);
	}
	return err;
}

struct err *net_device_each_address(struct kernel *k, const struct net_device *d,
				    void (*each)(void *ctx, const struct net_address *a),
				    void *ctx)
{
	struct field v4 = field_find(k, "net_device", "ip_ptr");
	struct field v6 = field_find(k, "net_device", "ip6_ptr");
	u64 at = 0;
	struct err *err = NULL;

	if (v4.present)
		err = field_read(k, d->addr, &v4, &at);
	if (!err && at)
		err = walk_v4(k, at, each, ctx);
	at = 0;
	if (!err && v6.present)
		err = field_read(k, d->addr, &v6, &at);
	if (!err && at)
		err = walk_v6(k, at, each, ctx);
	return err_wrap(err, "addresses of %s", d->name);
}

/* ---- neighbours ---- */

static struct err *read_neighbour(struct kernel *k, vaddr_t addr, struct neighbour *ret)
{
	struct neighbour n = {.addr = addr};
	struct field key, hardware;
	u64 device = 0;
	struct err *err = field_get(k, "neighbour", "primary_key", &key);

	if (!err)
		err = field_get(k, "neighbour", "ha", &hardware);
	if (!err)
		err = kernel_read(k, addr + key.offset, n.address, sizeof(n.address));
	if (!err)
		err = kernel_read(k, addr + hardware.offset, n.hardware,
				  sizeof(n.hardware));
	if (!err)
		err = field_read_by_name(k, addr, "neighbour", "nud_state", &n.state);
	if (!err)
		err = field_read_by_name(k, addr, "neighbour", "dev", &device);
	if (!err)
		err = field_read_by_name(k, device, "net_device", "type", &n.hardware_type);
	if (!err)
		err = field_read_by_name(k, device, "net_device", "addr_len",
					 &n.hardware_len);
	if (!err)
		err = read_name(k, device, n.device);
	if (err)
		return err;
	n.hardware_len = min_u64(n.hardware_len, sizeof(n.hardware));
	*ret = n;
	return NULL;
}

struct chain {
	struct kernel *k;
	bool (*each)(void *ctx, const struct neighbour *n);
	void *ctx;
	unsigned left;
	bool is_over;
};

static struct err *walk_chain(struct chain *c, vaddr_t bucket)
{
	struct field next = field_find(c->k, "neighbour", "next");
	/* Since "neighbour: Convert seq_file functions to use hlist", v6.13, the chain is
	 * an hlist. */
	struct field node = field_find(c->k, "neighbour", "hash");
	u64 back = next.present ? 0 : node.offset;
	struct err *err;
	vaddr_t at;

	if (!next.present && !node.present)
		return err_new(ERR_ABSENT, "the layout of struct neighbour is not known");
	err = kernel_read_ptr(c->k, bucket, &at);
	while (!err && at && !c->is_over) {
		struct neighbour n;

		if (!c->left--)
			return err_new(ERR_BAD_DATA, "it has no end");
		err = read_neighbour(c->k, at - back, &n);
		if (err)
			break;
		c->is_over = !c->each(c->ctx, &n);
		err = kernel_read_ptr(c->k, at + (next.present ? next.offset : 0), &at);
	}
	return err;
}

struct err *neighbour_each(struct kernel *k,
			   bool (*each)(void *ctx, const struct neighbour *n), void *ctx)
{
	struct chain c = {.k = k, .each = each, .ctx = ctx, .left = NEIGHBOURS_MAX};
	const char *buckets_name = field_find(k, "neigh_hash_table", "hash_buckets").present
					   ? "hash_buckets"
					   : "hash_heads";
	u64 hash, buckets, shift;
	vaddr_t table;
	struct err *err = kernel_symbol_get(k, "arp_tbl", &table);

	if (!err)
		err = field_read_by_name(k, table, "neigh_table", "nht", &hash);
	if (!err)
		err = field_read_by_name(k, hash, "neigh_hash_table", buckets_name,
					 &buckets);
	if (!err)
		err = field_read_by_name(k, hash, "neigh_hash_table", "hash_shift", &shift);
	if (!err && shift > MAX_HASH_SHIFT)
		err = err_new(ERR_BAD_DATA, "a hash table of 2^%llu buckets cannot be",
			      (unsigned long long)shift);
	for (u64 i = 0; !err && i < (u64)1 << shift && !c.is_over; i++)
		err = walk_chain(&c, buckets + i * 8);
	return err_wrap(err, "neighbours");
}
