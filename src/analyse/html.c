#include "analyse/html_priv.h"

#include "base/markup.h"
#include "base/str.h"

#include <assert.h>
#include <string.h>

void html_text(struct buf *b, const char *text)
{
	markup_text(b, text);
}

void html_member(struct buf *b, json_t *j, const char *key)
{
	html_text(b, tree_show(j, key));
}

static void add_value(struct buf *b, json_t *value)
{
	if (json_is_integer(value))
		buf_printf(b, "%lld", (long long)json_integer_value(value));
	else
		html_text(b, json_string_value(value));
}

void html_fill(struct buf *b, json_t *j, const char *form)
{
	for (;;) {
		size_t len = strcspn(form, "{");
		char key[32] = "";

		buf_add(b, form, len);
		if (!form[len])
			return;
		form += len + 1;
		len = strcspn(form, "}");
		assert(form[len] && len < sizeof(key));
		memcpy(key, form, len);
		add_value(b, json_object_get(j, key));
		form += len + 1;
	}
}

void html_clip(struct buf *b, const char *text, size_t max)
{
	char room[128];
	size_t len = strlen(text);

	assert(max < sizeof(room));
	if (len <= max) {
		html_text(b, text);
		return;
	}
	while (max && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	memcpy(room, text, max);
	room[max] = '\0';
	html_text(b, room);
	buf_add_str(b, "\u2026");
}

void html_seconds(struct buf *b, json_t *j, const char *key)
{
	u64 ms = tree_get_int(j, key);

	buf_printf(b, "%llu.%llu s", (unsigned long long)(ms / 1000),
		   (unsigned long long)(ms / 100 % 10));
}

void html_row(struct buf *b, const char *heading, const char *text)
{
	if (!*text)
		return;
	buf_add_str(b, "<tr><th scope=\"row\">");
	html_text(b, heading);
	buf_add_str(b, "</th><td>");
	html_text(b, text);
	buf_add_str(b, "</td></tr>\n");
}

json_t *html_find(json_t *list, const char *key, const char *value)
{
	json_t *j;
	size_t i;

	if (!*value)
		return NULL;
	json_array_foreach(list, i, j) if (str_eq(tree_show(j, key), value)) return j;
	return NULL;
}

void html_plain_task(struct buf *b, json_t *task)
{
	buf_printf(b, "%s (pid %llu)", tree_show(task, "comm"),
		   (unsigned long long)tree_get_int(task, "pid"));
}

void html_plain_function(struct buf *b, json_t *task)
{
	const char *function = tree_show(task, "function"),
		   *module = tree_show(task, "module");

	if (*function)
		buf_printf(b, "%s%s%s%s", function, *module ? " [" : "", module,
			   *module ? "]" : "");
	else
		buf_add_str(b, tree_show(task, "state"));
}
