/*
 * The inside of an open dump, shared by dump.c, translate.c and the formats.
 *
 * A format fills what is marked so in its `open`, and then serves physical memory. dump.c
 * owns everything else.
 */
#ifndef DUMP_DUMP_PRIV_H
#define DUMP_DUMP_PRIV_H

#include "dump/dump.h"
#include "dump/file.h"

#define TLB_ENTRIES 512
#define MAX_PADDR   ((u64)1 << 52) /* no CPU here addresses more */

/* One leaf of the page tables, or the part of it from `start` on. */
struct tlb_entry {
	vaddr_t start;
	u64 len; /* 0: unused */
	paddr_t paddr;
};

struct translation {
	struct arch_paging paging;
	vaddr_t direct_map;
	u64 direct_map_len; /* 0: not known */
	/* What the file itself says of the direct map: only used where the tables are of no
	 * help. */
	vaddr_t hint_map;
	u64 hint_map_len;
	struct tlb_entry tlb[TLB_ENTRIES];
};

struct dump_format {
	const char *name;
	bool (*recognises)(const void *head, size_t len);

	/* Fill dump's fields marked "by format". Freed by `close` also when it fails. */
	struct err *(*open)(struct dump *d);
	void (*close)(struct dump *d);

	/* See dump_pfn_run(); called with @ret_end NULL or *@ret_end = @pfn + 1. */
	enum pfn_state (*pfn_run)(struct dump *d, pfn_t pfn, pfn_t *ret_end);
	/* Read 1 … @len bytes (*@ret_len) at @addr, stopping early where convenient. */
	struct err *(*read_phys)(struct dump *d, paddr_t addr, void *data, size_t len,
				 size_t *ret_len);
	/* Bytes at @addr in place, *@ret_len of them physically contiguous; NULL if not
	 * possible. */
	const void *(*map_phys)(struct dump *d, paddr_t addr, size_t len, u64 *ret_len);
};

struct dump {
	const struct byte_source *src;
	struct file_source *file; /* owned; NULL if the source is borrowed */
	const struct dump_format *format;

	/* By format. */
	void *state;
	const struct arch *arch;
	unsigned page_shift; /* 0: take VMCOREINFO's or the arch's */
	pfn_t max_pfn;	     /* 0: the end of `ram` */
	bool is_partial;
	unsigned level; /* dump level, 0: none or not known */
	bool is_incomplete;
	void *notes; /* owned */
	size_t notes_len;
	void *vmcoreinfo_text; /* owned; NULL: look into the notes */
	size_t vmcoreinfo_len;
	struct ram_range *ram; /* owned; sorted, disjoint */
	size_t num_ram;

	struct vmcoreinfo *vmcoreinfo;
	struct note_ref *cpu_notes; /* owned */
	size_t num_cpu_notes;
	struct translation translation;
	struct notices notices;
};

/* Where an NT_PRSTATUS descriptor lies in dump.notes. */
struct note_ref {
	size_t offset, len;
};

/* Append to the list of RAM, merging with its last range where they touch. Ranges must come
 * in ascending order. */
must_check struct err *dump_add_ram(struct dump *d, paddr_t start, u64 len);

/* Read notes or text of the file into memory with a 0 behind; past @max_len or the end of
 * the file it is cut, with a notice. @what names it. */
must_check struct err *dump_load(struct dump *d, u64 offset, u64 len, size_t max_len,
				 const char *what, void **ret, size_t *ret_len);

/* The sentence for a page frame that cannot be read. */
must_check struct err *dump_page_fault(paddr_t addr, enum pfn_state state);

/* 8 bytes of physical memory in little-endian order (struct arch's reader). */
struct err *dump_read_table_entry(void *ctx, paddr_t addr, u64 *ret);

/* translate.c: prepare from VMCOREINFO, then translate. *@ret_len: physically contiguous
 * bytes from @addr on. */
must_check struct err *translation_init(struct dump *d);
must_check struct err *translation_find(struct dump *d, vaddr_t addr, paddr_t *ret,
					u64 *ret_len);

#endif
