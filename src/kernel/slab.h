/*
 * One slab: the pages that a cache cut into objects, and which of those are free.
 *
 * A struct slab is plain values. A struct slabs is what is needed to find them (types, the
 * memory map); it borrows the kernel, and belongs to its thread. A slab is believed if its
 * cache is on the kernel's list of them. Pointers of free lists are unscrambled where
 * CONFIG_SLAB_FREELIST_HARDENED scrambles them. Source: mm/slub.c, mm/slab.h.
 */
#ifndef KERNEL_SLAB_H
#define KERNEL_SLAB_H

#include "kernel/cpu.h"
#include "kernel/slab_cache.h"

#define SLAB_MAX_OBJECTS 32767 /* 15 bits of struct slab */

struct slabs;

/* ERR_ABSENT naming what the kernel lacks. */
must_check struct err *slabs_open(struct kernel *k, struct slabs **ret);
void slabs_close(struct slabs *s);
static inline void slabs_closep(struct slabs **s)
{
	slabs_close(*s);
}

/* What its cache says of all its slabs. */
struct slab_kind {
	struct slab_cache cache; /* as slab_cache_find() has it */
	u64 free_offset;	 /* of the pointer to the next free one in an object */
	bool is_scrambled;
	u64 random;
	vaddr_t percpu; /* its struct kmem_cache_cpu, still to be made a CPU's */
};

struct slab {
	struct slab_kind kind;
	vaddr_t addr; /* of its struct slab, or page */
	vaddr_t memory;
	unsigned node;
	u64 num_objects, num_used; /* used: not on the slab's own list of free ones */
	vaddr_t free_list;
};

/* The kind of the cache at @cache. False if it is not on the kernel's list. */
bool slab_kind_find(struct slabs *s, vaddr_t cache, struct slab_kind *ret);

/* The slab that @addr, an address of the direct map, lies in. False if it is in none. */
bool slab_find(struct slabs *s, vaddr_t addr, struct slab *ret);
/* The slab of @kind whose struct is at @at. ERR_BAD_DATA if it is of another cache. */
must_check struct err *slab_read(struct slabs *s, const struct slab_kind *kind, vaddr_t at,
				 struct slab *ret);

/* What a CPU has of a cache. */
struct slab_cpu {
	vaddr_t addr;	   /* its struct kmem_cache_cpu */
	vaddr_t slab;	   /* the struct of what it allocates from, 0 if none */
	vaddr_t free_list; /* of objects in it */
	vaddr_t partial;   /* the first of the slabs it keeps for later, 0 if none */
};
must_check struct err *slab_cpu_read(struct slabs *s, const struct slab_kind *kind,
				     unsigned cpu, struct slab_cpu *ret);
/* The slab behind the one at @at on a CPU's list of partial ones, 0 if it is the last. */
must_check struct err *slab_next_partial(struct slabs *s, vaddr_t at, vaddr_t *ret);

/* Call @each with the struct of every slab on the list of partial ones of the struct
 * kmem_cache_node at @node, until it returns false. ERR_BAD_DATA if there are more than its
 * count says. */
must_check struct err *slab_each_partial(struct slabs *s, vaddr_t node,
					 bool (*each)(void *ctx, vaddr_t slab), void *ctx);

/* All slabs of the node at @node, full ones included. */
must_check struct err *slab_node_count(struct slabs *s, vaddr_t node, u64 *ret);

/* How a CPU's own list, or the slab's, is noted of each object. */
#define SLAB_USED    (-1)
#define SLAB_FREE    (-2)
#define SLAB_UNKNOWN (-3) /* a list of free ones could not be followed to its end */
/* else: free, in the slab that this CPU allocates from */

/* Note of each object whether it is in use, in @states, which has room for num_objects
 * numbers. */
void slab_states(struct slabs *s, const struct cpu_table *cpus, const struct slab *slab,
		 s32 *states);

/* How many objects the list that begins with @first has. */
u64 slab_count_free(struct slabs *s, const struct slab *slab, vaddr_t first);

#endif
