/*
 * A bitmap of page frames in a file, with the rank of a bit (how many set bits precede it)
 * in constant time.
 *
 * It stays in the file, so that its size does not matter: a struct bitmap is where it lies,
 * and counts for ranks; it is constant once they are made. Whoever looks at bits does so
 * through a struct bitmap_view, one thread each, which has a window on them: mapped, or a
 * small copy. Bits past the end of a truncated file are unknown; `num_bits` ends before
 * them. Holes in the file are zeros, and are skipped.
 */
#ifndef DUMP_BITMAP_H
#define DUMP_BITMAP_H

#include "base/err.h"
#include "base/io.h"

#define BITMAP_COPY_LEN 4096

/* Layout public. */
struct bitmap {
	u64 offset;   /* in its source */
	u64 num_bits; /* that the file holds */
	u64 *ranks;   /* owned: set bits before each group of 2^group_shift */
	unsigned group_shift;
};

/* Borrows its bitmap and source. Layout public. */
struct bitmap_view {
	const struct bitmap *b;
	const struct byte_source *src;
	const u8 *bytes; /* the window; NULL: zeros */
	u64 first, end;	 /* bits of it */
	bool has_failed; /* some bits could not be read; they were taken as zeros */
	u8 copy[BITMAP_COPY_LEN];
};

/* Take @num_bits bits at @offset of @src, or as many of them as the file has. */
void bitmap_init(struct bitmap *b, const struct byte_source *src, u64 offset, u64 num_bits);
void bitmap_deinit(struct bitmap *b);

void bitmap_view_init(struct bitmap_view *v, const struct bitmap *b,
		      const struct byte_source *src);

/* Go through the whole of @b with @v, a view of it, to make bitmap_rank() possible. Takes
 * at most 1 MB. Errors are those of reading, and lack of memory. */
must_check struct err *bitmap_count(struct bitmap *b, struct bitmap_view *v);

/* False past the end. Bit 0 is the lowest of the first byte. */
bool bitmap_test(struct bitmap_view *v, u64 bit);

/* Set bits before @bit, which is at most num_bits; after bitmap_count(). */
u64 bitmap_rank(struct bitmap_view *v, u64 bit);

/* Set bits in [@from, @to), which lies in the bitmap. */
u64 bitmap_count_between(struct bitmap_view *v, u64 from, u64 to);

/* The first bit of [@bit, @end) that is @value; @end, or num_bits if less, if none. */
u64 bitmap_find(struct bitmap_view *v, u64 bit, u64 end, bool value);

#endif
