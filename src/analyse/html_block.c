/* Block I/O that was under way, as a table. */
#include "analyse/html_priv.h"

static void add_age(struct buf *b, json_t *request)
{
	u64 ms = tree_get_int(request, "age_ms");

	buf_add_str(b, "<td data-of=\"Age\">");
	if (tree_has(request, "age_ms"))
		buf_printf(b, "%llu.%03llu s", (unsigned long long)(ms / 1000),
			   (unsigned long long)(ms % 1000));
	buf_add_str(b, "</td>");
}

static void add_request(struct buf *b, json_t *r)
{
	html_fill(
		b, r,
		"<tr><td data-of=\"Device\"><b>{device}</b></td><td data-of=\"Operation\">"
		"{operation}</td><td data-of=\"Sector\">{sector}</td><td "
		"data-of=\"Bytes\">{bytes}</td>");
	add_age(b, r);
	html_fill(b, r,
		  "<td data-of=\"State\">{state}</td><td data-of=\"Address\">"
		  "<code>{address}</code></td></tr>\n");
}

void html_block_io(struct buf *b, json_t *report)
{
	json_t *io = json_object_get(report, "block_io"), *r;
	json_t *list = json_object_get(io, "oldest");
	u64 count = tree_get_int(io, "requests");
	size_t i, num = json_array_size(list);

	if (!num)
		return;
	html_fill(
		b, io,
		"<section><h2>Block I/O under way ({requests})</h2><div "
		"class=\"scroll\"><table class=\"cards\"><thead><tr><th>Device</th>"
		"<th>Operation</th><th>Sector</th><th>Bytes</th><th>Age</th><th>State</th>"
		"<th>Address</th></tr></thead><tbody>\n");
	json_array_foreach(list, i, r) add_request(b, r);
	buf_add_str(b, "</tbody></table></div>\n");
	if (count > num)
		buf_printf(b, "<p>… and %llu more, which are younger.</p>\n",
			   (unsigned long long)(count - num));
	buf_add_str(b, "</section>\n");
}
