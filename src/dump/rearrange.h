/*
 * Rearranging: a flattened stream (format/flattened.h), which may come out of a pipe, into
 * the file it describes.
 *
 * The caller owns both descriptors and makes the file durable. One megabyte of memory.
 */
#ifndef DUMP_REARRANGE_H
#define DUMP_REARRANGE_H

#include "base/err.h"

struct rearrange_options {
	/* Asked after every piece, of a megabyte at most, and when a signal interrupts
	 * waiting for one; true ends the work. May be NULL. */
	bool (*should_stop)(void *ctx);
	void *should_stop_ctx;
};

struct rearrange_stats {
	u64 segments; /* in the stream, as far as it came */
	u64 bytes;    /* of data written */
	u64 size;     /* of the file */
};

/* Read the stream @in to its end marker and write each segment to its place in @out, which
 * is an empty file: what no segment holds is left alone. @in_name and @out_name are for
 * errors.
 *
 * ERR_UNSUPPORTED if @in does not begin as a flattened stream does, with nothing written.
 * ERR_INCOMPLETE if the work ended before the end marker (end of the stream, damage to it,
 * a write that failed, should_stop): then the header of a kdump-compressed file says so
 * too, if it could still be written. err_errno() tells a write or read that failed from a
 * stream that is not whole. */
must_check struct err *rearrange(int in, const char *in_name, int out, const char *out_name,
				 const struct rearrange_options *options,
				 struct rearrange_stats *ret);

#endif
