/*
 * A flattened file as a byte source that gives the bytes of the rearranged one.
 *
 * Holes read as zeros. It borrows the index and the flattened file's source; both may be
 * shared with other threads if the source allows it. One thread at a time.
 */
#ifndef DUMP_REARRANGED_H
#define DUMP_REARRANGED_H

#include "dump/segment_index.h"

/* Runs whose last segment is remembered, so that reading on is walking on. */
#define REARRANGED_WALKS 4

/* A segment: where it begins in the rearranged file, and its data in the flattened one. */
struct rearranged_walk {
	u64 first_header; /* of its run; 0: unused */
	u64 start, len;
	u64 data;
};

/* Layout public; for `bytes`. */
struct rearranged {
	struct byte_source bytes;
	const struct segment_index *index;
	const struct byte_source *flat;
	struct rearranged_walk walks[REARRANGED_WALKS];
	unsigned num_walks; /* made so far, modulo 2^32 */
};

void rearranged_init(struct rearranged *r, const struct segment_index *index,
		     const struct byte_source *flat);

#endif
