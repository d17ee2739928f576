/*
 * Where the crashed kernel keeps its struct page of each page frame.
 *
 * Source: include/linux/mmzone.h and mm/sparse.c. With SPARSEMEM the page frames are cut
 * into sections (128 MiB on x86-64), mem_section leads from a section's number to its part
 * of the memmap. Everything comes from VMCOREINFO, so that this works without symbols and
 * types. Borrows the dump. A struct memmap does not change once open; a struct
 * memmap_cursor is one thread's place in it.
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

/* The section that was looked at last. Layout is public to be embedded; nothing to free. */
struct memmap_cursor {
	const struct memmap *memmap;
	struct dump_reader *reader;
	u64 section;
	bool is_known;
	bool has_pages;
	vaddr_t origin; /* where page frame 0 would have its struct, in this section's map
			 */
};

/* Borrows both. */
static inline struct memmap_cursor memmap_cursor_init(const struct memmap *m,
						      struct dump_reader *r)
{
	return (struct memmap_cursor){.memmap = m, .reader = r};
}

/* Find the struct page of @pfn. *@ret_end: one past the last page frame for which the same
 * answer holds; where it is true, their structs follow each other. False if the kernel has
 * none for it; also if the tables cannot be read, which *@ret_why then tells (the caller
 * frees; NULL otherwise). */
bool memmap_find(struct memmap_cursor *c, pfn_t pfn, vaddr_t *ret, pfn_t *ret_end,
		 struct err **ret_why);

/* Find the page frame whose struct page is at @addr, false if there is none. Only maps
 * that are laid out as the one last found with memmap_find() are looked through, which with
 * SPARSEMEM_VMEMMAP are all. */
bool memmap_find_pfn(struct memmap_cursor *c, vaddr_t addr, pfn_t *ret);

#endif
