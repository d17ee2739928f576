#include "kernel/memory_count.h"

#include "kernel/field.h"
#include "kernel/memory_zone.h"

#define MAX_ITEM     512 /* of the enums of counters */
#define MAX_HSTATES  16
#define MAX_HP_ORDER 40
#define MAX_INODES   (1u << 16) /* of block devices */

static const struct counter {
	enum memory_count_kind kind;
	const char *array; /* a symbol: an array of atomic_long_t */
	const char *item;  /* an enumerator: the index into it */
	const char *old_item;
	u64 unit; /* bytes; 0: pages */
} counters[] = {
	{MEMORY_FREE, "vm_zone_stat", "NR_FREE_PAGES", NULL, 0},
	{MEMORY_FILE, "vm_node_stat", "NR_FILE_PAGES", NULL, 0},
	{MEMORY_SHMEM, "vm_node_stat", "NR_SHMEM", NULL, 0},
	{MEMORY_DIRTY, "vm_node_stat", "NR_FILE_DIRTY", NULL, 0},
	{MEMORY_WRITEBACK, "vm_node_stat", "NR_WRITEBACK", NULL, 0},
	{MEMORY_ANON, "vm_node_stat", "NR_ANON_MAPPED", NULL, 0},
	/* Named so since d42f3245c7e2 ("mm: memcg: convert vmstat slab counters to bytes"),
	 * v5.9; the global counters stayed in pages. */
	{MEMORY_SLAB_RECLAIMABLE, "vm_node_stat", "NR_SLAB_RECLAIMABLE_B",
	 "NR_SLAB_RECLAIMABLE", 0},
	{MEMORY_SLAB_UNRECLAIMABLE, "vm_node_stat", "NR_SLAB_UNRECLAIMABLE_B",
	 "NR_SLAB_UNRECLAIMABLE", 0},
	{MEMORY_KERNEL_STACKS, "vm_node_stat", "NR_KERNEL_STACK_KB", NULL, 1024},
	{MEMORY_PAGE_TABLES, "vm_node_stat", "NR_PAGETABLE", NULL, 0},
	{MEMORY_SWAP_CACHE, "vm_node_stat", "NR_SWAPCACHE", NULL, 0},
};

const char *memory_count_name(enum memory_count_kind kind)
{
	static const char *const names[MEMORY_NUM_COUNTS] = {
		[MEMORY_TOTAL] = "total",
		[MEMORY_FREE] = "free",
		[MEMORY_FILE] = "page cache",
		[MEMORY_SHMEM] = "shared memory",
		[MEMORY_DIRTY] = "dirty",
		[MEMORY_WRITEBACK] = "writeback",
		[MEMORY_ANON] = "anonymous",
		[MEMORY_SLAB_RECLAIMABLE] = "slab, reclaimable",
		[MEMORY_SLAB_UNRECLAIMABLE] = "slab, unreclaimable",
		[MEMORY_KERNEL_STACKS] = "kernel stacks",
		[MEMORY_PAGE_TABLES] = "page tables",
		[MEMORY_VMALLOC] = "vmalloc",
		[MEMORY_HUGETLB] = "huge pages",
		[MEMORY_HUGETLB_FREE] = "free huge pages",
		[MEMORY_AVAILABLE] = "available",
		[MEMORY_BUFFERS] = "buffers",
		[MEMORY_SWAP_CACHE] = "swap cache",
		[MEMORY_SWAP_TOTAL] = "swap",
		[MEMORY_SWAP_FREE] = "free swap",
		[MEMORY_COMMIT_LIMIT] = "commit limit",
		[MEMORY_COMMITTED] = "committed",
	};

	return names[kind];
}

static void set(struct memory_counts *c, enum memory_count_kind kind, u64 bytes)
{
	c->bytes[kind] = bytes;
	c->known |= 1u << kind;
}

/* A signed long. Global counters can be a little below zero. */
static bool read_long(struct kernel *k, vaddr_t addr, u64 *ret)
{
	struct err *err = kernel_read_ptr(k, addr, ret);
	bool is_read = !err;

	err_ignore(err);
	if (is_read && (s64)*ret < 0)
		*ret = 0;
	return is_read;
}

static bool read_item(struct kernel *k, const char *array, const char *item,
		      const char *old_item, u64 *ret)
{
	vaddr_t at;
	u64 index;

	return kernel_symbol_find(k, array, &at) &&
	       (constant_find(k, item, &index) ||
		(old_item && constant_find(k, old_item, &index))) &&
	       index <= MAX_ITEM && read_long(k, at + index * sizeof(u64), ret);
}

static void read_counter(struct kernel *k, const struct counter *row, u64 page_size,
			 struct memory_counts *ret)
{
	u64 value;

	if (read_item(k, row->array, row->item, row->old_item, &value))
		set(ret, row->kind, value * (row->unit ? row->unit : page_size));
}

static void read_symbol(struct kernel *k, const char *symbol, enum memory_count_kind kind,
			u64 page_size, struct memory_counts *ret)
{
	vaddr_t addr;
	u64 value;

	if (kernel_symbol_find(k, symbol, &addr) && read_long(k, addr, &value))
		set(ret, kind, value * page_size);
}

static void read_hugetlb(struct kernel *k, u64 page_size, struct memory_counts *ret)
{
	struct field order = field_find(k, "hstate", "order");
	struct field pages = field_find(k, "hstate", "nr_huge_pages");
	struct field free_pages = field_find(k, "hstate", "free_huge_pages");
	u64 size, total = 0, total_free = 0;
	u32 count = 0;
	vaddr_t at;
	struct err *err;

	if (!order.present || !pages.present || !type_size_find(k, "hstate", &size) ||
	    !kernel_symbol_find(k, "hugetlb_max_hstate", &at))
		return;
	err = kernel_read_u32(k, at, &count);
	if (!err && count)
		err = kernel_symbol_get(k, "hstates", &at);
	for (u32 i = 0; !err && i < count && i < MAX_HSTATES; i++, at += size) {
		u64 shift, num = 0, num_free = 0;

		err = field_read(k, at, &order, &shift);
		if (!err)
			err = field_read(k, at, &pages, &num);
		if (!err && free_pages.present)
			err = field_read(k, at, &free_pages, &num_free);
		if (err || shift > MAX_HP_ORDER)
			continue;
		total += num * page_size << shift;
		total_free += num_free * page_size << shift;
	}
	if (!err)
		set(ret, MEMORY_HUGETLB, total);
	if (!err && free_pages.present)
		set(ret, MEMORY_HUGETLB_FREE, total_free);
	err_ignore(err);
}

/* ---- available ---- */

static bool add_low(void *ctx, const struct memory_zone *z)
{
	u64 *low = ctx;

	*low += z->low;
	return true;
}

/* What is left of @pages when half of them, but no more than @low, has to stay. */
static u64 reclaimable(u64 pages, u64 low)
{
	return pages - min_u64(pages / 2, low);
}

/* Free memory but for reserves, and the part of the page cache and of slabs that could be
 * given back. */
static void read_available(struct kernel *k, u64 page_size, struct memory_counts *ret)
{
	u64 free_pages, reserve, active, inactive, slab, misc = 0, low = 0, pages;
	vaddr_t at;
	struct err *err;

	if (!read_item(k, "vm_zone_stat", "NR_FREE_PAGES", NULL, &free_pages) ||
	    !read_item(k, "vm_node_stat", "NR_ACTIVE_FILE", NULL, &active) ||
	    !read_item(k, "vm_node_stat", "NR_INACTIVE_FILE", NULL, &inactive) ||
	    !read_item(k, "vm_node_stat", "NR_SLAB_RECLAIMABLE_B", "NR_SLAB_RECLAIMABLE",
		       &slab) ||
	    !kernel_symbol_find(k, "totalreserve_pages", &at) ||
	    !read_long(k, at, &reserve))
		return;
	/* Since d507e2ebd2c7 ("mm: fix global NR_SLAB_.*CLAIMABLE counter reads"), v4.13,
	 * slabs; other kernel memory since b29940c1abd7, v4.20. */
	read_item(k, "vm_node_stat", "NR_KERNEL_MISC_RECLAIMABLE", NULL, &misc);
	err = memory_zone_each(k, add_low, &low);
	if (err) {
		err_free(err);
		return;
	}
	pages = free_pages + reclaimable(active + inactive, low) +
		reclaimable(slab + misc, low);
	set(ret, MEMORY_AVAILABLE, pages > reserve ? (pages - reserve) * page_size : 0);
}

/* ---- buffers ---- */

/* Pages of the page cache of all block devices: their inodes are on the list of a file
 * system of their own. */
static void read_buffers(struct kernel *k, u64 page_size, struct memory_counts *ret)
{
	struct field head = field_find(k, "super_block", "s_inodes");
	struct field link = field_find(k, "inode", "i_sb_list");
	vaddr_t sb, node, mapping;
	u64 pages, total = 0;
	unsigned left = MAX_INODES;
	struct err *err;

	if (!head.present || !link.present ||
	    !kernel_symbol_find(k, "blockdev_superblock", &sb))
		return;
	err = kernel_read_ptr(k, sb, &sb);
	if (!err)
		err = kernel_read_ptr(k, sb + head.offset, &node);
	while (!err && node != sb + head.offset && left--) {
		err = field_read_by_name(k, node - link.offset, "inode", "i_mapping",
					 &mapping);
		if (!err)
			err = field_read_by_name(k, mapping, "address_space", "nrpages",
						 &pages);
		if (!err) {
			total += pages;
			err = kernel_read_ptr(k, node, &node);
		}
	}
	if (!err && left != UINT32_MAX)
		set(ret, MEMORY_BUFFERS, total * page_size);
	err_ignore(err);
}

/* ---- swap and commitments ---- */

static bool read_int(struct kernel *k, const char *symbol, u32 *ret)
{
	vaddr_t at;
	struct err *err;
	bool is_read;

	if (!kernel_symbol_find(k, symbol, &at))
		return false;
	err = kernel_read_u32(k, at, ret);
	is_read = !err;
	err_ignore(err);
	return is_read;
}

/* Swap that is switched on but not full: nr_swap_pages counts what is free. */
static void read_limits(struct kernel *k, u64 page_size, struct memory_counts *ret)
{
	vaddr_t at, kbytes_at;
	u64 total, huge, swap, kbytes = 0, limit;
	u32 ratio;

	read_symbol(k, "total_swap_pages", MEMORY_SWAP_TOTAL, page_size, ret);
	read_symbol(k, "nr_swap_pages", MEMORY_SWAP_FREE, page_size, ret);
	if (kernel_symbol_find(k, "vm_committed_as", &at)) {
		struct field count = field_find(k, "percpu_counter", "count");

		if (count.present && read_long(k, at + count.offset, &total))
			set(ret, MEMORY_COMMITTED, total * page_size);
	}
	if (!memory_count_get(ret, MEMORY_TOTAL, &total) ||
	    !read_int(k, "sysctl_overcommit_ratio", &ratio))
		return;
	memory_count_get(ret, MEMORY_HUGETLB, &huge);
	memory_count_get(ret, MEMORY_SWAP_TOTAL, &swap);
	if (kernel_symbol_find(k, "sysctl_overcommit_kbytes", &kbytes_at))
		read_long(k, kbytes_at, &kbytes);
	limit = total > huge ? (total - huge) / page_size * ratio / 100 * page_size : 0;
	set(ret, MEMORY_COMMIT_LIMIT, (kbytes ? kbytes * 1024 : limit) + swap);
}

void memory_counts_read(struct kernel *k, struct memory_counts *ret)
{
	u64 page_size = dump_page_size(kernel_dump(k));

	*ret = (struct memory_counts){0};
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		read_counter(k, &counters[i], page_size, ret);
	read_symbol(k, "_totalram_pages", MEMORY_TOTAL, page_size, ret);
	read_symbol(k, "nr_vmalloc_pages", MEMORY_VMALLOC, page_size, ret);
	read_hugetlb(k, page_size, ret);
	read_available(k, page_size, ret);
	read_buffers(k, page_size, ret);
	read_limits(k, page_size, ret);
}

bool memory_counts_unaccounted(const struct memory_counts *c, u64 *ret)
{
	static const enum memory_count_kind needed[] = {MEMORY_FREE,
							MEMORY_FILE,
							MEMORY_ANON,
							MEMORY_SLAB_RECLAIMABLE,
							MEMORY_SLAB_UNRECLAIMABLE,
							MEMORY_KERNEL_STACKS,
							MEMORY_PAGE_TABLES,
							MEMORY_VMALLOC};
	u64 total, value, sum = 0;

	if (!memory_count_get(c, MEMORY_TOTAL, &total))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		if (!memory_count_get(c, needed[i], &value))
			return false;
		sum += value;
	}
	if (memory_count_get(c, MEMORY_HUGETLB, &value))
		sum += value;
	*ret = sum < total ? total - sum : 0;
	return true;
}
