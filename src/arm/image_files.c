#include "arm/image_files.h"

#include "base/str.h"

#include <string.h>

static void file_deinit(struct initramfs_file *file)
{
	free((char *)file->path);
	free((char *)file->host_path);
	free((void *)file->data);
}

void image_files_deinit(struct image_files *f)
{
	for (size_t i = 0; i < f->count; i++)
		file_deinit(&f->files[i]);
	free(f->files);
	*f = (struct image_files){0};
}

bool image_files_has(const struct image_files *f, const char *path)
{
	for (size_t i = 0; i < f->count; i++)
		if (str_eq(f->files[i].path, path))
			return true;
	return false;
}

/* Add @file, whose strings are the list's from now on, whatever comes. */
static struct err *add(struct image_files *f, struct initramfs_file file)
{
	struct initramfs_file *files;

	if (f->count == IMAGE_FILES_MAX) {
		file_deinit(&file);
		return err_new(ERR_USAGE, "an image has at most %d further files",
			       IMAGE_FILES_MAX);
	}
	files = reallocarray(f->files, f->count + 1, sizeof(*files));
	if (files)
		f->files = files;
	if (!files || !file.path || (!file.host_path && !file.data)) {
		file_deinit(&file);
		return err_nomem();
	}
	files[f->count++] = file;
	return NULL;
}

struct err *image_files_add(struct image_files *f, const char *path, const char *host_path,
			    unsigned mode)
{
	if (image_files_has(f, path))
		return NULL;
	return add(f, (struct initramfs_file){.path = strdup(path),
					      .host_path = strdup(host_path),
					      .mode = mode});
}

struct err *image_files_add_data(struct image_files *f, const char *path, const void *data,
				 size_t len, unsigned mode)
{
	void *copy;

	if (image_files_has(f, path))
		return NULL;
	copy = malloc(len + 1);
	if (copy && len)
		memcpy(copy, data, len);
	return add(f,
		   (struct initramfs_file){
			   .path = strdup(path), .data = copy, .len = len, .mode = mode});
}
