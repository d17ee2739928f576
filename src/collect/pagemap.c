#include "collect/pagemap_priv.h"

#include <string.h>

struct err *pagemap_init(struct pagemap *m, pfn_t max_pfn, size_t budget)
{
	*m = (struct pagemap){.num_chunks = max_pfn / CHUNK_PAGES + 1};
	m->num_held = min_u64(m->num_chunks, budget / CHUNK_BYTES);
	m->held = calloc(m->num_held + 1, CHUNK_BYTES);
	return m->held ? NULL : err_nomem();
}

void pagemap_deinit(struct pagemap *m)
{
	free(m->held);
	*m = (struct pagemap){0};
}

bool pagemap_is_whole(const struct pagemap *m)
{
	return m->num_held == m->num_chunks;
}

void pagemap_put(struct pagemap *m, pfn_t first, const u8 kept[CHUNK_BYTES])
{
	u64 chunk = first / CHUNK_PAGES;

	if (chunk < m->num_held)
		memcpy(m->held + chunk * CHUNK_BYTES, kept, CHUNK_BYTES);
}

struct err *pagemap_get(const struct pagemap *m, pfn_t first, u8 kept[CHUNK_BYTES])
{
	u64 chunk = first / CHUNK_PAGES;

	if (chunk >= m->num_held)
		return m->recall(m->ctx, first, kept);
	memcpy(kept, m->held + chunk * CHUNK_BYTES, CHUNK_BYTES);
	return NULL;
}
