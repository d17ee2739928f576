/*
 * An open kdump-compressed dump: what is known of it, and what each reader has of its own.
 *
 * dump_diskdump.c opens, compressed_reader.c finds and decompresses pages.
 */
#ifndef DUMP_COMPRESSED_PRIV_H
#define DUMP_COMPRESSED_PRIV_H

#include "dump/bitmap.h"
#include "dump/codec.h"
#include "dump/dump_priv.h"
#include "format/diskdump.h"

/* Constant once open. */
struct compressed_dump {
	struct diskdump dd;
	struct bitmap ram, pages;

	/* Page frames whose descriptors the file has, and set bits before them. */
	pfn_t first, end;
	u64 first_rank;
};

struct err *compressed_open_reader(struct dump_reader *r, size_t cache_bytes);
void compressed_close_reader(struct dump_reader *r);
enum pfn_state compressed_pfn_run(struct dump_reader *r, pfn_t pfn, pfn_t *ret_end);
struct err *compressed_read_phys(struct dump_reader *r, paddr_t addr, void *data,
				 size_t len, size_t *ret_len);

struct err *compressed_packed(struct dump_reader *r, pfn_t pfn, const void **data,
			      size_t *len, u32 *flags);

#endif
