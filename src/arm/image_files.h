/*
 * The further files of an image as a list that grows: what initramfs_build() takes. Strings
 * and data are copied into the list; layout is public.
 */
#ifndef ARM_IMAGE_FILES_H
#define ARM_IMAGE_FILES_H

#include "arm/initramfs.h"

#define IMAGE_FILES_MAX 1024

struct image_files {
	struct initramfs_file *files;
	size_t count;
};

void image_files_deinit(struct image_files *f);

bool image_files_has(const struct image_files *f, const char *path);

/* Add the file of this host at @host_path as @path. What has that path already stays. */
must_check struct err *image_files_add(struct image_files *f, const char *path,
				       const char *host_path, unsigned mode);
/* Add a file of @len bytes. */
must_check struct err *image_files_add_data(struct image_files *f, const char *path,
					    const void *data, size_t len, unsigned mode);

#endif
