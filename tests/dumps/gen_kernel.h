/*
 * A synthetic machine whose kernel has a memmap: 1,024 page frames in sections of 256, a
 * struct page of 64 bytes for each, and the VMCOREINFO that leads there.
 *
 * Everything lies in the kernel image (virtual 0xffffffff80000000 is physical 0), so no
 * page tables are needed. Page frame 0 does not exist, section 3 has no memmap.
 */
#ifndef TESTS_DUMPS_GEN_KERNEL_H
#define TESTS_DUMPS_GEN_KERNEL_H

#include "gen.h"

#define GEN_KERNEL_PAGES       1024
#define GEN_KERNEL_SECTION     256 /* page frames */
#define GEN_KERNEL_NO_MEMMAP   768 /* the first page frame of the section without one */
#define GEN_KERNEL_STRUCTS_PFN 8   /* where the memmap begins */

/* Flags, as bits. The same in both flavours, for brevity. */
#define GEN_PG_LRU	  (1u << 4)
#define GEN_PG_HEAD	  (1u << 6)
#define GEN_PG_SLAB	  (1u << 9)
#define GEN_PG_SWAPCACHE  (1u << 10)
#define GEN_PG_PRIVATE	  (1u << 13)
#define GEN_PG_SWAPBACKED (1u << 17)
#define GEN_PG_HWPOISON	  (1u << 23)

enum gen_kernel_flavour {
	GEN_KERNEL_6_1,	 /* page types are -129 and the like, PG_slab, compound_order */
	GEN_KERNEL_6_12, /* page types in the top byte, order in the first tail's flags */
};

/* One struct page. Members not given are those of a page in use by the kernel. */
struct gen_page_struct {
	u64 flags, mapping, private, compound_head;
	u32 type; /* _mapcount, 0 for -1 */
	u8 dtor, order;
};

/* All page frames present and in use by the kernel. */
void gen_kernel_init(struct gen *g, enum gen_kernel_flavour flavour);
/* The same with @num_pages page frames, all with a memmap. */
void gen_kernel_init_big(struct gen *g, enum gen_kernel_flavour flavour, pfn_t num_pages);
/* Take all lines with @key out of VMCOREINFO. */
void gen_kernel_forget(struct gen *g, const char *key);

void gen_kernel_set(struct gen *g, pfn_t pfn, struct gen_page_struct s);
/* A free block of 2^order page frames. */
void gen_kernel_free(struct gen *g, enum gen_kernel_flavour flavour, pfn_t pfn,
		     unsigned order);
/* A compound page whose head has these flags and this mapping. */
void gen_kernel_compound(struct gen *g, enum gen_kernel_flavour flavour, pfn_t pfn,
			 unsigned order, u64 flags, u64 mapping);
/* The same as a hugetlb page. */
void gen_kernel_hugetlb(struct gen *g, enum gen_kernel_flavour flavour, pfn_t pfn,
			unsigned order);

#endif
