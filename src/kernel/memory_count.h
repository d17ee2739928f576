/*
 * Where the crashed machine's memory went, by the kernel's own counters.
 *
 * The global counters are read, without what CPUs had not yet added to them (a few hundred
 * pages at most). A count that this kernel does not have, or that cannot be read, is not
 * known, and no error. Sources: include/linux/mmzone.h (zone_stat_item, node_stat_item),
 * mm/vmstat.c, mm/vmalloc.c, mm/percpu.c, mm/hugetlb.c, mm/show_mem.c (si_mem_available()),
 * mm/util.c (vm_commit_limit()), block/bdev.c (nr_blockdev_pages()).
 */
#ifndef KERNEL_MEMORY_COUNT_H
#define KERNEL_MEMORY_COUNT_H

#include "kernel/kernel.h"

enum memory_count_kind {
	MEMORY_TOTAL, /* what the page allocator was given */
	MEMORY_FREE,
	MEMORY_FILE, /* page cache, buffers and shmem included */
	MEMORY_SHMEM,
	MEMORY_DIRTY,
	MEMORY_WRITEBACK,
	MEMORY_ANON,
	MEMORY_SLAB_RECLAIMABLE,
	MEMORY_SLAB_UNRECLAIMABLE,
	MEMORY_KERNEL_STACKS,
	MEMORY_PAGE_TABLES,
	MEMORY_VMALLOC,
	MEMORY_HUGETLB,
	MEMORY_HUGETLB_FREE, /* of those */
	MEMORY_AVAILABLE,    /* without swapping, as /proc/meminfo estimates it */
	MEMORY_BUFFERS,	     /* page cache of block devices */
	MEMORY_SWAP_CACHE,
	MEMORY_SWAP_TOTAL,
	MEMORY_SWAP_FREE,
	MEMORY_COMMIT_LIMIT, /* of what processes may ask for */
	MEMORY_COMMITTED,    /* that they have asked for */
	MEMORY_NUM_COUNTS
};

struct memory_counts {
	u64 bytes[MEMORY_NUM_COUNTS];
	u32 known; /* bit per count */
};

void memory_counts_read(struct kernel *k, struct memory_counts *ret);

static inline bool memory_count_get(const struct memory_counts *c,
				    enum memory_count_kind kind, u64 *ret)
{
	*ret = c->bytes[kind];
	return c->known >> kind & 1;
}

/* "free", "anonymous", … */
const char *memory_count_name(enum memory_count_kind kind);

/* What is neither free nor counted anywhere: pages that drivers took from the allocator for
 * themselves. False if too little is known. */
bool memory_counts_unaccounted(const struct memory_counts *c, u64 *ret);

#endif
