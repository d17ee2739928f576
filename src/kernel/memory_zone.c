#include "kernel/memory_zone.h"

#include "kernel/field.h"

#define MAX_ORDERS   64
#define MAX_TYPES    32	 /* MIGRATE_TYPES */
#define MAX_COUNTERS 512 /* NR_VM_ZONE_STAT_ITEMS */

/* Where the members of a zone lie. */
struct layout {
	struct field zones, node_start; /* of pglist_data */
	u64 size;			/* of struct zone */
	struct field name, start, spanned, present, managed, stat, watermark, boost;
};

static struct err *read_layout(struct kernel *k, struct layout *l)
{
	struct err *err = field_get(k, "pglist_data", "node_zones", &l->zones);

	if (!err)
		err = field_get(k, "zone", "spanned_pages", &l->spanned);
	if (err)
		return err;
	if (!type_size_find(k, "zone", &l->size) || !l->size)
		return err_new(ERR_ABSENT, "the size of struct zone is not known");
	l->node_start = field_find(k, "pglist_data", "node_start_pfn");
	l->name = field_find(k, "zone", "name");
	l->start = field_find(k, "zone", "zone_start_pfn");
	l->present = field_find(k, "zone", "present_pages");
	l->managed = field_find(k, "zone", "managed_pages.counter");
	l->stat = field_find(k, "zone", "vm_stat");
	/* Since 1c30844d2dfe ("mm: reclaim small amounts of memory when an external
	 * fragmentation event occurs"), v5.0, with an underscore, and a boost beside it. */
	l->watermark = field_find(k, "zone", "_watermark");
	if (!l->watermark.present)
		l->watermark = field_find(k, "zone", "watermark");
	l->boost = field_find(k, "zone", "watermark_boost");
	return NULL;
}

static u64 read_optional(struct kernel *k, vaddr_t base, const struct field *f)
{
	u64 value = 0;

	if (f->present)
		err_ignore(field_read(k, base, f, &value));
	return value;
}

static void read_name(struct kernel *k, vaddr_t zone, const struct layout *l,
		      struct memory_zone *z)
{
	vaddr_t at = read_optional(k, zone, &l->name);
	struct err *err;

	if (!at)
		return;
	err = kernel_read_str(k, at, z->name, sizeof(z->name));
	if (err)
		z->name[0] = '\0';
	err_ignore(err);
}

static u64 watermark(struct kernel *k, vaddr_t zone, const struct layout *l, unsigned index)
{
	struct field one = l->watermark;

	one.offset += index * 8;
	one.size = 8;
	return read_optional(k, zone, &one);
}

static struct err *read_zone(struct kernel *k, const struct layout *l,
			     struct memory_zone *z)
{
	struct err *err = field_read(k, z->addr, &l->spanned, &z->spanned_pages);
	u64 free_pages = 0;

	if (err)
		return err;
	read_name(k, z->addr, l, z);
	z->start = read_optional(k, z->addr, &l->start);
	z->present_pages = read_optional(k, z->addr, &l->present);
	z->managed_pages = read_optional(k, z->addr, &l->managed);
	z->boost = read_optional(k, z->addr, &l->boost);
	if (l->watermark.present) {
		z->min = watermark(k, z->addr, l, 0) + z->boost;
		z->low = watermark(k, z->addr, l, 1) + z->boost;
		z->high = watermark(k, z->addr, l, 2) + z->boost;
	}
	/* NR_FREE_PAGES is the first of the counters. */
	if (l->stat.present)
		err_ignore(memory_zone_counter(k, z, 0, &free_pages));
	z->free_pages = free_pages;
	return NULL;
}

/* Zones of the node at @node. *@over: @each has enough. */
static struct err *walk_node(struct kernel *k, const struct layout *l, unsigned number,
			     vaddr_t node,
			     bool (*each)(void *ctx, const struct memory_zone *z),
			     void *ctx, bool *over)
{
	u64 count = l->zones.count;
	pfn_t start = read_optional(k, node, &l->node_start);

	/* VMCOREINFO alone tells it apart from the types. */
	if (count <= 1 && dump_vmcoreinfo(kernel_dump(k)))
		vmcoreinfo_length(dump_vmcoreinfo(kernel_dump(k)), "pglist_data.node_zones",
				  &count);
	for (unsigned i = 0; i < min_u64(count, MEMORY_ZONES_MAX); i++) {
		struct memory_zone z = {.addr = node + l->zones.offset + i * l->size,
					.node_addr = node,
					.node = number,
					.index = i,
					.node_start = start};
		struct err *err = read_zone(k, l, &z);

		if (err)
			return err_wrap(err, "zone %u of node %u", i, number);
		if (!each(ctx, &z)) {
			*over = true;
			return NULL;
		}
	}
	return NULL;
}

struct err *memory_zone_each(struct kernel *k,
			     bool (*each)(void *ctx, const struct memory_zone *z),
			     void *ctx)
{
	vaddr_t nodes, at, node;
	struct layout l;
	u32 count = 1;
	bool over = false;
	struct err *err = read_layout(k, &l);

	/* One node, without CONFIG_NUMA. */
	if (!err && kernel_symbol_find(k, "contig_page_data", &at))
		return walk_node(k, &l, 0, at, each, ctx, &over);
	if (!err)
		err = kernel_symbol_get(k, "node_data", &nodes);
	if (!err && kernel_symbol_find(k, "nr_node_ids", &at))
		err = kernel_read_u32(k, at, &count);
	for (unsigned i = 0; !err && !over && i < min_u64(count, MEMORY_NODES_MAX); i++) {
		err = kernel_read_ptr(k, nodes + i * 8, &node);
		if (!err && node)
			err = walk_node(k, &l, i, node, each, ctx, &over);
	}
	return err_wrap(err, "memory zones");
}

struct err *memory_zone_counter(struct kernel *k, const struct memory_zone *z, u64 index,
				u64 *ret)
{
	struct field stat;
	u64 value;
	struct err *err = field_get(k, "zone", "vm_stat", &stat);

	if (!err && index >= MAX_COUNTERS)
		err = err_new(ERR_BAD_DATA, "a zone has no counter %llu",
			      (unsigned long long)index);
	if (!err)
		err = kernel_read_u64(k, z->addr + stat.offset + index * 8, &value);
	if (!err)
		*ret = (s64)value < 0 ? 0 : value;
	return err;
}

/* ---- free lists ---- */

struct free_budget free_budget_of(struct dump *d)
{
	return (struct free_budget){dump_max_pfn(d)};
}

/* The arrays in a zone. */
struct free_layout {
	struct field areas; /* of zone */
	struct field lists; /* of free_area */
	u64 num_orders, num_types, area_size;
	u64 link; /* of a block's struct page */
};

static struct err *read_free_layout(struct kernel *k, struct free_layout *l)
{
	struct field link = field_find(k, "page", "buddy_list");
	const struct vmcoreinfo *vi = dump_vmcoreinfo(kernel_dump(k));
	struct err *err = field_get(k, "zone", "free_area", &l->areas);

	if (!err)
		err = field_get(k, "free_area", "free_list", &l->lists);
	/* The name is new since bf75f200569d ("mm/page_alloc: add page->buddy_list and
	 * page->pcp_list"), v5.19. */
	if (!err && !link.present)
		err = field_get(k, "page", "lru", &link);
	if (err)
		return err;
	l->num_orders = l->areas.count;
	l->num_types = l->lists.count;
	if (vi && l->num_orders <= 1)
		vmcoreinfo_length(vi, "zone.free_area", &l->num_orders);
	if (vi && l->num_types <= 1)
		vmcoreinfo_length(vi, "free_area.free_list", &l->num_types);
	l->link = link.offset;
	if (!type_size_find(k, "free_area", &l->area_size) || l->num_orders > MAX_ORDERS ||
	    l->num_types > MAX_TYPES)
		return err_new(ERR_BAD_DATA, "struct zone with %llu orders of free pages",
			       (unsigned long long)l->num_orders);
	return NULL;
}

static struct err *walk_list(struct kernel *k, const struct free_layout *l,
			     struct free_budget *budget, const struct free_visit *visit,
			     struct free_list *list, bool *over)
{
	vaddr_t node;
	struct err *err = kernel_read_ptr(k, list->addr, &node);

	while (!err && !*over && node != list->addr) {
		if (budget->pages < (u64)1 << list->order)
			return err_new(ERR_BAD_DATA, "more pages than there are");
		budget->pages -= (u64)1 << list->order;
		list->num_blocks++;
		if (visit->each_block &&
		    !visit->each_block(visit->ctx, list, node - l->link))
			*over = true;
		err = kernel_read_ptr(k, node, &node);
	}
	return err;
}

struct err *memory_zone_free_lists(struct kernel *k, const struct memory_zone *z,
				   struct free_budget *budget,
				   const struct free_visit *visit)
{
	struct free_layout l;
	bool over = false;
	struct err *err = read_free_layout(k, &l);

	for (unsigned i = 0; !err && i < l.num_orders * l.num_types && !over; i++) {
		struct free_list list = {.order = (unsigned)(i / l.num_types),
					 .type = (unsigned)(i % l.num_types)};

		list.addr = z->addr + l.areas.offset + list.order * l.area_size +
			    l.lists.offset + list.type * 16;
		err = walk_list(k, &l, budget, visit, &list, &over);
		if (err)
			return err_wrap(err, "free list at 0x%llx: order %u, type %u",
					(unsigned long long)list.addr, list.order,
					list.type);
		if (!over && visit->each_list && !visit->each_list(visit->ctx, &list))
			over = true;
	}
	return err;
}
