/*
 * The module files below one modules directory by name, and what is built into that kernel.
 *
 * The index owns its strings. Names are compared with '-' and '_' as the same letter, as
 * the kernel does. Rows are sorted by name, so that those with a common beginning are
 * neighbours.
 */
#ifndef ARM_MODULE_INDEX_PRIV_H
#define ARM_MODULE_INDEX_PRIV_H

#include "base/err.h"

struct module_index;

struct module_index_row {
	char *name; /* with '_' for '-' */
	char *path;
	bool is_update; /* below updates/, which wins over the kernel's own */
};

/* Walk @modules_dir. ERR_ABSENT if it has no modules at all. */
must_check struct err *module_index_new(const char *modules_dir, struct module_index **ret);
void module_index_free(struct module_index *index);
CLEANUP_FREEP(module_index)

const char *module_index_directory(const struct module_index *index);

/* The row of @name, NULL if there is none. */
const struct module_index_row *module_index_find(const struct module_index *index,
						 const char *name);

/* The first row whose name begins with @stem, and the one after @row. NULL if none. */
const struct module_index_row *module_index_find_prefix(const struct module_index *index,
							const char *stem);
const struct module_index_row *module_index_next_prefix(const struct module_index *index,
							const struct module_index_row *row,
							const char *stem);

/* Is @name the name or an alias of something built in? */
bool module_index_is_builtin(const struct module_index *index, const char *name);

bool module_name_eq(const char *a, const char *b);

#endif
