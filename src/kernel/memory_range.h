/*
 * The stretches of kernel virtual memory that a dump can have, by what they are: for
 * looking through all of it.
 *
 * A struct memory_ranges owns its array, which is by address and does not overlap; one
 * thread. Whether a page of a range is in the dump is seen when it is read.
 */
#ifndef KERNEL_MEMORY_RANGE_H
#define KERNEL_MEMORY_RANGE_H

#include "kernel/kernel.h"

enum memory_range_kind {
	MEMORY_RANGE_DIRECT,  /* the map of all RAM */
	MEMORY_RANGE_VMALLOC, /* vmalloc areas, stacks and modules among them */
	MEMORY_RANGE_MAP,     /* the structs of pages */
	MEMORY_RANGE_IMAGE,   /* the kernel's text and data */
	MEMORY_NUM_RANGES
};

struct memory_range {
	enum memory_range_kind kind;
	vaddr_t start;
	u64 len;
};

struct memory_ranges {
	struct memory_range *ranges;
	size_t count, room;
};

/* All ranges of the kinds in @kinds (1 << MEMORY_RANGE_DIRECT | …). What cannot be had is
 * told in @n. Fails only without memory. */
must_check struct err *memory_ranges_read(struct kernel *k, u32 kinds, struct notices *n,
					  struct memory_ranges *ret);
void memory_ranges_deinit(struct memory_ranges *r);

#endif
