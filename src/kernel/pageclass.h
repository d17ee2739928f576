/*
 * What a page is used for, judged by its struct page alone: free, page cache, a process's
 * own memory, or the kernel's.
 *
 * Source: include/linux/page-flags.h, include/linux/mm_types.h, mm/page_alloc.c,
 * Documentation/admin-guide/kdump/vmcoreinfo.rst. All offsets and numbers come from
 * VMCOREINFO, and from the types of the dump where that lacks them; a class that they do
 * not suffice for is never given, and a notice says so, so that such pages are kept. Layout
 * is public to be embedded; nothing to free.
 */
#ifndef KERNEL_PAGECLASS_H
#define KERNEL_PAGECLASS_H

#include "base/notices.h"
#include "format/vmcoreinfo.h"
#include "kernel/typelist.h"

enum page_class {
	PAGE_KERNEL,	    /* in use, and none of the below */
	PAGE_FREE,	    /* in the buddy allocator */
	PAGE_PCP_FREE,	    /* on a CPU's own list of free pages: never judged here */
	PAGE_CACHE,	    /* of a file */
	PAGE_CACHE_PRIVATE, /* the same with filesystem data attached */
	PAGE_USER,	    /* anonymous memory, hugetlb pages */
	PAGE_HWPOISON,	    /* broken memory: never to be read */
	PAGE_OFFLINE,	    /* given back to the hypervisor */
	PAGE_DEAD_MEMMAP,   /* describes only pages that are left out: never judged here */
	PAGE_NUM_CLASSES
};

/* A number that may not be known. */
struct maybe {
	bool present;
	u64 value;
};

struct pageclass {
	size_t struct_size; /* sizeof(struct page) */
	u64 flags, mapping; /* offsets */
	struct maybe mapcount, private, compound_head;
	struct maybe order, dtor; /* in the first tail page */
	unsigned order_size;	  /* bytes */
	u64 order_mask;
	u64 max_order; /* of a free block */

	/* Masks of page flags, 0 if not known. */
	u64 lru, private_flag, swapcache, swapbacked, slab, hwpoison, head;
	/* Page types, stored in the place of _mapcount. */
	struct maybe buddy_type, slab_type, hugetlb_type, offline_type;
	struct maybe hugetlb_dtor;
};

/* @types may be empty. ERR_ABSENT if even what every class needs is not known. */
must_check struct err *pageclass_init(const struct vmcoreinfo *vi,
				      const struct typelist *types, struct notices *notices,
				      struct pageclass *ret);

/* Does VMCOREINFO alone tell everything? Else types are worth reading. */
bool pageclass_is_told(const struct vmcoreinfo *vi);

/* Judge page frame @pfn by its struct at @page. @next is the struct behind it, NULL if not
 * at hand. *@ret_count: how many page frames from @pfn on share its fate (free blocks and
 * compound pages: more than one). The tail of a compound page by itself is PAGE_KERNEL. */
enum page_class pageclass_judge(const struct pageclass *pc, pfn_t pfn, const u8 *page,
				const u8 *next, u64 *ret_count);

/* If the struct at @page is that of a compound page's tail: the address of its head's, as
 * it says. */
bool pageclass_is_tail(const struct pageclass *pc, const u8 *page, vaddr_t *ret_head);

/* A way through the structs of @num page frames from @first on, as they lie in the memmap.
 */
struct page_walk {
	const u8 *structs;
	pfn_t first;
	u64 num;
	pfn_t pos;	/* the next to be judged; may end up past the last */
	u64 num_judged; /* structs looked at */
};

struct page_run {
	pfn_t first, end;
	enum page_class class;
};

/* Find the next run of pages of one of the @wanted classes (bit 1 << class) and go behind
 * it. It may reach past the last struct. A compound page whose head lies before where the
 * walk begins is not judged. False if there is no more. */
bool pageclass_find_run(const struct pageclass *pc, u32 wanted, struct page_walk *w,
			struct page_run *ret);

#endif
