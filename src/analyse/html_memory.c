/* Memory as a bar, with the numbers beside it. */
#include "analyse/html_priv.h"

#include "base/str.h"

#define BAR_WIDTH  900
#define BAR_HEIGHT 34
#define MIN_LABEL  26 /* narrower parts carry no number */

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

static void add_part(struct buf *b, const char *class, size_t number, int *x, u64 value,
		     u64 total)
{
	int width = (int)(value < total ? value / (total / BAR_WIDTH + 1) : BAR_WIDTH);

	if (*x + width > BAR_WIDTH)
		width = BAR_WIDTH - *x;
	if (width <= 0)
		return;
	buf_printf(b, "<rect class=\"%s\" x=\"%d\" y=\"0\" width=\"%d\" height=\"%d\"/>",
		   class, *x, width, BAR_HEIGHT);
	if (width >= MIN_LABEL)
		buf_printf(b, "<text x=\"%d\" y=\"22\">%zu</text>", *x + 8, number);
	*x += width;
}

static void add_bar(struct buf *b, json_t *memory, u64 total)
{
	int x = 0;

	buf_printf(b,
		   "<div class=\"scroll\"><svg role=\"img\" width=\"%d\" height=\"%d\" "
		   "aria-label=\"Shares of memory; the table below has the numbers\">\n",
		   BAR_WIDTH, BAR_HEIGHT);
	buf_printf(b, "<rect class=\"free\" width=\"%d\" height=\"%d\"/>\n", BAR_WIDTH,
		   BAR_HEIGHT);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		char class[] = "m0";

		class[1] = (char)('0' + i);
		add_part(b, class, i + 1, &x, html_get_int(memory, parts[i].key), total);
	}
	buf_add_str(b, "\n</svg></div>\n");
}

static void add_number(struct buf *b, const char *label, u64 value, u64 total)
{
	char text[STR_SIZE_TEXT_LEN];

	buf_printf(b, "<tr><th scope=\"row\">%s</th><td>%s</td><td>%llu %%</td></tr>\n",
		   label, str_format_size(text, value),
		   (unsigned long long)(value / (total / 100 + 1)));
}

static void add_caches(struct buf *b, json_t *memory)
{
	json_t *cache;
	size_t i;

	buf_add_str(b, "<details><summary>Largest slab caches</summary><table><tbody>\n");
	json_array_foreach(json_object_get(memory, "slab_top"), i, cache)
	{
		char text[STR_SIZE_TEXT_LEN];

		buf_add_str(b, "<tr><th scope=\"row\"><code>");
		html_member(b, cache, "name");
		buf_printf(b, "</code></th><td>%s</td><td>%llu objects</td></tr>\n",
			   str_format_size(text, html_get_int(cache, "bytes")),
			   (unsigned long long)html_get_int(cache, "objects"));
	}
	buf_add_str(b, "</tbody></table></details>\n");
}

void html_memory(struct buf *b, json_t *report)
{
	json_t *memory = json_object_get(report, "memory");
	u64 total = html_get_int(memory, "total_bytes");
	char text[STR_SIZE_TEXT_LEN];

	if (!total)
		return;
	buf_printf(b, "<section><h2>Memory (%s)</h2>\n", str_format_size(text, total));
	add_bar(b, memory, total);
	buf_add_str(b, "<table><tbody>\n");
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		cleanup(buf_deinit) struct buf label = BUF_INIT;

		if (!html_has(memory, parts[i].key))
			continue;
		buf_printf(&label, "%zu &nbsp;%s", i + 1, parts[i].label);
		add_number(b, buf_text(&label), html_get_int(memory, parts[i].key), total);
	}
	if (html_has(memory, "free_bytes"))
		add_number(b, "free (not filled)", html_get_int(memory, "free_bytes"),
			   total);
	buf_add_str(b, "</tbody></table>\n");
	add_caches(b, memory);
	buf_add_str(b, "</section>\n");
}
