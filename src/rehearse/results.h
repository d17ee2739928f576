/*
 * Where a rehearsal leaves its results: a folder that the user named, or nameless files
 * that go away with us.
 *
 * Nothing half done is ever seen under its final name, nor under any other where the file
 * system has nameless files: a file gets its name by results_commit(), or goes away. The
 * console log is the exception: it grows under its own name while the guest runs, for those
 * who watch. For one thread.
 */
#ifndef REHEARSE_RESULTS_H
#define REHEARSE_RESULTS_H

#include "base/err.h"

struct results;

#define RESULTS_FILES_MAX 16

/* @dir is made if it is not there; NULL: nothing is kept. ERR_REFUSED if it already holds a
 * vmcore: two rehearsals are never mixed. */
must_check struct err *results_open(const char *dir, struct results **ret);

/* Remove what was not committed. NULL is allowed. */
void results_free(struct results *r);
CLEANUP_FREEP(results)

/* The folder, NULL if nothing is kept. */
const char *results_dir(const struct results *r);

/* Open a new file for writing and reading, "vmcore". *@ret_fd stays open until
 * results_free() and belongs to @r. */
must_check struct err *results_create(struct results *r, const char *name, int *ret_fd);

/* The path by which the file can be opened now, in this process; NULL if there is none. */
const char *results_path(const struct results *r, const char *name);

/* The path it has or will have, for sentences; its bare name if nothing is kept. */
const char *results_name(const struct results *r, const char *name);

/* fsync the file and give it its name. Without a folder, nothing. */
must_check struct err *results_commit(struct results *r, const char *name);

/* Create, write and commit a file at once. */
must_check struct err *results_write(struct results *r, const char *name, const void *data,
				     size_t len);

/* Open the console log, DIR/console.log or a nameless file, as results_create() does. */
must_check struct err *results_open_log(struct results *r, int *ret_fd);

/* Make sure that the console log outlives us and tell its path, which the caller frees. If
 * there is no folder, it is copied to $TMPDIR/inquest-console-XXXXXX.log. An empty log is
 * not worth it: *@ret_path is then NULL. */
must_check struct err *results_keep_log(struct results *r, char **ret_path);

#endif
