/* Block I/O that was under way, as a table. */
#include "analyse/html_priv.h"

static void add_age(struct buf *b, json_t *request)
{
	u64 ms = html_get_int(request, "age_ms");

	buf_add_str(b, "<td>");
	if (html_has(request, "age_ms"))
		buf_printf(b, "%llu.%03llu s", (unsigned long long)(ms / 1000),
			   (unsigned long long)(ms % 1000));
	buf_add_str(b, "</td>");
}

static void add_request(struct buf *b, json_t *r)
{
	buf_add_str(b, "<tr><th scope=\"row\"><code>");
	html_member(b, r, "device");
	buf_add_str(b, "</code></th><td>");
	html_member(b, r, "operation");
	buf_add_str(b, "</td><td>");
	if (html_has(r, "sector"))
		buf_printf(b, "%llu", (unsigned long long)html_get_int(r, "sector"));
	buf_printf(b, "</td><td>%llu</td>", (unsigned long long)html_get_int(r, "bytes"));
	add_age(b, r);
	buf_add_str(b, "<td>");
	html_member(b, r, "state");
	buf_add_str(b, "</td><td><code>");
	html_member(b, r, "address");
	buf_add_str(b, "</code></td></tr>\n");
}

void html_block_io(struct buf *b, json_t *report)
{
	json_t *io = json_object_get(report, "block_io"), *r;
	json_t *list = json_object_get(io, "oldest");
	u64 count = html_get_int(io, "requests");
	size_t i, num = json_array_size(list);

	if (!num)
		return;
	buf_printf(
		b,
		"<section><h2>Block I/O under way (%llu)</h2>"
		"<div class=\"scroll\"><table><thead><tr><th>Device</th><th>Operation</th>"
		"<th>Sector</th><th>Bytes</th><th>Age</th><th>State</th><th>Address</th>"
		"</tr></thead><tbody>\n",
		(unsigned long long)count);
	json_array_foreach(list, i, r) add_request(b, r);
	buf_add_str(b, "</tbody></table></div>\n");
	if (count > num)
		buf_printf(b, "<p>… and %llu more, which are younger.</p>\n",
			   (unsigned long long)(count - num));
	buf_add_str(b, "</section>\n");
}
