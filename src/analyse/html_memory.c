/* Memory as a bar, with the numbers beside it. */
#include "analyse/html_priv.h"

#include "base/str.h"

#define BAR_HEIGHT 34
#define WHOLE	   10000 /* the bar's width, in hundredths of a percent */
#define MIN_LABEL  400	 /* narrower parts carry no number */

static const struct part {
	const char *key, *label;
} parts[] = {
	{"anonymous_bytes", "processes (anonymous)"},
	{"page_cache_bytes", "page cache"},
	{"slab_reclaimable_bytes", "slab, reclaimable"},
	{"slab_unreclaimable_bytes", "slab, unreclaimable"},
	{"vmalloc_bytes", "vmalloc"},
	{"unaccounted_bytes", "not accounted for"},
};

static void add_part(struct buf *b, size_t i, unsigned *x, u64 value, u64 total)
{
	u64 share = value / (total / WHOLE + 1);
	unsigned width = share < WHOLE - *x ? (unsigned)share : WHOLE - *x;

	if (!width)
		return;
	buf_printf(b,
		   "<rect class=\"part m%zu\" x=\"%u.%02u%%\" width=\"%u.%02u%%\" "
		   "height=\"%d\"/>",
		   i, *x / 100, *x % 100, width / 100, width % 100, BAR_HEIGHT);
	if (width >= MIN_LABEL)
		buf_printf(
			b,
			"<text class=\"part\" x=\"%u.%02u%%\" dx=\"4\" y=\"22\">%zu</text>",
			*x / 100, *x % 100, i + 1);
	*x += width;
}

static void add_bar(struct buf *b, json_t *memory, u64 total)
{
	unsigned x = 0;

	buf_printf(b,
		   "<svg class=\"bar\" role=\"img\" width=\"100%%\" height=\"%d\" "
		   "aria-label=\"Shares of memory; the table below has the numbers\">\n"
		   "<rect class=\"free\" width=\"100%%\" height=\"%d\"/>\n",
		   BAR_HEIGHT, BAR_HEIGHT);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		add_part(b, i, &x, tree_get_int(memory, parts[i].key), total);
	buf_add_str(b, "\n</svg>\n");
}

/* The square beside a number has the colour and the number of its part of the bar. */
static void add_number(struct buf *b, size_t i, const char *label, u64 value, u64 total)
{
	char text[STR_SIZE_TEXT_LEN];

	buf_add_str(b, "<tr><th scope=\"row\"><svg class=\"key\" aria-hidden=\"true\" "
		       "width=\"22\" height=\"22\">");
	if (i < ARRAY_SIZE(parts))
		buf_printf(b,
			   "<rect class=\"part m%zu\" width=\"22\" height=\"22\"/><text "
			   "class=\"part\" x=\"7\" y=\"16\">%zu</text>",
			   i, i + 1);
	else
		buf_add_str(b, "<rect class=\"free\" width=\"22\" height=\"22\"/>");
	buf_printf(b, "</svg>%s</th><td>%s</td><td>%llu %%</td></tr>\n", label,
		   str_format_size(text, value),
		   (unsigned long long)percent_of(value, total));
}

static void add_caches(struct buf *b, json_t *memory)
{
	json_t *cache;
	size_t i;

	buf_add_str(b, "<details><summary>Largest slab caches</summary><table "
		       "class=\"numbers\"><tbody>\n");
	json_array_foreach(json_object_get(memory, "slab_top"), i, cache)
	{
		char text[STR_SIZE_TEXT_LEN];

		buf_add_str(b, "<tr><th scope=\"row\"><code>");
		html_member(b, cache, "name");
		buf_printf(b, "</code></th><td>%s</td><td>%llu objects</td></tr>\n",
			   str_format_size(text, tree_get_int(cache, "bytes")),
			   (unsigned long long)tree_get_int(cache, "objects"));
	}
	buf_add_str(b, "</tbody></table></details>\n");
}

static void add_largest_tasks(struct buf *b, json_t *memory)
{
	json_t *list = json_object_get(memory, "largest_tasks"), *task;
	size_t i;

	if (!json_array_size(list))
		return;
	buf_add_str(b, "<details><summary>Largest tasks</summary><table "
		       "class=\"numbers\"><tbody>\n");
	json_array_foreach(list, i, task)
	{
		char text[STR_SIZE_TEXT_LEN];

		buf_add_str(b, "<tr><th scope=\"row\"><code>");
		html_member(b, task, "comm");
		buf_printf(b, "</code> (pid %llu)</th><td>%s resident</td>",
			   (unsigned long long)tree_get_int(task, "pid"),
			   str_format_size(text, tree_get_int(task, "resident_bytes")));
		buf_printf(b, "<td>%s mapped</td></tr>\n",
			   str_format_size(text, tree_get_int(task, "mapped_bytes")));
	}
	buf_add_str(b, "</tbody></table></details>\n");
}

static void add_zone(struct buf *b, json_t *node, json_t *zone)
{
	static const char *const keys[] = {"managed_bytes", "free_bytes", "min_bytes",
					   "low_bytes", "high_bytes"};
	char text[STR_SIZE_TEXT_LEN];

	buf_printf(b, "<tr><th scope=\"row\">node %llu, ",
		   (unsigned long long)tree_get_int(node, "node"));
	html_member(b, zone, "name");
	buf_add_str(b, "</th>");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		buf_printf(b, "<td>%s</td>",
			   str_format_size(text, tree_get_int(zone, keys[i])));
	buf_add_str(b, "<td>");
	html_member(b, zone, "level");
	buf_add_str(b, "</td></tr>\n");
}

static void add_zones(struct buf *b, json_t *memory)
{
	json_t *nodes = json_object_get(memory, "nodes"), *node, *zone;
	size_t i, n;

	if (!json_array_size(nodes))
		return;
	buf_add_str(b, "<details><summary>Free memory against its marks</summary><table "
		       "class=\"numbers\"><thead><tr><th scope=\"col\">zone</th>"
		       "<th scope=\"col\">managed</th><th scope=\"col\">free</th>"
		       "<th scope=\"col\">min</th><th scope=\"col\">low</th>"
		       "<th scope=\"col\">high</th><th scope=\"col\">free is</th></tr>"
		       "</thead><tbody>\n");
	json_array_foreach(nodes, i, node)
		json_array_foreach(json_object_get(node, "zones"), n, zone)
			add_zone(b, node, zone);
	buf_add_str(b, "</tbody></table></details>\n");
}

void html_memory(struct buf *b, json_t *report)
{
	json_t *memory = json_object_get(report, "memory");
	u64 total = tree_get_int(memory, "total_bytes");
	char text[STR_SIZE_TEXT_LEN];

	if (!total)
		return;
	buf_printf(b, "<section><h2>Memory (%s)</h2>\n", str_format_size(text, total));
	add_bar(b, memory, total);
	buf_add_str(b, "<table class=\"numbers\"><tbody>\n");
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (tree_has(memory, parts[i].key))
			add_number(b, i, parts[i].label, tree_get_int(memory, parts[i].key),
				   total);
	if (tree_has(memory, "free_bytes"))
		add_number(b, ARRAY_SIZE(parts), "free", tree_get_int(memory, "free_bytes"),
			   total);
	buf_add_str(b, "</tbody></table>\n");
	add_caches(b, memory);
	add_largest_tasks(b, memory);
	add_zones(b, memory);
	buf_add_str(b, "</section>\n");
}
