/*
 * One page frame as the kernel describes it: its struct page, found by physical address or
 * by where the struct lies.
 *
 * A struct memory_pages is a way to them that borrows the kernel; one thread. A struct
 * memory_page is plain values. Source: include/linux/mm_types.h,
 * include/linux/page-flags.h, mm/debug.c (pageflag_names).
 */
#ifndef KERNEL_MEMORY_PAGE_H
#define KERNEL_MEMORY_PAGE_H

#include "base/buf.h"
#include "kernel/kernel.h"

struct memory_pages;

/* ERR_ABSENT if the memory model is not known. */
must_check struct err *memory_pages_open(struct kernel *k, struct memory_pages **ret);
void memory_pages_close(struct memory_pages *p);
static inline void memory_pages_closep(struct memory_pages **p)
{
	memory_pages_close(*p);
}

/* Where the struct page of @pfn is. False if it has none. */
bool memory_page_find(struct memory_pages *p, pfn_t pfn, vaddr_t *ret);
/* The page frame whose struct page @addr lies in, at any byte of it. *@ret_start: where the
 * struct begins. False if it is no such address. */
bool memory_page_find_pfn(struct memory_pages *p, vaddr_t addr, pfn_t *ret,
			  vaddr_t *ret_start);
/* The page frame of a kernel address in the direct map. False elsewhere. */
bool memory_page_of_direct_map(struct kernel *k, vaddr_t addr, pfn_t *ret);
/* The head of the compound page that the struct at @page belongs to; @page itself if none.
 */
vaddr_t memory_page_head(struct memory_pages *p, vaddr_t page);

/* The node of the memory that @pfn is part of, 0 if not known. */
unsigned memory_page_node(struct memory_pages *p, pfn_t pfn);

struct memory_page {
	vaddr_t addr;
	pfn_t pfn;
	u64 flags;
	u64 mapping, index; /* as they lie there; other uses of the struct show through */
	u32 count;	    /* _refcount */
};

/* ERR_FAULT if the struct cannot be read. */
must_check struct err *memory_page_read(struct memory_pages *p, vaddr_t addr, pfn_t pfn,
					struct memory_page *ret);

/* Append the names of the bits set in @flags, "lru,active", in the order and with the names
 * of the kernel's own table @table: "pageflag_names", "vmaflag_names". Nothing if it cannot
 * be had. Names are escaped. */
void memory_flag_names(struct kernel *k, const char *table, u64 flags, struct buf *b);

/* Count page frames that are not reserved and have more than one user. @should_stop, which
 * may be NULL, is asked now and then; it makes the count end. */
must_check struct err *memory_pages_shared(struct memory_pages *p,
					   bool (*should_stop)(void *ctx), void *ctx,
					   u64 *ret);

#endif
