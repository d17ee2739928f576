/*
 * The directory of one dump, and the rule that a file has its final name only when all of
 * it is on disk.
 *
 * A file is written under a name that says it is not finished, brought to disk with fsync,
 * renamed, and the directory is brought to disk as well. Whoever finds `vmcore` finds all
 * of it, whenever the power went. Directories are 0700 and files 0600: a dump holds
 * secrets.
 */
#ifndef CAPTURE_DUMPDIR_H
#define CAPTURE_DUMPDIR_H

#include "base/err.h"

#include <time.h>

/* Layout is public. */
struct dumpdir {
	char *path;
	int fd;
};

/* Make a directory in @parent, called as names_add_directory() has it, and what is missing
 * above it. If it is there already, "-2" to "-9" are tried. */
must_check struct err *dumpdir_create(const char *parent, const char *naming,
				      const char *host, time_t when, struct dumpdir *ret);
/* Open the one at @path. */
must_check struct err *dumpdir_open(const char *path, struct dumpdir *ret);
void dumpdir_close(struct dumpdir *d);

/* Writes the content into @fd; @path is its name for errors. */
typedef struct err *dumpdir_writer(void *ctx, int fd, const char *path);

/* Save a file: written as @incomplete, kept as @name; *@ret_bytes is its size. On failure
 * what was written stays under @incomplete and nothing has the name @name. */
must_check struct err *dumpdir_save(struct dumpdir *d, const char *incomplete,
				    const char *name, dumpdir_writer *write, void *ctx,
				    u64 *ret_bytes);

#endif
