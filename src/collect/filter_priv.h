/*
 * Which pages of a dump are to be written, decided chunk by chunk of page frames.
 *
 * Owned by the collector; one thread.
 */
#ifndef COLLECT_FILTER_PRIV_H
#define COLLECT_FILTER_PRIV_H

#include "collect/collect.h"
#include "kernel/memmap.h"

#define CHUNK_PAGES 32768u
#define CHUNK_BYTES (CHUNK_PAGES / 8)

struct filter {
	struct dump *d;
	unsigned level;
	struct collect_stats *stats;
	struct memmap *memmap; /* NULL: every page is kept */
	struct pageclass classes;
	u8 *structs; /* a piece of the memmap */
	bool told_unreadable;
	u8 present[CHUNK_BYTES];     /* of the chunk, in the source */
	pfn_t block_end;	     /* an excluded block reaches up to here … */
	enum page_class block_class; /* … of this class */
};

/* What cannot be had is told in the dump's notices and leads to more pages being kept. */
must_check struct err *filter_init(struct filter *f, struct dump *d, unsigned level,
				   struct collect_stats *stats);
void filter_deinit(struct filter *f);

/* Decide the page frames from @first on, at most CHUNK_PAGES and up to @end. Chunks must
 * come in ascending order. Bit i of each bitmap is @first + i. */
void filter_chunk(struct filter *f, pfn_t first, pfn_t end, u8 ram[CHUNK_BYTES],
		  u8 kept[CHUNK_BYTES]);

#endif
