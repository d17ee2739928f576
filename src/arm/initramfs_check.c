#include "arm/initramfs_check.h"

#include "base/bytes.h"
#include "base/str.h"
#include "format/cpio.h"
#include "format/manifest.h"

#include <libdeflate.h>
#include <string.h>

/* Find the entry with the absolute path @path. */
static struct err *find_entry(const void *data, size_t len, const char *path,
			      struct cpio_entry *ret)
{
	struct cpio_reader reader = {.data = data, .len = len};
	struct cpio_entry entry;
	bool is_end = false;

	for (;;) {
		struct err *err = cpio_next(&reader, &entry, &is_end);

		if (err)
			return err;
		if (is_end)
			return err_new(ERR_BAD_DATA, "the image has no %s", path);
		if (str_eq(entry.name, path + 1)) {
			*ret = entry;
			return NULL;
		}
	}
}

static struct err *check_files(const void *data, size_t len, const struct manifest *m)
{
	struct cpio_entry entry;
	struct err *err = NULL;

	for (size_t i = 0; !err && i < m->num_modules; i++)
		err = find_entry(data, len, m->modules[i].path, &entry);
	for (size_t i = 0; !err && i < m->num_hooks; i++)
		err = find_entry(data, len, m->hooks[i].path, &entry);
	return err;
}

struct err *initramfs_check_archive(const void *data, size_t len)
{
	struct cpio_entry entry;
	struct manifest m;
	struct err *err = find_entry(data, len, "/init", &entry);

	if (!err && !entry.len)
		err = err_new(ERR_BAD_DATA, "the image's /init is empty");
	if (!err)
		err = find_entry(data, len, MANIFEST_PATH, &entry);
	if (!err)
		err = manifest_parse(entry.data, entry.len, &m);
	if (err)
		return err;
	err = check_files(data, len, &m);
	manifest_deinit(&m);
	return err;
}

struct err *initramfs_check(const void *data, size_t len)
{
	struct libdeflate_decompressor *d;
	cleanup(freep) char *archive = NULL;
	enum libdeflate_result result;
	size_t unpacked, got;

	/* Its last four bytes say how long a gzip file is unpacked. */
	unpacked = len >= 18 ? get_le32((const u8 *)data + len - 4) : 0;
	if (!unpacked || unpacked > INITRAMFS_UNPACKED_MAX)
		return err_new(ERR_BAD_DATA, "the image is no gzip file of a sane size");
	archive = malloc(unpacked);
	d = libdeflate_alloc_decompressor();
	if (!archive || !d) {
		libdeflate_free_decompressor(d);
		return err_nomem();
	}
	result = libdeflate_gzip_decompress(d, data, len, archive, unpacked, &got);
	libdeflate_free_decompressor(d);
	if (result != LIBDEFLATE_SUCCESS)
		return err_new(ERR_BAD_DATA, "the image cannot be unpacked");
	return initramfs_check_archive(archive, got);
}
