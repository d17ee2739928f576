/*
 * What took the machine's memory, and whether that looks like a leak.
 *
 * Shares are of what the page allocator was given. A quarter or more in one slab cache that
 * cannot be reclaimed, in vmalloc, or in pages that nobody accounts for stands out: healthy
 * machines keep their memory in processes and the page cache.
 */
#ifndef ANALYSE_MEMORY_USE_H
#define ANALYSE_MEMORY_USE_H

#include "kernel/memory_count.h"
#include "kernel/slab_cache.h"
#include "kernel/vmalloc_area.h"

#define MEMORY_USE_TOP 10

enum memory_leak {
	LEAK_NONE,
	LEAK_SLAB,	  /* `top[0]` has it */
	LEAK_VMALLOC,	  /* `callers[0]` asked for most of it */
	LEAK_UNACCOUNTED, /* whole pages that drivers took */
};

/* Who asked for vmalloc areas: callers past MEMORY_USE_CALLERS are not told apart. */
#define MEMORY_USE_CALLERS 64
struct vmalloc_caller {
	vaddr_t caller; /* a return address */
	u64 num_areas, bytes;
};

struct memory_use {
	u64 page_size;
	struct memory_counts counts;
	bool has_unaccounted;
	u64 unaccounted;
	struct slab_cache top[MEMORY_USE_TOP]; /* the largest first */
	size_t num_top;
	struct vmalloc_caller callers[MEMORY_USE_CALLERS]; /* the largest first */
	size_t num_callers;
	enum memory_leak leak;
	u64 leaked; /* bytes of what stands out */
};

/* What cannot be had is told in the dump's notices. */
void memory_use_read(struct kernel *k, struct memory_use *ret);

#endif
