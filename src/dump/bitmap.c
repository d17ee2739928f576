#include "dump/bitmap.h"

#include "base/bytes.h"

#define MIN_GROUP_SHIFT 12 /* 512 bytes */
#define MAX_RANKS	((u64)1 << 17)
#define MAPPED_LEN	65536u

void bitmap_init(struct bitmap *b, const struct byte_source *src, u64 offset, u64 num_bits)
{
	u64 in_file = offset < src->size ? src->size - offset : 0;

	*b = (struct bitmap){.offset = offset, .num_bits = num_bits};
	if (in_file < (num_bits + 7) / 8)
		b->num_bits = in_file * 8;
}

void bitmap_deinit(struct bitmap *b)
{
	free(b->ranks);
	*b = (struct bitmap){0};
}

void bitmap_view_init(struct bitmap_view *v, const struct bitmap *b,
		      const struct byte_source *src)
{
	v->b = b;
	v->src = src;
	v->bytes = NULL;
	v->first = v->end = 0;
	v->has_failed = false;
}

/* Move the window over @bit, which is in the bitmap. */
static void move(struct bitmap_view *v, u64 bit)
{
	u64 size = (v->b->num_bits + 7) / 8;
	u64 len = v->src->map ? MAPPED_LEN : BITMAP_COPY_LEN;
	u64 at = align_down(bit / 8, len), data;
	struct err *err;

	len = min_u64(len, size - at);
	v->bytes = NULL;
	v->first = at * 8;
	data = source_next_data(v->src, v->b->offset + at) - v->b->offset;
	if (data >= at + len) {
		v->end = min_u64(min_u64(data, size) * 8, v->b->num_bits);
		return;
	}
	v->end = min_u64((at + len) * 8, v->b->num_bits);
	v->bytes = v->src->map ? v->src->map(v->src, v->b->offset + at, len) : NULL;
	if (v->bytes)
		return;
	at = align_down(bit / 8, BITMAP_COPY_LEN);
	len = min_u64(BITMAP_COPY_LEN, size - at);
	v->first = at * 8;
	v->end = min_u64((at + len) * 8, v->b->num_bits);
	err = source_read(v->src, v->b->offset + at, v->copy, len);
	if (err)
		v->has_failed = true;
	else
		v->bytes = v->copy;
	err_ignore(err);
}

static inline void reach(struct bitmap_view *v, u64 bit)
{
	if (bit < v->first || bit >= v->end)
		move(v, bit);
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

u64 bitmap_count_between(struct bitmap_view *v, u64 from, u64 to)
{
	u64 count = 0;

	while (from < to) {
		u64 end, in_window;

		reach(v, from);
		end = min_u64(to, v->end);
		in_window = from - v->first;
		if (v->bytes) {
			const u8 *p = v->bytes + in_window / 8;

			count += count_bits(p, end - from + in_window % 8) -
				 count_bits(p, in_window % 8);
		}
		from = end;
	}
	return count;
}

struct err *bitmap_count(struct bitmap *b, struct bitmap_view *v)
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
		rank += bitmap_count_between(v, bit,
					     min_u64(bit + group_bits, b->num_bits));
	}
	if (v->has_failed)
		return err_new(ERR_BAD_DATA,
			       "%s: the bitmap at offset 0x%llx cannot be read",
			       v->src->name, (unsigned long long)b->offset);
	return NULL;
}

bool bitmap_test(struct bitmap_view *v, u64 bit)
{
	if (bit >= v->b->num_bits)
		return false;
	reach(v, bit);
	bit -= v->first;
	return v->bytes && v->bytes[bit / 8] >> (bit % 8) & 1;
}

u64 bitmap_rank(struct bitmap_view *v, u64 bit)
{
	u64 group = bit >> v->b->group_shift;

	return v->b->ranks[group] +
	       bitmap_count_between(v, group << v->b->group_shift, bit);
}

/* 64 bits from @bit of the window on, which is a multiple of 8; those past its end are 0.
 */
static u64 word_at(const struct bitmap_view *v, u64 bit)
{
	u64 bytes = (v->end - v->first + 7) / 8 - bit / 8, word = 0;

	if (bytes >= sizeof(word))
		return get_le64(v->bytes + bit / 8);
	for (u64 i = 0; i < bytes; i++)
		word |= (u64)v->bytes[bit / 8 + i] << 8 * i;
	return word;
}

/* The same inside the window; @end, which is in it, if there is none. */
static u64 find_in_window(const struct bitmap_view *v, u64 bit, u64 end, bool value)
{
	u64 flip = value ? 0 : UINT64_MAX;

	while (bit < end) {
		u64 in_window = align_down(bit - v->first, 8);
		u64 skipped = (bit - v->first) % 8;
		u64 word = (word_at(v, in_window) ^ flip) >> skipped;

		if (word)
			return min_u64(end, bit + (u64)__builtin_ctzll(word));
		bit += 64 - skipped;
	}
	return end;
}

u64 bitmap_find(struct bitmap_view *v, u64 bit, u64 end, bool value)
{
	end = min_u64(end, v->b->num_bits);
	while (bit < end) {
		u64 here;

		reach(v, bit);
		here = min_u64(end, v->end);
		if (!v->bytes && !value)
			return bit;
		bit = v->bytes ? find_in_window(v, bit, here, value) : here;
		if (bit < here)
			return bit;
	}
	return end;
}
