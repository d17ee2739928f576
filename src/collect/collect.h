/*
 * The collector: read any open dump, leave out the pages nobody needs, compress the rest,
 * and write a kdump-compressed file (version 6) or an ELF core that crash, drgn,
 * makedumpfile and libkdumpfile open.
 *
 * Memory is bounded (under 5 MB with one worker, 3 MB for each further one, whatever the
 * size of the machine) and nothing is allocated per page, so that it works in a capture
 * kernel. The dump is marked incomplete from its first byte until everything is in it. The
 * source is borrowed and nobody else may use it meanwhile; its notices tell what could not
 * be decided.
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
extern const struct collect_codec collect_codec_none;	/* no levels */
extern const struct collect_codec collect_codec_zlib;	/* levels 1 … 12, default 1 */
extern const struct collect_codec collect_codec_zstd;	/* levels -50 … 19, default -1 */
extern const struct collect_codec collect_codec_lzo;	/* no levels */
extern const struct collect_codec collect_codec_snappy; /* no levels */

const char *collect_codec_name(const struct collect_codec *codec);
/* 0 where there are no levels. */
int collect_codec_default_level(const struct collect_codec *codec);

enum collect_format { COLLECT_KDUMP, COLLECT_ELF };

struct collect_progress {
	u64 pages_done, pages_total; /* of those to be written */
	u64 bytes_written;
};

struct collect_options {
	unsigned dump_level; /* 0 … 31 */
	enum collect_format format;
	/* For kdump-compressed. NULL: each page stays as it is in a kdump-compressed
	 * source. */
	const struct collect_codec *codec;
	bool has_codec_level;
	int codec_level;
	unsigned num_workers; /* 0: as CPUs and free memory allow */
	bool is_ordered;      /* the file's bytes do not depend on the workers' speed */
	bool keeps_pcp;	      /* keep the free pages of CPUs' own lists at level 16 */
	bool excludes_memmap; /* leave out memory map that describes only excluded pages */
	/* Called once, when it is decided which pages are written and before the first of
	 * them is: the dump will have about @bytes, as a sample of its pages compresses. An
	 * error ends the run and is returned as it is. May be NULL. */
	struct err *(*foresee)(void *ctx, u64 bytes);
	void *foresee_ctx;
	/* Asked about once per half a megabyte, by one thread at a time: end now? May be
	 * NULL. */
	bool (*should_stop)(void *ctx);
	void *should_stop_ctx;
	/* Called as often, by one thread at a time; may be NULL. */
	void (*progress)(void *ctx, const struct collect_progress *p);
	void *progress_ctx;
};

struct collect_stats {
	u64 pages_ram;		 /* page frames of RAM the source speaks of */
	u64 pages_not_in_source; /* of these: filtered out or lost before */
	u64 excluded[PAGE_NUM_CLASSES];
	u64 excluded_memmap;  /* pages of memory map; were counted as kept before */
	u64 pages_total;      /* to be written */
	u64 pages_written;    /* including zero pages, which share one page of data */
	u64 pages_zero;	      /* of these, or left out of an ELF file */
	u64 pages_unreadable; /* of these: written as zeros, because reading failed */
	u64 bytes_written;    /* size of the file, or of all parts */
	u64 filter_ms, copy_ms;
	unsigned num_workers;
	bool is_out_of_space; /* why writing failed: less may fit */
	bool is_incomplete;   /* the dump is marked so, because of the source, unreadable
				 pages or a failure */
};

/* The functions below differ in where the dump goes. All of them: ERR_USAGE for options
 * that make no sense; ERR_INCOMPLETE if writing failed half-way (the disk is full) or was
 * stopped: what there is then is marked incomplete, and is a readable dump as far as the
 * format allows. ERR_UNSUPPORTED for what the format cannot hold. *@ret tells how far it
 * came in any case. @name is for messages. */

/* To the regular file, emptied first, or block device that is open for reading and writing
 * at @fd. Not fsync'ed. */
must_check struct err *collect_to_fd(struct dump *d, int fd, const char *name,
				     const struct collect_options *options,
				     struct collect_stats *ret);

/* To anything that can be written, in flattened format. */
must_check struct err *collect_to_stream(struct dump *d, int fd, const char *name,
					 const struct collect_options *options,
					 struct collect_stats *ret);

/* To a file that appears at @path only when it is whole and on the disk, or to the block
 * device at @path. ERR_REFUSED if a file is there already, unless @overwrite. After
 * ERR_INCOMPLETE what could be written is at @path with "-incomplete" appended. */
must_check struct err *collect_to_path(struct dump *d, const char *path, bool overwrite,
				       const struct collect_options *options,
				       struct collect_stats *ret);

/* To @num files that hold a share of the pages each: a split kdump-compressed dump. */
#define COLLECT_MAX_PARTS 256
must_check struct err *collect_to_parts(struct dump *d, const char *const *paths,
					size_t num, bool overwrite,
					const struct collect_options *options,
					struct collect_stats *ret);

#endif
