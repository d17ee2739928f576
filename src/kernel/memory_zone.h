/*
 * The zones that the page allocator keeps memory in, node by node, and their lists of free
 * blocks.
 *
 * Plain values. A zone without pages is one as well, as the kernel has it. Sources:
 * include/linux/mmzone.h, mm/page_alloc.c.
 */
#ifndef KERNEL_MEMORY_ZONE_H
#define KERNEL_MEMORY_ZONE_H

#include "kernel/kernel.h"

#define MEMORY_NODES_MAX     1024 /* the largest NODES_SHIFT is 10 */
#define MEMORY_ZONES_MAX     16	  /* of a node */
#define MEMORY_ZONE_NAME_LEN 32

struct memory_zone {
	vaddr_t addr, node_addr;
	unsigned node, index;
	pfn_t node_start, start;
	char name[MEMORY_ZONE_NAME_LEN]; /* hostile text */
	u64 spanned_pages, present_pages, managed_pages;
	u64 free_pages;
	u64 min, low, high; /* watermarks in pages, as the kernel compares with */
	u64 boost;	    /* that is part of them: of watermark_boost */
};

/* Call @each for every zone until it returns false. ERR_ABSENT if the kernel has no nodes
 * that can be found, ERR_FAULT if one cannot be read; those before it have been told. */
must_check struct err *
memory_zone_each(struct kernel *k, bool (*each)(void *ctx, const struct memory_zone *z),
		 void *ctx);

/* Counter @index (of enum zone_stat_item) of @z, in pages; below 0 is 0. */
must_check struct err *memory_zone_counter(struct kernel *k, const struct memory_zone *z,
					   u64 index, u64 *ret);

/* One list of free blocks of 2^order pages. */
struct free_list {
	vaddr_t addr; /* of its list_head */
	unsigned order, type;
	u64 num_blocks;
};

/* How many free pages all lists of a dump may hold together: a hostile one leads to the
 * same list again and again. */
struct free_budget {
	u64 pages;
};
struct free_budget free_budget_of(struct dump *d);

/* Call @each_list for every list of @z, and before it @each_block, which may be NULL, with
 * the struct page of each of its blocks; either ends the walk with false. ERR_FAULT or
 * ERR_BAD_DATA if a list breaks off or is longer than there is memory: what was read until
 * then has been told. */
struct free_visit {
	bool (*each_list)(void *ctx, const struct free_list *l);
	bool (*each_block)(void *ctx, const struct free_list *l, vaddr_t page);
	void *ctx;
};
must_check struct err *memory_zone_free_lists(struct kernel *k, const struct memory_zone *z,
					      struct free_budget *budget,
					      const struct free_visit *visit);

#endif
