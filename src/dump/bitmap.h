/*
 * A bitmap of page frames in a file, with the rank of a bit (how many set bits precede it)
 * in constant time.
 *
 * It is used in place where the source can be mapped, else copied. Bits past the end of a
 * truncated file are unknown; `num_bits` ends before them. The counts that ranks are made
 * of are taken once, so that a bitmap is constant and any number of threads may look at it.
 */
#ifndef DUMP_BITMAP_H
#define DUMP_BITMAP_H

#include "base/io.h"

struct bitmap {
	const u8 *bytes;
	u8 *copy;     /* owned, NULL if mapped */
	u64 num_bits; /* that the file holds */
	u64 *ranks;   /* owned: set bits before each group of 2^group_shift */
	unsigned group_shift;
};

/* Take @num_bits bits at @offset of @src, or as many of them as the file has. The caller
 * calls bitmap_deinit() in any case. */
must_check struct err *bitmap_init(struct bitmap *b, const struct byte_source *src,
				   u64 offset, u64 num_bits);
/* Make bitmap_rank() possible; takes at most 8 MB. */
must_check struct err *bitmap_count(struct bitmap *b);
void bitmap_deinit(struct bitmap *b);

/* False past the end. Bit 0 is the lowest of the first byte. */
static inline bool bitmap_test(const struct bitmap *b, u64 bit)
{
	return bit < b->num_bits && b->bytes[bit / 8] >> (bit % 8) & 1;
}

/* Set bits before @bit, which is at most num_bits; after bitmap_count(). */
u64 bitmap_rank(const struct bitmap *b, u64 bit);

/* Set bits in [@from, @to), which lies in the bitmap. */
u64 bitmap_count_between(const struct bitmap *b, u64 from, u64 to);

/* The first bit of [@bit, @end) that is @value; @end, or num_bits if less, if none. */
u64 bitmap_find(const struct bitmap *b, u64 bit, u64 end, bool value);

#endif
