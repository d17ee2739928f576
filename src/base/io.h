/*
 * Whole reads and writes on descriptors and files, and random access to bytes as an object.
 *
 * Short transfers and EINTR are handled here and nowhere else. Errors name @name, which is
 * a path or another phrase for a person.
 */
#ifndef BASE_IO_H
#define BASE_IO_H

#include "base/err.h"

/* Random access to bytes: a file, or memory. The reader owns nothing of it. read_at reads
 * exactly @len bytes at @offset; reading past `size` is an error of the caller that yields
 * ERR_BAD_DATA naming the offset. `map` may be NULL; it gives a pointer to @len bytes that
 * stays valid as long as the source does, or NULL where that is not possible. `look` may be
 * NULL; it gives such a pointer for large pieces: they are there when it returns, so that a
 * failing disk is told (by NULL, read then) and does not end the program, and they hold
 * memory only until the next look. `hold` may be NULL: where the whole is not mapped, it
 * maps a large piece for as long as the source is open; it gives NULL after the first few.
 * `next_data` may be NULL; see source_next_data(). */
struct byte_source {
	struct err *(*read_at)(const struct byte_source *src, u64 offset, void *data,
			       size_t len);
	const void *(*map)(const struct byte_source *src, u64 offset, size_t len);
	const void *(*look)(const struct byte_source *src, u64 offset, size_t len);
	const void *(*hold)(const struct byte_source *src, u64 offset, size_t len);
	u64 (*next_data)(const struct byte_source *src, u64 offset);
	void *ctx;
	u64 size;
	const char *name;
};

must_check struct err *source_read(const struct byte_source *src, u64 offset, void *data,
				   size_t len);

/* How far a hole reaches: the first offset from @offset on whose byte may be other than
 * zero, at most the size of the source. What is before it need not be read. */
u64 source_next_data(const struct byte_source *src, u64 offset);

/* A source over @size bytes at @data, for tests and buffers. Borrowed, not copied. */
struct byte_source source_from_memory(const void *data, size_t size, const char *name);

must_check struct err *io_write_all(int fd, const void *data, size_t len, const char *name);
must_check struct err *io_pwrite_all(int fd, const void *data, size_t len, u64 offset,
				     const char *name);

/* Read up to @len bytes at @offset, stopping early only at the end of the file. */
must_check struct err *io_pread_some(int fd, void *data, size_t len, u64 offset,
				     const char *name, size_t *ret_len);

/* Read the file at @path into memory with a 0 added behind its end. ERR_BAD_DATA if it is
 * longer than @max_len. Works for /proc and /sys files, whose size is not known before. The
 * caller frees *@ret. @ret_len may be NULL. */
must_check struct err *io_read_file(const char *path, size_t max_len, char **ret,
				    size_t *ret_len);

/* Create or truncate @path with @mode and write it whole. */
must_check struct err *io_write_file(const char *path, unsigned mode, const void *data,
				     size_t len);

/* Open a new file without a name in @dir, for reading and writing: it goes away with its
 * last descriptor, however we end. "/proc/self/fd/N" is a path to it. */
must_check struct err *io_open_nameless(const char *dir, int *ret_fd);

/* Where files that go away may be put: $TMPDIR, else @otherwise. */
const char *io_temp_dir(const char *otherwise);

/* fsync the directory at @path, so that a rename in it survives a power cut. */
must_check struct err *io_fsync_dir(const char *path);

#endif
