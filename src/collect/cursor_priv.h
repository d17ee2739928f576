/*
 * The pages that are to be written, handed out in batches in the order in which they go
 * into the dump.
 *
 * The order is a row of stripes; parts of a split dump take turns, so that all of them are
 * written at the same time. Borrows dump and page map. Belongs to one thread at a time.
 */
#ifndef COLLECT_CURSOR_PRIV_H
#define COLLECT_CURSOR_PRIV_H

#include "collect/pagemap_priv.h"

/* About so much memory is worked on at once: large enough for a system call and a lock to
 * cost nothing beside it. */
#define BATCH_BYTES	((size_t)512 << 10)
#define BATCH_MAX_PAGES 128 /* of 4 KiB */

/* Page frames [first, end) that go to output `part` behind `rank` others of it. The data of
 * an ordered stripe keeps its order in the file, and precedes that of later stripes. */
struct stripe {
	pfn_t first, end;
	u64 rank;
	size_t part;
	bool is_ordered;
};

struct batch {
	size_t part;
	u64 rank; /* pages of this part before the batch, in the order of page frames */
	u64 turn; /* ordered batches of this part handed out before */
	bool is_ordered;
	size_t num_pages, num_runs;
	struct run {
		pfn_t first;
		u64 count;
	} runs[BATCH_MAX_PAGES];
};

struct cursor;

/* @takes_turns: a batch of each stripe after the other; else one stripe after the other. */
must_check struct err *cursor_open(struct dump *d, const struct pagemap *map,
				   const struct stripe *stripes, size_t num_stripes,
				   bool takes_turns, struct cursor **ret);
void cursor_close(struct cursor *c);

/* The next batch; no pages: that was all. */
must_check struct err *cursor_take(struct cursor *c, struct batch *ret);

/* The first chunk from @first on that has RAM, UINT64_MAX if none. */
pfn_t cursor_find_chunk(struct dump *d, pfn_t first);

#endif
