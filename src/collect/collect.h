/*
 * The collector: read any open dump, leave out the pages nobody needs, compress the rest,
 * and write a kdump-compressed file (version 6) that crash, drgn, makedumpfile and
 * libkdumpfile open.
 *
 * Memory is bounded (under 5 MB besides the dump's own) and nothing is allocated per page,
 * so that it works in a capture kernel. The file is marked incomplete from its first byte
 * until everything is in it. One thread; the dump is borrowed, its notices tell what could
 * not be decided.
 *
 * Formats: see format/diskdump.h. Page classes: see kernel/pageclass.h.
 */
#ifndef COLLECT_COLLECT_H
#define COLLECT_COLLECT_H

#include "dump/dump.h"
#include "kernel/pageclass.h"

/* Bits of a dump level, as makedumpfile -d has them. */
#define COLLECT_ZERO	      1u
#define COLLECT_CACHE	      2u
#define COLLECT_CACHE_PRIVATE 4u /* page cache with and without private data */
#define COLLECT_USER	      8u
#define COLLECT_FREE	      16u
#define COLLECT_MAX_LEVEL     31u

/* A compressor of single pages: one const table each, in its own file, so that a program
 * links only those it names. */
struct collect_codec;
extern const struct collect_codec collect_codec_none; /* no levels */
extern const struct collect_codec collect_codec_zlib; /* levels 1 … 12, default 1 */
extern const struct collect_codec collect_codec_zstd; /* levels -50 … 19, default -1 */

const char *collect_codec_name(const struct collect_codec *codec);

struct collect_progress {
	u64 pages_done, pages_total; /* of those to be written; total 0: still counting */
	u64 bytes_written;
};

struct collect_options {
	unsigned dump_level; /* 0 … 31 */
	const struct collect_codec *codec;
	bool has_codec_level;
	int codec_level;
	/* Called about once per megabyte of pages; may be NULL. */
	void (*progress)(void *ctx, const struct collect_progress *p);
	void *progress_ctx;
};

struct collect_stats {
	u64 pages_ram;		 /* page frames of RAM the source speaks of */
	u64 pages_not_in_source; /* of these: filtered out or lost before */
	u64 excluded[PAGE_NUM_CLASSES];
	u64 pages_written;    /* including zero pages, which share one page of data */
	u64 pages_zero;	      /* of these */
	u64 pages_unreadable; /* of these: written as zeros, because reading failed */
	u64 bytes_written;    /* size of the file */
	u64 filter_ms, copy_ms;
	bool is_incomplete; /* the file is marked so, because of the source or unreadable
			       pages */
};

/* Write @d to the regular file open for reading and writing at @fd, which is emptied first.
 * @name is for messages. ERR_USAGE for options that make no sense; ERR_INCOMPLETE if
 * writing failed half-way (the disk is full): the file then is a readable dump that is
 * marked incomplete. *@ret tells how far it came in any case. Not fsync'ed. */
must_check struct err *collect_to_fd(struct dump *d, int fd, const char *name,
				     const struct collect_options *options,
				     struct collect_stats *ret);

/* The same to a file that appears at @path only when it is whole and on the disk.
 * ERR_REFUSED if something is there already, unless @overwrite. After ERR_INCOMPLETE what
 * could be written is at @path with "-incomplete" appended. */
must_check struct err *collect_to_path(struct dump *d, const char *path, bool overwrite,
				       const struct collect_options *options,
				       struct collect_stats *ret);

#endif
