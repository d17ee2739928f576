/*
 * Paths of the machine that is looked at, below a root: "" on a real machine, a directory
 * of made-up files in a test, or of a system that is being put together.
 *
 * A path of the machine is absolute and does not have the root in front. Symbolic links are
 * followed as that machine would: none leads out of the root. Nothing is kept; the caller
 * frees what is returned.
 */
#ifndef ARM_ROOT_H
#define ARM_ROOT_H

#include "base/err.h"

/* The path on this host. @path is not resolved. */
must_check struct err *root_join(const char *root, const char *path, char **ret);

/* Follow all symbolic links in @path and make "." and ".." go away, as realpath(3). What
 * does not exist stays as it is written, so that a directory that is still to be made has
 * a place. ERR_USAGE if @path is not absolute, ERR_BAD_DATA for links in a circle. The
 * result is a path of the machine. */
must_check struct err *root_resolve(const char *root, const char *path, char **ret);

/* Read the file at @path, links followed, with a newline at its end cut off. ERR_OS
 * (ENOENT) if it is not there, ERR_BAD_DATA if it is longer than @max_len. */
must_check struct err *root_read(const char *root, const char *path, size_t max_len,
				 char **ret);

/* Read a file of text, all of it. *@ret is NULL if it is not there; ERR_BAD_DATA if it is
 * longer than @max_len or has a zero byte, which the sentence says the line of. */
must_check struct err *root_read_text(const char *root, const char *path, size_t max_len,
				      char **ret);

/* As root_read(), but NULL for whatever cannot be read: for what is nice to know. */
char *root_read_or_null(const char *root, const char *path, size_t max_len);

/* Is there anything at @path, links followed? */
bool root_has(const char *root, const char *path);

#endif
