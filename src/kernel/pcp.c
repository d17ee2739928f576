#include "kernel/pcp.h"

#include "base/bytes.h"

#define MAX_NODES	1024
#define MAX_ZONES	16
#define MAX_LISTS	64
#define MAX_CPUMASK_LEN 8192 /* bytes */
#define STRUCTS_LEN	((size_t)32 << 10)
#define LIST_HEAD_LEN	16
#define MAX_PCP_LEN	4096 /* struct per_cpu_pages, as far as it is read */
/* Bounds of the whole walk, far above those of the largest machines: a hostile dump may
 * lead to the same lists again and again. */
#define MAX_LIST_SETS	 (1u << 20)
#define MAX_BLOCKS	 (1u << 22)
#define BLOCK_ORDER_MASK 0xffu

/* Where things are in the crashed kernel's structs. */
struct layout {
	u64 zones, num_zones, zone_size; /* in struct pglist_data */
	u64 pageset;			 /* pointer in struct zone */
	u64 pcp;			 /* struct per_cpu_pages behind that */
	u64 count, lists, num_lists;	 /* in struct per_cpu_pages */
	u64 lists_per_order;		 /* MIGRATE_PCPTYPES */
	u64 link, refcount;		 /* in struct page */
	u64 cpumask_len;
	unsigned huge_order; /* of the lists that come behind those of low orders */
};

struct pcp {
	u64 num_pages;
	size_t num_blocks, capacity;
	u64 num_dropped; /* pages */
	u64 *blocks;	 /* pfn << 8 | order, sorted */
};

/* The walk. */
struct walk {
	struct dump *d;
	struct dump_reader *reader;
	const struct typelist *types;
	const struct pageclass *classes;
	struct memmap_cursor cursor;
	struct layout l;
	struct pcp *pcp;
	u32 num_list_sets, num_blocks; /* looked at */
	u8 cpumask[MAX_CPUMASK_LEN];
	u8 structs[STRUCTS_LEN];
};

void pcp_free(struct pcp *p)
{
	if (!p)
		return;
	free(p->blocks);
	free(p);
}

u64 pcp_num_pages(const struct pcp *p)
{
	return p->num_pages;
}

static pfn_t block_end(u64 block)
{
	return (block >> 8) + ((u64)1 << (block & BLOCK_ORDER_MASK));
}

bool pcp_find(const struct pcp *p, pfn_t pfn, pfn_t *ret_first, pfn_t *ret_end)
{
	size_t low = 0, high = p->num_blocks;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (block_end(p->blocks[middle]) <= pfn)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == p->num_blocks)
		return false;
	*ret_first = p->blocks[low] >> 8;
	*ret_end = block_end(p->blocks[low]);
	return true;
}

/* ---- layout ---- */

static struct err *need(const struct typelist *t, const char *type, const char *member,
			u64 *ret)
{
	const struct btf_want *w = typelist_member(t, type, member);

	if (!w)
		return err_new(ERR_ABSENT, "the crashed kernel has no struct %s with %s",
			       type, member);
	*ret = w->value;
	return NULL;
}

static struct err *find_pageset(const struct typelist *t, struct layout *l)
{
	struct err *err;

	if (typelist_member(t, "zone", "per_cpu_pageset"))
		return need(t, "zone", "per_cpu_pageset", &l->pageset);
	/* Before 28f836b6777b ("mm/page_alloc: split per cpu page lists and zone stats",
	 * 5.14) there was a struct around it. */
	err = need(t, "zone", "pageset", &l->pageset);
	return err ? err : need(t, "per_cpu_pageset", "pcp", &l->pcp);
}

static struct err *find_lists(const struct typelist *t, struct layout *l)
{
	const struct btf_want *lists = typelist_member(t, "per_cpu_pages", "lists");
	const struct btf_want *count = typelist_member(t, "per_cpu_pages", "count");

	if (!lists || !count || count->size != 4 ||
	    !typelist_number(t, "MIGRATE_PCPTYPES", &l->lists_per_order))
		return err_new(ERR_ABSENT, "the crashed kernel's struct per_cpu_pages is "
					   "not as expected");
	l->lists = lists->value;
	l->num_lists = lists->count;
	l->count = count->value;
	if (!l->num_lists || l->num_lists > MAX_LISTS || !l->lists_per_order ||
	    l->lists_per_order > l->num_lists ||
	    lists->size != l->num_lists * LIST_HEAD_LEN || l->count > MAX_PCP_LEN - 4 ||
	    l->lists > MAX_PCP_LEN - lists->size)
		return err_new(ERR_BAD_DATA, "struct per_cpu_pages with %llu lists",
			       (unsigned long long)l->num_lists);
	return NULL;
}

static struct err *find_page_members(const struct typelist *t, const struct pageclass *pc,
				     struct layout *l)
{
	/* Since bf75f200569d ("mm/page_alloc: add page->buddy_list and page->pcp_list",
	 * 5.19) the node has a name of its own. */
	const char *link = typelist_member(t, "page", "pcp_list") ? "pcp_list" : "lru";
	struct err *err = need(t, "page", link, &l->link);

	if (!err)
		err = need(t, "page", "_refcount", &l->refcount);
	if (err)
		return err;
	if (!pc->mapcount.present || !pc->buddy_type.present)
		return err_new(ERR_ABSENT, "it is not known how to tell free pages");
	if (!range_fits(l->link, LIST_HEAD_LEN, pc->struct_size) ||
	    !range_fits(l->refcount, 4, pc->struct_size))
		return err_new(ERR_BAD_DATA,
			       "members of struct page lie outside its %zu bytes",
			       pc->struct_size);
	return NULL;
}

static struct err *find_zones(const struct typelist *t, struct layout *l)
{
	const struct btf_want *zones = typelist_member(t, "pglist_data", "node_zones");

	if (!zones || !typelist_size(t, "zone", &l->zone_size))
		return err_new(ERR_ABSENT, "the crashed kernel has no struct pglist_data "
					   "with node_zones");
	l->zones = zones->value;
	l->num_zones = zones->count;
	if (!l->num_zones || l->num_zones > MAX_ZONES ||
	    zones->size != l->num_zones * l->zone_size ||
	    !range_fits(l->pageset, 8, l->zone_size))
		return err_new(ERR_BAD_DATA, "struct pglist_data with %llu zones",
			       (unsigned long long)l->num_zones);
	return NULL;
}

static struct err *find_layout(struct walk *w)
{
	struct layout *l = &w->l;
	struct err *err = find_pageset(w->types, l);

	if (!err)
		err = find_lists(w->types, l);
	if (!err)
		err = find_page_members(w->types, w->classes, l);
	if (!err)
		err = find_zones(w->types, l);
	if (err)
		return err;
	/* What one entry of a second-level page table maps: all its entries are 8 bytes. */
	l->huge_order = dump_page_shift(w->d) - 3;
	if (!typelist_size(w->types, "cpumask", &l->cpumask_len) || !l->cpumask_len ||
	    l->cpumask_len > MAX_CPUMASK_LEN)
		return err_new(ERR_ABSENT, "the size of struct cpumask is not known");
	if (!w->types->percpu_offsets || !w->types->possible_cpus)
		return err_new(ERR_ABSENT, "there is no symbol __per_cpu_offset or "
					   "__cpu_possible_mask");
	return dump_reader_read(w->reader, ADDR_VIRTUAL, w->types->possible_cpus,
				w->cpumask, l->cpumask_len);
}

static unsigned order_of(const struct layout *l, u64 list)
{
	/* As many lists for each low order; what is left over is for huge pages. */
	if (list >= l->num_lists - l->num_lists % l->lists_per_order)
		return l->huge_order;
	return (unsigned)(list / l->lists_per_order);
}

/* ---- lists ---- */

static struct err *read_word(struct walk *w, vaddr_t addr, u64 *ret)
{
	u8 bytes[8];
	struct err *err =
		dump_reader_read(w->reader, ADDR_VIRTUAL, addr, bytes, sizeof(bytes));

	if (!err)
		*ret = get_le64(bytes);
	return err;
}

/* Without memory for more, it is kept. */
static void remember(struct pcp *p, pfn_t pfn, unsigned order)
{
	if (p->num_blocks == p->capacity && p->capacity < PCP_MAX_BLOCKS) {
		size_t capacity = p->capacity ? 2 * p->capacity : 1024;
		u64 *grown = reallocarray(p->blocks, capacity, sizeof(*grown));

		if (grown) {
			p->blocks = grown;
			p->capacity = capacity;
		}
	}
	if (p->num_blocks == p->capacity) {
		p->num_dropped += (u64)1 << order;
		return;
	}
	p->blocks[p->num_blocks++] = pfn << 8 | order;
	p->num_pages += (u64)1 << order;
}

static const char *doubt_about(const struct walk *w, const u8 *page)
{
	const struct pageclass *pc = w->classes;
	u64 flags = get_le64(page + pc->flags);

	if (get_le32(page + w->l.refcount))
		return "is in use";
	/* Neither mapped nor of any type, buddy included. */
	if (get_le32(page + pc->mapcount.value) != UINT32_MAX)
		return "is mapped or of a type";
	if (flags & (pc->lru | pc->slab | pc->hwpoison))
		return "has flags of a page in use";
	return NULL;
}

/* All structs of the block at @pfn, whose first lies at @addr. */
static struct err *check_block(struct walk *w, pfn_t pfn, vaddr_t addr, unsigned order)
{
	size_t size = w->classes->struct_size;
	u64 count = (u64)1 << order, at_once = STRUCTS_LEN / size, n;

	if (pfn & (count - 1))
		return err_new(ERR_BAD_DATA,
			       "page frame 0x%llx cannot be a block of order %u",
			       (unsigned long long)pfn, order);
	/* Backwards, so that the first struct stays to be looked at. */
	for (u64 left = count; left; left -= n) {
		struct err *err;

		n = min_u64(left, at_once);
		err = dump_reader_read(w->reader, ADDR_VIRTUAL, addr + (left - n) * size,
				       w->structs, n * size);
		for (u64 i = 0; i < n && !err; i++) {
			const char *why = doubt_about(w, w->structs + i * size);

			if (why)
				err = err_new(ERR_BAD_DATA, "page frame 0x%llx %s",
					      (unsigned long long)(pfn + left - n + i),
					      why);
		}
		if (err)
			return err;
	}
	return NULL;
}

/* Walk the list whose head, at @head, points to @first and @last; *@count is how many pages
 * there may still be. */
static struct err *walk_list(struct walk *w, vaddr_t head, vaddr_t first, vaddr_t last,
			     unsigned order, u64 *count)
{
	vaddr_t node = first, before = head;
	pfn_t pfn;

	while (node != head) {
		vaddr_t page = node - w->l.link;
		struct err *err;

		if (w->num_blocks++ == MAX_BLOCKS)
			return err_new(ERR_BAD_DATA, "more than %u free blocks",
				       MAX_BLOCKS);
		if (*count < (u64)1 << order)
			return err_new(ERR_BAD_DATA, "it is longer than its count");
		if (!memmap_find_pfn(&w->cursor, page, &pfn))
			return err_new(ERR_BAD_DATA, "0x%llx is not in the memory map",
				       (unsigned long long)node);
		err = check_block(w, pfn, page, order);
		if (err)
			return err;
		if (get_le64(w->structs + w->l.link + 8) != before)
			return err_new(ERR_BAD_DATA, "page frame 0x%llx does not lead back",
				       (unsigned long long)pfn);
		*count -= (u64)1 << order;
		remember(w->pcp, pfn, order);
		before = node;
		node = get_le64(w->structs + w->l.link);
	}
	if (last != before)
		return err_new(ERR_BAD_DATA, "it does not end where it says");
	return NULL;
}

/* All lists of the struct per_cpu_pages at @addr. */
static struct err *walk_lists(struct walk *w, vaddr_t addr)
{
	const struct layout *l = &w->l;
	u8 bytes[MAX_PCP_LEN];
	size_t len = max_u64(l->count + 4, l->lists + l->num_lists * LIST_HEAD_LEN);
	struct err *err = dump_reader_read(w->reader, ADDR_VIRTUAL, addr, bytes, len);
	u64 count;

	if (err)
		return err;
	if (w->num_list_sets++ == MAX_LIST_SETS)
		return err_new(ERR_BAD_DATA, "more than %u sets of lists", MAX_LIST_SETS);
	count = get_le32(bytes + l->count);
	if (count > INT32_MAX)
		return err_new(ERR_BAD_DATA, "a count of %d pages", (int)count);
	for (u64 i = 0; i < l->num_lists && !err; i++) {
		u64 at = l->lists + i * LIST_HEAD_LEN;

		err = walk_list(w, addr + at, get_le64(bytes + at),
				get_le64(bytes + at + 8), order_of(l, i), &count);
		err = err_wrap(err, "list %llu", (unsigned long long)i);
	}
	if (!err && count)
		return err_new(ERR_BAD_DATA, "the lists have %llu pages less than counted",
			       (unsigned long long)count);
	return err;
}

static struct err *walk_cpus(struct walk *w, vaddr_t pageset)
{
	for (u64 cpu = 0; cpu < w->l.cpumask_len * 8; cpu++) {
		struct err *err;
		u64 offset;

		if (!(w->cpumask[cpu / 8] >> cpu % 8 & 1))
			continue;
		err = read_word(w, w->types->percpu_offsets + cpu * 8, &offset);
		if (!err)
			err = walk_lists(w, pageset + offset + w->l.pcp);
		if (err)
			return err_wrap(err, "CPU %llu", (unsigned long long)cpu);
	}
	return NULL;
}

static struct err *walk_node(struct walk *w, vaddr_t node)
{
	for (u64 zone = 0; zone < w->l.num_zones; zone++) {
		vaddr_t addr = node + w->l.zones + zone * w->l.zone_size;
		vaddr_t pageset;
		struct err *err = read_word(w, addr + w->l.pageset, &pageset);

		if (!err && pageset)
			err = walk_cpus(w, pageset);
		if (err)
			return err_wrap(err, "zone %llu", (unsigned long long)zone);
	}
	return NULL;
}

static struct err *walk_nodes(struct walk *w)
{
	const struct vmcoreinfo *vi = dump_vmcoreinfo(w->d);
	u64 num_nodes;
	vaddr_t at, node;

	if (vmcoreinfo_symbol(vi, "contig_page_data", &at))
		return walk_node(w, at);
	if (!vmcoreinfo_symbol(vi, "node_data", &at) ||
	    !vmcoreinfo_length(vi, "node_data", &num_nodes) || num_nodes > MAX_NODES)
		return err_new(ERR_ABSENT,
			       "VMCOREINFO has no SYMBOL(node_data) or LENGTH(node_data)");
	for (u64 i = 0; i < num_nodes; i++) {
		struct err *err = read_word(w, at + i * 8, &node);

		if (!err && node)
			err = walk_node(w, node);
		if (err)
			return err_wrap(err, "node %llu", (unsigned long long)i);
	}
	return NULL;
}

/* ---- together ---- */

static int compare_blocks(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static struct err *check_overlaps(struct pcp *p)
{
	if (p->num_blocks)
		qsort(p->blocks, p->num_blocks, sizeof(*p->blocks), compare_blocks);
	for (size_t i = 1; i < p->num_blocks; i++)
		if (block_end(p->blocks[i - 1]) > p->blocks[i] >> 8)
			return err_new(ERR_BAD_DATA, "page frame 0x%llx is on two lists",
				       (unsigned long long)p->blocks[i] >> 8);
	return NULL;
}

/* The first struct page that there is, for the cursor to know how the memmap is laid out.
 */
static void find_origin(struct walk *w)
{
	size_t count;
	const struct ram_range *ram = dump_ram(w->d, &count);

	for (size_t i = 0; i < count; i++) {
		struct err *why;
		vaddr_t addr;
		pfn_t end;
		bool is_found =
			memmap_find(&w->cursor, ram[i].start >> dump_page_shift(w->d),
				    &addr, &end, &why);

		err_ignore(why);
		if (is_found)
			return;
	}
}

static struct err *walk_all(struct walk *w)
{
	struct err *err = find_layout(w);

	if (err)
		return err;
	find_origin(w);
	err = walk_nodes(w);
	return err ? err : check_overlaps(w->pcp);
}

struct err *pcp_read(struct dump *d, const struct typelist *types, const struct memmap *m,
		     const struct pageclass *classes, struct pcp **ret)
{
	cleanup(pcp_freep) struct pcp *p = calloc(1, sizeof(*p));
	cleanup(dump_reader_closep) struct dump_reader *reader = NULL;
	cleanup(freep) struct walk *w = calloc(1, sizeof(*w));
	struct err *err;

	if (!p || !w)
		return err_nomem();
	if (!types->num_wants || !dump_vmcoreinfo(d))
		return err_new(ERR_ABSENT, "the crashed kernel's types cannot be had");
	err = dump_reader_open(d, &reader);
	if (err)
		return err;
	*w = (struct walk){.d = d,
			   .reader = reader,
			   .types = types,
			   .classes = classes,
			   .cursor = memmap_cursor_init(m, reader),
			   .pcp = p};
	err = walk_all(w);
	if (err)
		return err;
	if (p->num_dropped)
		notices_add(dump_notices(d),
			    "%llu free pages on CPUs' own lists are kept, beside the %llu "
			    "that could be remembered",
			    (unsigned long long)p->num_dropped,
			    (unsigned long long)p->num_pages);
	*ret = steal(p);
	return NULL;
}
