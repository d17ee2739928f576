/*
 * A file that appears under its name only when it is whole: written to a file without a
 * name, synced, then linked, so that nothing is left behind if this program is killed.
 *
 * Where a filesystem has no files without a name, it lies beside its place as PATH.PID
 * until then. Layout is public; the struct owns all it points to. Mode 0600: a dump holds
 * everybody's secrets.
 */
#ifndef BASE_NEW_FILE_H
#define BASE_NEW_FILE_H

#include "base/err.h"

struct new_file {
	int fd; /* open for reading and writing */
	char *path;
	char *dir;
	char *temporary; /* a name beside `path`; where the file is if it has one at all */
	bool has_name;
	bool overwrites;
};

/* Open an empty file that is to be @path. ERR_REFUSED if something is there already, unless
 * @overwrite. The caller calls new_file_deinit() in any case, which drops a file that was
 * not kept. */
must_check struct err *new_file_open(struct new_file *f, const char *path, bool overwrite);
void new_file_deinit(struct new_file *f);

/* Sync the file and give it its name. ERR_REFUSED if something has come there meanwhile,
 * unless it may be overwritten. */
must_check struct err *new_file_keep(struct new_file *f);

/* Keep what there is as the path with "-incomplete" appended, replacing what is there, and
 * say so in front of the sentence of @err, which is returned. */
must_check struct err *new_file_keep_incomplete(struct new_file *f, struct err *err);

/* What new_file_keep_incomplete() appends. */
#define NEW_FILE_INCOMPLETE_SUFFIX "-incomplete"

#endif
