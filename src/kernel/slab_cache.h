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
/* Nodes of all caches together: thousands of caches that have hundreds of nodes each are
 * no machine's, and are not counted past this. */
#define SLAB_NODE_READS_MAX (1u << 20)

struct slab_cache {
	vaddr_t addr;
	char name[SLAB_CACHE_NAME_SIZE];
	u64 object_size; /* bytes that were asked for */
	u64 size;	 /* bytes from one object to the next */
	u64 slab_bytes;	 /* of one slab, 0 if not known */
	/* Of all nodes, which slab_cache_find() does not count. Objects: used and free. */
	u64 num_slabs, num_objects;
	u64 bytes; /* all of its slabs */
};

/* Call @each for every cache. ERR_ABSENT if the kernel has no such list, ERR_FAULT if it
 * breaks off, ERR_BAD_DATA past SLAB_NODE_READS_MAX; what was read until then has been
 * told. */
must_check struct err *slab_cache_each(struct kernel *k,
				       void (*each)(void *ctx, const struct slab_cache *c),
				       void *ctx);

/* The cache at @addr, if it is on the list of them; its slabs are not counted, so that
 * asking costs no more than following the list. False if it is not on the list, or the list
 * cannot be had. */
bool slab_cache_find(struct kernel *k, vaddr_t addr, struct slab_cache *ret);

/* Call @each with each node's struct kmem_cache_node of the cache at @addr and the node's
 * number. Nodes that the machine does not have are left out. */
must_check struct err *
slab_cache_each_node(struct kernel *k, vaddr_t addr,
		     struct err *(*each)(void *ctx, unsigned node, vaddr_t at), void *ctx);

#endif
