#include "analyse/tree.h"

#include "base/str.h"

#include <string.h>

json_t *tree_object(struct tree *t)
{
	json_t *j = json_object();

	t->failed |= !j;
	return j;
}

json_t *tree_array(struct tree *t)
{
	json_t *j = json_array();

	t->failed |= !j;
	return j;
}

void tree_set(struct tree *t, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value))
		t->failed = true;
}

void tree_append(struct tree *t, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value))
		t->failed = true;
}

void tree_set_int(struct tree *t, json_t *object, const char *key, u64 value)
{
	/* No honest value is beyond; a dishonest one must not turn negative. */
	tree_set(t, object, key, json_integer((json_int_t)min_u64(value, INT64_MAX)));
}

void tree_set_hex(struct tree *t, json_t *object, const char *key, u64 value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)value);
	tree_set(t, object, key, json_string(text));
}

json_t *tree_text(struct tree *t, const char *raw, size_t len)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	json_t *j;

	str_escape(&b, raw, len, false);
	j = json_string(buf_text(&b));
	t->failed |= !j || b.failed;
	return j;
}

void tree_set_text(struct tree *t, json_t *object, const char *key, const char *raw)
{
	tree_set(t, object, key, tree_text(t, raw, strlen(raw)));
}

void tree_set_format(struct tree *t, json_t *object, const char *key, const char *fmt, ...)
{
	cleanup(freep) char *text = NULL;
	va_list args;

	va_start(args, fmt);
	text = str_vformat(fmt, args);
	va_end(args);
	if (text)
		tree_set_text(t, object, key, text);
	else
		t->failed = true;
}

struct err *tree_check(const struct tree *t)
{
	return t->failed ? err_nomem() : NULL;
}

const char *tree_get_text(const json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

const char *tree_text_of(const json_t *j)
{
	const char *text = json_string_value(j);

	return text ? text : "";
}

const char *tree_show(const json_t *j, const char *key)
{
	const char *text = tree_get_text(j, key);

	return text ? text : "";
}

u64 tree_get_int(const json_t *j, const char *key)
{
	return (u64)json_integer_value(json_object_get(j, key));
}

bool tree_has(const json_t *j, const char *key)
{
	return json_object_get(j, key) != NULL;
}

u64 tree_get_hex(const json_t *j, const char *key)
{
	const char *text = tree_get_text(j, key);
	u64 value = 0;

	if (text && !str_parse_u64(text, &value))
		value = 0;
	return value;
}
