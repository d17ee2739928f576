/* The end of the kernel log, with the lines that tell marked. */
#include "analyse/html_priv.h"

#include "base/str.h"

#include <string.h>

static bool has_text(const char *line, const char *text)
{
	return *text && strstr(line, text);
}

/* Lines that the verdict was made from, and those of the panic. */
static bool is_telling(json_t *report, const char *line)
{
	json_t *list = json_object_get(json_object_get(report, "crash"), "evidence"), *e;
	json_t *panic = json_object_get(report, "panic");
	size_t i;

	if (has_text(line, tree_show(panic, "message")) ||
	    has_text(line, tree_show(panic, "cause")))
		return true;
	json_array_foreach(list, i,
			   e) if (str_eq(tree_show(e, "source"), "log") &&
				  has_text(line, tree_show(e, "text"))) return true;
	return false;
}

static void add_record(struct buf *b, json_t *report, json_t *record)
{
	u64 ts = tree_get_int(record, "ts_ns");
	bool telling = is_telling(report, tree_show(record, "text"));

	buf_printf(b, "%s[%5llu.%06llu] ", telling ? "<mark>" : "",
		   (unsigned long long)(ts / 1000000000),
		   (unsigned long long)(ts % 1000000000 / 1000));
	html_member(b, record, "text");
	buf_add_str(b, telling ? "</mark>\n" : "\n");
}

void html_log(struct buf *b, json_t *report)
{
	json_t *log = json_object_get(report, "log_tail"), *record;
	size_t i;

	if (!json_array_size(log))
		return;
	buf_printf(
		b,
		"<section><h2>End of the kernel log</h2>\n<details open><summary>%zu "
		"records; a mark \u25b6 is at those that tell what happened</summary>\n<pre "
		"class=\"log\">",
		json_array_size(log));
	json_array_foreach(log, i, record) add_record(b, report, record);
	buf_add_str(b, "</pre></details></section>\n");
}
