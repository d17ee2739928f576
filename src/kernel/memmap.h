/*
 * Where the crashed kernel keeps its struct page of each page frame.
 *
 * Source: include/linux/mmzone.h and mm/sparse.c. With SPARSEMEM the page frames are cut
 * into sections (128 MiB on x86-64), mem_section leads from a section's number to its part
 * of the memmap. Everything comes from VMCOREINFO, so that this works without symbols and
 * types. Borrows the dump; one thread at a time.
 */
#ifndef KERNEL_MEMMAP_H
#define KERNEL_MEMMAP_H

#include "dump/dump.h"

struct memmap;

/* ERR_ABSENT naming what VMCOREINFO lacks; ERR_BAD_DATA if its numbers make no sense. */
must_check struct err *memmap_open(struct dump *d, struct memmap **ret);
void memmap_close(struct memmap *m);
static inline void memmap_closep(struct memmap **m)
{
	memmap_close(*m);
}

/* sizeof(struct page). */
size_t memmap_page_struct_size(const struct memmap *m);

/* Find the struct page of @pfn. *@ret_end: one past the last page frame for which the same
 * answer holds; where it is true, their structs follow each other. False if the kernel has
 * none for it; also if the tables cannot be read, which *@ret_why then tells (the caller
 * frees; NULL otherwise). */
bool memmap_find(struct memmap *m, pfn_t pfn, vaddr_t *ret, pfn_t *ret_end,
		 struct err **ret_why);

#endif
