/*
 * The scratch disk of a guest: a sparse raw image with one ext4 file system on it.
 *
 * The image has no name: it is an unlinked file, so nothing is left behind however we end.
 * QEMU and mke2fs reach it as disk_path(), which works in a process that inherited
 * disk_fd(). Files are read back through libext2fs, without root and without mounting.
 * What a guest wrote is not trusted: sizes are bounded by the image, names come back as
 * they are and must not be used as paths unchecked. For one thread.
 */
#ifndef MACHINE_DISK_H
#define MACHINE_DISK_H

#include "base/err.h"

#include <signal.h>

struct disk;

#define DISK_ENTRIES_MAX 256
#define DISK_NAME_MAX	 255

struct disk_entry {
	char name[DISK_NAME_MAX + 1];
	bool is_directory; /* otherwise a regular file; others are not listed */
	u64 size_bytes;
};

struct disk_listing {
	struct disk_entry entries[DISK_ENTRIES_MAX];
	size_t count;
};

/* Make an image of @size_bytes in @dir (NULL: $TMPDIR or /var/tmp) and an ext4 file system
 * with @label on it. ERR_ABSENT naming the package if there is no mke2fs. */
must_check struct err *disk_new(const char *dir, u64 size_bytes, const char *label,
				const volatile sig_atomic_t *cancel, struct disk **ret);
void disk_free(struct disk *d);
CLEANUP_FREEP(disk)

int disk_fd(const struct disk *d);
const char *disk_path(const struct disk *d);

/* List the directory @path of the file system, without "." and "..". ERR_ABSENT if it is
 * not there. Past DISK_ENTRIES_MAX entries further ones are left out. */
must_check struct err *disk_list(struct disk *d, const char *path,
				 struct disk_listing *ret);

/* Copy the regular file @path of the file system to @fd, which sentences call @name.
 * ERR_ABSENT if it is not there, ERR_OS if @fd cannot take it (its disk may be full). */
must_check struct err *disk_copy_out(struct disk *d, const char *path, int fd,
				     const char *name, u64 *ret_bytes);

#endif
