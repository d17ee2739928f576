/*
 * The slab caches of the crashed kernel, and how much memory each has taken.
 *
 * Source: include/linux/slub_def.h, mm/slab.h, mm/slub.c (SLUB; counting needs
 * CONFIG_SLUB_DEBUG, as all distributions have it). Names are hostile text.
 */
#ifndef KERNEL_SLAB_CACHE_H
#define KERNEL_SLAB_CACHE_H

#include "kernel/kernel.h"

#define SLAB_CACHE_NAME_SIZE 64
#define SLAB_CACHES_MAX	     65536
#define SLAB_NODES_MAX	     1024 /* NUMA nodes */

struct slab_cache {
	vaddr_t addr;
	char name[SLAB_CACHE_NAME_SIZE];
	u64 object_size;	    /* bytes that were asked for */
	u64 size;		    /* bytes from one object to the next */
	u64 num_slabs, num_objects; /* objects: used and free ones */
	u64 bytes;		    /* all of its slabs */
};

/* Call @each for every cache. ERR_ABSENT if the kernel has no such list, ERR_FAULT if it
 * breaks off; what was read until then has been told. */
must_check struct err *slab_cache_each(struct kernel *k,
				       void (*each)(void *ctx, const struct slab_cache *c),
				       void *ctx);

#endif
