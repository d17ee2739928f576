/* The data and descriptors of a batch of pages in a kdump-compressed file. */
#ifndef COLLECT_PAGE_PACK_PRIV_H
#define COLLECT_PAGE_PACK_PRIV_H

#include "collect/page_batch_priv.h"

/* Compress the pages of @b into b->packed and fill b->descs; returns the bytes of data. */
size_t page_pack(const struct collect_codec *codec, struct page_batch *b);

/* The same without decompressing them: pages that are compressed with @codec in the source,
 * or in any way if it is NULL, are copied as they are. */
size_t page_pack_as_is(const struct collect_codec *codec, struct page_batch *b);

/* The data will lie at @offset, a page of zeros at @zero_offset: make b->descs right. */
void page_pack_place(struct page_batch *b, u64 offset, u64 zero_offset);

#endif
