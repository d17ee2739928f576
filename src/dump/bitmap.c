#include "dump/bitmap.h"

#include "base/bytes.h"

#define GROUP_BITS  4096
#define GROUP_BYTES (GROUP_BITS / 8)

struct err *bitmap_init(struct bitmap *b, const struct byte_source *src, u64 offset,
			u64 num_bits)
{
	u64 size = (num_bits + 7) / 8;
	u64 in_file = offset < src->size ? src->size - offset : 0;

	*b = (struct bitmap){.num_bits = num_bits, .num_ranks = 1};
	if (in_file < size) {
		size = in_file;
		b->num_bits = size * 8;
	}
	b->ranks = calloc(size / GROUP_BYTES + 2, sizeof(*b->ranks));
	if (!b->ranks)
		return err_nomem();
	if (!size) {
		b->bytes = (const u8 *)"";
		return NULL;
	}
	b->bytes = src->map ? src->map(src, offset, size) : NULL;
	if (b->bytes)
		return NULL;
	b->copy = malloc(size);
	if (!b->copy)
		return err_nomem();
	b->bytes = b->copy;
	return source_read(src, offset, b->copy, size);
}

void bitmap_deinit(struct bitmap *b)
{
	free(b->copy);
	free(b->ranks);
	*b = (struct bitmap){0};
}

/* Set bits among the first @bits of @p. */
static u64 count_bits(const u8 *p, u64 bits)
{
	u64 n = 0;

	for (; bits >= 64; bits -= 64, p += 8)
		n += (u64)__builtin_popcountll(get_le64(p));
	for (; bits >= 8; bits -= 8, p++)
		n += (u64)__builtin_popcount(*p);
	if (bits)
		n += (u64)__builtin_popcount(*p & ((1u << bits) - 1));
	return n;
}

u64 bitmap_rank(struct bitmap *b, u64 bit)
{
	u64 group = bit / GROUP_BITS;

	for (; b->num_ranks <= group; b->num_ranks++) {
		u64 last = b->num_ranks - 1;

		b->ranks[b->num_ranks] =
			b->ranks[last] +
			count_bits(b->bytes + last * GROUP_BYTES, GROUP_BITS);
	}
	return b->ranks[group] +
	       count_bits(b->bytes + group * GROUP_BYTES, bit % GROUP_BITS);
}

u64 bitmap_find(const struct bitmap *b, u64 bit, u64 end, bool value)
{
	u64 skip = value ? 0 : UINT64_MAX;

	end = min_u64(end, b->num_bits);
	while (bit < end) {
		if (bit % 64 == 0 && end - bit >= 64 &&
		    get_le64(b->bytes + bit / 8) == skip) {
			bit += 64;
			continue;
		}
		if (bitmap_test(b, bit) == value)
			return bit;
		bit++;
	}
	return end;
}
