/* Where the memory went. */
#include "analyse/report_priv.h"
#include "kernel/memory_zone.h"

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

/* ---- zones ---- */

/* The nodes as they are built. */
struct zone_walk {
	struct report *r;
	u64 page_size;
	json_t *nodes, *node, *zones; /* of all; the last one, and its zones */
	vaddr_t node_addr;
	struct memory_zone sum; /* of that node */
};

/* Where free memory stands among the marks that the allocator compares it with. */
static const char *level(const struct memory_zone *z)
{
	if (z->free_pages < z->min)
		return "below min";
	if (z->free_pages < z->low)
		return "below low";
	if (z->free_pages < z->high)
		return "below high";
	return "above high";
}

static void set_pages(struct zone_walk *w, json_t *j, const struct memory_zone *z)
{
	struct tree *t = &w->r->tree;

	tree_set_int(t, j, "managed_bytes", z->managed_pages * w->page_size);
	tree_set_int(t, j, "free_bytes", z->free_pages * w->page_size);
	tree_set_int(t, j, "min_bytes", z->min * w->page_size);
	tree_set_int(t, j, "low_bytes", z->low * w->page_size);
	tree_set_int(t, j, "high_bytes", z->high * w->page_size);
}

static void end_node(struct zone_walk *w)
{
	if (!w->node)
		return;
	set_pages(w, w->node, &w->sum);
	tree_set(&w->r->tree, w->node, "zones", w->zones);
	tree_append(&w->r->tree, w->nodes, w->node);
	w->node = NULL;
}

static bool take_zone(void *ctx, const struct memory_zone *z)
{
	struct zone_walk *w = ctx;
	struct tree *t = &w->r->tree;
	json_t *j;

	if (!w->node || w->node_addr != z->node_addr) {
		end_node(w);
		w->node = tree_object(t);
		w->zones = tree_array(t);
		w->node_addr = z->node_addr;
		w->sum = (struct memory_zone){0};
		tree_set_int(t, w->node, "node", z->node);
		tree_set_hex(t, w->node, "address", z->node_addr);
	}
	/* Zones that this machine has no memory for. */
	if (!z->managed_pages)
		return true;
	w->sum.managed_pages += z->managed_pages;
	w->sum.free_pages += z->free_pages;
	w->sum.min += z->min;
	w->sum.low += z->low;
	w->sum.high += z->high;
	j = tree_object(t);
	tree_set_text(t, j, "name", z->name);
	tree_set_hex(t, j, "address", z->addr);
	set_pages(w, j, z);
	tree_set(t, j, "level", json_string(level(z)));
	tree_append(t, w->zones, j);
	return true;
}

static json_t *nodes(struct report *r)
{
	struct zone_walk w = {.r = r, .page_size = dump_page_size(r->d)};

	w.nodes = tree_array(&r->tree);
	notices_add_err(r->notices, memory_zone_each(r->k, take_zone, &w));
	end_node(&w);
	return w.nodes;
}

/* ---- tasks ---- */

static json_t *largest_tasks(struct report *r)
{
	u64 page_size = dump_page_size(r->d);
	json_t *list = tree_array(&r->tree);
	struct large_task largest[LARGEST_TASKS];
	size_t count = largest_tasks_find(r->k, &r->e->cpus, &r->user_tasks, largest);

	for (size_t i = 0; i < count; i++) {
		const struct large_task *l = &largest[i];
		json_t *j = tree_object(&r->tree);

		tree_set_int(&r->tree, j, "pid", l->task->pid);
		tree_set_text(&r->tree, j, "comm", l->task->comm);
		tree_set_hex(&r->tree, j, "address", l->task->addr);
		tree_set_hex(&r->tree, j, "mm", l->task->mm);
		tree_set_int(&r->tree, j, "resident_bytes",
			     l->memory.resident_pages * page_size);
		tree_set_int(&r->tree, j, "mapped_bytes",
			     l->memory.mapped_pages * page_size);
		tree_append(&r->tree, list, j);
	}
	return list;
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
	tree_set(&r->tree, j, "largest_tasks", largest_tasks(r));
	tree_set(&r->tree, j, "nodes", nodes(r));
	return j;
}
