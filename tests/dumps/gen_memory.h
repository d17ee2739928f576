/*
 * The machine of gen_session.h with memory: two zones, a memory map, slab caches, vmalloc
 * areas, counters. All told by VMCOREINFO alone.
 *
 * Zone DMA has page frames 1 to 15, Normal 16 to 47. Free are a block of 4 page frames from
 * GEN_MEMORY_FREE on, and one page frame behind it. The cache "thing" has objects of 256
 * bytes in slabs of 4: one that CPU 0 allocates from, a partial one of the node, and a full
 * one. The hostile cache's name holds an escape sequence. The process has two areas, of
 * which the first has one page that is there.
 */
#ifndef TESTS_DUMPS_GEN_MEMORY_H
#define TESTS_DUMPS_GEN_MEMORY_H

#include "gen_session.h"

enum {
	GEN_MEMORY_MAP = 0x10000, /* struct page of 128 bytes each */
	GEN_MEMORY_NODE = 0x12000,
	GEN_MEMORY_CACHES = 0x13000, /* list head, then caches, 0x100 each */
	GEN_MEMORY_STATS = 0x14000,  /* counters of zones, then of nodes */
	GEN_MEMORY_AREAS = 0x15000,  /* vmap_area and vm_struct, 0x40 each */
	GEN_MEMORY_VMAS = 0x15200,   /* of the one process, 0x40 each, on a list */
	GEN_MEMORY_SLAB = 0x18000,   /* three, a page each */
	GEN_MEMORY_FREE = 0x20,	     /* page frame */
};

#define GEN_MEMORY_PAGE(pfn)	 (GEN_MEMORY_MAP + (pfn)*128)
#define GEN_MEMORY_CACHE(n)	 (GEN_MEMORY_CACHES + 0x100 * ((n) + 1))
#define GEN_MEMORY_CACHE_NODE(n) (GEN_MEMORY_CACHE(n) + 0xc0)
#define GEN_MEMORY_ZONE(n)	 (GEN_MEMORY_NODE + 0x40 + (n)*0x100)
/* The list of free blocks of an order in zone Normal. */
#define GEN_MEMORY_LIST(order) (GEN_MEMORY_ZONE(1) + 0x60 + (order)*16)

/* Offsets in a struct page, which is also a struct slab. */
enum {
	GEN_PAGE_FLAGS = 0,
	GEN_PAGE_CACHE = 8, /* compound_head as well */
	GEN_PAGE_FREELIST = 16,
	GEN_PAGE_OBJECTS = 24,
	GEN_PAGE_INUSE = 32,
	GEN_PAGE_COUNT = 40,
	GEN_PAGE_MAPPING = 48,
	GEN_PAGE_INDEX = 56,
	GEN_PAGE_NEXT = 64,
	GEN_PAGE_SLAB_LIST = 72,
	GEN_PAGE_BUDDY_LIST = 96,
};

/* @random: what pointers of free lists are scrambled with, 0: not at all. */
void gen_memory_init(struct gen *g, u64 random);

#endif
