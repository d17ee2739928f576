/* The tables of what is built into a kernel: modules.builtin and modules.builtin.modinfo.
 * The first two bytes are the length of the former. */
#include "fuzz.h"

#include "arm/module_index_priv.h"
#include "base/io.h"

#include <assert.h>
#include <string.h>
#include <sys/stat.h>

static const char *const files[] = {"modules.builtin", "modules.builtin.modinfo",
				    "ext4.ko.xz"};

static void write_table(const char *directory, const char *name, const void *data,
			size_t len)
{
	char path[128];
	struct err *err;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	err = io_write_file(path, 0600, data, len);
	assert(!err);
}

static void ask(const char *directory, const char *name)
{
	struct module_index *index = NULL;
	const struct module_index_row *row;
	struct err *err = module_index_new(directory, &index);

	assert(!err);
	(void)module_index_is_builtin(index, "crc32c-intel");
	(void)module_index_is_builtin(index, name);
	(void)module_index_find(index, name);
	for (row = module_index_find_prefix(index, name); row;
	     row = module_index_next_prefix(index, row, name))
		assert(row->name && row->path);
	module_index_free(index);
}

static void clear(const char *directory)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%s", directory, files[i]);
		unlink(path);
	}
	rmdir(directory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char directory[] = "/tmp/inquest-fuzz-XXXXXX", name[32] = "";
	size_t first = size >= 2 ? data[0] | data[1] << 8 : 0;

	if (size < 2 || first > size - 2 || !mkdtemp(directory))
		return 0;
	data += 2;
	size -= 2;
	write_table(directory, files[0], data, first);
	write_table(directory, files[1], data + first, size - first);
	write_table(directory, files[2], "", 0);
	memcpy(name, data, min_u64(sizeof(name) - 1, size));
	ask(directory, name);
	clear(directory);
	return 0;
}
