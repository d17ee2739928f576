/*
 * A batch of pages on its way from the dump into the file, with all the memory one worker
 * needs for it.
 */
#ifndef COLLECT_PAGE_BATCH_PRIV_H
#define COLLECT_PAGE_BATCH_PRIV_H

#include "collect/collection_priv.h"

struct page_batch {
	struct dump_reader *reader;
	size_t page_size;
	struct batch which;
	u8 *pages;  /* room for which.num_pages pages */
	u8 *packed; /* as much again, for what goes into the file */
	u8 *descs;  /* BATCH_MAX_PAGES descriptors */
	void *codec_state;
	u64 num_zero, num_unreadable; /* of this batch */
};

must_check struct err *page_batch_open(struct collection *c, struct page_batch *b);
void page_batch_close(struct collection *c, struct page_batch *b);

/* The pages of one run, in place or read into b->pages; good until the next call. */
const u8 *page_batch_get_run(struct page_batch *b, const struct run *run);
/* Read all pages into b->pages. What cannot be read is zeros, and counted. */
void page_batch_read(struct page_batch *b);
/* The same for one run, into @pages. */
void page_batch_read_run(struct page_batch *b, const struct run *run, u8 *pages);

bool page_is_zero(const u8 *page, size_t size);

#endif
