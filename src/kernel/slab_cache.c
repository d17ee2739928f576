#include "kernel/slab_cache.h"

#include "kernel/field.h"
#include "kernel/list_walk.h"

#define ORDER_SHIFT 16 /* of kmem_cache_order_objects.x: OO_SHIFT */
#define MAX_ORDER   16

/* Where the members lie. */
struct layout {
	struct field list, name, object_size, size, oo, nodes;
	struct field num_slabs, num_objects;
	u64 num_nodes;
	u64 page_size;
	u64 num_reads; /* nodes looked at so far */
};

/* The array of nodes is declared for all that there could be, and allocated for those there
 * can be on this machine. */
static u64 num_node_ids(struct kernel *k)
{
	vaddr_t addr;
	u32 ids = 1;

	if (kernel_symbol_find(k, "nr_node_ids", &addr))
		err_ignore(kernel_read_u32(k, addr, &ids));
	return min_u64(ids, SLAB_NODES_MAX);
}

static struct err *read_layout(struct kernel *k, struct layout *ret)
{
	struct err *err = field_get(k, "kmem_cache", "list", &ret->list);

	if (!err)
		err = field_get(k, "kmem_cache", "name", &ret->name);
	if (!err)
		err = field_get(k, "kmem_cache", "node", &ret->nodes);
	if (err)
		return err;
	ret->object_size = field_find(k, "kmem_cache", "object_size");
	ret->size = field_find(k, "kmem_cache", "size");
	ret->oo = field_find(k, "kmem_cache", "oo.x");
	ret->num_slabs = field_find(k, "kmem_cache_node", "nr_slabs.counter");
	ret->num_objects = field_find(k, "kmem_cache_node", "total_objects.counter");
	ret->num_nodes = min_u64(num_node_ids(k), ret->nodes.count);
	ret->page_size = dump_page_size(kernel_dump(k));
	return NULL;
}

static u64 read_optional(struct kernel *k, vaddr_t base, const struct field *f)
{
	struct err *err;
	u64 value = 0;

	if (!f->present)
		return 0;
	err = field_read(k, base, f, &value);
	if (err)
		value = 0;
	err_ignore(err);
	return value;
}

/* Nodes that the machine does not have are NULL. */
static struct err *read_node(struct kernel *k, struct layout *l, vaddr_t cache, u64 index,
			     vaddr_t *ret)
{
	if (l->num_reads++ >= SLAB_NODE_READS_MAX)
		return err_new(ERR_BAD_DATA, "more than %u nodes of all caches",
			       SLAB_NODE_READS_MAX);
	return kernel_read_ptr(k, cache + l->nodes.offset + index * 8, ret);
}

/* A node that cannot be read counts nothing. */
static struct err *count_nodes(struct kernel *k, struct layout *l, struct slab_cache *c)
{
	for (u64 i = 0; i < l->num_nodes; i++) {
		vaddr_t node;
		struct err *err = read_node(k, l, c->addr, i, &node);

		if (err && err_code(err) == ERR_FAULT) {
			err_free(err);
			return NULL;
		}
		if (err)
			return err;
		if (!node)
			continue;
		c->num_slabs += read_optional(k, node, &l->num_slabs);
		c->num_objects += read_optional(k, node, &l->num_objects);
	}
	return NULL;
}

static void read_cache(struct kernel *k, const struct layout *l, vaddr_t addr,
		       struct slab_cache *ret)
{
	struct slab_cache c = {.addr = addr};
	vaddr_t name = 0;
	u64 order;
	struct err *err = field_read(k, addr, &l->name, &name);

	if (!err)
		err = kernel_read_str(k, name, c.name, sizeof(c.name));
	if (err)
		c.name[0] = '\0';
	err_ignore(err);
	c.object_size = read_optional(k, addr, &l->object_size);
	c.size = read_optional(k, addr, &l->size);
	order = read_optional(k, addr, &l->oo) >> ORDER_SHIFT;
	if (l->oo.present && order <= MAX_ORDER)
		c.slab_bytes = l->page_size << order;
	*ret = c;
}

static struct err *begin_caches(struct kernel *k, struct layout *l, struct list_walk *walk)
{
	vaddr_t head;
	struct err *err = kernel_symbol_get(k, "slab_caches", &head);

	if (!err)
		err = read_layout(k, l);
	if (!err)
		list_walk_begin(walk, k, head, l->list.offset, SLAB_CACHES_MAX);
	return err;
}

struct err *slab_cache_each(struct kernel *k,
			    void (*each)(void *ctx, const struct slab_cache *c), void *ctx)
{
	struct layout l = {.num_reads = 0};
	struct list_walk walk;
	vaddr_t addr;
	struct err *err = begin_caches(k, &l, &walk);

	while (!err && !(err = list_walk_next(&walk, &addr)) && addr) {
		struct slab_cache c;

		read_cache(k, &l, addr, &c);
		err = count_nodes(k, &l, &c);
		c.bytes = c.num_slabs * c.slab_bytes;
		if (!err)
			each(ctx, &c);
	}
	return err_wrap(err, "slab caches");
}

bool slab_cache_find(struct kernel *k, vaddr_t addr, struct slab_cache *ret)
{
	struct layout l = {.num_reads = 0};
	struct list_walk walk;
	vaddr_t at = 0;
	struct err *err = begin_caches(k, &l, &walk);

	while (!err && !(err = list_walk_next(&walk, &at)) && at && at != addr)
		;
	if (err || !at) {
		err_ignore(err);
		return false;
	}
	read_cache(k, &l, addr, ret);
	return true;
}

struct err *slab_cache_each_node(struct kernel *k, vaddr_t addr,
				 struct err *(*each)(void *ctx, unsigned node, vaddr_t at),
				 void *ctx)
{
	struct layout l = {.num_reads = 0};
	struct err *err = read_layout(k, &l);

	for (u64 i = 0; !err && i < l.num_nodes; i++) {
		vaddr_t node;

		err = read_node(k, &l, addr, i, &node);
		if (!err && node)
			err = each(ctx, (unsigned)i, node);
	}
	return err;
}
