/*
 * Which pages of a dump are to be written, decided chunk by chunk of page frames.
 *
 * A struct filter does not change once open and serves any number of threads, each with a
 * struct filter_scan. Chunks do not depend on each other: a compound page that began in an
 * earlier chunk is found through its tail, and free blocks never cross chunks.
 */
#ifndef COLLECT_FILTER_PRIV_H
#define COLLECT_FILTER_PRIV_H

#include "collect/collect.h"

#define CHUNK_PAGES 32768u
#define CHUNK_BYTES (CHUNK_PAGES / 8)

struct filter_options {
	unsigned level; /* 0 … COLLECT_MAX_LEVEL */
	bool keeps_pcp; /* keep the free pages of CPUs' own lists at level 16, too */
	/* Leave out memory map that describes only pages left out by their class, of chunks
	 * that have RAM. Pages of it that are mapped twice (hugetlb pages whose tails the
	 * kernel let go of) or not in one piece with the rest are kept. Everything happens
	 * in filter_scan_chunk(), which then decides each chunk twice: for itself, and for
	 * the chunk that its memory map lies in. */
	bool excludes_memmap;
};

struct filter;

/* Prepare to filter @d, which is borrowed. What cannot be had is told in the dump's notices
 * and leads to more pages being kept. */
must_check struct err *filter_open(struct dump *d, const struct filter_options *options,
				   struct filter **ret);
void filter_close(struct filter *f);
static inline void filter_closep(struct filter **f)
{
	filter_close(*f);
}

struct filter_scan;

/* One thread's scratch; @f and @r are borrowed. */
must_check struct err *filter_scan_open(const struct filter *f, struct dump_reader *r,
					struct filter_scan **ret);
/* Hands what is to be told over to the dump's notices: under the lock they have, if other
 * threads are at work. */
void filter_scan_close(struct filter_scan *s);
static inline void filter_scan_closep(struct filter_scan **s)
{
	filter_scan_close(*s);
}

/* Bit i of a bitmap is page frame @first + i. */
struct filter_chunk {
	pfn_t first;
	u64 pages_ram, pages_not_in_source; /* of the page frames that are RAM */
	u64 num_kept;
	u64 excluded[PAGE_NUM_CLASSES];
	u8 ram[CHUNK_BYTES], kept[CHUNK_BYTES];
};

/* Decide the page frames from @first on, a multiple of CHUNK_PAGES, as many as a chunk has
 * but none from @end on. Cannot fail: what cannot be decided is kept. */
void filter_scan_chunk(struct filter_scan *s, pfn_t first, pfn_t end,
		       struct filter_chunk *ret);

#endif
