/*
 * A file, block device or /proc/vmcore as a byte source.
 *
 * Regular files and devices are mapped whole, so that bytes can be used in place. What lies
 * in /proc is not: the kernel would build page tables for all of it; there short reads are
 * read(2), and for long ones a window is mapped if that is faster, which the first
 * megabytes show; a few large pieces that are wanted in place have mappings of their own.
 * What comes through a pipe is first kept in a file without a name, in TMPDIR or /var/tmp.
 * Nothing beyond the size seen when opening is ever touched. One thread at a time: another
 * thread opens it again.
 */
#ifndef DUMP_FILE_H
#define DUMP_FILE_H

#include "base/io.h"

struct file_source;

must_check struct err *file_source_open(const char *path, struct file_source **ret);
/* The same, read the way of /proc, wherever @path is. */
must_check struct err *file_source_open_in_windows(const char *path,
						   struct file_source **ret);
/* The same file for one more thread, which @of must outlive: the mapping of the whole is
 * shared, descriptor and window are its own. */
must_check struct err *file_source_open_again(const struct file_source *of,
					      struct file_source **ret);
void file_source_close(struct file_source *f);
static inline void file_source_closep(struct file_source **f)
{
	file_source_close(*f);
}

/* How long reads are done. What the first of those that are open at once found out holds
 * for all. */
enum file_way { FILE_IS_OPEN, FILE_IS_READ, FILE_IS_MAPPED };
enum file_way file_source_way(const struct file_source *f);

/* Valid as long as @f is open. */
const struct byte_source *file_source_bytes(const struct file_source *f);

#endif
