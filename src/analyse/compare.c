#include "analyse/compare.h"

#include "base/str.h"

/* Where a text stands in the tree. */
static const struct row {
	const char *label;
	const char *section, *key;
} rows[] = {
	{"class", "crash", "class"},	    {"trigger", "crash", "trigger"},
	{"culprit", "culprit", "function"}, {"module", "culprit", "module"},
	{"kernel", "banner", "release"},    {"build", "dump", "kernel_build_id"},
	{"machine", "banner", "nodename"},  {"taint", "banner", "taint"},
	{"panic", "banner", "panic"},
};

static const char *text_of(json_t *report, const struct row *row)
{
	json_t *section = json_object_get(report, row->section);
	const char *text;

	if (str_eq(row->section, "culprit"))
		section = json_object_get(json_object_get(report, "crash"), "culprit");
	text = json_string_value(json_object_get(section, row->key));
	return text ? text : "";
}

static void add_row(struct buf *b, const struct row *row, json_t *first, json_t *second)
{
	const char *x = text_of(first, row), *y = text_of(second, row);

	if (!*x && !*y)
		return;
	if (str_eq(x, y))
		buf_printf(b, "  same     %-10s %s\n", row->label, x);
	else
		buf_printf(b, "  differs  %-10s %s | %s\n", row->label, *x ? x : "-",
			   *y ? y : "-");
}

static bool has_module(json_t *report, const char *name)
{
	json_t *m;
	size_t i;

	json_array_foreach(json_object_get(report, "modules"), i, m)
	{
		const char *other = json_string_value(json_object_get(m, "name"));

		if (other && str_eq(other, name))
			return true;
	}
	return false;
}

/* Names of the modules that only @report has. */
static void add_modules(struct buf *b, const char *label, json_t *report, json_t *other)
{
	json_t *m;
	size_t i;
	bool is_first = true;

	json_array_foreach(json_object_get(report, "modules"), i, m)
	{
		const char *name = json_string_value(json_object_get(m, "name"));

		if (!name || has_module(other, name))
			continue;
		if (is_first)
			buf_printf(b, "  modules only in the %s:", label);
		is_first = false;
		buf_printf(b, " %s", name);
	}
	if (!is_first)
		buf_add_char(b, '\n');
}

static const char *signature_of(json_t *report, const char *key)
{
	json_t *crash = json_object_get(report, "crash");
	const char *text = json_string_value(
		json_object_get(json_object_get(crash, "signature"), key));

	return text ? text : "";
}

static const char *verdict_of(json_t *report)
{
	const char *text = json_string_value(json_object_get(report, "verdict"));

	return text ? text : "";
}

bool reports_compare(struct buf *b, json_t *first, json_t *second)
{
	const char *hash = signature_of(first, "hash");
	bool is_same = *hash && str_eq(hash, signature_of(second, "hash"));
	bool is_near =
		str_eq(signature_of(first, "bucket"), signature_of(second, "bucket"));

	buf_printf(b, "%s\n",
		   is_same   ? "The same crash: the signatures are equal."
		   : is_near ? "Alike: the same class and culprit, called from elsewhere."
			     : "Different crashes.");
	buf_printf(b, "  first    %s\n  second   %s\n", verdict_of(first),
		   verdict_of(second));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		add_row(b, &rows[i], first, second);
	add_modules(b, "first", first, second);
	add_modules(b, "second", second, first);
	return is_same;
}
