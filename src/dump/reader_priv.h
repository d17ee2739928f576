/*
 * The inside of a reader, shared by reader.c, translate.c, view.c and the formats.
 *
 * A format keeps what it needs per reader (decompressors, buffers) in `state`.
 */
#ifndef DUMP_READER_PRIV_H
#define DUMP_READER_PRIV_H

#include "dump/dump.h"
#include "dump/input.h"

#define TLB_ENTRIES 512

/* One leaf of the page tables, or the part of it from `start` on. */
struct tlb_entry {
	vaddr_t start;
	u64 len; /* 0: unused */
	paddr_t paddr;
};

struct dump_reader {
	struct dump *d;
	const struct byte_source *src; /* of the first part */
	struct input *input; /* owned by the dump, if the reader is the dump's own */
	void *state;	     /* by format */
	struct tlb_entry tlb[TLB_ENTRIES];
};

/* Prepare @r, zeroed, to read @d through @input, which is borrowed; @cache_bytes of
 * decompressed pages are kept where the format has such. The caller calls reader_deinit()
 * in any case. */
must_check struct err *reader_init(struct dump_reader *r, struct dump *d,
				   struct input *input, size_t cache_bytes);
void reader_deinit(struct dump_reader *r);

/* 8 bytes of physical memory in little-endian order (struct arch's reader); @ctx is the
 * struct dump_reader. */
struct err *reader_read_table_entry(void *ctx, paddr_t addr, u64 *ret);

/* translate.c: *@ret_len is how many bytes from @addr on are physically contiguous. */
must_check struct err *translation_find(struct dump_reader *r, vaddr_t addr, paddr_t *ret,
					u64 *ret_len);

#endif
