/*
 * The pages of a compressed dump that were decompressed last.
 *
 * Four ways per set, the least recently used one is replaced. One thread at a time.
 */
#ifndef DUMP_PAGE_CACHE_H
#define DUMP_PAGE_CACHE_H

#include "base/err.h"

struct page_cache;

/* Up to @bytes of pages, but four at least. */
must_check struct err *page_cache_new(size_t page_size, size_t bytes,
				      struct page_cache **ret);
void page_cache_free(struct page_cache *c);

/* The page of @pfn if it is held, else NULL. Valid until the next page_cache_claim(). */
const void *page_cache_find(struct page_cache *c, pfn_t pfn);

/* A page to be filled with @pfn's bytes; it is found only after page_cache_keep(). NULL
 * without memory. */
void *page_cache_claim(struct page_cache *c, pfn_t pfn);
void page_cache_keep(struct page_cache *c, pfn_t pfn);

#endif
