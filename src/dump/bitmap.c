#include "dump/bitmap.h"

#include "base/bytes.h"

#define MIN_GROUP_SHIFT 12 /* 512 bytes */
#define MAX_RANKS	((u64)1 << 20)

struct err *bitmap_init(struct bitmap *b, const struct byte_source *src, u64 offset,
			u64 num_bits)
{
	u64 size = (num_bits + 7) / 8;
	u64 in_file = offset < src->size ? src->size - offset : 0;

	*b = (struct bitmap){.num_bits = num_bits};
	if (in_file < size) {
		size = in_file;
		b->num_bits = size * 8;
	}
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

struct err *bitmap_count(struct bitmap *b)
{
	u64 group_bits, rank = 0;

	b->group_shift = MIN_GROUP_SHIFT;
	while (b->num_bits >> b->group_shift >= MAX_RANKS)
		b->group_shift++;
	group_bits = (u64)1 << b->group_shift;
	b->ranks = calloc((b->num_bits >> b->group_shift) + 1, sizeof(*b->ranks));
	if (!b->ranks)
		return err_nomem();
	for (u64 bit = 0; bit <= b->num_bits; bit += group_bits) {
		b->ranks[bit >> b->group_shift] = rank;
		rank += count_bits(b->bytes + bit / 8,
				   min_u64(group_bits, b->num_bits - bit));
	}
	return NULL;
}

u64 bitmap_rank(const struct bitmap *b, u64 bit)
{
	u64 group = bit >> b->group_shift, first = group << b->group_shift;

	return b->ranks[group] + count_bits(b->bytes + first / 8, bit - first);
}

u64 bitmap_count_between(const struct bitmap *b, u64 from, u64 to)
{
	const u8 *bytes = b->bytes + from / 8;

	return count_bits(bytes, to - align_down(from, 8)) - count_bits(bytes, from % 8);
}

/* 64 bits from @bit on, which is a multiple of 8; those past the end are 0. */
static u64 word_at(const struct bitmap *b, u64 bit)
{
	u64 bytes = (b->num_bits + 7) / 8 - bit / 8, word = 0;

	if (bytes >= sizeof(word))
		return get_le64(b->bytes + bit / 8);
	for (u64 i = 0; i < bytes; i++)
		word |= (u64)b->bytes[bit / 8 + i] << 8 * i;
	return word;
}

u64 bitmap_find(const struct bitmap *b, u64 bit, u64 end, bool value)
{
	u64 flip = value ? 0 : UINT64_MAX;

	end = min_u64(end, b->num_bits);
	while (bit < end) {
		u64 first = align_down(bit, 8);
		u64 word = (word_at(b, first) ^ flip) >> (bit - first);

		if (word)
			return min_u64(end, bit + (u64)__builtin_ctzll(word));
		bit = first + 64;
	}
	return end;
}
