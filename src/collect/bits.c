#include "collect/bits_priv.h"

#include "base/bytes.h"

/* Bits [first, end) of the word that @first lies in, as a mask of it. */
static u64 mask_in_word(u64 first, u64 end)
{
	u64 from = first % 64, num = min_u64(end - first, 64 - from);

	return (num == 64 ? ~(u64)0 : ((u64)1 << num) - 1) << from;
}

/* Bitmaps are whole words long: CHUNK_BYTES is, and so are those of the tests. */
static u8 *word_of(u8 *bits, u64 bit)
{
	return bits + bit / 64 * 8;
}

void bits_set(u8 *bits, u64 first, u64 end)
{
	for (; first < end; first = (first / 64 + 1) * 64) {
		u8 *word = word_of(bits, first);

		put_le64(word, get_le64(word) | mask_in_word(first, end));
	}
}

u64 bits_clear(u8 *bits, u64 first, u64 end)
{
	u64 n = 0;

	for (; first < end; first = (first / 64 + 1) * 64) {
		u8 *word = word_of(bits, first);
		u64 old = get_le64(word), mask = mask_in_word(first, end);

		n += (u64)__builtin_popcountll(old & mask);
		put_le64(word, old & ~mask);
	}
	return n;
}

u64 bits_count(const u8 *bits, u64 num)
{
	u64 n = 0;

	for (; num >= 64; num -= 64, bits += 8)
		n += (u64)__builtin_popcountll(get_le64(bits));
	if (num)
		n += (u64)__builtin_popcountll(get_le64(bits) & mask_in_word(0, num));
	return n;
}

u64 bits_find(const u8 *bits, u64 bit, u64 end, bool value)
{
	for (; bit < end; bit = (bit / 64 + 1) * 64) {
		u64 word = get_le64(bits + bit / 64 * 8);

		word = (value ? word : ~word) & mask_in_word(bit, end);
		if (word)
			return bit / 64 * 64 + (u64)__builtin_ctzll(word);
	}
	return end;
}
