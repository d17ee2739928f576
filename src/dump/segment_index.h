/*
 * Where the bytes of a rearranged file lie in its flattened form.
 *
 * Writers make segments of some kilobytes, millions of them, out of two or three streams
 * (bitmaps, descriptors, page data) that each go on where they ended. The index has one
 * entry for many consecutive segments of a stream; whoever looks for a byte goes from
 * header to header from the first of them on (dump/rearranged.h). So its size is bounded
 * whatever the file's.
 *
 * Constant once made; any number of threads may look at it. It does not keep the source.
 */
#ifndef DUMP_SEGMENT_INDEX_H
#define DUMP_SEGMENT_INDEX_H

#include "base/err.h"
#include "base/io.h"

/* @len bytes from @start on of the rearranged file. The headers of the segments they lie in
 * are found from @first_header (offset in the flattened file) on: that of a segment for
 * @first_start; then each next one whose offset is where the one before it ended. Layout
 * public. */
struct segment_run {
	u64 start, len;
	u64 first_header, first_start;
	u32 first, last; /* numbers of its segments in the flattened file */
};

struct segment_index {
	struct segment_run *runs; /* owned; sorted, disjoint */
	size_t num_runs;
	u64 size;    /* of the rearranged file */
	u64 end;     /* of what is good in the flattened file */
	bool is_cut; /* there is no end marker at `end` */
};

/* Go through the headers of @src, a flattened file. What is behind a damaged header, and
 * data past the end of the file, is lost: see `is_cut`. ERR_UNSUPPORTED for a version that
 * is not known, or more parts than are worth the memory. */
must_check struct err *segment_index_make(const struct byte_source *src,
					  struct segment_index **ret);
void segment_index_free(struct segment_index *x);
CLEANUP_FREEP(segment_index)

/* The run that has byte @offset, or else the next one; NULL if there is none. */
const struct segment_run *segment_index_find(const struct segment_index *x, u64 offset);

#endif
