/*
 * An open kdump-compressed dump: what is known of it, and what each reader has of its own.
 *
 * dump_diskdump.c opens, compressed_set.c brings the parts of a split dump together,
 * compressed_reader.c finds and decompresses pages.
 */
#ifndef DUMP_COMPRESSED_PRIV_H
#define DUMP_COMPRESSED_PRIV_H

#include "dump/bitmap.h"
#include "dump/codec.h"
#include "dump/dump_priv.h"
#include "format/diskdump.h"

/* The file, or one file of a split dump: it has the pages of [first, end). */
struct compressed_part {
	struct diskdump dd;
	size_t input; /* which part of the input it is */
	pfn_t first, end;
	u64 first_rank; /* pages in the dump before `first` */
};

/* Constant once open. */
struct compressed_dump {
	struct compressed_part *parts; /* owned; by page frame, disjoint */
	size_t num_parts;
	const struct compressed_part *main; /* has the best bitmaps, and the notes */
	struct bitmap ram, pages;	    /* of `main` */
};

/* Look at the headers of all parts of the input. */
must_check struct err *compressed_open_parts(struct dump *d);
/* Once there are bitmaps: which pages lie in which part. Tells which pages no part has. */
void compressed_place_parts(struct dump *d, struct bitmap_view *pages);

struct err *compressed_open_reader(struct dump_reader *r, size_t cache_bytes);
void compressed_close_reader(struct dump_reader *r);
enum pfn_state compressed_pfn_run(struct dump_reader *r, pfn_t pfn, pfn_t *ret_end);
struct err *compressed_read_phys(struct dump_reader *r, paddr_t addr, void *data,
				 size_t len, size_t *ret_len);
struct err *compressed_packed(struct dump_reader *r, pfn_t pfn, const void **data,
			      size_t *len, u32 *flags);

#endif
