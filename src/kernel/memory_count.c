#include "kernel/memory_count.h"

#include "kernel/field.h"

#define MAX_ITEM     512 /* of the enums of counters */
#define MAX_HSTATES  16
#define MAX_HP_ORDER 40

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

static void read_counter(struct kernel *k, const struct counter *row, u64 page_size,
			 struct memory_counts *ret)
{
	u64 item, value;
	vaddr_t array;

	if (!kernel_symbol_find(k, row->array, &array) ||
	    (!constant_find(k, row->item, &item) &&
	     !(row->old_item && constant_find(k, row->old_item, &item))) ||
	    item > MAX_ITEM || !read_long(k, array + item * sizeof(u64), &value))
		return;
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
	u64 size, total = 0;
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
		u64 shift, num = 0;

		err = field_read(k, at, &order, &shift);
		if (!err)
			err = field_read(k, at, &pages, &num);
		if (!err && shift <= MAX_HP_ORDER)
			total += num * page_size << shift;
	}
	if (!err)
		set(ret, MEMORY_HUGETLB, total);
	err_ignore(err);
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
