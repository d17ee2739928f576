#include "trigger/config_priv.h"

#include "base/str.h"

#include <string.h>

struct err *config_names_add(struct config_names *names, const struct config_reader *rd,
			     const struct json_place *at, const char *name)
{
	cleanup(buf_deinit) struct buf place = BUF_INIT;
	const char *origin;

	if (names->num == CONFIG_ROWS_MAX)
		return config_wrong(rd, at, "more than %u rows of this kind",
				    CONFIG_ROWS_MAX);
	if (names->num == names->capacity) {
		size_t capacity = names->capacity ? names->capacity * 2 : 64;
		struct config_name *more =
			reallocarray(names->rows, capacity, sizeof(*more));

		if (!more)
			return err_nomem();
		names->rows = more;
		names->capacity = capacity;
	}
	/* No line: it would be counted for each of many rows. */
	json_place_describe(at, &place);
	origin = config_printf(rd->load->arena, "%s%s%s", rd->file->name,
			       place.len ? ": " : "", buf_text(&place));
	if (!origin)
		return err_nomem();
	names->rows[names->num++] = (struct config_name){name, origin};
	return NULL;
}

static int by_name(const void *a, const void *b)
{
	const struct config_name *x = a, *y = b;

	return strcmp(x->name, y->name);
}

struct err *config_names_check(struct config_names *names, const char *what)
{
	if (names->num)
		qsort(names->rows, names->num, sizeof(*names->rows), by_name);
	for (size_t i = 1; i < names->num; i++) {
		const struct config_name *one = &names->rows[i - 1], *two = &names->rows[i];

		if (str_eq(one->name, two->name))
			return err_new(ERR_BAD_DATA,
				       "%s: the %s %s is there already, in %s", two->origin,
				       what, two->name, one->origin);
	}
	return NULL;
}
