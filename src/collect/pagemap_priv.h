/*
 * Which page frames are to be written: a bit each, in chunks of CHUNK_PAGES.
 *
 * Memory holds the chunks up to a budget, so that 24 TB of RAM cost no more than 32 GB do.
 * The bits of further chunks are asked back (`recall`) from where they can be had: the dump
 * that is being written, or the crashed kernel's memory map once more. Distinct chunks may
 * be put by several threads at once; everything else by one at a time.
 */
#ifndef COLLECT_PAGEMAP_PRIV_H
#define COLLECT_PAGEMAP_PRIV_H

#include "collect/filter_priv.h"

struct pagemap {
	u64 num_chunks;
	u64 num_held;
	u8 *held;
	struct err *(*recall)(void *ctx, pfn_t first, u8 kept[CHUNK_BYTES]);
	void *ctx;
};

must_check struct err *pagemap_init(struct pagemap *m, pfn_t max_pfn, size_t budget);
void pagemap_deinit(struct pagemap *m);

/* Are all bits held? */
bool pagemap_is_whole(const struct pagemap *m);

void pagemap_put(struct pagemap *m, pfn_t first, const u8 kept[CHUNK_BYTES]);
must_check struct err *pagemap_get(const struct pagemap *m, pfn_t first,
				   u8 kept[CHUNK_BYTES]);

#endif
