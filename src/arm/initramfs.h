/*
 * The image that a guest or a capture kernel boots from: inquest-capture as /init, the
 * modules it loads, device nodes, the manifest, and further files.
 *
 * The result is a function of the inputs' bytes alone: same inputs, same bytes, on any day
 * and under any user. Nothing is written to disk but by initramfs_write().
 */
#ifndef ARM_INITRAMFS_H
#define ARM_INITRAMFS_H

#include "base/err.h"
#include "format/manifest.h"

/* Never xz: its 64 MiB dictionary runs a small capture kernel out of memory. Plain is for
 * an image that is used once and holds what is compressed already. */
enum initramfs_compression { INITRAMFS_GZIP, INITRAMFS_ZSTD, INITRAMFS_PLAIN };

/* A file of this host to be put into the image as it is. */
struct initramfs_file {
	const char *path;      /* in the image, absolute: "/boot/vmlinuz" */
	const char *host_path; /* NULL: take @data instead */
	const void *data;
	size_t len;
	unsigned mode; /* 0600 … */
};

struct initramfs_options {
	const char *init;	 /* the inquest-capture binary: see initramfs_find_init() */
	const char *modules_dir; /* …/lib/modules/RELEASE */
	const char *const *modules; /* names, NULL-terminated; NULL for none */
	/* Whose modprobe.d(5) tells their options; NULL for none. */
	const char *options_root;
	/* Words MODULE.PARAMETER=VALUE of it are options as well; NULL for none. */
	const char *command_line;
	const struct manifest *manifest; /* its module list is filled in by the builder */
	const struct initramfs_file *files;
	size_t num_files;
	enum initramfs_compression compression;
};

/* Layout is public. */
struct initramfs {
	void *data;
	size_t len;	    /* packed */
	u64 unpacked_bytes; /* of the cpio archive, about what the root file system takes */
	size_t num_modules;
};

/* Build the image in memory. Errors name the file at fault. */
must_check struct err *initramfs_build(const struct initramfs_options *options,
				       struct initramfs *ret);
void initramfs_deinit(struct initramfs *image);

/* Write the image to @path, mode 0600: it may hold secrets of the host. */
must_check struct err *initramfs_write(const struct initramfs *image, const char *path);

/* Where the inquest-capture binary is: beside the running program, else in the directory it
 * was installed to. ERR_ABSENT naming the places. The caller frees *@ret. */
must_check struct err *initramfs_find_init(char **ret);

#endif
