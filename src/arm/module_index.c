#include "arm/module_index_priv.h"

#include "base/io.h"
#include "base/str.h"

#include <errno.h>
#include <fts.h>
#include <string.h>

/* Debian has 4,100 modules; modules.builtin.modinfo is 60 KB there. */
#define FILES_MAX	  65536
#define BUILTIN_BYTES_MAX (4u << 20)

struct module_index {
	char *directory;
	struct module_index_row *rows;
	size_t num_rows, capacity;
	char *builtin; /* modules.builtin: a path per line, "" if there is none */
	char *modinfo; /* modules.builtin.modinfo: NAME.KEY=VALUE, each ended by a 0 */
	size_t modinfo_len;
};

static char folded(char c)
{
	return c == '-' ? '_' : c;
}

bool module_name_eq(const char *a, const char *b)
{
	while (*a && folded(*a) == folded(*b)) {
		a++;
		b++;
	}
	return !*a && !*b;
}

static bool has_prefix(const char *name, const char *stem)
{
	while (*stem && folded(*name) == folded(*stem)) {
		name++;
		stem++;
	}
	return !*stem;
}

/* Length of the module's name in the file name @base, "crc32c-intel.ko.xz"; 0 if it is not
 * that of a module. */
static size_t name_len_of_file(const char *base)
{
	const char *dot = strstr(base, ".ko");

	return dot && (!dot[3] || dot[3] == '.') ? (size_t)(dot - base) : 0;
}

/* That name, folded. NULL without memory. */
static char *name_of_file(const char *base)
{
	char *name = strndup(base, name_len_of_file(base));

	for (char *p = name; p && *p; p++)
		*p = folded(*p);
	return name;
}

static struct err *add_row(struct module_index *index, const char *base, const char *path)
{
	size_t prefix = strlen(index->directory);
	struct module_index_row *row;

	if (!name_len_of_file(base))
		return NULL;
	if (index->num_rows == FILES_MAX)
		return err_new(ERR_BAD_DATA, "%s has more than %d modules",
			       index->directory, FILES_MAX);
	if (index->num_rows == index->capacity) {
		size_t capacity = index->capacity * 2 + 1024;

		row = reallocarray(index->rows, capacity, sizeof(*row));
		if (!row)
			return err_nomem();
		index->rows = row;
		index->capacity = capacity;
	}
	row = &index->rows[index->num_rows];
	*row = (struct module_index_row){
		.name = name_of_file(base),
		.path = strdup(path),
		.is_update = str_has_prefix(path + prefix, "/updates/"),
	};
	index->num_rows++;
	return row->name && row->path ? NULL : err_nomem();
}

static struct err *walk(struct module_index *index)
{
	char *const roots[] = {index->directory, NULL};
	/* Physical: build and source are links to somewhere else. */
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	struct err *err = NULL;
	FTSENT *entry;

	if (!fts)
		return err_os(errno, "cannot walk %s", index->directory);
	while (!err && (errno = 0, entry = fts_read(fts))) {
		if (entry->fts_info == FTS_F)
			err = add_row(index, entry->fts_name, entry->fts_path);
		else if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_NS)
			err = err_os(entry->fts_errno, "cannot read %s", entry->fts_path);
	}
	fts_close(fts);
	return err;
}

/* By name; of those with the same name the one that wins comes first, and the order does
 * not depend on the directory's. */
static int compare_rows(const void *a, const void *b)
{
	const struct module_index_row *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	if (order)
		return order;
	if (x->is_update != y->is_update)
		return x->is_update ? -1 : 1;
	return strcmp(x->path, y->path);
}

/* Read DIRECTORY/@name, which may be absent. */
static struct err *read_table(const char *directory, const char *name, char **ret,
			      size_t *ret_len)
{
	cleanup(freep) char *path = NULL;
	struct err *err;

	if (asprintf(&path, "%s/%s", directory, name) < 0) {
		path = NULL;
		return err_nomem();
	}
	err = io_read_file(path, BUILTIN_BYTES_MAX, ret, ret_len);
	if (err && err_errno(err) == ENOENT) {
		err_ignore(err);
		*ret = strdup("");
		*ret_len = 0;
		return *ret ? NULL : err_nomem();
	}
	return err;
}

struct err *module_index_new(const char *modules_dir, struct module_index **ret)
{
	cleanup(module_index_freep) struct module_index *index = calloc(1, sizeof(*index));
	struct err *err;
	size_t len;

	if (!index)
		return err_nomem();
	index->directory = strdup(modules_dir);
	if (!index->directory)
		return err_nomem();
	err = walk(index);
	if (!err && index->num_rows == 0)
		err = err_new(ERR_ABSENT, "%s has no kernel modules", modules_dir);
	if (!err)
		err = read_table(modules_dir, "modules.builtin", &index->builtin, &len);
	if (!err)
		err = read_table(modules_dir, "modules.builtin.modinfo", &index->modinfo,
				 &index->modinfo_len);
	if (err)
		return err;
	qsort(index->rows, index->num_rows, sizeof(*index->rows), compare_rows);
	*ret = steal(index);
	return NULL;
}

void module_index_free(struct module_index *index)
{
	if (!index)
		return;
	for (size_t i = 0; i < index->num_rows; i++) {
		free(index->rows[i].name);
		free(index->rows[i].path);
	}
	free(index->rows);
	free(index->builtin);
	free(index->modinfo);
	free(index->directory);
	free(index);
}

const char *module_index_directory(const struct module_index *index)
{
	return index->directory;
}

const struct module_index_row *module_index_find(const struct module_index *index,
						 const char *name)
{
	for (size_t i = 0; i < index->num_rows; i++)
		if (module_name_eq(index->rows[i].name, name))
			return &index->rows[i];
	return NULL;
}

const struct module_index_row *module_index_find_prefix(const struct module_index *index,
							const char *stem)
{
	for (size_t i = 0; *stem && i < index->num_rows; i++)
		if (has_prefix(index->rows[i].name, stem))
			return &index->rows[i];
	return NULL;
}

const struct module_index_row *module_index_next_prefix(const struct module_index *index,
							const struct module_index_row *row,
							const char *stem)
{
	row++;
	if (row == index->rows + index->num_rows || !has_prefix(row->name, stem))
		return NULL;
	return row;
}

/* "kernel/lib/crc16.ko" in modules.builtin. */
static bool is_builtin_name(const struct module_index *index, const char *name)
{
	for (const char *line = index->builtin; *line;) {
		size_t len = strcspn(line, "\n");
		size_t base = len;

		while (base && line[base - 1] != '/')
			base--;
		if (has_prefix(line + base, name) &&
		    str_has_prefix(line + base + strlen(name), ".ko"))
			return true;
		line += len + (line[len] == '\n');
	}
	return false;
}

/* "crc32c_generic.alias=crypto-crc32c" in modules.builtin.modinfo. */
static bool is_builtin_alias(const struct module_index *index, const char *alias)
{
	static const char key[] = ".alias=";

	for (size_t pos = 0; pos < index->modinfo_len;) {
		const char *row = index->modinfo + pos;
		const char *found = strstr(row, key);

		if (found && module_name_eq(found + strlen(key), alias))
			return true;
		pos += strlen(row) + 1;
	}
	return false;
}

bool module_index_is_builtin(const struct module_index *index, const char *name)
{
	return is_builtin_name(index, name) || is_builtin_alias(index, name);
}
