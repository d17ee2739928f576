#include "dump/page_cache.h"

#define WAYS 4

struct slot {
	pfn_t pfn;
	u64 used;   /* tick of the last use, 0: empty */
	void *page; /* NULL until first needed */
};

struct page_cache {
	size_t page_size;
	size_t num_sets;
	u64 tick;
	struct slot *slots; /* num_sets * WAYS */
};

struct err *page_cache_new(size_t page_size, size_t bytes, struct page_cache **ret)
{
	struct page_cache *c = calloc(1, sizeof(*c));

	if (!c)
		return err_nomem();
	c->page_size = page_size;
	c->num_sets = max_u64(1, bytes / page_size / WAYS);
	c->slots = calloc(c->num_sets * WAYS, sizeof(*c->slots));
	if (!c->slots) {
		page_cache_free(c);
		return err_nomem();
	}
	*ret = c;
	return NULL;
}

void page_cache_free(struct page_cache *c)
{
	if (!c)
		return;
	for (size_t i = 0; c->slots && i < c->num_sets * WAYS; i++)
		free(c->slots[i].page);
	free(c->slots);
	free(c);
}

static size_t first_way(const struct page_cache *c, pfn_t pfn)
{
	return (size_t)(pfn % c->num_sets) * WAYS;
}

const void *page_cache_find(struct page_cache *c, pfn_t pfn)
{
	size_t first = first_way(c, pfn);

	for (size_t i = first; i < first + WAYS; i++) {
		if (c->slots[i].used && c->slots[i].pfn == pfn) {
			c->slots[i].used = ++c->tick;
			return c->slots[i].page;
		}
	}
	return NULL;
}

void *page_cache_claim(struct page_cache *c, pfn_t pfn)
{
	size_t first = first_way(c, pfn), oldest = first;

	for (size_t i = first; i < first + WAYS; i++)
		if (c->slots[i].used < c->slots[oldest].used)
			oldest = i;
	c->slots[oldest].pfn = pfn;
	c->slots[oldest].used = 0;
	if (!c->slots[oldest].page)
		c->slots[oldest].page = malloc(c->page_size);
	return c->slots[oldest].page;
}

void page_cache_keep(struct page_cache *c, pfn_t pfn)
{
	size_t first = first_way(c, pfn);

	for (size_t i = first; i < first + WAYS; i++) {
		if (!c->slots[i].used && c->slots[i].pfn == pfn) {
			c->slots[i].used = ++c->tick;
			return;
		}
	}
}
