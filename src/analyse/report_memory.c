/* Where the memory went. */
#include "analyse/report_priv.h"

static json_t *slab_cache(struct report *r, const struct slab_cache *c)
{
	json_t *j = tree_object(&r->tree);

	tree_set_text(&r->tree, j, "name", c->name);
	tree_set_hex(&r->tree, j, "address", c->addr);
	tree_set_int(&r->tree, j, "bytes", c->bytes);
	tree_set_int(&r->tree, j, "objects", c->num_objects);
	tree_set_int(&r->tree, j, "object_size", c->object_size);
	return j;
}

json_t *report_memory(struct report *r)
{
	static const char *const keys[MEMORY_NUM_COUNTS] = {
		[MEMORY_TOTAL] = "total_bytes",
		[MEMORY_FREE] = "free_bytes",
		[MEMORY_FILE] = "page_cache_bytes",
		[MEMORY_SHMEM] = "shmem_bytes",
		[MEMORY_DIRTY] = "dirty_bytes",
		[MEMORY_WRITEBACK] = "writeback_bytes",
		[MEMORY_ANON] = "anonymous_bytes",
		[MEMORY_SLAB_RECLAIMABLE] = "slab_reclaimable_bytes",
		[MEMORY_SLAB_UNRECLAIMABLE] = "slab_unreclaimable_bytes",
		[MEMORY_KERNEL_STACKS] = "kernel_stack_bytes",
		[MEMORY_PAGE_TABLES] = "page_table_bytes",
		[MEMORY_VMALLOC] = "vmalloc_bytes",
		[MEMORY_HUGETLB] = "huge_page_bytes",
		[MEMORY_HUGETLB_FREE] = "huge_page_free_bytes",
		[MEMORY_AVAILABLE] = "available_bytes",
		[MEMORY_BUFFERS] = "buffer_bytes",
		[MEMORY_SWAP_CACHE] = "swap_cache_bytes",
		[MEMORY_SWAP_TOTAL] = "swap_total_bytes",
		[MEMORY_SWAP_FREE] = "swap_free_bytes",
		[MEMORY_COMMIT_LIMIT] = "commit_limit_bytes",
		[MEMORY_COMMITTED] = "committed_bytes",
	};
	const struct memory_use *m = &r->e->memory;
	json_t *j = tree_object(&r->tree), *top = tree_array(&r->tree);
	u64 value;

	for (unsigned i = 0; i < MEMORY_NUM_COUNTS; i++)
		if (memory_count_get(&m->counts, i, &value))
			tree_set_int(&r->tree, j, keys[i], value);
	if (m->has_unaccounted)
		tree_set_int(&r->tree, j, "unaccounted_bytes", m->unaccounted);
	for (size_t i = 0; i < m->num_top; i++)
		tree_append(&r->tree, top, slab_cache(r, &m->top[i]));
	tree_set(&r->tree, j, "slab_top", top);
	return j;
}
