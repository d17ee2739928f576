/*
 * Which kernel modules an image needs, in the order in which they must be loaded.
 *
 * Dependencies, soft dependencies and built-in modules are read from the module files and
 * from modules.builtin and modules.builtin.modinfo; no modules.dep is needed, so that a
 * package which was only unpacked will do. The list owns its strings.
 */
#ifndef ARM_MODULES_H
#define ARM_MODULES_H

#include "base/err.h"

/* Layout is public. */
struct module_file {
	char *name;    /* "virtio_blk" */
	char *path;    /* on this host, "…/kernel/drivers/block/virtio_blk.ko.xz" */
	bool optional; /* only a soft dependency of others */
};

struct module_list {
	struct module_file *files;
	size_t count;
};

/* The drivers of a QEMU guest with a virtio disk and ext4, NULL-terminated. */
extern const char *const modules_of_virtio_ext4[];

/* Resolve @names (NULL-terminated; '-' and '_' are the same) against the modules under
 * @modules_dir (…/lib/modules/RELEASE). Built-in ones are left out. ERR_ABSENT naming the
 * module and who needs it if it is neither a file nor built in; a soft dependency may be
 * missing, and so may a name with a '?' in front. */
must_check struct err *modules_resolve(const char *modules_dir, const char *const *names,
				       struct module_list *ret);
void module_list_deinit(struct module_list *list);

/* The options that modprobe.d(5) below @root gives the module @name, "" without; @more is
 * a kernel command line whose words NAME.PARAMETER=VALUE come behind them. The caller frees
 * *@ret. */
must_check struct err *module_options(const char *root, const char *modules_dir,
				      const char *name, const char *more, char **ret);

/* Read the module file at @path, decompressed (.ko, .ko.xz, .ko.zst), its signature kept.
 * The caller frees *@ret. */
must_check struct err *module_read(const char *path, void **ret, size_t *ret_len);

#endif
