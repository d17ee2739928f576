#include "analyse/render_text_priv.h"

#include "base/str.h"

static void line_memory(struct buf *b, json_t *memory, const char *key, const char *label)
{
	char text[STR_SIZE_TEXT_LEN];
	u64 total = tree_get_int(memory, "total_bytes"), value = tree_get_int(memory, key);

	if (!tree_has(memory, key))
		return;
	buf_printf(b, "  %-20s %10s", label, str_format_size(text, value));
	if (total)
		buf_printf(b, "  %3llu %%", (unsigned long long)percent_of(value, total));
	buf_add_char(b, '\n');
}

/* "    Normal      4.1 GB managed,  12.3 MB free, below low (min 8.2 MB, low …)" */
static void line_zone(struct buf *b, json_t *zone)
{
	static const char *const keys[] = {"managed_bytes", "free_bytes", "min_bytes",
					   "low_bytes", "high_bytes"};
	char text[ARRAY_SIZE(keys)][STR_SIZE_TEXT_LEN];

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		str_format_size(text[i], tree_get_int(zone, keys[i]));
	buf_printf(b, "%10s managed, %9s free", text[0], text[1]);
	if (tree_has(zone, "level"))
		buf_printf(b, ", %s", tree_show(zone, "level"));
	buf_printf(b, " (min %s, low %s, high %s)\n", text[2], text[3], text[4]);
}

static void render_nodes(struct buf *b, json_t *memory)
{
	json_t *node, *zone;
	size_t i, n;

	if (json_array_size(json_object_get(memory, "nodes")))
		buf_add_str(b, "  free memory against its marks:\n");
	json_array_foreach(json_object_get(memory, "nodes"), i, node)
	{
		buf_printf(b, "    node %-10llu",
			   (unsigned long long)tree_get_int(node, "node"));
		line_zone(b, node);
		json_array_foreach(json_object_get(node, "zones"), n, zone)
		{
			buf_printf(b, "      %-13s", tree_show(zone, "name"));
			line_zone(b, zone);
		}
	}
}

static void render_largest_tasks(struct buf *b, json_t *memory)
{
	json_t *task;
	size_t i;

	if (json_array_size(json_object_get(memory, "largest_tasks")))
		buf_add_str(b, "  largest tasks by resident memory:\n");
	json_array_foreach(json_object_get(memory, "largest_tasks"), i, task)
	{
		char resident[STR_SIZE_TEXT_LEN], mapped[STR_SIZE_TEXT_LEN];

		buf_printf(b, "    %-16s pid %-8llu %10s resident, %10s mapped  task %s\n",
			   tree_show(task, "comm"),
			   (unsigned long long)tree_get_int(task, "pid"),
			   str_format_size(resident, tree_get_int(task, "resident_bytes")),
			   str_format_size(mapped, tree_get_int(task, "mapped_bytes")),
			   tree_show(task, "address"));
	}
}

void render_text_memory(struct buf *b, json_t *report)
{
	static const struct {
		const char *key, *label;
		bool is_left_out; /* if it is 0 */
	} rows[] = {
		{"total_bytes", "total"},
		{"free_bytes", "free"},
		{"available_bytes", "available"},
		{"page_cache_bytes", "page cache"},
		{"buffer_bytes", "of it, buffers"},
		{"anonymous_bytes", "anonymous"},
		{"shmem_bytes", "shared memory"},
		{"slab_reclaimable_bytes", "slab, reclaimable"},
		{"slab_unreclaimable_bytes", "slab, unreclaimable"},
		{"vmalloc_bytes", "vmalloc"},
		{"page_table_bytes", "page tables"},
		{"kernel_stack_bytes", "kernel stacks"},
		{"huge_page_bytes", "huge pages"},
		{"huge_page_free_bytes", "of them, free", true},
		{"unaccounted_bytes", "not accounted for"},
		{"swap_total_bytes", "swap", true},
		{"swap_free_bytes", "free swap", true},
		{"committed_bytes", "committed"},
	};
	json_t *memory = json_object_get(report, "memory"), *cache;
	char text[STR_SIZE_TEXT_LEN];
	size_t i;

	if (!tree_has(memory, "total_bytes"))
		return;
	buf_add_str(b, "\nMemory:\n");
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (!rows[i].is_left_out || tree_get_int(memory, rows[i].key))
			line_memory(b, memory, rows[i].key, rows[i].label);
	buf_add_str(b, "  largest slab caches:\n");
	json_array_foreach(json_object_get(memory, "slab_top"), i, cache) buf_printf(
		b, "    %-24s %10s  %llu objects of %llu bytes\n", tree_show(cache, "name"),
		str_format_size(text, tree_get_int(cache, "bytes")),
		(unsigned long long)tree_get_int(cache, "objects"),
		(unsigned long long)tree_get_int(cache, "object_size"));
	render_largest_tasks(b, memory);
	render_nodes(b, memory);
}
