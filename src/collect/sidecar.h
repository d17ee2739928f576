/*
 * The sidecar: a small JSON file beside a dump that says how long the dump is and which
 * checksum each range of it has, so that a copy, or the same file a year later, can be
 * checked byte by byte.
 *
 * It is made from the finished file, after that was synced, and appears under its name only
 * when it is whole; a dump with a sidecar is a dump whose writer was done. It is a library
 * of its own, so that a capture kernel need not bring JSON for it. Layout is public; the
 * struct owns `crcs`. One thread.
 *
 * Format: docs/formats.md. CRC-32 is that of zlib, gzip and PNG (ISO 3309).
 */
#ifndef COLLECT_SIDECAR_H
#define COLLECT_SIDECAR_H

#include "base/buf.h"

#define SIDECAR_SUFFIX	".sidecar.json"
#define SIDECAR_VERSION 1
#define SIDECAR_RANGE_BYTES                                                                \
	((u64)64 << 20) /* of files up to 4 TiB; of longer ones more                       \
			 */
#define SIDECAR_RANGES_MAX 65536
#define SIDECAR_BYTES_MAX  (4u << 20) /* of the JSON text */
#define SIDECAR_WORD_MAX   32

struct sidecar {
	/* What the writer knows of the dump; for people, who must see it escaped. Words
	 * are "" where not known. */
	char format[SIDECAR_WORD_MAX]; /* "kdump-compressed" */
	char codec[SIDECAR_WORD_MAX];  /* "zstd" */
	s64 codec_level;
	u64 dump_level;
	u64 pages; /* written, zero pages included */
	bool is_incomplete;

	u64 file_bytes;
	u64 range_bytes; /* of all ranges but the last */
	u32 *crcs;	 /* owned */
	size_t num_ranges;
};

void sidecar_deinit(struct sidecar *s);

/* Fill the lower half of @s from the first @file_bytes bytes of the file open at @fd. What
 * lies past the end of the file (ERR_BAD_DATA) is an error. The caller calls
 * sidecar_deinit() in any case. */
must_check struct err *sidecar_measure(struct sidecar *s, int fd, const char *name,
				       u64 file_bytes);

/* Append as JSON. */
must_check struct err *sidecar_format(const struct sidecar *s, struct buf *b);
/* ERR_BAD_DATA naming the member if it is no sidecar, ERR_UNSUPPORTED if its version is
 * newer than this program. */
must_check struct err *sidecar_parse(const char *text, size_t len, struct sidecar *ret);

/* Where the sidecar of the dump at @dump_path lies. The caller frees. */
must_check struct err *sidecar_path(const char *dump_path, char **ret);
/* Write to @path, replacing what is there: beside it first, fsync, then rename. */
must_check struct err *sidecar_write(const struct sidecar *s, const char *path);
/* ERR_ABSENT if there is none. */
must_check struct err *sidecar_read(const char *path, struct sidecar *ret);

/* What became of a file since its sidecar was made. */
struct sidecar_check {
	u64 file_bytes; /* of the file now; may be more than said on a block device */
	bool size_differs;
	size_t num_different; /* ranges */
	u64 different_offset; /* of the first of them */
	u32 crc_expected, crc_found;
	bool is_same;
};

/* Compare the file open at @fd with @s. */
must_check struct err *sidecar_compare(const struct sidecar *s, int fd, const char *name,
				       struct sidecar_check *ret);

#endif
