/*
 * The slab object that an address lies in, and whether it is in use.
 *
 * From the address to its page frame, to the struct slab that describes it, to the cache;
 * then the lists of free objects, that of the slab and those of CPUs that allocate from it,
 * are followed, with the pointers unscrambled where CONFIG_SLAB_FREELIST_HARDENED scrambles
 * them. A struct slab is believed if its cache is on the kernel's list of them. Source:
 * mm/slub.c, mm/slab.h.
 */
#ifndef KERNEL_SLAB_OBJECT_H
#define KERNEL_SLAB_OBJECT_H

#include "kernel/cpu.h"
#include "kernel/slab_cache.h"

struct slab_object {
	struct slab_cache cache;
	vaddr_t addr;	/* where it begins */
	u64 offset;	/* of the address that was asked for */
	bool has_state; /* false: the lists of free objects could not be followed */
	bool is_free;
};

/* False if @addr is not in the direct map, is in no slab, or that cannot be known. */
bool slab_object_at(struct kernel *k, const struct cpu_table *cpus, vaddr_t addr,
		    struct slab_object *ret);

#endif
